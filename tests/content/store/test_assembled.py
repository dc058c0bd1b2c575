"""Whole files ready to be sent: never a part of one, never another one, bounded, and quick."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.content.exporter.dags import Dag
from tests.content.store.stores import raw, tree
from walkaway.content.budget import Budget
from walkaway.content.exporter.file import open_file
from walkaway.content.store import assembled
from walkaway.content.store.assembled import AssembledFile, AssembledFiles
from walkaway.errors import ConfigError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, dag_pb
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.unixfs_data import Kind, UnixFsData

FEW = replace(
    LIMITS,
    assembled_bytes=100_000,
    assembled_small_bytes=2000,
    assembled_memory_bytes=10_000,
    assembled_open=3,
)
SMALL = raw(1, 1000)
LARGE = raw(2, 5000)


@pytest.fixture
def files(tmp_path: Path) -> Iterator[AssembledFiles]:
    opened = AssembledFiles(tmp_path / "assembled", FEW)
    yield opened
    opened.close()


def put(files: AssembledFiles, cid: Cid, data: bytes) -> AssembledFile | None:
    writer = files.writer(cid, len(data))
    assert writer is not None
    for at in range(0, len(data), 700):
        writer.write(memoryview(data)[at : at + 700])
    return writer.commit()


def again(files: AssembledFiles) -> AssembledFiles:
    """As a process that starts later has it."""
    return AssembledFiles(files.folder, FEW)


def on_disk(files: AssembledFiles) -> list[Path]:
    return sorted(path for path in files.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("cid", "data"), [SMALL, LARGE])
async def test_a_file_is_there_once_it_is_whole(
    files: AssembledFiles, cid: Cid, data: bytes
) -> None:
    writer = files.writer(cid, len(data))
    assert writer is not None
    writer.write(data[:500])
    assert files.lookup(cid) is None
    assert await files.open(cid) is None
    writer.write(data[500:])
    assert files.lookup(cid) is None
    file = writer.commit()
    assert file is not None
    assert files.lookup(cid) is file
    assert await files.open(cid) is file
    assert file.size == len(data)
    assert file.path.read_bytes() == bytes(file.slice()) == data
    assert bytes(file.slice(10, 20)) == data[10:20]
    assert bytes(file.slice(900, 10**9)) == data[900:]
    later = again(files)
    assert later.lookup(cid) is None
    same = await later.open(cid)
    assert same is not None
    assert bytes(same.slice()) == data
    later.close()


def test_a_small_one_is_in_memory_and_a_large_one_a_descriptor(files: AssembledFiles) -> None:
    small, large = put(files, *SMALL), put(files, *LARGE)
    assert small is not None
    assert large is not None
    assert (small.data, small.fd) == (SMALL[1], None)
    assert large.data is None
    assert large.fd is not None
    assert os.pread(large.fd, 10, 4000) == LARGE[1][4000:4010]


async def test_both_versions_of_an_address_are_one_file(files: AssembledFiles) -> None:
    new = Dag().node(UnixFsData(Kind.FILE, b"content", 7))
    put(files, Cid(0, codecs.DAG_PB, new.multihash), b"content")
    found = await files.open(new)
    assert found is not None
    assert found.data == b"content"


async def test_an_empty_file_is_one(files: AssembledFiles) -> None:
    file = put(files, raw(3, 0)[0], b"")
    assert file is not None
    assert (file.size, bytes(file.slice())) == (0, b"")
    assert await again(files).open(raw(3, 0)[0]) is not None


@pytest.mark.parametrize("written", [0, 999, 1001])
def test_what_is_not_as_long_as_was_said_is_not_kept(files: AssembledFiles, written: int) -> None:
    writer = files.writer(SMALL[0], 1000)
    assert writer is not None
    writer.write(bytes(written))
    assert (on_disk(files) == []) == (written > 1000), "one that is too long is given up at once"
    assert writer.commit() is None
    writer.write(b"more")
    assert files.lookup(SMALL[0]) is None
    assert on_disk(files) == []


def test_what_is_given_up_leaves_nothing(files: AssembledFiles) -> None:
    writer = files.writer(SMALL[0], 1000)
    assert writer is not None
    writer.write(SMALL[1])
    writer.abort()
    writer.abort()
    assert writer.commit() is None
    assert on_disk(files) == []


def test_what_a_kill_left_is_swept_and_what_is_being_written_is_not(files: AssembledFiles) -> None:
    writer = files.writer(SMALL[0], 1000)
    assert writer is not None
    writer.write(SMALL[1])
    left = files.folder / "partial" / "left"
    left.write_bytes(b"half")
    orphan = files.folder / f"{LARGE[0]}.used"
    orphan.touch()
    again(files).close()
    assert not left.exists()
    assert not orphan.exists(), "what it tells of is not there"
    assert writer.commit() is not None


@pytest.mark.parametrize(("cid", "data"), [SMALL, LARGE])
@pytest.mark.parametrize("change", ["bit", "cut", "longer", "empty"])
async def test_one_that_is_not_as_it_was_written_is_dropped(
    files: AssembledFiles, cid: Cid, data: bytes, change: str
) -> None:
    file = put(files, cid, data)
    assert file is not None
    changed = {
        "bit": bytes((data[0] ^ 1,)) + data[1:],
        "cut": data[:-1],
        "longer": data + b"more",
        "empty": b"",
    }
    file.path.write_bytes(changed[change])
    later = AssembledFiles(files.folder, FEW)
    assert await later.open(cid) is None
    assert on_disk(later) == []
    later.close()


def made_of_dag_pb(dag: Dag) -> Cid:
    """A file with bytes of its own, usual and unusual leaves, and two levels."""
    leaves = [(dag.node(UnixFsData(Kind.FILE, bytes((at,)) * 300, 300)), 300) for at in range(4)]
    leaves.append((dag.node(UnixFsData(Kind.RAW, b"r" * 300, 300)), 300))
    inner = dag.file(leaves[:3], b"own bytes")
    return dag.file([(inner, 909), *leaves[3:], (dag.raw(b"end"), 3)], b"first")


@pytest.mark.parametrize("of_dag_pb", [True, False])
@pytest.mark.parametrize("small", [True, False])
async def test_one_of_many_blocks_is_proven_by_its_address_again(
    tmp_path: Path, of_dag_pb: bool, small: bool
) -> None:
    limits = replace(FEW, assembled_small_bytes=20_000 if small else 100)
    cid, dag = tree(1)
    if of_dag_pb:
        dag = Dag()
        cid = made_of_dag_pb(dag)
    nodes = [
        one
        for one, block in dag.held.items()
        if one.codec == codecs.DAG_PB and dag_pb.decode(block).links
    ]
    data = b"".join([piece async for piece in (await open_file(dag, cid, Budget())).stream()])
    first = AssembledFiles(tmp_path / "files", limits, blocks=dag)
    written = put(first, cid, data)
    assert written is not None
    path = written.path
    dag.asked.clear()

    async def opened_later() -> AssembledFile | None:
        later = AssembledFiles(tmp_path / "files", limits, blocks=dag)
        try:
            return await later.open(cid)
        finally:
            later.close()

    same = await opened_later()
    assert same is not None
    assert bytes(same.slice()) == data
    assert (same.data is not None) == small
    assert dag.asked.total() == 4 if not of_dag_pb else 3, "no leaf that can be made anew"
    for at in (0, 5, 310, 1500, len(data) - 1):
        path.write_bytes(data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :])
        assert await opened_later() is None, at
        assert not path.exists()
    path.write_bytes(data)
    assert await opened_later() is not None
    for lost in (cid, next(one for one in nodes if one != cid)):
        path.write_bytes(data)
        block = dag.held.pop(lost)
        assert await opened_later() is None
        dag.held[lost] = block


async def test_what_no_walk_can_prove_is_dropped(tmp_path: Path) -> None:
    dag = Dag()
    deep, wide = replace(FEW, dag_depth=3), replace(FEW, pending_links=10)
    many = replace(FEW, request_blocks=3)
    cid = dag.raw(b"end")
    for _ in range(4):
        cid = dag.file([(cid, 3)])
    broad = dag.file([(dag.raw(b"end"), 3)] * 11)
    directory = dag.directory([])
    cases = ((cid, 3, deep), (cid, 3, many), (broad, 33, wide), (directory, 0, FEW))
    for one, size, limits in cases:
        files = AssembledFiles(tmp_path / "files", limits, blocks=dag)
        assert put(files, one, b"end" * (size // 3)) is not None
        later = AssembledFiles(tmp_path / "files", limits, blocks=dag)
        assert await later.open(one) is None
    assert await AssembledFiles(tmp_path / "files").open(broad) is None


@pytest.mark.parametrize("kept", [SMALL, LARGE])
async def test_one_that_somebody_writes_to_while_it_is_proven_is_not_given(
    files: AssembledFiles, monkeypatch: pytest.MonkeyPatch, kept: tuple[Cid, bytes]
) -> None:
    file = put(files, *kept)
    assert file is not None

    async def then_written_to(*given: object) -> bool:
        file.path.write_bytes(b"x" * 1000)
        return True

    monkeypatch.setattr(assembled, "is_file", then_written_to)
    assert await again(files).open(kept[0]) is None


@pytest.mark.parametrize("thing", ["folder", "pipe", "device", "loop"])
async def test_what_stands_in_a_files_place_is_no_file(files: AssembledFiles, thing: str) -> None:
    path = files.folder / str(LARGE[0])
    if thing == "folder":
        path.mkdir()
    elif thing == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if thing == "device" else path)
    assert await files.open(LARGE[0]) is None
    kept = put(files, *LARGE)
    assert (kept is None) == (thing == "folder"), "all else makes way"
    if kept is not None:
        assert bytes(kept.slice()) == LARGE[1]


async def test_a_pipe_among_what_a_kill_left_is_swept(files: AssembledFiles) -> None:
    pipe = files.folder / "partial" / "pipe"
    os.mkfifo(pipe)
    again(files).close()
    assert not pipe.exists()


async def test_a_disk_that_fails_while_a_file_is_read(
    files: AssembledFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(files, *LARGE)
    assert file is not None

    def fails(*given: object) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "pread", fails)
        assert bytes(file.slice(10, 20)) == b""
        later = again(files)
        assert await later.open(LARGE[0]) is None
        later.close()


def test_one_that_somebody_writes_to_is_noticed(files: AssembledFiles) -> None:
    file = put(files, *LARGE)
    assert file is not None
    with file.path.open("r+b") as other:
        other.write(b"X")
    assert files.lookup(LARGE[0]) is None
    assert on_disk(files) == []


async def test_the_room_is_bounded_and_the_least_recently_used_leave(
    files: AssembledFiles,
) -> None:
    stored = [raw(seed, 9000) for seed in range(10, 30)]
    for at, (cid, data) in enumerate(stored):
        file = put(files, cid, data)
        assert file is not None
        os.utime(file.path.with_name(file.path.name + ".used"), (at, 10 if at else 10**6))
    files.close()
    held = [path for path in on_disk(files) if path.suffix != ".used"]
    assert sum(path.stat().st_size for path in held) <= 100_000
    assert len(held) >= 9
    assert (files.folder / str(stored[0][0])).exists(), "it bears a later use"
    assert {path.name.removesuffix(".used") for path in on_disk(files)} == {
        path.name for path in held
    }


async def test_a_file_that_comes_while_room_is_made_is_counted(
    files: AssembledFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = files._listed
    came: list[AssembledFile | None] = []

    def lists_and_is_late() -> list[tuple[float, int, Path]]:
        found = listed()
        if not came:
            came.append(None)
            came[0] = put(files, *raw(100, 9000))
        return found

    monkeypatch.setattr(files, "_look_for_room", lambda: None)
    for seed in range(10, 22):
        put(files, *raw(seed, 9000))
    with monkeypatch.context() as late:
        late.setattr(files, "_listed", lists_and_is_late)
        files._make_room()
    assert came[0] is not None
    assert files._on_disk == sum(size for _, size, _ in listed())


async def test_memory_and_descriptors_are_bounded(files: AssembledFiles) -> None:
    small = [raw(seed, 1000) for seed in range(10, 20)]
    large = [raw(seed, 3000) for seed in range(20, 30)]
    before = len(list(Path("/proc/self/fd").iterdir()))
    for cid, data in (*small, *large):
        put(files, cid, data)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 3
    assert len(files._small) == 4, "10,000 bytes, with what each takes up besides"
    for cid, data in small:
        file = await files.open(cid)
        assert file is not None
        assert file.data == data


def test_one_that_leaves_stays_open_for_who_is_sending_it(files: AssembledFiles) -> None:
    file = put(files, *LARGE)
    assert file is not None
    for seed in range(20, 25):
        put(files, *raw(seed, 3000))
    file.path.unlink()
    files.close()
    assert bytes(file.slice()) == LARGE[1]
    fd = file.fd
    assert fd is not None
    del file
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(fd)


def test_what_is_too_large_is_not_kept(files: AssembledFiles) -> None:
    assert files.writer(LARGE[0], 12_501) is None
    long = Cid.of(codecs.RAW, bytes(128), codecs.IDENTITY)
    assert files.writer(long, 128) is None


def test_one_is_written_once_however_many_read_it(files: AssembledFiles) -> None:
    cid, data = LARGE
    first = files.writer(cid, len(data))
    assert first is not None
    assert files.writer(cid, len(data)) is None
    first.abort()
    first.abort()
    second = files.writer(cid, len(data))
    assert second is not None
    second.write(data)
    assert second.commit() is not None
    third = files.writer(cid, len(data))
    assert third is not None
    third.abort()


async def test_what_is_being_written_takes_up_room(files: AssembledFiles) -> None:
    kept = [raw(number, 12_000) for number in range(10, 17)]
    for cid, data in kept:
        assert put(files, cid, data) is not None
    writing = [files.writer(raw(number, 1)[0], 12_000) for number in range(20, 26)]
    assert [writer is not None for writer in writing] == [True] * 4 + [False] * 2
    files.close()
    left = [path for path in on_disk(files) if path.stat().st_size == 12_000]
    assert 1 <= len(left) <= 4, "beside the 48,000 bytes that are to come, of 100,000"
    for writer in writing:
        if writer is not None:
            writer.abort()


def test_only_its_owner_may_read_it(files: AssembledFiles) -> None:
    put(files, *LARGE)
    for path in (files.folder, *files.folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_a_folder_that_cannot_be_used(tmp_path: Path, files: AssembledFiles) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be used"):
        AssembledFiles(tmp_path / "file" / "folder")
    (files.folder / "partial").rmdir()
    assert files.writer(SMALL[0], 1000) is None


def test_a_disk_that_fails_while_a_file_is_written(
    files: AssembledFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = files.writer(SMALL[0], 1000)
    assert writer is not None

    def full(fd: int, data: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "write", full)
        writer.write(SMALL[1])
    assert writer.commit() is None
    writer = files.writer(SMALL[0], 1000)
    assert writer is not None
    writer.write(SMALL[1])
    moved = files.folder.rename(files.folder.with_name("moved"))
    assert writer.commit() is None
    moved.rename(files.folder)
