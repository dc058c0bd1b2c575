"""Saving: whole trees or nothing, and never outside of the one path that was named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.content.exporter.dags import Dag, conformance
from tests.content.exporter.test_file import built
from tests.content.exporter.test_tar import TREES, Tree, flat, planted
from walkaway.content.budget import Budget
from walkaway.content.exporter.save import appearing, save, single_name
from walkaway.content.exporter.tree import Member
from walkaway.errors import ProofError, TooMuch, Unproven, Unwritable
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.unixfs import Kind, ModificationTime, UnixFsData


def found(path: Path) -> dict[str, bytes | None]:
    """What lies at a path and below it: None for folders."""
    whole: dict[str, bytes | None] = {}
    for each in [path, *sorted(path.rglob("*"))]:
        name = str(each.relative_to(path.parent))
        whole[name] = None if each.is_dir() else each.read_bytes()
    return whole


@given(tree=TREES)
@settings(max_examples=50, deadline=None)
async def test_any_tree_is_saved_as_it_is(
    tree: Tree, tmp_path_factory: pytest.TempPathFactory
) -> None:
    dag = Dag()
    cid = planted(dag, tree)
    to = tmp_path_factory.mktemp("saved") / "root"
    told = list[int]()
    size = await save(dag, cid, to, Budget(), progress=told.append)
    expected = flat(tree, "root")
    assert found(to) == expected
    assert size == told[-1] == sum(len(data) for data in expected.values() if data is not None)
    assert [each.name for each in to.parent.iterdir()] == ["root"]


async def test_symbolic_links_that_stay_inside_stay_links(tmp_path: Path) -> None:
    dag, root = conformance("path_gateway_unixfs/symlink")
    await save(dag, root, tmp_path / "site", Budget())
    assert (tmp_path / "site" / "bar").readlink() == Path("foo")
    assert (tmp_path / "site" / "bar").read_bytes() == b"content\n"


@pytest.mark.parametrize(
    "target", [b"a", b"./b/c", b"../top", b"../a/b", b"..", b"a//b", b"\xff", b"../..a"]
)
async def test_a_target_inside_is_kept(target: bytes, tmp_path: Path) -> None:
    dag = Dag()
    inner = dag.directory([("link", dag.symlink(target))])
    await save(dag, dag.directory([("inner", inner)]), tmp_path / "x", Budget())
    assert os.fsencode(os.readlink(tmp_path / "x" / "inner" / "link")) == target  # noqa: PTH115


@pytest.mark.parametrize(
    "target", [b"/etc", b"../..", b"../../x", b"a/../../..", b"a/..", b"./../../x", b"", b"a\0b"]
)
async def test_a_target_that_leads_out_is_refused_and_nothing_stays(
    target: bytes, tmp_path: Path
) -> None:
    dag = Dag()
    inner = dag.directory([("a", dag.raw(b"first")), ("link", dag.symlink(target))])
    with pytest.raises(Unwritable, match="inner/link leads out of the folder"):
        await save(dag, dag.directory([("inner", inner)]), tmp_path / "x", Budget())
    with pytest.raises(Unwritable, match="a symbolic link by itself"):
        await save(dag, dag.symlink(target or b"a"), tmp_path / "x", Budget())
    assert list(tmp_path.iterdir()) == []


async def test_a_path_has_a_limit(tmp_path: Path) -> None:
    dag = Dag()
    inner = dag.directory([("a", dag.raw(b"x"))])
    with pytest.raises(TooMuch, match="over 8192 bytes"):
        await save(dag, dag.directory([("n" * 8191, inner)]), tmp_path / "x", Budget())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", "/etc/passwd", "a\0b"])
async def test_a_name_that_no_file_could_have_is_refused(name: str, tmp_path: Path) -> None:
    dag = Dag()
    assert not single_name(name)
    root = dag.directory([("a", dag.raw(b"")), (name, dag.raw(b"x"))])
    with pytest.raises(Unwritable, match="none that a file could have"):
        await save(dag, root, tmp_path / "x", Budget())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
async def test_two_names_that_are_one_to_the_file_system_are_refused(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dag = Dag()
    each = {"file": dag.raw(b""), "folder": dag.directory([]), "link": dag.symlink(b"x")}[kind]
    root = dag.directory([("A", each), ("a", each)])

    def at_lower_case(top: Path, member: Member) -> Path:
        return top / member.path.lower() if member.path else top

    monkeypatch.setattr("walkaway.content.exporter.save._at", at_lower_case)
    with pytest.raises(Unwritable, match="one to this machine's file system: a"):
        await save(dag, root, tmp_path / "x", Budget())
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    await save(dag, root, tmp_path / "x", Budget())
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == ["A", "a"]


async def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    dag = Dag()
    cid = dag.raw(b"new")
    to = tmp_path / "file"
    to.write_bytes(b"old")
    with pytest.raises(Unwritable, match="is there already") as refused:
        await save(dag, cid, to, Budget())
    assert "--force" in refused.value.advice
    assert not dag.asked
    assert to.read_bytes() == b"old"
    await save(dag, cid, to, Budget(), replace=True)
    assert to.read_bytes() == b"new"
    folder = dag.directory([("a", cid)])
    await save(dag, folder, to, Budget(), replace=True)
    assert found(to) == {"file": None, "file/a": b"new"}
    for replace in (False, True):
        with pytest.raises(Unwritable, match="a folder that is there"):
            await save(dag, cid, to, Budget(), replace=replace)
    link = tmp_path / "link"
    link.symlink_to(to)
    with pytest.raises(Unwritable):
        await save(dag, cid, link, Budget())
    await save(dag, cid, link, Budget(), replace=True)
    assert link.read_bytes() == b"new"
    assert not link.is_symlink()


async def test_a_pipe_or_a_device_is_never_replaced(tmp_path: Path) -> None:
    dag = Dag()
    cid = dag.raw(b"new")
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for to in (pipe, link):
        for replace in (False, True):
            with pytest.raises(Unwritable, match="is no file, and is not replaced"):
                await save(dag, cid, to, Budget(), replace=replace)
    assert pipe.is_fifo()
    assert link.is_symlink()


async def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    dag = Dag()
    absent = Cid.of(codecs.RAW, b"absent")
    leaf = dag.raw(b"abc")
    to = tmp_path / "x"
    to.write_bytes(b"old")
    for cid, fault in [
        (dag.directory([("a", leaf), ("b", absent)]), Unproven),
        (dag.file([(leaf, 3), (absent, 3)]), Unproven),
        (dag.file([(leaf, 3), (leaf, 4)]), ProofError),
        (dag.file([(leaf, 3)] * 50), TooMuch),
    ]:
        with pytest.raises(fault):
            await save(dag, cid, to, Budget(blocks=40), replace=True)
        assert found(tmp_path) == {tmp_path.name: None, f"{tmp_path.name}/x": b"old"}
    with pytest.raises(Unwritable, match="cannot be written"):
        await save(dag, leaf, tmp_path / "absent" / "x", Budget())
    with pytest.raises(Unwritable, match="too long"):
        await save(dag, dag.directory([("n" * 300, leaf)]), tmp_path / "y", Budget())


async def test_each_folder_is_given_its_own_mode(tmp_path: Path) -> None:
    dag = Dag()
    modes = {"": 0o755, "a": 0o750, "a/b": 0o500, "a/b/c": 0o711, "a/d": 0o501, "ab": 0o705}
    leaf = dag.raw(b"x")
    c = dag.directory([("file", leaf)], mode=modes["a/b/c"])
    b = dag.directory([("c", c)], mode=modes["a/b"])
    a = dag.directory([("b", b), ("d", dag.directory([("file", leaf)], 0o501))], modes["a"])
    plain = dag.directory([("file", leaf)])
    ab = dag.directory([("plain", plain)], modes["ab"])
    await save(dag, dag.directory([("a", a), ("ab", ab)], modes[""]), tmp_path / "x", Budget())
    found = {path: (tmp_path / "x" / path).stat().st_mode & 0o777 for path in modes}
    assert found == modes
    assert (tmp_path / "x" / "ab" / "plain" / "file").read_bytes() == b"x"


async def test_modes_and_times_are_given_where_they_are_said(tmp_path: Path) -> None:
    dag = Dag()
    time, endless = ModificationTime(1_700_000_000, 500), ModificationTime(1 << 62)
    file = dag.node(UnixFsData(Kind.FILE, b"x", 1, mode=0o104400, mtime=time))
    strange = dag.node(UnixFsData(Kind.FILE, b"y", 1, mtime=endless))
    folder = dag.node(
        UnixFsData(Kind.DIRECTORY, mode=0o500, mtime=time),
    )
    root = dag.directory([("file", file), ("strange", strange), ("folder", folder)], mode=0o700)
    await save(dag, root, tmp_path / "x", Budget())
    status = (tmp_path / "x" / "file").stat()
    assert (status.st_mode & 0o7777, status.st_mtime_ns) == (0o400, 1_700_000_000_000_000_500)
    assert (tmp_path / "x" / "strange").read_bytes() == b"y"
    status = (tmp_path / "x" / "folder").stat()
    assert (status.st_mode & 0o7777, status.st_mtime_ns) == (0o500, 1_700_000_000_000_000_500)
    assert (tmp_path / "x").stat().st_mode & 0o7777 == 0o700


def test_what_appears_is_whole_or_not_at_all(tmp_path: Path) -> None:
    to = tmp_path / "file"

    def interrupted() -> None:
        with appearing(to) as fresh:
            fresh.write_bytes(b"half")
            raise KeyboardInterrupt

    def forestalled() -> None:
        with appearing(to) as fresh:
            fresh.write_bytes(b"mine")
            to.write_bytes(b"somebody else's, meanwhile")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Unwritable, match="is there already"):
        forestalled()
    assert found(tmp_path) == {
        tmp_path.name: None,
        f"{tmp_path.name}/file": b"somebody else's, meanwhile",
    }


@given(data=st.binary(max_size=30))
@settings(max_examples=10, deadline=None)
async def test_a_file_alone_is_saved(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    dag = Dag()
    cid, _ = built(dag, (b"", [data, data]))
    to = tmp_path_factory.mktemp("saved") / "file"
    assert await save(dag, cid, to, Budget()) == 2 * len(data)
    assert to.read_bytes() == data * 2
