"""What stands at an address: a file, a directory, a symbolic link, or a block of data.

Specification: ipfs/specs ``src/unixfs.md``; multiformats/multicodec for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.load import apart, load
from walkaway.errors import ProofError
from walkaway.proofs.ipfs import codecs, dag_pb
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.unixfs import Directory, File, Node, Shard, read_node

__all__ = ["Look", "What", "look_at", "read_block", "told_by_codec"]


class What(Enum):
    """What a block is, by its codec and, where it is dag-pb, by its UnixFS."""

    FILE = "file"
    DIRECTORY = "directory"
    SHARDED_DIRECTORY = "sharded directory"
    SYMLINK = "symlink"
    RAW = "raw"
    """A raw block: a file, all of which is here."""
    DAG_PB = "dag-pb"
    """A dag-pb node that holds no UnixFS."""
    DAG_CBOR = "dag-cbor"
    DAG_JSON = "dag-json"
    CBOR = "cbor"
    JSON = "json"
    OTHER = "block"
    """A block of a codec that is not read; it is what it is."""

    @property
    def is_directory(self) -> bool:
        """Whether it has entries, in one block or in many."""
        return self in (What.DIRECTORY, What.SHARDED_DIRECTORY)


@dataclass(frozen=True, slots=True)
class Look:
    """A block that was looked at. ``node`` is what it is in UnixFS, or None."""

    cid: Cid
    what: What
    block: bytes
    node: Node | None = None


_CODECS = {
    codecs.DAG_CBOR: What.DAG_CBOR,
    codecs.DAG_JSON: What.DAG_JSON,
    codecs.CBOR: What.CBOR,
    codecs.JSON: What.JSON,
}


async def look_at(blocks: Blocks, cid: Cid, budget: Budget) -> Look:
    """What stands at an address, from its first block.

    Raises:
        Unproven: the block is not to be had.
        ProofError: it is not of its codec's form.
        Unsupported: it is of a kind of UnixFS that is not read.
        TooMuch: the request has used up what it may fetch.
    """
    block = await load(blocks, cid, budget)
    return await apart(lambda: read_block(cid, block), cid, len(block), budget)


def told_by_codec(cid: Cid) -> What | None:
    """What an address says of its block; None for dag-pb, which may hold any node of UnixFS."""
    if cid.codec == codecs.DAG_PB:
        return None
    return What.RAW if cid.codec == codecs.RAW else _CODECS.get(cid.codec, What.OTHER)


def read_block(cid: Cid, block: bytes) -> Look:
    """What a proven block is. Raises `ProofError` and `Unsupported`, as `look_at`."""
    if cid.codec not in (codecs.DAG_PB, codecs.RAW):
        return Look(cid, _CODECS.get(cid.codec, What.OTHER), block)
    try:
        node = read_node(cid, block)
    except ProofError:
        if dag_pb.decode(block).data is None:
            return Look(cid, What.DAG_PB, block)
        raise
    return Look(cid, _what(cid, node), block, node)


def _what(cid: Cid, node: Node) -> What:
    if isinstance(node, File):
        return What.RAW if cid.codec == codecs.RAW else What.FILE
    if isinstance(node, Directory):
        return What.DIRECTORY
    return What.SHARDED_DIRECTORY if isinstance(node, Shard) else What.SYMLINK
