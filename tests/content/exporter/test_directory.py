"""Directories: every entry once, where its name says, and none that cannot end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.content.exporter.dags import Dag, all_of, conformance, recorded
from walkaway.content.budget import Budget
from walkaway.content.exporter.directory import Entry, entries, find
from walkaway.errors import InvalidRequest, ProofError, TooMuch, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.hamt import bucket

NAMES = st.dictionaries(st.text(min_size=1, max_size=6), st.binary(max_size=2), max_size=40)


@given(NAMES, st.booleans(), st.text(max_size=6))
@settings(max_examples=80, deadline=None)
async def test_every_entry_is_listed_once_and_found(
    names: dict[str, bytes], sharded: bool, other: str
) -> None:
    dag = Dag()
    held = {name: dag.raw(data) for name, data in names.items()}
    cid = dag.sharded(held) if sharded else dag.directory(held.items())
    listed = await all_of(entries(dag, cid, Budget()))
    assert sorted(listed) == sorted(Entry(name, to, 7) for name, to in held.items())
    for entry in listed:
        assert await find(dag, cid, entry.name, Budget()) == entry
    assert (await find(dag, cid, other, Budget()) is None) == (other not in held)


async def test_the_order_is_that_of_the_directory() -> None:
    dag = Dag()
    cid = dag.raw(b"")
    listed = await all_of(entries(dag, dag.directory([("b", cid), ("a", cid)]), Budget()))
    assert [entry.name for entry in listed] == ["a", "b"]
    hamt, root = conformance("trustless_gateway_car/single-layer-hamt-with-multi-block-files")
    names = [entry.name for entry in await all_of(entries(hamt, root, Budget()))]
    assert names[:4] == ["470.txt", "742.txt", "448.txt", "439.txt"]
    assert sorted(names) == sorted(f"{number}.txt" for number in range(1, 1001))
    assert hamt.asked.total() == 237
    assert max(hamt.asked.values()) == 1


async def test_what_is_looked_for_takes_only_the_shards_on_its_way() -> None:
    dag, root = recorded("ipfs/unixfs/hamt/fixtures/wikipedia-cryptographic-hash-function.car")
    wiki = await find(dag, root, "wiki", Budget())
    assert wiki is not None
    assert dag.asked == {root: 1}
    page = await find(dag, wiki.cid, "Cryptographic_hash_function", Budget())
    assert page is not None
    assert dag.held[page.cid].startswith(b"<!DOCTYPE html>")
    assert dag.asked.total() == 4
    with pytest.raises(Unproven):
        await find(dag, wiki.cid, "Nobody_recorded_this", Budget())


@pytest.mark.parametrize("codec", [codecs.RAW, codecs.DAG_CBOR])
async def test_what_is_no_directory_has_no_entries(codec: int) -> None:
    dag = Dag()
    cid = dag.put(codec, b"\xf6")
    with pytest.raises(InvalidRequest, match="no directory"):
        await all_of(entries(dag, cid, Budget()))
    with pytest.raises(InvalidRequest, match="no directory"):
        await find(dag, cid, "a", Budget())


async def test_a_shard_that_is_none_or_of_another_width_is_refused() -> None:
    dag = Dag()
    names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
    inside = dag.sharded({name: dag.raw(b"") for name in names}, 16)
    for below, fault in [
        (dag.raw(b""), "is no shard"),
        (dag.directory([]), "is no shard"),
        (inside, "not as wide"),
    ]:
        root = dag.shard(dict.fromkeys(range(8), ("", below)))
        with pytest.raises(ProofError, match=fault):
            await all_of(entries(dag, root, Budget()))
        with pytest.raises(ProofError, match=fault):
            await find(dag, root, "a", Budget())


async def test_an_entry_in_a_wrong_shard_is_refused() -> None:
    dag = Dag()
    cid = dag.raw(b"")
    with pytest.raises(ProofError, match="wrong shard"):
        await all_of(entries(dag, dag.shard(dict.fromkeys(range(8), ("a", cid))), Budget()))


async def test_a_repeated_shard_bomb_ends_at_once() -> None:
    dag = Dag()
    name = next(name for name in map(str, range(9**6)) if not any(place(name, 4)))
    for bottom, fault in [
        (dag.shard({}), "is no shard"),
        (dag.shard({0: ("name", dag.raw(b""))}), "wrong shard"),
        (dag.shard({place(name, 5)[4]: (name, dag.raw(b""))}), "wrong shard"),
    ]:
        cid = bottom
        for _ in range(4):
            cid = dag.shard(dict.fromkeys(range(8), ("", cid)))
        dag.asked.clear()
        with pytest.raises(ProofError, match=fault):
            await all_of(entries(dag, cid, Budget()))
        assert dag.asked.total() < 50


def place(name: str, depth: int) -> list[int]:
    """The buckets that lead to a name in shards of eight."""
    return [bucket(name, 8, at) for at in range(depth)]


async def test_a_chain_of_shards_ends_with_the_hash() -> None:
    dag = Dag()
    below = dag.shard({0: ("name", dag.raw(b""))})
    for _ in range(LIMITS.dag_depth + 5):
        below = dag.shard({0: ("", below)})
    with pytest.raises(TooMuch, match="links deep"):
        await all_of(entries(dag, below, Budget()))
    every = dag.shard({at: ("", Cid.of(codecs.RAW, b"")) for at in range(8)})
    for _ in range(30):
        every = dag.shard(dict.fromkeys(range(8), ("", every)))
    with pytest.raises(ProofError, match="deeper than its hash"):
        await find(dag, every, "a", Budget())
