"""TAR: what others unpack is what was there, and nothing lands outside of it."""

from __future__ import annotations

import io
import tarfile
import tracemalloc
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.content.exporter.dags import Dag, all_of, conformance
from tests.content.exporter.test_file import SHAPES, Shape, built
from walkaway.content.budget import Budget
from walkaway.content.exporter.tar import tar
from walkaway.errors import ProofError, TooMuch, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.unixfs import Kind, ModificationTime, UnixFsData

Tree: TypeAlias = "Shape | dict[str, Tree]"
NAMES = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=5)
PLAIN = NAMES.filter(lambda name: name not in (".", ".."))
TREES: st.SearchStrategy[Tree] = st.recursive(
    SHAPES, lambda below: st.dictionaries(PLAIN, below, max_size=4), max_leaves=8
)


def planted(dag: Dag, tree: Tree) -> Cid:
    if not isinstance(tree, dict):
        return built(dag, tree)[0]
    entries = {name: planted(dag, below) for name, below in tree.items()}
    return dag.sharded(entries) if len(entries) % 2 else dag.directory(entries.items())


def flat(tree: Tree, path: str) -> dict[str, bytes | None]:
    """What an archive of a tree should hold: None for directories."""
    if not isinstance(tree, dict):
        return {path: built(Dag(), tree)[1]}
    whole: dict[str, bytes | None] = {path: None}
    for name, below in tree.items():
        whole |= flat(below, f"{path}/{name}")
    return whole


async def packed(dag: Dag, cid: Cid, name: str = "root") -> tarfile.TarFile:
    archive = b"".join(await all_of(tar(dag, cid, name, Budget())))
    assert len(archive) % 512 == 0
    return tarfile.open(fileobj=io.BytesIO(archive), mode="r:")


def unpacked(archive: tarfile.TarFile) -> dict[str, bytes | None]:
    members = dict[str, bytes | None]()
    for member in archive:
        file = archive.extractfile(member) if member.isreg() else None
        members[member.name] = None if file is None else file.read()
    return members


@given(TREES)
@settings(max_examples=100, deadline=None)
async def test_any_tree_comes_out_as_it_went_in(tree: Tree) -> None:
    dag = Dag()
    cid = planted(dag, tree)
    assert unpacked(await packed(dag, cid)) == flat(tree, "root")


async def test_the_recorded_fixtures() -> None:
    dag, root = conformance("path_gateway_tar/fixtures")
    members = unpacked(await packed(dag, root, str(root)))
    assert members[f"{root}/ą/ę/file-źł.txt"] == b"I am a txt file on path with utf8\n"
    assert len(members) == 10
    dag, root = conformance("path_gateway_tar/inside-root")
    assert unpacked(await packed(dag, root, str(root)))[f"{root}/foobar/file"] == b"Hello, world!\n"
    dag, root = conformance("path_gateway_tar/outside-root")
    outside = tar(dag, root, str(root), Budget())
    with pytest.raises(ProofError, match="relative UnixFS paths outside the root are now allowed"):
        await anext(outside)
    dag, root = conformance("path_gateway_unixfs/symlink")
    archive = await packed(dag, root)
    assert archive.getmember("root/bar").linkname == "foo"
    assert archive.getmember("root/bar").issym()


async def test_long_and_odd_names_and_targets_are_kept() -> None:
    dag = Dag()
    long, odd = "n" * 300, "with \n and \u202e and \U0001f600"
    entries = {
        long: dag.raw(b"long"),
        odd: dag.symlink(b"\xff not UTF-8"),
        "l": dag.symlink(b"t" * 300),
    }
    archive = await packed(dag, dag.directory([("d" * 200, dag.directory(entries.items()))]))
    below = f"root/{'d' * 200}"
    assert unpacked(archive)[f"{below}/{long}"] == b"long"
    assert archive.getmember(f"{below}/{odd}").linkname == "\udcff not UTF-8"
    assert archive.getmember(f"{below}/l").linkname == "t" * 300


