"""Proven blocks on their way to the store: written in the background, in batches.

Nothing is promised of them: what a crash takes was never said to be kept, and is
fetched again. While one waits, it is given from here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from walkaway.errors import WalkawayError
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven

__all__ = ["Keeping", "Unwritten"]

log = logging.getLogger("walkaway.content")


class Keeping(Protocol):
    """Where blocks are written."""

    async def keep(self, blocks: Sequence[tuple[Cid, Proven[bytes]]], /) -> None:
        """Write blocks. Raises from the tree of `errors` where they cannot be."""
        ...


class Unwritten:
    """A place for ``Limits.unwritten_block_bytes``: while it is full, whoever brings more waits."""

    def __init__(self, store: Keeping, limits: Limits = LIMITS) -> None:
        self._store = store
        self._most = limits.unwritten_block_bytes
        self._waiting: dict[Cid, Proven[bytes]] = {}
        self._bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self._room = asyncio.Condition()

    def held(self, cid: Cid) -> Proven[bytes] | None:
        """A block that waits to be written."""
        return self._waiting.get(cid)

    async def keep(self, cid: Cid, block: Proven[bytes]) -> None:
        """Have a block written. Returns as soon as there is room for it here."""
        async with self._room:
            await self._room.wait_for(lambda: self._bytes < self._most)
            if cid in self._waiting:
                return
            self._waiting[cid] = block
            self._bytes += len(block.value)
            if self._writer is None:
                self._writer = asyncio.create_task(self._write())

    async def written(self) -> None:
        """Wait until everything that was brought so far is written."""
        if self._writer is not None:
            await asyncio.wait([self._writer])  # whoever stops waiting does not stop the writing

    async def _write(self) -> None:
        """Write what waits, batch by batch, until nothing does."""
        while self._waiting:
            batch = dict(self._waiting)
            try:
                await self._store.keep(list(batch.items()))
            except WalkawayError as error:
                log.warning("fetched blocks could not be kept: %s", error)
            except Exception as error:
                # A bug, which may lose blocks and must not stop those that come after them.
                log.error("fetched blocks could not be kept: %s", type(error).__name__)
            async with self._room:
                for cid, block in batch.items():
                    del self._waiting[cid]
                    self._bytes -= len(block.value)
                self._room.notify_all()
        self._writer = None
