"""What stands at an address, told from its codec and its UnixFS."""

from __future__ import annotations

import pytest

from tests.content.exporter.dags import Dag
from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.load import load
from walkaway.content.exporter.node import What, look_at
from walkaway.errors import ProofError, TooMuch, Unproven, Unsupported
from walkaway.proofs.ipfs import codecs, dag_pb
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink, PbNode
from walkaway.proofs.ipfs.unixfs import Kind, Symlink, UnixFsData
from walkaway.proofs.proven import Proven

DAG = Dag()
LEAF = DAG.raw(b"x")


@pytest.mark.parametrize(
    ("what", "cid"),
    [
        (What.RAW, LEAF),
        (What.FILE, DAG.file([(LEAF, 1)])),
        (What.FILE, DAG.node(UnixFsData(Kind.RAW, b"a", 1))),
        (What.DIRECTORY, DAG.directory([("a", LEAF)])),
        (What.SHARDED_DIRECTORY, DAG.sharded({"a": LEAF})),
        (What.SYMLINK, DAG.symlink(b"a")),
        (What.DAG_PB, DAG.node(None, PbLink(LEAF, "a"))),
        (What.DAG_CBOR, DAG.put(codecs.DAG_CBOR, b"\xf6")),
        (What.DAG_JSON, DAG.put(codecs.DAG_JSON, b"null")),
        (What.CBOR, DAG.put(codecs.CBOR, b"\xf6")),
        (What.JSON, DAG.put(codecs.JSON, b"null")),
        (What.OTHER, DAG.put(codecs.LIBP2P_KEY, b"key")),
    ],
)
async def test_a_look_says_what_it_is(what: What, cid: Cid) -> None:
    look = await look_at(DAG, cid, Budget())
    assert (look.what, look.cid, look.block) == (what, cid, DAG.held[cid])
    assert what.is_directory == (what.value in ("directory", "sharded directory"))
    assert (look.node is None) == (
        what.value in ("dag-pb", "dag-cbor", "dag-json", "cbor", "json", "block")
    )


async def test_a_symlink_keeps_its_target() -> None:
    look = await look_at(DAG, DAG.symlink(b"../b"), Budget())
    assert look.node == Symlink(b"../b")


async def test_what_cannot_be_read_is_said_to_be_so() -> None:
    with pytest.raises(Unsupported, match="metadata"):
        await look_at(DAG, DAG.node(UnixFsData(Kind.METADATA)), Budget())
    with pytest.raises(ProofError, match="kind"):
        await look_at(DAG, DAG.put(codecs.DAG_PB, dag_pb.encode(PbNode((), b"\x08\x09"))), Budget())
    with pytest.raises(ProofError):
        await look_at(DAG, DAG.put(codecs.DAG_PB, b"\xff"), Budget())
    with pytest.raises(Unproven):
        await look_at(DAG, Cid.of(codecs.RAW, b"absent"), Budget())


async def test_each_block_counts() -> None:
    budget = Budget(blocks=2, size=100)
    assert await load(DAG, LEAF, budget) == b"x"
    assert await load(DAG, Cid.of(codecs.RAW, b"abc", codecs.IDENTITY), budget) == b"abc"
    with pytest.raises(TooMuch):
        await load(DAG, LEAF, budget)


async def test_a_block_proven_for_another_address_is_refused() -> None:
    class Swapped:
        async def get(self, cid: Cid) -> Proven[bytes]:
            return prove_block(LEAF, b"x")

    swapped: Blocks = Swapped()
    assert await load(swapped, LEAF, Budget()) == b"x"
    with pytest.raises(ProofError, match="another address"):
        await load(swapped, Cid.of(codecs.RAW, b"y"), Budget())
