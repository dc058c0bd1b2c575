"""Blocks on disk: proven at every read, sized, shared, and whole through damage."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.content.store.stores import counted_by_hand, damage, limited, raw, rows, tree
from tests.content.store.stores import put_all as put_dag
from walkaway.content.store.block_store import BlockStore
from walkaway.content.store.rows import drop_damaged
from walkaway.errors import ConfigError, ProofError, StoreFault, Unproven, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.block import block_subject, prove_block
from walkaway.proofs.ipfs.cid import Cid

CID, DATA = raw(1)
NO_ROOM = """
import asyncio, resource, sys
from pathlib import Path
from tests.content.store.stores import raw
from walkaway.content.store.block_store import BlockStore
from walkaway.errors import StoreFault

async def main(store):
    assert (await store.get(raw(1)[0])).value == raw(1)[1]
    assert (await store.stat()).leases == 0
    assert [pin.name for pin in await store.pins()] == ["kept"]
    assert (await store.stat()).blocks == 1
    try:
        await store.collect()
    except StoreFault as fault:
        assert "can only be read" in str(fault), fault
    else:
        raise AssertionError("there was room")

async def fill(store):
    await store.put(*raw(1))
    await store.pin(raw(1)[0], "kept")

with BlockStore.open(Path(sys.argv[1])) as store:
    asyncio.run(fill(store))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
with BlockStore.open(Path(sys.argv[1])) as store:
    asyncio.run(main(store))
"""
FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from tests.content.store.stores import raw
from walkaway.content.store.block_store import BlockStore
from walkaway.errors import StoreFault

async def main(store):
    await store.put(*raw(1))
    await store.pin(raw(1)[0])
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
    for seed in range(2, 50):
        try:
            await store.put(*raw(seed, 100_000))
        except StoreFault as fault:
            print(fault, fault.advice)
            break
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert (await store.get(raw(1)[0])).value == raw(1)[1]
    await store.put(*raw(seed, 100_000))

with BlockStore.open(Path(sys.argv[1])) as store:
    asyncio.run(main(store))
"""


async def test_a_block_is_there_in_the_next_run_and_proven(store: BlockStore) -> None:
    with pytest.raises(Unproven, match=str(CID)) as refused:
        await store.get(CID)
    assert refused.value.reasons == {"store": "does not hold it"}
    assert not await store.has(CID)
    proven = await store.put(CID, DATA)
    assert (proven.value, proven.claim.subject) == (DATA, block_subject(CID))
    store.close()
    with pytest.raises(StoreFault, match="closed"):
        await store.get(CID)
    with BlockStore.open(store.folder) as again:
        assert await again.has(CID)
        assert (await again.get(CID)).value == DATA


async def test_only_its_owner_may_read_it(store: BlockStore) -> None:
    async with store.lease():
        await store.put(CID, DATA)
        for path in (store.folder, *store.folder.rglob("*")):
            allowed = stat.S_IMODE(path.stat().st_mode)
            assert allowed & 0o077 == 0, f"{path} {allowed:o}"


async def test_both_versions_of_an_address_find_a_block(store: BlockStore) -> None:
    root, dag = tree(1)
    await put_dag(store, dag)
    old = Cid(0, codecs.DAG_PB, root.multihash)
    assert (await store.get(old)).claim.subject == block_subject(old)
    await store.put(old, dag.held[root])
    assert (await store.stat()).blocks == len(dag.held)
    counted_by_hand(store)


async def test_a_block_that_is_its_own_address_is_always_there(store: BlockStore) -> None:
    cid = Cid.of(codecs.RAW, b"tiny", codecs.IDENTITY)
    assert await store.has(cid)
    assert (await store.get(cid)).value == b"tiny"
    await store.put(cid, b"tiny")
    assert (await store.stat()).blocks == 0


