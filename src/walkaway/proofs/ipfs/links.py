"""The links of a block, whatever its codec: where to go from here in a DAG."""

from __future__ import annotations

from walkaway.errors import Unsupported
from walkaway.proofs.ipfs import codecs, dag_cbor, dag_json, dag_pb
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.data_model import links_in

__all__ = ["links_of"]

_LEAVES = (codecs.RAW, codecs.CBOR, codecs.JSON, codecs.LIBP2P_KEY)


def links_of(cid: Cid, data: bytes) -> tuple[Cid, ...]:
    """The addresses that a block links to, in the order in which they stand in it.

    One that stands twice is given twice. Raises `ProofError` where the block is
    not of its codec's form, `Unsupported` where the codec is not known.
    """
    if cid.codec in _LEAVES:
        return ()
    if cid.codec == codecs.DAG_PB:
        return tuple([link.cid for link in dag_pb.decode(data).links])
    if cid.codec == codecs.DAG_CBOR:
        return tuple(links_in(dag_cbor.decode(data)))
    if cid.codec == codecs.DAG_JSON:
        return tuple(links_in(dag_json.decode(data)))
    raise Unsupported(f"the links of a block of codec 0x{cid.codec:x} are not known")
