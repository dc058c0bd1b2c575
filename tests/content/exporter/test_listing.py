"""Listings: each entry in its place, told what it is, or that this is not known."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.content.exporter.dags import Dag, Gated, all_of
from walkaway.content.budget import Budget
from walkaway.content.exporter.directory import Entry
from walkaway.content.exporter.listing import Listed, listing, size_of
from walkaway.content.exporter.node import What, look_at, read_block
from walkaway.errors import InvalidRequest, TooMuch
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.unixfs import Kind, UnixFsData


async def test_each_entry_is_told_with_its_kind_and_size() -> None:
    dag = Dag()
    leaf = dag.raw(b"abc")
    said = {
        "a-raw": (leaf, What.RAW, 7),
        "b-file": (dag.file([(leaf, 3)], b"xy"), What.FILE, 5),
        "c-folder": (dag.directory([]), What.DIRECTORY, None),
        "d-shards": (dag.sharded({"a": leaf}), What.SHARDED_DIRECTORY, None),
        "e-link": (dag.symlink(b"there"), What.SYMLINK, 5),
        "f-cbor": (dag.put(codecs.DAG_CBOR, b"\xf6"), What.DAG_CBOR, 1),
        "g-absent": (Cid.of(codecs.DAG_PB, b""), None, None),
        "h-bad": (dag.put(codecs.DAG_PB, b"\xff"), None, None),
        "i-odd": (dag.node(UnixFsData(Kind.METADATA)), None, None),
    }
    look = await look_at(dag, dag.directory((n, cid) for n, (cid, _, _) in said.items()), Budget())
    dag.asked.clear()
    expected = [Listed(Entry(n, cid, 7), what, size) for n, (cid, what, size) in said.items()]
    assert await all_of(listing(dag, look, Budget())) == expected
    assert leaf not in dag.asked
    assert size_of(look) is None
    assert size_of(read_block(leaf, b"abc")) == 3


async def test_of_what_is_held_alone_nobody_else_is_asked() -> None:
    dag, held = Dag(), Dag()
    leaf, far = dag.raw(b"abc"), dag.file([], b"far away")
    folder = dag.directory([])
    held.directory([])
    data = dag.put(codecs.DAG_CBOR, b"\xf6")
    content = [("a", leaf), ("b", folder), ("c", far), ("d", data), ("e", folder)]
    look = await look_at(dag, dag.directory(content), Budget())
    dag.asked.clear()
    limits = replace(LIMITS, entries_looked_at=2, ahead_blocks=1)
    told = await all_of(listing(dag, look, Budget(limits), held=held))
    kinds = ["file", "directory", "unknown", "dag-cbor", "unknown"]
    assert [each.kind for each in told] == kinds, "the last is more than are looked at"
    assert not dag.asked


async def test_several_are_looked_at_ahead_and_none_after_it_is_closed() -> None:
    dag = Dag()
    files = [dag.file([], str(at).encode()) for at in range(100)]
    folder = dag.directory((f"{at:03}", cid) for at, cid in enumerate(files))
    look = await look_at(dag, folder, Budget())
    gated = Gated(dag)
    gated.gate.set()
    listed = listing(gated, look, Budget(replace(LIMITS, ahead_blocks=5)))
    assert (await anext(listed)).entry.name == "000"
    assert 1 < gated.most <= 5
    await listed.aclose()
    gated.gate.clear()
    waiting = asyncio.ensure_future(all_of(listing(gated, look, Budget())))
    for _ in range(9):
        await asyncio.sleep(0)
    assert gated.going == files[: LIMITS.ahead_blocks]
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert gated.cancelled == files[: LIMITS.ahead_blocks]
    assert asyncio.all_tasks() == {asyncio.current_task()}
    gated.gate.set()
    every = await all_of(listing(gated, look, Budget()))
    assert [one.entry.cid for one in every] == files


async def test_a_listing_ends_with_the_budget_and_needs_a_directory() -> None:
    dag = Dag()
    folder = dag.sharded({str(at): dag.file([], b"x") for at in range(100)})
    look = await look_at(dag, folder, Budget())
    with pytest.raises(TooMuch, match="more blocks"):
        await all_of(listing(dag, look, Budget(blocks=50)))
    assert asyncio.all_tasks() == {asyncio.current_task()}
    with pytest.raises(InvalidRequest, match="no directory"):
        await all_of(listing(dag, read_block(dag.raw(b"x"), b"x"), Budget()))
