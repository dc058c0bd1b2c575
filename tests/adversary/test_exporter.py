"""Blocks of any bytes under any codec: what reads them gives an answer or an error of the tree.

The address of each is right, as a stranger who makes up content can have it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.content.exporter.dags import Dag, all_of
from walkaway.content.budget import Budget
from walkaway.content.exporter.dag import Scope, walk
from walkaway.content.exporter.directory import entries
from walkaway.content.exporter.entity_bytes import EntityBytes
from walkaway.content.exporter.file import open_file
from walkaway.content.exporter.listing import listing
from walkaway.content.exporter.node import look_at
from walkaway.content.exporter.save import save
from walkaway.content.exporter.tar import tar
from walkaway.content.resolve import resolve
from walkaway.errors import WalkawayError
from walkaway.proofs.ipfs import codecs, dag_cbor, dag_json
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink
from walkaway.proofs.ipfs.unixfs import Kind, ModificationTime, UnixFsData

pytestmark = pytest.mark.adversary

CODECS = (
    codecs.RAW,
    codecs.DAG_PB,
    codecs.DAG_CBOR,
    codecs.DAG_JSON,
    codecs.CBOR,
    codecs.JSON,
    0x99,
)
NAMES = st.sampled_from(["", "a", "A", "..", "../a", "a/b", "/", "\0", "00", "1A", "é" * 200])
SIZES = st.sampled_from([0, 1, 3, 7, 1 << 31, 1 << 63, (1 << 64) - 1])
TIMES = st.builds(ModificationTime, st.sampled_from([0, -1, 1 << 62, -(1 << 62)]), st.just(0))
MESSAGES = st.builds(
    UnixFsData,
    st.sampled_from(Kind),
    st.none() | st.binary(max_size=8),
    st.none() | SIZES,
    st.lists(SIZES, max_size=3).map(tuple),
    st.none() | st.sampled_from([codecs.MURMUR3_X64_64, 0x12]),
    st.none() | st.sampled_from([8, 16, 256, 7, 0]),
    st.none() | st.sampled_from([0, 0o7777, 0xFFFFFFFF]),
    st.none() | TIMES,
)


@st.composite
def dags(draw: st.DrawFn) -> tuple[Dag, list[Cid]]:
    """Blocks that link to each other in any way in which blocks can, some of them changed."""
    dag = Dag()
    made = [dag.raw(b"abc"), Cid.of(codecs.RAW, b"absent"), Cid.of(codecs.RAW, b"i", 0)]
    for _ in range(draw(st.integers(1, 6))):
        below = draw(st.lists(st.tuples(NAMES, st.sampled_from(made)), max_size=4))
        match draw(st.integers(0, 5)):
            case 0:
                cid = dag.put(codecs.DAG_CBOR, dag_cbor.encode(dict(below)))
            case 1:
                cid = dag.put(codecs.DAG_JSON, dag_json.encode([link for _, link in below]))
            case 2:
                cid = dag.directory(below)
            case 3:
                cid = dag.shard({at * 3 % 8: entry for at, entry in enumerate(below)})
            case 4:
                cid = dag.file([(link, draw(SIZES)) for _, link in below])
            case _:
                links = [PbLink(link, name, draw(st.none() | SIZES)) for name, link in below]
                cid = dag.node(draw(st.none() | MESSAGES), *links)
        made.append(cid)
        if draw(st.booleans()):
            codec = draw(st.just(cid.codec) | st.sampled_from(CODECS))
            made.append(dag.put(codec, changed(draw, dag.held[cid])))
    return dag, made


def changed(draw: st.DrawFn, block: bytes) -> bytes:
    """A block with a few bytes set, cut out or put in."""
    at = draw(st.integers(0, len(block)))
    end = min(len(block), at + draw(st.integers(0, 3)))
    return block[:at] + draw(st.binary(max_size=3)) + block[end:]


async def every_reading(dag: Dag, cid: Cid) -> AsyncIterator[object]:
    """Each way to read content, one after another, where the one before fails too."""
    with suppress(WalkawayError):
        yield await look_at(dag, cid, Budget())
    with suppress(WalkawayError):
        yield await all_of(entries(dag, cid, Budget(blocks=200)))
    with suppress(WalkawayError):
        look = await look_at(dag, cid, Budget())
        yield await all_of(listing(dag, look, Budget(blocks=200)))
    with suppress(WalkawayError):
        file = await open_file(dag, cid, Budget(blocks=200))
        for start, end in ((0, min(file.size, 5)), (max(file.size - 5, 0), file.size)):
            with suppress(WalkawayError):
                pieces = await all_of(file.stream(start, end))
                assert sum(map(len, pieces)) == end - start
    with suppress(WalkawayError):
        yield await all_of(tar(dag, cid, "root", Budget(blocks=200)))
    for scope in Scope:
        for duplicates in (False, True):
            with suppress(WalkawayError):
                budget = Budget(blocks=200)
                yield await all_of(walk(dag, cid, budget, scope=scope, duplicates=duplicates))
    with suppress(WalkawayError):
        yield await all_of(walk(dag, cid, Budget(blocks=200), entity_bytes=EntityBytes(1, -2)))
    for path in (["a"], ["", "a"], ["0", "1"], ["..", "a"], ["é" * 200] * 3):
        with suppress(WalkawayError):
            yield await resolve(dag, cid, path, Budget(blocks=200))


@given(made=dags())
@settings(max_examples=120, deadline=None)
async def test_made_up_content_is_read_or_refused(
    made: tuple[Dag, list[Cid]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    dag, cids = made
    for cid in cids:
        dag.asked.clear()
        async for _ in every_reading(dag, cid):
            pass
        assert dag.asked.total() < 5000
    folder = tmp_path_factory.mktemp("made-up")
    with suppress(WalkawayError):
        await save(dag, cids[-1], folder / "to", Budget(blocks=200))
    assert {path.name for path in folder.iterdir()} <= {"to"}
