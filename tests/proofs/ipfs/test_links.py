"""The links of a block of any codec, in their order."""

from __future__ import annotations

import pytest

from walkaway.errors import ProofError, Unsupported
from walkaway.proofs.ipfs import codecs, dag_cbor, dag_json, dag_pb
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink, PbNode
from walkaway.proofs.ipfs.links import links_of

A, B = (Cid.of(codecs.RAW, data) for data in (b"a", b"b"))


@pytest.mark.parametrize(
    ("codec", "data", "links"),
    [
        (codecs.RAW, b"a", ()),
        (codecs.JSON, b"{}", ()),
        (codecs.CBOR, b"", ()),
        (codecs.LIBP2P_KEY, b"", ()),
        (codecs.DAG_PB, dag_pb.encode(PbNode((PbLink(B, "a"), PbLink(A, "b")))), (B, A)),
        (codecs.DAG_CBOR, dag_cbor.encode([B, {"y": A}, B]), (B, A, B)),
        (codecs.DAG_JSON, dag_json.encode([B, {"y": A}, B]), (B, A, B)),
    ],
)
def test_links_are_given_in_their_order(codec: int, data: bytes, links: tuple[Cid, ...]) -> None:
    assert links_of(Cid.of(codec, data), data) == links


@pytest.mark.parametrize("codec", [codecs.DAG_PB, codecs.DAG_CBOR, codecs.DAG_JSON])
def test_a_block_that_is_not_of_its_codec_is_refused(codec: int) -> None:
    with pytest.raises(ProofError):
        links_of(Cid.of(codec, b"\xff"), b"\xff")


def test_links_of_an_unknown_codec_are_not_known() -> None:
    with pytest.raises(Unsupported, match="0x78"):
        links_of(Cid.of(0x78, b""), b"")
