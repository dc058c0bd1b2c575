"""Killed at any moment, nothing pinned is lost, and nothing half-written is served."""

from __future__ import annotations

import random

import pytest

from tests.content.exporter.dags import Dag
from tests.content.store.killed import collecting, importing, leasing, pinning, running
from tests.content.store.stores import counted_by_hand, put_all, raw, rows, tree
from walkaway.content.store.block_store import BlockStore
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.cid import Cid

KILLS = 10


@pytest.fixture
async def pinned(store: BlockStore) -> tuple[Cid, Dag]:
    """What was pinned before, and must be there whatever happens."""
    root, dag = tree(1, leaves=40)
    await put_all(store, dag)
    await store.pin(root, "before")
    return root, dag


async def whole(store: BlockStore, dag: Dag) -> None:
    for cid, data in dag.held.items():
        assert (await store.get(cid)).value == data


def sound(store: BlockStore) -> None:
    """Every block that is there is proven."""
    counted_by_hand(store)
    for name, data in rows(store, "SELECT name, data FROM block JOIN content USING (id)"):
        assert isinstance(name, bytes)
        assert isinstance(data, bytes)
        prove_block(Cid(1, codecs.RAW, name), data)


async def pins_hold(store: BlockStore) -> None:
    """Every pin that says that it is complete is."""
    for pin in await store.pins():
        if pin.complete and pin.name.isdigit():
            await whole(store, tree(int(pin.name), leaves=40, size=4000)[1])


async def test_in_the_middle_of_an_import(store: BlockStore, pinned: tuple[Cid, Dag]) -> None:
    dice = random.Random(7)
    for _ in range(KILLS):
        with running(importing, store.folder) as kill:
            kill(dice.uniform(0, 0.15))
        sound(store)
        await whole(store, pinned[1])
    made = await store.pins()
    assert len([pin for pin in made if pin.complete]) > KILLS // 2
    await store.collect()
    sound(store)
    await pins_hold(store)
    assert (await store.stat()).leases == 0
    held = sum([pin.blocks for pin in made])
    assert (await store.stat()).blocks == held, "no pins share blocks here"


async def test_in_the_middle_of_a_collection(store: BlockStore, pinned: tuple[Cid, Dag]) -> None:
    dice = random.Random(8)
    for _ in range(KILLS):
        with running(collecting, store.folder) as kill:
            kill(dice.uniform(0, 0.1))
        sound(store)
        await whole(store, pinned[1])
    await store.collect()
    assert (await store.stat()).blocks == len(pinned[1].held)


async def test_a_lease_ends_with_its_process(store: BlockStore) -> None:
    with running(leasing, store.folder) as kill:
        await store.collect()
        assert await store.has(raw(1)[0])
        assert (await store.stat()).leases == 1
        kill(0)
    assert (await store.stat()).leases == 0
    await store.collect()
    assert not await store.has(raw(1)[0])
    assert list((store.folder / "leases").iterdir()) == []


async def test_a_pin_goes_on_where_it_was_killed(store: BlockStore) -> None:
    root, dag = tree(1, leaves=40)
    with running(pinning, store.folder) as kill:
        kill(0)
    await store.collect()
    [pin] = await store.pins()
    assert (pin.cid, pin.name, pin.complete) == (root, "slow", False)
    assert pin.blocks >= 11
    assert (await store.pin(root, blocks=dag)).blocks == len(dag.held)
    assert dag.asked.total() == len(dag.held) - pin.blocks
    sound(store)
