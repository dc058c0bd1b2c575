"""Proving a whole file by its address again: each of its blocks, made anew from its bytes.

Raw leaves are slices of the file, and other leaves follow from one; only the nodes above
them, which are few and small, have to come from the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.file import Place, places_within, read_part
from walkaway.errors import ProofError, WalkawayError
from walkaway.limits import Limits
from walkaway.proofs.ipfs import codecs, dag_pb, unixfs_data
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbNode
from walkaway.proofs.ipfs.unixfs import Part
from walkaway.proofs.ipfs.unixfs_data import Kind, UnixFsData

__all__ = ["Read", "is_file"]

Read = Callable[[int, int], bytes]
"""The bytes of the file from one offset up to another; blocks, so it is called in threads."""


async def is_file(cid: Cid, size: int, read: Read, blocks: Blocks, limits: Limits) -> bool:
    """Whether ``size`` bytes are the file at an address; False also where that cannot be told."""
    budget = Budget(limits)
    budget.weigh(0, size)
    places = [Place(Part(cid, size), 0)]
    try:
        for _ in range(limits.dag_depth):
            nodes = await asyncio.to_thread(_all_but_leaves, places, read, limits.block_bytes)
            if not nodes:
                return True
            places = []
            for place in nodes:
                block = await blocks.get(place.part.cid)
                budget.spend(len(block.value))
                places += await asyncio.to_thread(_places_below, place, block.value, read, budget)
                if len(places) > limits.pending_links:
                    return False
    except WalkawayError:
        pass
    return False


def _all_but_leaves(places: Iterable[Place], read: Read, largest: int) -> list[Place]:
    """Prove what is a leaf; give what has to be looked at. Raises `ProofError`."""
    nodes: list[Place] = []
    for place in places:
        part, end = place.part, place.at + place.part.size
        if part.cid.codec != codecs.DAG_PB:
            prove_block(part.cid, read(place.at, end) if part.size <= largest else b"")
        elif part.size > largest or not _is_leaf(part.cid, read(place.at, end)):
            nodes.append(place)
    return nodes


def _is_leaf(cid: Cid, data: bytes) -> bool:
    """Whether a block is the usual one that holds these bytes of a file, and no links."""
    message = unixfs_data.encode(UnixFsData(Kind.FILE, data or None, len(data)))
    try:
        prove_block(cid, dag_pb.encode(PbNode((), message)))
    except ProofError:
        return False
    return True


def _places_below(place: Place, block: bytes, read: Read, budget: Budget) -> list[Place]:
    """What lies below a node whose own bytes stand in their place. Raises `ProofError`."""
    node = read_part(place.part, block, budget)
    if read(place.at, place.at + len(node.content)) != node.content:
        raise ProofError("a file holds other bytes than its node", got=place.part.cid)
    return list(places_within(node, place.at, place.at, place.at + node.size))