async def test_what_is_not_proven_is_not_kept(store: BlockStore) -> None:
    other, more = raw(2)
    with pytest.raises(ProofError):
        await store.put(CID, more)
    with pytest.raises(ProofError):
        await store.put_many([(other, more), (CID, more)])
    with pytest.raises(ProofError, match="another block"):
        await store.keep([(other, prove_block(other, more)), (CID, prove_block(other, more))])
    with pytest.raises(Unsupported):
        await store.put(Cid(1, codecs.RAW, b"\x11\x14" + bytes(20)), b"by SHA-1")
    assert (await store.stat()).blocks == 0


@pytest.mark.parametrize("put", [b"other", DATA[:-1], b"", "text", 7])
async def test_damaged_bytes_are_refused_dropped_and_asked_for_anew(
    store: BlockStore, put: object
) -> None:
    await store.put(CID, DATA)
    damage(store, CID, put)
    with pytest.raises(Unproven, match="damaged"):
        await store.get(CID)
    assert not await store.has(CID)
    assert (await store.stat()).blocks == 0
    counted_by_hand(store)
    await store.put(CID, DATA)
    assert (await store.get(CID)).value == DATA


@pytest.mark.parametrize("put", [b"other", b"", "text", DATA.decode("latin-1"), 7])
async def test_damaged_bytes_are_mended_by_putting_the_block_again(
    store: BlockStore, put: object
) -> None:
    await store.put(CID, DATA)
    await store.pin(CID)
    damage(store, CID, put)
    await store.put(CID, DATA)
    assert (await store.get(CID)).value == DATA
    assert [(pin.complete, pin.blocks) for pin in await store.pins()] == [(True, 1)]
    counted_by_hand(store)


async def test_a_block_that_was_mended_meanwhile_is_not_dropped(store: BlockStore) -> None:
    await store.put(CID, DATA)
    file = sqlite3.connect(store.folder / "blocks.sqlite")
    with file:
        drop_damaged(file, CID)
        drop_damaged(file, raw(2)[0])
    file.close()
    assert (await store.get(CID)).value == DATA


async def test_a_damaged_block_of_a_pin_keeps_its_place(store: BlockStore) -> None:
    root, dag = tree(1)
    await put_dag(store, dag)
    await store.pin(root)
    leaf = next(cid for cid in dag.held if cid.codec == codecs.RAW)
    damage(store, leaf, b"other")
    with pytest.raises(Unproven):
        await store.get(leaf)
    counted_by_hand(store)
    [pin] = await store.pins()
    assert (pin.complete, pin.blocks) == (False, len(dag.held) - 1)
    await store.put(leaf, dag.held[leaf])
    await store.collect()
    assert (await store.get(leaf)).value == dag.held[leaf]
    assert (await store.pin(root)).complete
    counted_by_hand(store)


async def test_beyond_its_size_the_least_recently_used_leave(tmp_path: Path) -> None:
    with BlockStore.open(tmp_path / "store", limited(10_000)) as store:
        root, dag = tree(1, leaves=4)
        await put_dag(store, dag)
        await store.pin(root)
        for seed in range(30):
            await store.put(*raw(seed))
            if seed:
                await store.get(raw(0)[0])
        held = [seed for seed in range(30) if await store.has(raw(seed)[0])]
        assert held[0] == 0, "used all the time"
        assert held[1:] == list(range(31 - len(held), 30)), "the newest"
        assert 9_000 < (await store.stat()).size <= 10_000
        for cid in dag.held:
            assert await store.has(cid)
        counted_by_hand(store)


async def test_a_put_never_fails_for_its_size(tmp_path: Path) -> None:
    with BlockStore.open(tmp_path / "store", limited(5_000)) as store:
        root, dag = tree(1, leaves=20)
        async with store.lease():
            await put_dag(store, dag)
            await store.put(*raw(1))
            assert await store.has(raw(1)[0])
        await store.pin(root)
        await store.put(*raw(2))
        assert (await store.stat()).size > 20_000
        assert not await store.has(raw(1)[0])
        for cid in dag.held:
            assert await store.has(cid)


