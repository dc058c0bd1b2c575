"""One block for one request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.errors import ProofError
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.block import block_subject, prove_block
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["apart", "fetch", "is_inline", "load"]

T = TypeVar("T")


async def load(blocks: Blocks, cid: Cid, budget: Budget) -> bytes:
    """The block at an address, counted against the request's budget.

    Raises:
        Unproven: it is not to be had.
        TooMuch: the request has used up what it may fetch.
    """
    data = await fetch(blocks, cid)
    budget.spend(len(data))
    return data


async def fetch(blocks: Blocks, cid: Cid) -> bytes:
    """The block at an address; one that stands in the address itself is asked of nobody.

    Raises:
        Unproven: it is not to be had.
        Unsupported: the address's hash function proves nothing.
    """
    if is_inline(cid):
        return prove_block(cid, cid.digest).value
    proven = await blocks.get(cid)
    if proven.claim.subject != block_subject(cid):
        raise ProofError(
            "a block is proven for another address", expected=cid, got=proven.claim.subject[-1]
        )
    return proven.value


async def apart(read: Callable[[], T], cid: Cid, size: int, budget: Budget) -> T:
    """What reading a block of so many bytes gives; in a thread, where others would wait for it."""
    if cid.codec == codecs.RAW or size <= budget.limits.read_at_once_bytes:
        return read()
    return await asyncio.to_thread(read)


def is_inline(cid: Cid) -> bool:
    """Whether the address holds its block, by the identity function."""
    return cid.multihash[0] == codecs.IDENTITY
