"""What the tests of the network stand on: blocks in a dictionary, and a store in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from walkaway.errors import StoreFault, Unproven
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven

__all__ = ["MemoryStore", "blocks_of", "cid_of"]


def cid_of(data: bytes) -> Cid:
    return Cid.of(codecs.RAW, data)


def blocks_of(*data: bytes) -> dict[bytes, bytes]:
    """Raw blocks by their multihash."""
    return {cid_of(one).multihash: one for one in data}


@dataclass
class MemoryStore:
    """Keeps blocks by multihash; ``may_write`` lets it, ``full`` makes it refuse."""

    blocks: dict[bytes, bytes] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)
    may_write: asyncio.Event = field(default_factory=asyncio.Event)
    full: bool = False
    broken: bool = False

    def __post_init__(self) -> None:
        self.may_write.set()

    async def get(self, cid: Cid) -> Proven[bytes]:
        if self.broken:
            raise StoreFault("the disk is gone")
        if cid.multihash not in self.blocks:
            raise Unproven("this block is not held here", reasons={"store": "does not hold it"})
        return prove_block(cid, self.blocks[cid.multihash])

    async def keep(self, blocks: Sequence[tuple[Cid, Proven[bytes]]]) -> None:
        await self.may_write.wait()
        if self.full:
            raise StoreFault("the disk is full")
        self.batches.append(len(blocks))
        self.blocks |= {cid.multihash: block.value for cid, block in blocks}