async def test_modes_and_times_are_those_that_are_said() -> None:
    dag = Dag()
    time = ModificationTime(1_700_000_000, 5)
    old = ModificationTime(-5)
    entries = {
        "said": dag.node(UnixFsData(Kind.FILE, b"x", 1, mode=0o104750, mtime=time)),
        "old": dag.node(UnixFsData(Kind.FILE, b"x", 1, mtime=old)),
        "plain": dag.raw(b"x"),
        "link": dag.symlink(b"said"),
    }
    archive = await packed(dag, dag.directory(entries.items(), mode=0o700))
    told = {member.name: (member.mode, member.mtime) for member in archive}
    assert told == {
        "root": (0o700, 0),
        "root/link": (0o777, 0),
        "root/old": (0o644, -5),
        "root/plain": (0o644, 0),
        "root/said": (0o750, 1_700_000_000),
    }
    assert {member.uid for member in archive} == {member.gid for member in archive} == {0}


async def test_what_is_no_unixfs_is_a_file() -> None:
    dag = Dag()
    entries = {"a.cbor": dag.put(codecs.DAG_CBOR, b"\xf6"), "b": dag.put(0x99, b"?")}
    members = unpacked(await packed(dag, dag.directory(entries.items())))
    assert members == {"root": None, "root/a.cbor": b"\xf6", "root/b": b"?"}


async def test_nothing_is_written_through_a_symbolic_link() -> None:
    dag = Dag()
    leaf, away = dag.raw(b"x"), dag.symlink(b"/etc")
    inner = dag.directory([("a", leaf)])
    for entries in (
        [("a", away), ("a/passwd", leaf)],
        [("a", away), ("b/../a", leaf)],
        [("a", away), ("a/b/c", leaf)],
        [("a/../b", away), ("b", inner)],
        [("b/../a", leaf), ("a", away)],
        [("a", dag.directory([("b", away), ("..", inner)]))],
    ):
        with pytest.raises(ProofError, match="through a symbolic link"):
            await packed(dag, dag.directory([("top", dag.directory(entries))]))
    with pytest.raises(ProofError, match="zero byte"):
        await packed(dag, dag.symlink(b"a\0b"))


async def test_paths_are_made_one_at_a_time() -> None:
    dag = Dag()
    many = dag.directory([(f"{at:x}", dag.raw(b"")) for at in range(2000)])
    root = dag.directory([("n" * 8000, many)])
    tracemalloc.start()
    try:
        archive = tar(dag, root, "root", Budget())
        for _ in range(3):
            assert await anext(archive)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
    await archive.aclose()


@pytest.mark.parametrize("sharded", [False, True])
async def test_a_bad_name_is_refused_before_its_directory_is_given(sharded: bool) -> None:
    dag = Dag()
    entries = {"../a": dag.raw(b"x"), "b": dag.raw(b"y")}
    cid = dag.sharded(entries, 256) if sharded else dag.directory(entries.items())
    archive = tar(dag, cid, "root", Budget())
    with pytest.raises(ProofError, match="out of its root"):
        await anext(archive)
    assert dag.asked == {cid: 1}


async def test_content_that_cannot_be_given_ends_the_archive() -> None:
    dag = Dag()
    absent = Cid.of(codecs.RAW, b"absent")
    with pytest.raises(Unproven):
        await packed(dag, dag.directory([("a", absent)]))
    endless = dag.raw(b"a")
    size = 1
    for _ in range(60):
        endless, size = dag.file([(endless, size)] * 2), size * 2
    archive = tar(dag, endless, "root", Budget())
    with pytest.raises(TooMuch, match="more bytes"):
        await anext(archive)
    folders = dag.directory([])
    for _ in range(60):
        folders = dag.directory([("a", folders), ("b", folders)])
    with pytest.raises(TooMuch, match="more blocks"):
        await all_of(tar(dag, folders, "root", Budget(blocks=300)))
    for _ in range(LIMITS.dag_depth):
        folders = dag.directory([("a", folders)])
    with pytest.raises(TooMuch, match="links deep"):
        await packed(dag, folders)
    with pytest.raises(ProofError, match="not as long"):
        await packed(dag, dag.file([(dag.raw(b"abc"), 4)]))


async def test_others_unpack_it(tmp_path: Path) -> None:
    dag = Dag()
    entries = {"file": dag.raw(bytes(3000)), "empty": dag.file([]), "link": dag.symlink(b"file")}
    archive = await packed(dag, dag.directory([("inner", dag.sharded(entries, 256))]))
    archive.extractall(tmp_path, filter="data")
    inner = tmp_path / "root" / "inner"
    assert (inner / "link").readlink() == Path("file")
    assert (inner / "link").read_bytes() == bytes(3000)
    assert (inner / "empty").read_bytes() == b""