async def test_collecting_leaves_what_is_pinned_and_gives_the_room_back(store: BlockStore) -> None:
    root, dag = tree(1)
    await put_dag(store, dag)
    await store.pin(root)
    await store.put_many([raw(seed, 100_000) for seed in range(100, 180)])
    before = (await store.stat()).file_size
    told: list[int] = []
    gone = await store.collect(lambda now: told.append(now.blocks))
    assert (gone.blocks, gone.size) == (80, 8_000_000)
    assert told == [64, 80]
    after = await store.stat()
    assert after.blocks == after.pinned_blocks == len(dag.held)
    assert after.file_size < before - 8_000_000
    counted_by_hand(store)
    assert (await store.collect()).blocks == 0


async def test_two_stores_in_one_folder(store: BlockStore) -> None:
    with BlockStore.open(store.folder) as other:
        mine = [raw(seed) for seed in range(60)]
        theirs = [raw(seed) for seed in range(40, 100)]

        async def fill(into: BlockStore, sections: list[tuple[Cid, bytes]]) -> None:
            for section in sections:
                await into.put(*section)

        await asyncio.gather(fill(store, mine), fill(other, theirs))
        for cid, data in (*mine, *theirs):
            assert (await store.get(cid)).value == data
            assert (await other.get(cid)).value == data
        await store.put(*mine[0])
        async with other.lease():
            await other.put(*raw(1000))
            assert (await store.collect()).blocks == 100
            assert (await store.stat()).leases == 1
        assert (await store.collect()).blocks == 1
        counted_by_hand(store)


def test_a_full_disk_says_so_and_loses_nothing(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "store")],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "the disk is full" in told
    assert "walkaway store gc" in told


async def test_a_full_disk_is_not_filled_to_its_end(tmp_path: Path) -> None:
    with BlockStore.open(tmp_path / "store") as store:
        root, dag = tree(1, leaves=40)
        await put_dag(store, dag)
        await store.pin(root)
        await store.put_many([raw(seed, 50_000) for seed in range(10)])
        size = (await store.stat()).size
    full = replace(LIMITS, store_spare_bytes=2**62)
    with BlockStore.open(tmp_path / "store", full) as store:
        for seed in range(10, 16):
            await store.put(*raw(seed, 50_000))
        assert (await store.stat()).size <= size, "what nothing holds makes room"
        await store.collect()
        with pytest.raises(StoreFault, match="the disk is full") as fault:
            await store.put_many([raw(seed, 50_000) for seed in range(16, 40)])
        assert "walkaway store gc" in fault.value.advice
        assert (await store.stat()).blocks == len(dag.held)
        for cid, data in dag.held.items():
            assert (await store.get(cid)).value == data
        counted_by_hand(store)
    with BlockStore.open(tmp_path / "store") as store:
        await store.put(*raw(16, 50_000))


