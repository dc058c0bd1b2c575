"""Whole imports: the same address however the work is cut up, and nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.content.importer.memory_store import MemoryStore
from walkaway.content.budget import Budget
from walkaway.content.exporter.directory import entries
from walkaway.content.exporter.file import open_file
from walkaway.content.exporter.node import look_at
from walkaway.content.importer.profiles import UNIXFS_V0_2015, UNIXFS_V1_2025, Profile
from walkaway.content.importer.run import (
    ImportProgress,
    import_path,
    import_stream,
    import_wrapped,
)
from walkaway.content.importer.tree import ImportOptions
from walkaway.errors import InvalidRequest, StoreFault, TooMuch, Unreadable
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.unixfs import Directory, File, ModificationTime, Symlink, read_node
from walkaway.proofs.proven import Proven

Files: TypeAlias = "dict[str, bytes | Files]"
"""A folder: by name, what a file holds, or a folder."""

SMALL = [
    replace(UNIXFS_V1_2025, chunk_bytes=8, file_links=3, shard_above_bytes=200, shard_fanout=8),
    replace(UNIXFS_V0_2015, chunk_bytes=8, file_links=2, shard_above_bytes=200, shard_fanout=8),
]
TIGHT = replace(
    LIMITS,
    import_ahead_bytes=0,
    import_ahead_blocks=0,
    import_batch_bytes=1,
    import_batch_blocks=1,
)
NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20
).filter(lambda name: not name.startswith("."))
FILES = st.recursive(
    st.binary(max_size=100),
    lambda below: st.dictionaries(NAMES, below, max_size=8),
    max_leaves=12,
)


def write(path: Path, files: bytes | Files) -> None:
    if isinstance(files, bytes):
        path.write_bytes(files)
        return
    path.mkdir()
    for name, below in files.items():
        write(path / name, below)


async def read(store: MemoryStore, cid: Cid) -> bytes | Files:
    budget = Budget()
    if not (await look_at(store, cid, budget)).what.is_directory:
        file = await open_file(store, cid, budget)
        return b"".join([piece async for piece in file.stream()])
    found = [entry async for entry in entries(store, cid, budget)]
    return {entry.name: await read(store, entry.cid) for entry in found}


@pytest.mark.parametrize("profile", SMALL, ids=lambda profile: profile.name)
@settings(max_examples=40, deadline=None)
@given(files=FILES)
def test_however_the_work_is_cut_up_the_same_comes_out(
    profile: Profile, files: bytes | Files
) -> None:
    async def run() -> None:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "root"
            write(path, files)
            store, tight = MemoryStore(), MemoryStore()
            root = await import_path(path, store, profile)
            assert await import_path(path, tight, profile, limits=TIGHT) == root
            assert await import_path(path, None, profile) == root
            assert store.blocks.keys() == tight.blocks.keys()
            assert await read(store, root) == files

    asyncio.run(run())


async def test_many_chunks_are_hashed_at_once_and_stay_in_order(tmp_path: Path) -> None:
    profile = replace(UNIXFS_V1_2025, chunk_bytes=40_000)
    content = os.urandom(3_000_000)
    (tmp_path / "f").write_bytes(content)
    limits = replace(LIMITS, import_ahead_bytes=400_000, import_batch_bytes=300_000)
    store = MemoryStore()
    root = await import_path(tmp_path / "f", store, profile, limits=limits)
    assert await read(store, root) == content
    assert len(store.batches) >= 9
    assert max(store.batches) <= 300_000 + 40_000


async def test_blocks_come_in_batches_of_so_many(tmp_path: Path) -> None:
    write(tmp_path / "d", {str(number): str(number).encode() for number in range(25)})
    store = MemoryStore()
    limits = replace(LIMITS, import_batch_blocks=10)
    await import_path(tmp_path / "d", store, limits=limits)
    assert len(store.batches) == 3


async def test_what_is_imported_is_pinned_under_its_lease_if_a_name_is_given(
    tmp_path: Path,
) -> None:
    (tmp_path / "f").write_bytes(b"content")
    store = MemoryStore()
    root = await import_path(tmp_path, store, pin="site")
    assert (store.pins, store.leases) == ({root: "site"}, 0)
    other = MemoryStore()
    assert await import_path(tmp_path, other) == root
    assert other.pins == {}


async def test_what_no_pin_may_hold_ends_before_all_of_it_is_kept(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(random.Random(1).randbytes(40 * 1024))
    store = MemoryStore()
    profile = replace(UNIXFS_V1_2025, chunk_bytes=1024)
    few = replace(LIMITS, request_blocks=20, import_batch_blocks=8)
    with pytest.raises(TooMuch, match="more than the 20 different blocks") as refused:
        await import_path(tmp_path, store, profile, pin="site", limits=few)
    assert "--no-pin" in refused.value.advice
    assert (store.pins, len(store.blocks)) == ({}, 16)
    whole = await import_path(tmp_path, MemoryStore(), profile, limits=few)
    assert await import_path(tmp_path, None, profile, pin="site", limits=few) == whole
    (tmp_path / "f").write_bytes(bytes(40 * 1024))
    same = MemoryStore()
    await import_path(tmp_path, same, profile, pin="site", limits=few)
    assert len(same.pins) == 1, "equal blocks count once"


async def test_a_pin_that_cannot_be_written_down_is_refused_at_once(tmp_path: Path) -> None:
    store = MemoryStore()
    with pytest.raises(InvalidRequest, match="not Unicode"):
        await import_path(tmp_path, store, pin="\udcff")
    assert store.blocks == {}


async def test_a_stream_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"some content" * 10)
    for profile in SMALL:
        with (tmp_path / "f").open("rb") as file:
            streamed = await import_stream(file.fileno(), MemoryStore(), profile)
        assert streamed == await import_path(tmp_path / "f", None, profile)


async def test_members_are_wrapped_under_the_names_that_they_get(tmp_path: Path) -> None:
    write(tmp_path / "d", {"f": b"1", "e": {}})
    write(tmp_path / "g", b"2")
    store = MemoryStore()
    reading, writing = os.pipe()
    os.write(writing, b"3")
    os.close(writing)
    members: dict[str, Path | str | int] = {"x": tmp_path / "d", "y": tmp_path / "g", "z": reading}
    seen: list[ImportProgress] = []
    root = await import_wrapped(members, store, progress=seen.append, pin="all")
    os.close(reading)
    assert await read(store, root) == {"x": {"f": b"1", "e": {}}, "y": b"2", "z": b"3"}
    assert store.pins == {root: "all"}
    assert seen[-1] == ImportProgress(3, None, 0)
    with pytest.raises(Unreadable, match="not UTF-8"):
        await import_wrapped({"\udcff": tmp_path}, None)
    for name in ("", ".", "..", "a/b"):
        with pytest.raises(InvalidRequest, match="can be no name"):
            await import_wrapped({name: tmp_path}, None)


@pytest.mark.parametrize("profile", SMALL, ids=lambda profile: profile.name)
async def test_progress_ends_with_all_of_it(profile: Profile, tmp_path: Path) -> None:
    write(tmp_path / "d", {"a": bytes(100), "b": {"c": bytes(50)}, ".h": b"hidden"})
    (tmp_path / "d" / "l").symlink_to("a")
    seen: list[ImportProgress] = []
    await import_path(tmp_path / "d", None, profile, seen.append, limits=TIGHT)
    assert [now.done for now in seen] == sorted(now.done for now in seen)
    assert len(seen) > 10
    assert seen[-1] == ImportProgress(150, 150, 1)
    assert {now.total for now in seen} == {150}


async def test_metadata_is_kept_where_asked_and_no_leaf_is_raw(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(20))
    (tmp_path / "f").chmod(0o600)
    os.utime(tmp_path / "f", ns=(0, 7))
    store = MemoryStore()
    options = ImportOptions(mode=True, mtime=True)
    root = await import_path(tmp_path, store, SMALL[0], options=options)
    assert {cid.codec for cid in store.blocks} == {codecs.DAG_PB}
    folder = read_node(root, store.blocks[root].value)
    assert isinstance(folder, Directory)
    assert folder.mode == tmp_path.stat().st_mode & 0o7777
    cid = folder.entries["f"].cid
    file = read_node(cid, store.blocks[cid].value)
    assert isinstance(file, File)
    assert (file.mode, file.mtime) == (0o600, ModificationTime(0, 7))


async def test_links_are_followed_or_kept(tmp_path: Path) -> None:
    write(tmp_path / "d", {"a": b"content"})
    (tmp_path / "d" / "l").symlink_to("a")
    kept, followed = MemoryStore(), MemoryStore()
    root = await import_path(tmp_path / "d", kept)
    links = {entry.name: entry.cid async for entry in entries(kept, root, Budget())}
    assert (await look_at(kept, links["l"], Budget())).node == Symlink(b"a")
    root = await import_path(tmp_path / "d", followed, options=ImportOptions(follow=True))
    assert await read(followed, root) == {"a": b"content", "l": b"content"}


@pytest.mark.parametrize("progress", [None, lambda now: None], ids=["blind", "watched"])
async def test_what_is_refused_is_named_and_nothing_is_pinned(
    progress: None, tmp_path: Path
) -> None:
    write(tmp_path / "d", {"a": b"content", "b": {"c": {}}})
    os.mkfifo(tmp_path / "d" / "b" / "pipe")
    store = MemoryStore()
    with pytest.raises(Unreadable, match="pipe is a pipe"):
        await import_path(tmp_path / "d", store, progress=progress, pin="d")
    assert (store.pins, store.leases) == ({}, 0)
    limits = replace(LIMITS, import_depth=2)
    with pytest.raises(TooMuch, match="2 folders deep"):
        await import_path(tmp_path / "d", store, progress=progress, limits=limits)


def lowest_free_descriptor() -> int:
    descriptor = os.dup(0)
    os.close(descriptor)
    return descriptor


def all_threads_end() -> bool:
    """Whether the threads that imports have begun end by themselves."""
    ours = [t for t in threading.enumerate() if t.name.startswith(("hashing", "importing"))]
    for thread in ours:
        thread.join(30)
    return not any(thread.is_alive() for thread in ours)


class FullStore(MemoryStore):
    """Takes three batches."""

    async def keep(self, blocks: Sequence[tuple[Cid, Proven[bytes]]]) -> None:
        if len(self.batches) == 3:
            raise StoreFault("the disk is full")
        await super().keep(blocks)


class ListeningStore(MemoryStore):
    """Says when it has taken two batches."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = asyncio.Event()

    async def keep(self, blocks: Sequence[tuple[Cid, Proven[bytes]]]) -> None:
        await super().keep(blocks)
        if len(self.batches) == 2:
            self.heard.set()


