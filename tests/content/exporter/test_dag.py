"""Walks for archives: each scope, the bytes of an entity, once or as often as met."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.content.exporter.dags import Dag, all_of, conformance
from tests.content.exporter.test_file import SHAPES, Shape, built
from walkaway.content.budget import Budget
from walkaway.content.exporter.dag import Scope, walk
from walkaway.content.exporter.entity_bytes import EntityBytes
from walkaway.content.exporter.file import open_file
from walkaway.content.resolve import resolve
from walkaway.errors import ProofError, TooMuch, Unproven, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, dag_cbor
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink

HAMT = "trustless_gateway_car/single-layer-hamt-with-multi-block-files"
MIXED = "trustless_gateway_car/subdir-with-mixed-block-files"
TWO = "trustless_gateway_car/subdir-with-two-single-block-files"
CBOR = "trustless_gateway_car/dir-with-dag-cbor-with-links"
TWICE = "trustless_gateway_car/dir-with-duplicate-files"
MISSING = "trustless_gateway_car/file-3k-and-3-blocks-missing-block"


async def given_for(
    dag: Dag,
    root: Cid,
    path: str = "",
    scope: Scope = Scope.ALL,
    entity_bytes: str | None = None,
    *,
    duplicates: bool = False,
) -> list[Cid]:
    """What an archive of a path holds; each block checked to be the one at its address."""
    segments = path.split("/") if path else []
    resolved = await resolve(dag, root, segments, Budget())
    dag.asked.clear()
    sections = await all_of(
        walk(
            dag,
            resolved.cid,
            Budget(),
            path_blocks=resolved.path_blocks,
            scope=scope,
            entity_bytes=None if entity_bytes is None else EntityBytes.parse(entity_bytes),
            duplicates=duplicates,
        )
    )
    assert all(dag.held[cid] == data for cid, data in sections)
    return [cid for cid, _ in sections]


async def node(dag: Dag, root: Cid, path: str) -> Cid:
    return (await resolve(dag, root, path.split("/"), Budget())).cid


async def leaves(dag: Dag, root: Cid, path: str) -> list[Cid]:
    file = await open_file(dag, await node(dag, root, path), Budget())
    return await given_for(dag, file.cid)


async def test_a_path_comes_before_what_it_leads_to() -> None:
    dag, root = conformance(TWO)
    subdir, text = await node(dag, root, "subdir"), await node(dag, root, "subdir/ascii.txt")
    for scope in Scope:
        assert await given_for(dag, root, "subdir/ascii.txt", scope) == [root, subdir, text]
    assert await given_for(dag, root, "subdir", Scope.BLOCK) == [root, subdir]
    assert await given_for(dag, root, "", Scope.ENTITY) == [root]
    assert len(await given_for(dag, root)) == 4


async def test_shards_on_the_path_are_given_and_no_others() -> None:
    dag, root = conformance(HAMT)
    file = await node(dag, root, "1.txt")
    resolved = await resolve(dag, root, ["1.txt"], Budget())
    assert await given_for(dag, root, "1.txt", Scope.BLOCK) == [*resolved.path_blocks, file]
    whole = [*resolved.path_blocks, *await given_for(dag, file)]
    assert await given_for(dag, root, "1.txt") == whole
    assert await given_for(dag, root, "1.txt", Scope.ENTITY) == whole
    assert len(whole) == len(resolved.path_blocks) + 6


@pytest.mark.parametrize("entity_bytes", [None, "0:*", "5:9"])
async def test_a_directory_as_entity_is_what_lists_it(entity_bytes: str | None) -> None:
    dag, root = conformance(HAMT)
    listed = await given_for(dag, root, "", Scope.ENTITY, entity_bytes)
    assert len(listed) == len(set(listed)) == 237
    assert listed[0] == root


async def test_a_document_as_entity_is_one_block_and_as_a_whole_all_it_links_to() -> None:
    dag, root = conformance(CBOR)
    document = await node(dag, root, "document")
    for entity_bytes in (None, "3:9"):
        given = await given_for(dag, root, "document", Scope.ENTITY, entity_bytes)
        assert given == [root, document]
    assert len(await given_for(dag, root, "document")) == 9
    single = await node(dag, root, "document/files/single")
    assert await given_for(dag, document, "files/single") == [document, single]


@pytest.mark.parametrize(
    ("entity_bytes", "parts"),
    [
        ("0:*", slice(0, 5)),
        ("512:*", slice(2, 5)),
        ("512:1023", slice(2, 4)),
        ("512:-256", slice(2, 4)),
        ("-5:*", slice(3, 5)),
        ("-9999:*", slice(0, 5)),
        ("-9999:-3", slice(0, 4)),
        ("0:0", slice(0, 1)),
        ("2000:3000", slice(0, 0)),
        ("9:3", slice(0, 0)),
    ],
)
async def test_a_range_takes_the_blocks_that_hold_it(entity_bytes: str, parts: slice) -> None:
    dag, root = conformance(MIXED)
    file = await node(dag, root, "subdir/multiblock.txt")
    whole = await given_for(dag, file)
    given = await given_for(dag, file, "", Scope.ALL, entity_bytes)
    assert given == [file, *whole[1:][parts]]
    assert dag.asked == dict.fromkeys(given, 1)


async def test_a_missing_block_outside_the_range_is_not_missed() -> None:
    dag, root = conformance(MISSING)
    for entity_bytes, end in [
        ("0:1000", "QmPKt7ptM2ZYSGPUc8PmPT2VBkLDK3iqpG9TBJY7PCE9rF"),
        ("2200:*", "QmWXY482zQdwecnfBsj78poUUuPXvyw2JAFAEMw4tzTavV"),
    ]:
        given = await given_for(dag, root, "", Scope.ENTITY, entity_bytes)
        assert [str(cid) for cid in given] == [str(root), end]
    sections = walk(dag, root, Budget())
    assert (await anext(sections))[0] == root
    await anext(sections)
    with pytest.raises(Unproven):
        await anext(sections)


async def test_a_block_is_given_once_or_as_often_as_it_is_met() -> None:
    dag, root = conformance(TWICE)
    text = await node(dag, root, "ascii.txt")
    once, often = await given_for(dag, root), await given_for(dag, root, duplicates=True)
    assert len(once) == len(set(once)) == 9
    assert often.count(text) == 2
    assert [*dict.fromkeys(often)] == once


@given(SHAPES, st.integers(0, 30), st.integers(0, 30), st.booleans())
@settings(max_examples=150, deadline=None)
async def test_what_is_given_for_a_range_is_enough_to_read_it(
    shape: Shape, first: int, last: int, inline: bool
) -> None:
    dag = Dag()
    root, whole = built(dag, shape, inline=inline)
    for duplicates in (False, True):
        given = await given_for(
            dag, root, "", Scope.ENTITY, f"{first}:{last}", duplicates=duplicates
        )
        received = Dag({cid: dag.held[cid] for cid in given})
        start, end = min(first, len(whole)), min(last + 1, len(whole))
        file = await open_file(received, root, Budget())
        pieces = await all_of(file.stream(start, max(start, end)))
        assert b"".join(pieces) == whole[start:end]
        assert set(given) == set(received.asked)
        assert duplicates or len(given) == len(set(given))
        assert not duplicates or len(given) == received.asked.total()


async def test_a_part_that_is_met_again_is_walked_again_where_it_was_cut_short() -> None:
    dag = Dag()
    halves = [(dag.raw(b"ab"), 2), (dag.raw(b"cd"), 2)]
    inner = dag.file(halves)
    root = dag.file([(inner, 4), (inner, 4)])
    given = await given_for(dag, root, "", Scope.ENTITY, "2:*")
    assert given == [root, inner, halves[1][0], halves[0][0]]


async def test_blocks_in_their_own_address_are_walked_through_and_never_given() -> None:
    dag = Dag()
    end = dag.raw(b"end")
    inline = Cid.of(codecs.DAG_CBOR, dag_cbor.encode([end]), codecs.IDENTITY)
    root = dag.put(codecs.DAG_CBOR, dag_cbor.encode([inline, inline]))
    for duplicates, times in ((False, 1), (True, 2)):
        assert await given_for(dag, root, duplicates=duplicates) == [root, *[end] * times]
        for scope in Scope:
            raw = Cid.of(codecs.RAW, b"raw", codecs.IDENTITY)
            assert await given_for(dag, raw, "", scope, duplicates=duplicates) == []


async def test_endless_content_ends() -> None:
    dag = Dag()
    cid, size = dag.raw(b"a"), 1
    for _ in range(60):
        cid, size = dag.file([(cid, size)] * 2), size * 2
    assert len(await given_for(dag, cid)) == 61
    assert len(await given_for(dag, cid, "", Scope.ENTITY)) == 61
    assert dag.asked.total() < 130
    for scope in (Scope.ALL, Scope.ENTITY):
        with pytest.raises(TooMuch, match="more blocks"):
            await all_of(walk(dag, cid, Budget(blocks=500), scope=scope, duplicates=True))
    few = replace(LIMITS, remembered_blocks=60)
    with pytest.raises(TooMuch, match="over 60 blocks") as refused:
        await all_of(walk(dag, cid, Budget(few)))
    assert "dups=y" in refused.value.advice
    assert len(await all_of(walk(dag, cid, Budget(replace(few, remembered_blocks=61))))) == 61


async def test_what_cannot_be_walked_is_refused_at_its_turn_and_not_given() -> None:
    dag = Dag()
    strange, malformed = dag.put(0x99, b"?"), dag.put(codecs.DAG_CBOR, b"\xff")
    part = dag.raw(b"abc")
    for cid, scope, before, fault in [
        (strange, Scope.ALL, 0, Unsupported),
        (dag.node(None, PbLink(strange, "a")), Scope.ALL, 1, Unsupported),
        (malformed, Scope.ALL, 0, ProofError),
        (dag.file([(part, 3), (part, 4)]), Scope.ENTITY, 1, ProofError),
    ]:
        sections = walk(dag, cid, Budget(), scope=scope, duplicates=True)
        for _ in range(before):
            await anext(sections)
        with pytest.raises(fault):
            await all_of(sections)
    for cid, scope in product((strange, malformed), (Scope.BLOCK, Scope.ENTITY)):
        assert await given_for(dag, cid, "", scope) == [cid]


async def test_every_scope_of_every_recorded_path_is_a_part_of_the_next() -> None:
    for fixture, path in product((TWO, MIXED), ("", "subdir", "subdir/hello.txt")):
        dag, root = conformance(fixture)
        block, entity, all_below = [await given_for(dag, root, path, scope) for scope in Scope]
        assert block == entity[: len(block)]
        assert entity == all_below[: len(entity)]
