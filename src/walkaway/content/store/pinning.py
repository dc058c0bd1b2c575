"""Completing a pin: every block of a DAG is met, fetched where it is absent, and held."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.errors import StoreFault, TooMuch
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.links import links_of
from walkaway.proofs.proven import Proven

__all__ = ["Hold", "Keeper", "Pinned", "Progress", "complete"]

_LEAVES = frozenset((codecs.RAW, codecs.CBOR, codecs.JSON, codecs.LIBP2P_KEY))
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Pinned:
    """How far a pin has come: blocks held so far, and blocks known of that are not met yet."""

    held: int
    waiting: int


Progress: TypeAlias = Callable[[Pinned], None]


class Keeper(Protocol):
    """What completing a pin asks of the store; the pin is this one."""

    async def get(self, cid: Cid) -> Proven[bytes]:
        """A block that is held."""
        ...

    async def keep(self, blocks: Sequence[tuple[Cid, Proven[bytes]]]) -> None:
        """Keep blocks that are proven."""
        ...


Hold: TypeAlias = Callable[[Sequence[Cid]], Awaitable[list[Cid]]]
"""Lets the pin hold those of some blocks that are there; gives those that are not."""


async def complete(
    store: Keeper,
    root: Cid,
    *,
    recursive: bool,
    hold: Hold,
    blocks: Blocks,
    budget: Budget,
    progress: Progress | None,
) -> None:
    """Meet each block of a DAG once, fetch it where it is absent, and hold it.

    Raises `Unproven`, `ProofError`, `TooMuch` and `Unsupported`, as `BlockStore.pin`.
    """
    seen = {root.as_v1()}
    waiting = [(root, 0)]
    met = 0
    while waiting:
        batch = waiting[-_AT_ONCE:]
        del waiting[-_AT_ONCE:]
        absent = await hold([cid for cid, _ in batch])
        await _fetch(store, blocks, budget, absent)
        if await hold(absent):
            raise StoreFault("blocks leave the store as fast as they come")
        for cid, depth in batch if recursive else ():
            if cid.codec in _LEAVES:
                continue
            data = (await store.get(cid)).value
            for link in await asyncio.to_thread(links_of, cid, data):
                budget.descend(depth + 1)
                if link.as_v1() not in seen:
                    seen.add(link.as_v1())
                    waiting.append((link, depth + 1))
            if len(seen) > budget.limits.request_blocks:
                raise TooMuch("the DAG has more blocks than one pin may hold")
        met += len(batch)
        if progress is not None:
            progress(Pinned(met, len(waiting)))


async def _fetch(store: Keeper, blocks: Blocks, budget: Budget, absent: Sequence[Cid]) -> None:
    """Fetch blocks, a few at a time, into the store."""
    left = iter(absent)

    async def work() -> None:
        for cid in left:
            proven = await blocks.get(cid)
            budget.spend(len(proven.value))
            await store.keep([(cid, proven)])

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(budget.limits.pinned_at_once, len(absent))):
                group.create_task(work())
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