def test_a_disk_that_takes_nothing_can_still_be_read(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", NO_ROOM, str(tmp_path / "store")], check=True)


async def test_a_folder_that_is_mounted_for_reading_can_be_read(
    store: BlockStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.put_many([(CID, DATA), raw(2)])
    await store.pin(CID)
    store.close()
    damage(store, raw(2)[0], b"other")

    def refused(*given: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as mounted:
        mounted.setattr(os, "open", refused)
        with BlockStore.open(store.folder) as reading:
            assert (await reading.get(CID)).value == DATA
            with pytest.raises(Unproven, match="damaged"):
                await reading.get(raw(2)[0])
            assert len(await reading.pins()) == 1
            assert (await reading.stat()).pinned_blocks == 1
            with pytest.raises(StoreFault, match="only be read: Read-only file system"):
                await reading.put(*raw(3))
            with pytest.raises(StoreFault, match="only be read"):
                await reading.unpin(CID)
        log = store.folder / "blocks.sqlite-wal"
        log.write_bytes(b"what a killed process left")
        with pytest.raises(ConfigError, match="Read-only file system"):
            BlockStore.open(store.folder)
        log.unlink()
        with pytest.raises(ConfigError, match="Read-only file system"):
            BlockStore.open(store.folder / "none")


async def test_on_a_full_disk_work_begins_with_what_was_held_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = replace(LIMITS, store_reserve_bytes=100_000, store_spare_bytes=0)
    reserve = tmp_path / "store" / "reserve"
    with BlockStore.open(tmp_path / "store", limits) as store:
        await store.put_many([raw(seed, 50_000) for seed in range(100)])
    assert reserve.stat().st_size == 100_000
    BlockStore.open(tmp_path / "store", limits).close()
    full = os.statvfs_result((4096, 4096, 1, 0, 0, 1, 1, 1, 0, 255))
    with monkeypatch.context() as disk:
        disk.setattr(os, "statvfs", lambda _: full)
        with BlockStore.open(tmp_path / "store", limits) as store:
            assert not reserve.exists()
            await store.pin(raw(0, 50_000)[0])
        assert reserve.stat().st_size == 100_000, "held back for the next one"
        with BlockStore.open(tmp_path / "store", limits) as store:
            log = store.folder / "blocks.sqlite-wal"
            largest: list[int] = []
            await store.collect(lambda _: largest.append(log.stat().st_size))
            stat = await store.stat()
            assert (stat.blocks, stat.pins) == (1, 1)
            assert stat.file_size < 1_000_000
            assert 0 < max(largest) < 500_000, "3 MB of blocks left at a time"
    assert not reserve.exists(), "what is small gives no room back"


async def test_on_a_full_disk_what_is_free_in_the_file_is_used(tmp_path: Path) -> None:
    with BlockStore.open(tmp_path / "store") as store:
        await store.put_many([raw(seed, 50_000) for seed in range(10)])
        file = sqlite3.connect(store.folder / "blocks.sqlite")
        with file:
            file.execute("DELETE FROM block")
        file.close()
    with BlockStore.open(tmp_path / "store", replace(LIMITS, store_spare_bytes=2**62)) as store:
        await store.put_many([raw(seed, 50_000) for seed in range(20, 25)])
        assert (await store.stat()).blocks == 5


async def test_a_store_that_is_far_too_large_shrinks_little_by_little(tmp_path: Path) -> None:
    with BlockStore.open(tmp_path / "store") as store:
        await store.put_many([raw(seed) for seed in range(100)])
    with BlockStore.open(tmp_path / "store", limited(10_000)) as store:
        held: list[int] = []
        for seed in range(100, 110):
            await store.put(*raw(seed))
            held.append((await store.stat()).blocks)
        assert held == [99, 98, 97, 96, 95, 94, 93, 92, 91, 90]


def test_a_newer_store_is_refused(store: BlockStore) -> None:
    store.close()
    file = sqlite3.connect(store.folder / "blocks.sqlite")
    file.execute("PRAGMA user_version = 2")
    file.close()
    with pytest.raises(ConfigError, match="newer walkaway") as refused:
        BlockStore.open(store.folder)
    assert "--state-directory" in refused.value.advice


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "blocks.sqlite"
    file = sqlite3.connect(path)
    file.execute("CREATE TABLE precious (thing)")
    file.commit()
    file.close()
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="another program"):
        BlockStore.open(tmp_path)
    assert path.read_bytes() == before


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "blocks.sqlite").write_bytes(b"not a database" * 1000)
    with pytest.raises(ConfigError, match="is damaged: file is not a database") as refused:
        BlockStore.open(tmp_path)
    assert "begin anew" in refused.value.advice
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "blocks.sqlite")
    with pytest.raises(ConfigError, match="cannot be used"):
        BlockStore.open(tmp_path / "pipe")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be used"):
        BlockStore.open(tmp_path / "file" / "store")