class StuckStore(MemoryStore):
    """Takes three batches, and then its time."""

    def __init__(self) -> None:
        super().__init__()
        self.stuck = asyncio.Event()

    async def keep(self, blocks: Sequence[tuple[Cid, Proven[bytes]]]) -> None:
        if len(self.batches) == 3:
            self.stuck.set()
            await asyncio.Event().wait()
        await super().keep(blocks)


async def test_a_store_that_fails_ends_the_import(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(range(256)) * 4000)
    store = FullStore()
    with pytest.raises(StoreFault, match="full"):
        await import_path(tmp_path / "f", store, SMALL[0], limits=TIGHT)
    assert store.leases == 0
    assert all_threads_end()


async def test_what_fails_behind_a_failure_is_not_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "d", {"a": b"content"})
    os.mkfifo(tmp_path / "d" / "pipe")
    store = FullStore()
    store.batches = [0, 0, 0]
    with pytest.raises(StoreFault, match="full"):
        await import_path(tmp_path / "d", store, limits=TIGHT)
    gc.collect()
    assert caplog.records == []


async def test_who_gives_up_leaves_nothing_running(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(range(256)) * 4000)
    store = StuckStore()
    before = lowest_free_descriptor()
    task = asyncio.create_task(import_path(tmp_path / "f", store, SMALL[0], limits=TIGHT))
    await store.stuck.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (store.leases, len(asyncio.all_tasks())) == (0, 1)
    assert lowest_free_descriptor() == before
    assert all_threads_end()


async def test_who_gives_up_waits_until_the_file_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f").write_bytes(b"content")
    reading, go_on = threading.Event(), threading.Event()
    read = os.read

    def slow_read(descriptor: int, size: int) -> bytes:
        reading.set()
        assert go_on.wait(30)
        return read(descriptor, size)

    before = lowest_free_descriptor()
    task = asyncio.create_task(import_path(tmp_path / "f", None))
    with monkeypatch.context() as patched:
        patched.setattr("walkaway.content.importer.reading.os.read", slow_read)
        assert await asyncio.to_thread(reading.wait, 30)
        task.cancel()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert lowest_free_descriptor() == before
    assert all_threads_end()


async def test_who_gives_up_on_a_silent_stream_is_not_kept_waiting() -> None:
    reading, writing = os.pipe()
    store = ListeningStore()
    task = asyncio.create_task(import_stream(reading, store, SMALL[0], limits=TIGHT))
    # Two chunks, so that the third is waited for when the second has been taken.
    os.write(writing, bytes(SMALL[0].chunk_bytes) * 2)
    await store.heard.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert all_threads_end()
    os.close(reading)
    os.close(writing)
