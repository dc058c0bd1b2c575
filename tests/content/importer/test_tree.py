"""What is taken of what is on the disk, and what is refused by name."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from walkaway.content.importer.file_dag import NO_METADATA, Metadata
from walkaway.content.importer.tree import (
    AS_KUBO,
    FolderFound,
    ImportOptions,
    LinkFound,
    RegularFile,
    Tree,
)
from walkaway.errors import TooMuch, Unreadable
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs.unixfs import ModificationTime

FOLLOW = ImportOptions(follow=True)


def folder(path: Path, tree: Tree) -> FolderFound:
    found = tree.look(path)
    assert isinstance(found, FolderFound)
    return found


def test_a_file_a_folder_and_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("nowhere/at all")
    tree = Tree(AS_KUBO)
    assert tree.look(tmp_path / "file") == RegularFile(tmp_path / "file", 5, NO_METADATA)
    link = LinkFound(tmp_path / "link", b"nowhere/at all", NO_METADATA)
    assert tree.look(tmp_path / "link") == link
    assert tree.listed(folder(tmp_path, tree)) == ["file", "link"]


@pytest.mark.parametrize("target", ["a//b/", "./b", "a/./b", "//a", ".", "a/", "\udcff/"])
def test_what_a_link_says_is_taken_as_it_stands(tmp_path: Path, target: str) -> None:
    os.symlink(target, tmp_path / "link")  # noqa: PTH211
    found = Tree(AS_KUBO).look(tmp_path / "link")
    assert isinstance(found, LinkFound)
    assert found.target == os.fsencode(target)


def test_names_come_in_the_order_of_their_bytes(tmp_path: Path) -> None:
    names = ["é", "z", "Z", "a b", "￿", "𝄞"]
    for name in names:
        (tmp_path / name).touch()
    tree = Tree(AS_KUBO)
    assert tree.listed(folder(tmp_path, tree)) == sorted(names, key=str.encode)


def test_hidden_names_are_left_out_and_counted_unless_asked_for(tmp_path: Path) -> None:
    for name in (".git", ".well-known", "shown"):
        (tmp_path / name).touch()
    tree = Tree(AS_KUBO)
    assert tree.listed(folder(tmp_path, tree)) == ["shown"]
    assert tree.hidden_passed_over == 2
    tree = Tree(ImportOptions(hidden=True))
    assert tree.listed(folder(tmp_path, tree)) == [".git", ".well-known", "shown"]
    assert tree.hidden_passed_over == 0


def test_links_are_followed_only_where_asked(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("file")
    found = Tree(FOLLOW).look(tmp_path / "link")
    assert found == RegularFile(tmp_path / "link", 5, NO_METADATA)
    (tmp_path / "file").unlink()
    with pytest.raises(Unreadable, match=r"link: no such file"):
        Tree(FOLLOW).look(tmp_path / "link")


def test_a_link_that_leads_back_is_refused_and_one_to_a_neighbour_is_not(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "back").symlink_to(tmp_path)
    (tmp_path / "in" / "beside").symlink_to(tmp_path / "other")
    (tmp_path / "other").mkdir()
    tree = Tree(FOLLOW)
    inner = tree.look(tmp_path / "in", folder(tmp_path, tree).inside)
    assert isinstance(inner, FolderFound)
    assert isinstance(tree.look(tmp_path / "in" / "beside", inner.inside), FolderFound)
    with pytest.raises(Unreadable, match="back leads back"):
        tree.look(tmp_path / "in" / "back", inner.inside)


def test_what_is_known_of_inodes_is_kept_where_asked(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(0o4751)
    os.utime(path, ns=(0, -1_500_000_000))
    (tmp_path / "link").symlink_to("file")
    os.utime(tmp_path / "link", ns=(0, 5), follow_symlinks=False)
    mtime = ModificationTime(-2, 500_000_000)
    for options, wanted, of_link in (
        (AS_KUBO, Metadata(), Metadata()),
        (ImportOptions(mode=True), Metadata(mode=0o4751), Metadata()),
        (ImportOptions(mtime=True), Metadata(mtime=mtime), Metadata(None, ModificationTime(0, 5))),
    ):
        assert Tree(options).look(path).metadata == wanted
        assert Tree(options).look(tmp_path / "link").metadata == of_link


def test_a_name_that_is_not_utf8_is_refused_with_its_bytes(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")).touch()
    tree = Tree(AS_KUBO)
    with pytest.raises(Unreadable, match=r"not UTF-8: caf\\xe9") as refused:
        tree.listed(folder(tmp_path, tree))
    assert str(tmp_path) in str(refused.value)
    assert "rename" in refused.value.advice


def test_what_holds_no_content_is_refused_by_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unreadable, match="pipe is a pipe"):
        Tree(AS_KUBO).look(tmp_path / "pipe")
    with pytest.raises(Unreadable, match="null is a device"):
        Tree(AS_KUBO).look(Path("/dev/null"))
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("s")
        with pytest.raises(Unreadable, match="s is a socket"):
            Tree(AS_KUBO).look(tmp_path / "s")


def test_what_is_not_there_and_what_is_no_path(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="absent: no such file"):
        Tree(AS_KUBO).look(tmp_path / "absent")
    with pytest.raises(Unreadable, match="is no path"):
        Tree(AS_KUBO).look(Path("a\0b"))
    gone = folder(tmp_path, Tree(AS_KUBO))
    with pytest.raises(Unreadable, match="cannot read"):
        Tree(AS_KUBO).listed(replace(gone, path=tmp_path / "absent"))


def test_a_folder_is_so_deep_and_no_deeper(tmp_path: Path) -> None:
    limits = replace(LIMITS, import_depth=3)
    tree = Tree(AS_KUBO, limits)
    inside, path = folder(tmp_path, tree).inside, tmp_path
    for _ in range(2):
        path /= "d"
        path.mkdir()
        found = tree.look(path, inside)
        assert isinstance(found, FolderFound)
        inside = found.inside
    path /= "d"
    path.mkdir()
    with pytest.raises(TooMuch, match="more than 3 folders deep"):
        tree.look(path, inside)


def test_a_folder_holds_so_many_and_no_more(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / str(number)).touch()
    (tmp_path / ".hidden").touch()
    assert (
        len(
            Tree(AS_KUBO, replace(LIMITS, import_folder_entries=3)).listed(
                folder(tmp_path, Tree(AS_KUBO))
            )
        )
        == 3
    )
    with pytest.raises(TooMuch, match="more than 2 entries"):
        Tree(AS_KUBO, replace(LIMITS, import_folder_entries=2)).listed(
            folder(tmp_path, Tree(AS_KUBO))
        )


def test_a_name_is_so_long_and_no_longer(tmp_path: Path) -> None:
    (tmp_path / "éé").touch()
    found = folder(tmp_path, Tree(AS_KUBO))
    assert Tree(AS_KUBO, replace(LIMITS, import_name_bytes=4)).listed(found) == ["éé"]
    with pytest.raises(TooMuch, match="longer than 3 bytes: éé"):
        Tree(AS_KUBO, replace(LIMITS, import_name_bytes=3)).listed(found)
