"""A block store that is a dictionary, and believes nothing that it is given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from walkaway.errors import Unproven
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.links import links_of
from walkaway.proofs.proven import Proven

__all__ = ["MemoryStore"]


class MemoryStore:
    """Takes blocks only under a lease, and none before those that it links to."""

    def __init__(self) -> None:
        self.blocks: dict[Cid, Proven[bytes]] = {}
        self.pins: dict[Cid, str] = {}
        self.batches: list[int] = []
        self.leases = 0

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[None]:
        self.leases += 1
        try:
            yield
        finally:
            self.leases -= 1

    async def keep(self, blocks: Sequence[tuple[Cid, Proven[bytes]]]) -> None:
        assert self.leases == 1
        await asyncio.sleep(0)
        self.batches.append(sum(len(block.value) for _, block in blocks))
        for cid, block in blocks:
            assert prove_block(cid, block.value).claim == block.claim
            assert all(link in self.blocks for link in links_of(cid, block.value))
            self.blocks[cid] = block

    async def pin(self, cid: Cid, name: str) -> None:
        assert self.leases == 1
        assert cid in self.blocks
        self.pins[cid] = name

    async def get(self, cid: Cid) -> Proven[bytes]:
        if cid not in self.blocks:
            raise Unproven("no such block", reasons={"memory": "does not hold it"})
        return self.blocks[cid]
