"""DAGs out of archives and into them: each block proven, and memory bounded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.content.exporter.dags import Dag
from tests.content.store.stores import put_all, raw, tree
from tests.vectors import vectors
from walkaway.content.budget import Budget
from walkaway.content.store.archives import Carried, export_car, import_car
from walkaway.content.store.block_store import BlockStore
from walkaway.errors import ProofError, TooMuch, Unproven, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.car import car_header, car_section, car_v2_prefix
from walkaway.proofs.ipfs.cid import Cid


def archive_of(root: Cid, dag: Dag) -> bytes:
    sections = [car_section(cid, data) for cid, data in dag.held.items()]
    return car_header((root,)) + b"".join(sections)


async def _lost(_: bytes) -> None:
    pass


async def in_pieces(archive: bytes, size: int = 777) -> AsyncIterator[bytes]:
    for at in range(0, len(archive), size):
        yield archive[at : at + size]


@pytest.mark.parametrize("version", [1, 2])
async def test_an_archive_comes_in_and_goes_out(store: BlockStore, version: int) -> None:
    root, dag = tree(1)
    archive = archive_of(root, dag)
    prefix = car_v2_prefix(len(archive)) if version == 2 else b""
    told: list[Carried] = []
    imported = await import_car(store, in_pieces(prefix + archive), told.append)
    size = sum(map(len, dag.held.values()))
    assert imported.roots == (root,)
    assert imported.carried == told[-1] == Carried(len(dag.held), size)
    out = bytearray()

    async def write(data: bytes) -> None:
        out.extend(data)

    exported = await export_car(store, root, write, budget=Budget(), progress=told.append)
    assert exported == told[-1] == imported.carried
    with BlockStore.open(store.folder.parent / "other") as other:
        again = await import_car(other, in_pieces(bytes(out)))
        assert again == imported
        assert (await other.pin(root)).blocks == len(dag.held)


async def test_blocks_come_in_batches(store: BlockStore) -> None:
    dag = Dag()
    parts = [(dag.raw(raw(seed, 1 << 20)[1]), 1 << 20) for seed in range(20)]
    told: list[Carried] = []
    await import_car(store, in_pieces(archive_of(dag.file(parts), dag), 1 << 19), told.append)
    assert [now.blocks for now in told] == [8, 16, 21]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda archive: archive[:-1], "cut short"),
        (lambda archive: archive[:-1] + bytes((archive[-1] ^ 1,)), "does not hash"),
        (lambda archive: b"no archive" + archive, "CAR|CBOR|varint"),
        (lambda _: b"", "cut short"),
    ],
)
async def test_a_bad_archive_is_refused(store: BlockStore, change: object, says: str) -> None:
    root, dag = tree(1)
    assert callable(change)
    with pytest.raises(ProofError, match=says):
        await import_car(store, in_pieces(change(archive_of(root, dag))))
    assert (await store.stat()).blocks == 0


async def test_a_block_that_cannot_be_proven_is_refused(store: BlockStore) -> None:
    by_sha1 = Cid(1, codecs.RAW, b"\x11\x14" + bytes(20))
    with pytest.raises(Unsupported):
        await import_car(store, in_pieces(car_header(()) + car_section(by_sha1, b"x")))


async def test_too_many_blocks_are_refused(tmp_path: Path) -> None:
    root, dag = tree(1)
    with BlockStore.open(tmp_path / "few", replace(LIMITS, archive_blocks=5)) as few:
        with pytest.raises(ProofError, match="more than 5 blocks"):
            await import_car(few, in_pieces(archive_of(root, dag)))


async def test_an_export_that_lacks_a_block_ends(store: BlockStore) -> None:
    root, dag = tree(1)
    leaf, _ = dag.held.popitem()
    while leaf.codec != codecs.RAW:
        leaf, _ = dag.held.popitem()
    root, whole = tree(1)
    await store.put_many([(cid, data) for cid, data in whole.held.items() if cid != leaf])
    with pytest.raises(Unproven, match=str(leaf)):
        await export_car(store, root, _lost, budget=Budget())
    with pytest.raises(TooMuch):
        await export_car(whole, root, _lost, budget=Budget(blocks=3))


async def test_recorded_archives_come_in(store: BlockStore) -> None:
    archives = sorted(vectors("ipfs/gateway-conformance").rglob("*.car"))
    assert len(archives) > 20
    for path in archives:
        imported = await import_car(store, in_pieces(path.read_bytes(), 1 << 20))
        assert imported.carried.blocks
    assert (await store.stat()).blocks > 300


async def test_what_is_imported_under_a_lease_is_there_at_its_end(tmp_path: Path) -> None:
    root, dag = tree(1)
    with BlockStore.open(tmp_path / "small", replace(LIMITS, store_bytes=1)) as small:
        async with small.lease():
            await import_car(small, in_pieces(archive_of(root, dag)))
            assert (await small.pin(root)).complete
        await put_all(small, tree(2)[1])
        assert [await small.has(cid) for cid in dag.held] == [True] * len(dag.held)
