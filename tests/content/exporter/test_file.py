"""Files: whole and in ranges, from only the blocks that hold them, and as long as they say."""

from __future__ import annotations

from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.content.exporter.dags import Dag, all_of, conformance, recorded
from walkaway.content.budget import Budget
from walkaway.content.exporter.file import open_file
from walkaway.errors import InvalidRequest, ProofError, TooMuch, Unproven
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.unixfs import Kind, ModificationTime, UnixFsData

Shape: TypeAlias = "bytes | tuple[bytes, list[Shape]]"
SHAPES: st.SearchStrategy[Shape] = st.recursive(
    st.binary(max_size=9),
    lambda below: st.tuples(st.binary(max_size=3), st.lists(below, max_size=4)),
    max_leaves=12,
)


def built(dag: Dag, shape: Shape, *, inline: bool = False) -> tuple[Cid, bytes]:
    """A file of a shape: raw and dag-pb leaves mixed, parts of no bytes among them."""
    if isinstance(shape, bytes):
        if inline and len(shape) % 2:
            return Cid.of(codecs.RAW, shape, codecs.IDENTITY), shape
        return (dag.file([], shape) if len(shape) % 3 == 0 else dag.raw(shape)), shape
    content, below = shape
    parts = [built(dag, part, inline=inline) for part in below]
    whole = content + b"".join(data for _, data in parts)
    return dag.file([(cid, len(data)) for cid, data in parts], content), whole


@given(SHAPES, st.integers(0, 60), st.integers(0, 60), st.booleans())
@settings(max_examples=150, deadline=None)
async def test_a_range_is_the_slice_of_the_whole(
    shape: Shape, start: int, end: int, inline: bool
) -> None:
    dag = Dag()
    cid, whole = built(dag, shape, inline=inline)
    file = await open_file(dag, cid, Budget())
    assert (file.cid, file.size) == (cid, len(whole))
    assert b"".join(await all_of(file.stream())) == whole
    start, end = sorted((min(start, len(whole)), min(end, len(whole))))
    pieces = await all_of(file.stream(start, end))
    assert b"".join(pieces) == whole[start:end]
    assert all(pieces)


async def test_only_the_blocks_of_a_range_are_fetched() -> None:
    dag = Dag()
    leaves = [dag.raw(bytes([at]) * 10) for at in range(9)]
    inner = [dag.file([(leaf, 10) for leaf in leaves[at : at + 3]]) for at in (0, 3, 6)]
    root = dag.file([(cid, 30) for cid in inner])
    for start, end, needed in [
        (0, 1, [inner[0], leaves[0]]),
        (29, 31, [inner[0], leaves[2], inner[1], leaves[3]]),
        (30, 60, [inner[1], *leaves[3:6]]),
        (89, 90, [inner[2], leaves[8]]),
        (40, 40, []),
        (90, 90, []),
    ]:
        dag.asked.clear()
        file = await open_file(dag, root, Budget())
        await all_of(file.stream(start, end))
        assert dict(dag.asked) == dict.fromkeys([root, *needed], 1)


async def test_a_range_beyond_the_file_is_refused() -> None:
    dag = Dag()
    file = await open_file(dag, dag.raw(b"abc"), Budget())
    for start, end in [(-1, 2), (2, 1), (0, 4), (4, None)]:
        with pytest.raises(InvalidRequest, match="not within 3 bytes"):
            file.stream(start, end)


async def test_a_part_that_is_not_as_long_as_said_ends_the_file() -> None:
    dag = Dag()
    good, bad = dag.raw(b"good"), dag.raw(b"bad")
    for said in (2, 4):
        file = await open_file(dag, dag.file([(good, 4), (bad, said)]), Budget())
        stream = file.stream()
        assert await anext(stream) == b"good"
        with pytest.raises(ProofError, match=r"not as long as said.*got 3"):
            await anext(stream)
    folder = dag.directory([])
    file = await open_file(dag, dag.file([(folder, 4)]), Budget())
    with pytest.raises(ProofError, match=f"no file; got {folder}"):
        await all_of(file.stream())
    with pytest.raises(ProofError, match="sum of its parts"):
        await open_file(dag, dag.file([(good, 4)], size=5), Budget())