async def test_a_damaged_file_is_a_fault_and_no_answer(tmp_path: Path) -> None:
    with BlockStore.open(tmp_path / "store") as store:
        await store.put_many([raw(seed) for seed in range(300)])
    path = store.folder / "blocks.sqlite"
    whole = path.read_bytes()
    page = 16 * 1024
    path.write_bytes(whole[:page] + bytes(b ^ 0x5A for b in whole[page:]))
    with BlockStore.open(tmp_path / "store") as store:
        with pytest.raises(StoreFault, match="damaged") as fault:
            await store.get(raw(0)[0])
        assert "move that folder away" in fault.value.advice


async def test_rows_that_walkaway_never_wrote_are_a_fault(store: BlockStore) -> None:
    await store.put(CID, DATA)
    await store.pin(CID)
    file = sqlite3.connect(store.folder / "blocks.sqlite")
    with file:
        file.execute("UPDATE pin SET root = 'text'")
        file.execute("UPDATE block SET size = 'text', pins = 0")
    file.close()
    with pytest.raises(StoreFault, match="damaged"):
        await store.pins()
    with pytest.raises(StoreFault, match="damaged"):
        await store.collect()
    assert (await store.get(CID)).value == DATA


async def test_a_held_store_is_waited_for_only_so_long(tmp_path: Path) -> None:
    with BlockStore.open(tmp_path / "s", replace(LIMITS, store_wait_seconds=0.05)) as store:
        file = sqlite3.connect(store.folder / "blocks.sqlite", isolation_level=None)
        file.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreFault, match="another process"):
            await store.put(CID, DATA)
        file.execute("ROLLBACK")
        file.close()
        await store.put(CID, DATA)


async def test_what_is_put_again_under_a_lease_stays(store: BlockStore) -> None:
    await store.put_many([raw(1), raw(2)])
    async with store.lease():
        await store.put(*raw(1))
        assert (await store.collect()).blocks == 1
        assert await store.has(raw(1)[0])


async def test_a_lease_by_no_token_of_ours_is_struck_out_and_touches_no_file(
    store: BlockStore,
) -> None:
    outside = store.folder.parent / "precious"
    outside.touch()
    (store.folder / "leases").mkdir()
    (store.folder / "leases" / ("F" * 32)).touch()
    file = sqlite3.connect(store.folder / "blocks.sqlite")
    tokens = ("../../precious", str(outside), "F" * 32, "0" * 31, b"0" * 32)
    with file:
        file.executemany("INSERT INTO lease VALUES (?, 1)", [(token,) for token in tokens])
    file.close()
    assert (await store.stat()).leases == 0
    await store.put(CID, DATA)
    assert (await store.collect()).blocks == 1, "they hold nothing"
    assert outside.exists()
    assert (store.folder / "leases" / ("F" * 32)).exists()
    assert rows(store, "SELECT * FROM lease") == []


async def test_a_lease_that_cannot_be_noted_is_a_fault(store: BlockStore) -> None:
    (store.folder / "leases").touch()
    with pytest.raises(StoreFault, match="cannot be written"):
        async with store.lease():
            pass


async def test_a_lease_that_is_over_is_struck_out_by_the_next(store: BlockStore) -> None:
    for _ in range(3):
        async with store.lease():
            assert len(rows(store, "SELECT * FROM lease")) == 1


async def test_reads_are_noted_with_the_next_write(store: BlockStore) -> None:
    await store.put_many([raw(1), raw(2)])
    await store.put(*raw(3))
    await store.get(raw(1)[0])
    assert rows(store, "SELECT id FROM block ORDER BY used, id") == [(1,), (2,), (3,)]
    await store.put(*raw(4))
    later = rows(store, "SELECT id FROM block ORDER BY used, id")
    assert later == [(2,), (3,), (1,), (4,)]
