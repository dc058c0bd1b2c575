"""Pins: complete or said not to be, taken up where they were, and never lost to a collection."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.content.exporter.dags import Dag
from tests.content.store.stores import counted_by_hand, damage, limited, put_all, raw, rows, tree
from walkaway.content.budget import Budget
from walkaway.content.store.block_store import BlockStore
from walkaway.content.store.pinning import Pinned
from walkaway.errors import InvalidRequest, ProofError, StoreFault, TooMuch, Unproven, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, dag_cbor
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven


async def test_a_pin_holds_the_whole_dag(store: BlockStore) -> None:
    root, dag = tree(1)
    await put_all(store, dag)
    told: list[Pinned] = []
    pin = await store.pin(root, "a file", progress=told.append)
    size = sum(map(len, dag.held.values()))
    assert (pin.cid, pin.name, pin.recursive, pin.complete) == (root, "a file", True, True)
    assert (pin.blocks, pin.size) == (len(dag.held), size)
    assert [(now.held, now.waiting) for now in told] == [(1, 3), (4, 12), (16, 0)]
    assert (await store.collect()).blocks == 0
    await store.unpin(root)
    assert await store.pins() == []
    counted_by_hand(store)
    assert (await store.collect()).blocks == len(dag.held)


async def test_a_direct_pin_holds_one_block(store: BlockStore) -> None:
    root, dag = tree(1)
    await put_all(store, dag)
    pin = await store.pin(root, recursive=False)
    assert (pin.recursive, pin.blocks) == (False, 1)
    await store.collect()
    assert await store.has(root)
    assert (await store.stat()).blocks == 1


async def test_what_two_pins_hold_stays_until_both_are_gone(store: BlockStore) -> None:
    root, dag = tree(1)
    above = dag.directory([("one", root), ("other", root)])
    await put_all(store, dag)
    await store.pin(root)
    await store.pin(above)
    await store.unpin(above)
    assert (await store.collect()).blocks == 1
    assert [pin.cid for pin in await store.pins()] == [root]
    await store.unpin(root)
    assert (await store.collect()).blocks == len(dag.held) - 1


async def test_pinning_again_renames_and_widens_but_never_narrows(store: BlockStore) -> None:
    root, dag = tree(1)
    await put_all(store, dag)
    await store.pin(root, "first", recursive=False)
    pin = await store.pin(root)
    assert (pin.name, pin.recursive, pin.blocks) == ("first", True, len(dag.held))
    pin = await store.pin(root, "second", recursive=False)
    assert (pin.name, pin.recursive, pin.complete) == ("second", True, True)
    assert pin.blocks == len(dag.held)


async def test_what_is_absent_is_fetched_once_and_what_is_there_is_not(store: BlockStore) -> None:
    root, dag = tree(1)
    there = list(dag.held.items())[:5]
    await store.put_many(there)
    await store.pin(root, blocks=dag)
    assert set(dag.asked) == set(dag.held) - {cid for cid, _ in there}
    assert set(dag.asked.values()) == {1}
    counted_by_hand(store)


async def test_a_pin_that_lacks_a_block_names_it_and_goes_on_later(store: BlockStore) -> None:
    root, dag = tree(1)
    cid, data = next((cid, data) for cid, data in dag.held.items() if cid.codec == codecs.RAW)
    del dag.held[cid]
    with BlockStore.open(store.folder.parent / "other") as other:
        await put_all(other, dag)
        with pytest.raises(Unproven, match=str(cid)) as missing:
            await store.pin(root, "site", blocks=other)
    assert missing.value.reasons == {"store": "does not hold it"}
    [pin] = await store.pins()
    assert (pin.name, pin.complete) == ("site", False)
    held = pin.blocks
    assert held > 3
    assert (await store.collect()).blocks <= len(dag.held) - held
    dag.held[cid] = data
    dag.asked.clear()
    pin = await store.pin(root, blocks=dag)
    assert (pin.name, pin.complete, pin.blocks) == ("site", True, len(dag.held))
    assert dag.asked.total() <= len(dag.held) - held


async def test_a_pin_that_is_called_off_stays_as_it_is(store: BlockStore) -> None:
    root, dag = tree(1)
    reached = asyncio.Event()

    class Stuck:
        async def get(self, cid: Cid) -> Proven[bytes]:
            if cid.codec == codecs.RAW:
                reached.set()
                await asyncio.Event().wait()
            return await dag.get(cid)

    pinning = asyncio.create_task(store.pin(root, blocks=Stuck()))
    await reached.wait()
    pinning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pinning
    assert asyncio.all_tasks() == {asyncio.current_task()}
    [pin] = await store.pins()
    assert (pin.complete, pin.blocks) == (False, 4)
    assert (await store.stat()).leases == 0
    assert (await store.collect()).blocks == 0


async def test_a_pin_that_is_removed_while_it_is_made_ends(store: BlockStore) -> None:
    root, dag = tree(1)

    class Unpinning:
        async def get(self, cid: Cid) -> Proven[bytes]:
            if cid.codec == codecs.RAW:
                with suppress(InvalidRequest):
                    await store.unpin(root)
            return await dag.get(cid)

    with pytest.raises(InvalidRequest, match="removed while"):
        await store.pin(root, blocks=Unpinning())
    counted_by_hand(store)
    assert rows(store, "SELECT * FROM held") == []


async def test_a_direct_pin_that_is_widened_is_whole_only_then(store: BlockStore) -> None:
    root, dag = tree(1)
    await store.put(root, dag.held[root])
    assert (await store.pin(root, recursive=False)).complete
    with pytest.raises(Unproven):
        await store.pin(root)
    assert [pin.complete for pin in await store.pins()] == [False]


async def test_a_damaged_block_is_fetched_when_it_is_pinned_again(store: BlockStore) -> None:
    root, dag = tree(1)
    await store.pin(root, blocks=dag)
    leaf = next(cid for cid in dag.held if cid.codec == codecs.RAW)
    damage(store, leaf, b"other")
    with pytest.raises(Unproven):
        await store.get(leaf)
    dag.asked.clear()
    assert (await store.pin(root, blocks=dag)).blocks == len(dag.held)
    assert dag.asked == {leaf: 1}


async def test_what_a_pin_fetches_stays_in_a_store_that_is_full(tmp_path: Path) -> None:
    root, dag = tree(1)
    with BlockStore.open(tmp_path / "full", limited(1)) as full:
        assert (await full.pin(root, blocks=dag)).blocks == len(dag.held)


async def test_a_direct_pin_does_not_call_a_recursive_one_whole(store: BlockStore) -> None:
    root, dag = tree(1)
    with pytest.raises(Unproven):
        await store.pin(root, blocks=Dag({root: dag.held[root]}))
    assert not (await store.pin(root, recursive=False)).complete


async def test_other_codecs_are_followed(store: BlockStore) -> None:
    root, dag = tree(1)
    both = dag.put(codecs.DAG_CBOR, dag_cbor.encode({"here": root, "there": [root]}))
    await store.pin(both, blocks=dag)
    assert (await store.stat()).pinned_blocks == len(dag.held)


async def test_one_digest_under_two_codecs_is_followed_under_both(store: BlockStore) -> None:
    root, dag = tree(1)
    plain = Cid(1, codecs.RAW, root.multihash)
    both = dag.put(codecs.DAG_CBOR, dag_cbor.encode([plain, root]))
    await put_all(store, dag)
    assert (await store.pin(both)).blocks == len(dag.held)


async def test_a_pin_of_nothing_but_an_address(store: BlockStore) -> None:
    pin = await store.pin(Cid.parse("bafkqaaa"))
    assert (pin.complete, pin.blocks, pin.size) == (True, 0, 0)


async def test_what_is_not_pinned_cannot_be_unpinned(store: BlockStore) -> None:
    with pytest.raises(InvalidRequest, match="is not pinned"):
        await store.unpin(raw(1)[0])


async def test_a_pin_ends_with_its_budget(store: BlockStore) -> None:
    root, dag = tree(1)
    with pytest.raises(TooMuch, match="more blocks"):
        await store.pin(root, blocks=dag, budget=Budget(blocks=10))
    with pytest.raises(TooMuch, match="more bytes"):
        await store.pin(root, blocks=dag, budget=Budget(size=100))


async def test_a_dag_that_is_too_deep_or_too_wide_is_refused(store: BlockStore) -> None:
    dag = Dag()
    cid = dag.raw(b"bottom")
    for _ in range(6):
        cid = dag.put(codecs.DAG_CBOR, dag_cbor.encode([cid]))
    deep = replace(LIMITS, dag_depth=5)
    with pytest.raises(TooMuch, match="links deep"):
        await store.pin(cid, blocks=dag, budget=Budget(deep))
    root, wide = tree(1)
    few = replace(LIMITS, request_blocks=10)
    with pytest.raises(TooMuch, match="more blocks than one pin"):
        await store.pin(root, blocks=wide, budget=Budget(few, blocks=1000))


async def test_a_block_that_is_malformed_ends_it(store: BlockStore) -> None:
    dag = Dag()
    with pytest.raises(ProofError):
        await store.pin(dag.put(codecs.DAG_PB, b"\xff\xff"), blocks=dag)
    with pytest.raises(Unsupported):
        await store.pin(dag.put(0x99, b"of no known codec"), blocks=dag)


async def test_blocks_that_do_not_stay_end_it(store: BlockStore) -> None:
    root, dag = tree(1)

    class Forgetful(BlockStore):
        async def keep(self, blocks: object) -> None:
            """Keep nothing."""

    forgetful = Forgetful(store.folder, store._file, store.limits)
    with pytest.raises(StoreFault, match="as fast as they come"):
        await forgetful.pin(root, blocks=dag)


async def test_a_name_that_is_no_text_is_refused_and_nothing_pinned(store: BlockStore) -> None:
    cid, data = raw(1)
    await store.put(cid, data)
    with pytest.raises(InvalidRequest, match="not Unicode"):
        await store.pin(cid, "\udcff")
    assert await store.pins() == []


@pytest.mark.parametrize(
    "change", ["root = x'00ff'", "root = x''", "root = 7", "name = x'ff00'", "name = x''"]
)
async def test_a_pin_that_walkaway_never_wrote_is_a_fault_of_the_store_alone(
    store: BlockStore, change: str
) -> None:
    for cid, data in (raw(1), raw(2)):
        await store.put(cid, data)
    await store.pin(raw(1)[0])
    file = sqlite3.connect(store.folder / "blocks.sqlite")
    with file:
        file.execute(f"UPDATE pin SET {change}")
    file.close()
    with pytest.raises(StoreFault, match="damaged"):
        await store.pins()
    assert (await store.pin(raw(2)[0], "another")).name == "another"