async def test_an_endless_file_is_refused_before_its_first_part_is_fetched() -> None:
    dag = Dag()
    size = 1 << 20
    cid = dag.raw(bytes(size))
    for _ in range(40):
        cid, size = dag.file([(cid, size)] * 2), size * 2
    budget = Budget()
    file = await open_file(dag, cid, budget)
    assert file.size == 1 << 60
    dag.asked.clear()
    with pytest.raises(TooMuch, match="more bytes"):
        file.stream()
    assert not dag.asked
    end = await all_of(file.stream(file.size - 5))
    assert end == [bytes(5)]
    assert dag.asked.total() == 40


async def test_a_repeated_subtree_ends_with_the_budget() -> None:
    dag = Dag()
    cid, size = dag.raw(b"a"), 1
    for _ in range(30):
        cid, size = dag.file([(cid, size)] * 2), size * 2
    file = await open_file(dag, cid, Budget(blocks=200))
    with pytest.raises(TooMuch, match="more blocks"):
        await all_of(file.stream())
    assert dag.asked.total() < 300


async def test_parts_that_hold_nothing_are_not_fetched() -> None:
    dag = Dag()
    absent = Cid.of(codecs.RAW, b"never held")
    parts = [(absent, 0), (dag.raw(b"!"), 1), (absent, 0)]
    file = await open_file(dag, dag.file(parts * 100, b"here"), Budget())
    assert b"".join(await all_of(file.stream())) == b"here" + b"!" * 100


async def test_a_block_in_its_own_address_is_asked_of_nobody() -> None:
    dag = Dag()
    inline = Cid.of(codecs.RAW, b"inline", codecs.IDENTITY)
    file = await open_file(dag, inline, Budget())
    assert await all_of(file.stream()) == [b"inline"]
    assert not dag.asked


async def test_a_file_says_its_mode_and_time() -> None:
    dag = Dag()
    time = ModificationTime(1_700_000_000, 5)
    cid = dag.node(UnixFsData(Kind.FILE, b"x", 1, mode=0o640, mtime=time))
    file = await open_file(dag, cid, Budget())
    assert (file.mode, file.mtime) == (0o640, time)


async def test_what_is_no_file_reads_as_gateways_give_it() -> None:
    dag = Dag()
    for cid, expected in [
        (dag.symlink(b"../elsewhere"), b"../elsewhere"),
        (dag.put(codecs.DAG_CBOR, b"\xf6"), b"\xf6"),
        (dag.put(codecs.JSON, b"{}"), b"{}"),
        (dag.put(0x99, b"of an unknown codec"), b"of an unknown codec"),
    ]:
        file = await open_file(dag, cid, Budget())
        assert b"".join(await all_of(file.stream())) == expected
    for cid in (dag.directory([]), dag.sharded({"a": dag.raw(b"")})):
        with pytest.raises(InvalidRequest, match="is a directory"):
            await open_file(dag, cid, Budget())


async def test_a_missing_block_is_missed_only_where_it_is_needed() -> None:
    dag, root = conformance("trustless_gateway_car/file-3k-and-3-blocks-missing-block")
    file = await open_file(dag, root, Budget())
    assert file.size == 3072
    for start, end in [(0, 1001), (0, 1024), (2200, 3072), (2048, 3072)]:
        assert len(b"".join(await all_of(file.stream(start, end)))) == end - start
    for start, end in [(0, 1025), (2047, 3072), (1500, 1501)]:
        with pytest.raises(Unproven):
            await all_of(file.stream(start, end))


async def test_the_recorded_file_of_version_0_opens() -> None:
    name = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"
    dag, root = recorded(f"ipfs/unixfs/file/fixtures/{name}.car")
    file = await open_file(dag, root, Budget())
    assert await all_of(file.stream()) == [b"hello world\n"]
