"""Blocks in the order of a walk, fetched ahead: what every export runs on.

A walk goes depth first and reads each block at its turn. While the first of
those to come is awaited, those behind it are fetched: little at first, so
that nothing holds up the first byte, then up to ``ahead_blocks`` and ``ahead_bytes``,
and only while all walks together stay within their room. Nothing is fetched
while the reader does not read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Generic, TypeVar

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.load import apart, fetch
from walkaway.errors import TooMuch
from walkaway.limits import Limits
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["Want", "in_order"]

About = TypeVar("About")
Found = TypeVar("Found")

_FIRST_BYTES = 512 * 1024
"""How much is fetched at first, the block that is awaited among it."""
_GROWTH = 2
"""How many bytes more are fetched ahead for each that has come."""
_LOOKED_OVER = 4
"""How many things that are to come are looked over for each block that may be fetched ahead."""


@dataclass(frozen=True, slots=True, eq=False)
class Want(Generic[About]):
    """A block that the walk comes to. ``about`` is what the walk knows of it.

    ``depth`` is how many links lie above it; ``size`` is how many bytes its
    parent says are below it, by which it is judged how much to fetch ahead.
    """

    cid: Cid
    about: About
    depth: int
    size: int


async def in_order(
    blocks: Blocks,
    begin: Iterable[Found | Want[About]],
    read: Callable[[Want[About], bytes], Iterable[Found | Want[About]]],
    budget: Budget,
    *,
    pass_over: Callable[[Want[About]], bool] = lambda _: False,
) -> AsyncGenerator[Found, None]:
    """What is found on a walk, in order; to be closed by whoever stops before its end.

    ``read`` makes of a block what stands in its place: findings, and blocks to
    come; where it raises, none of them is given. It is called in order, though
    perhaps in another thread. ``pass_over`` says of a block that it is not
    needed: it is asked at the block's turn, and before that so that nothing is
    fetched in vain.

    Raises:
        TooMuch: the walk is too deep, or more than one request may fetch.
        WalkawayError: what getting or reading a block raised, at its turn.
    """
    limits = budget.limits
    coming = list(begin)[::-1]
    ahead = _Ahead[About](blocks, budget)
    try:
        while coming:
            item = coming.pop()
            if not isinstance(item, Want):
                yield item
                continue
            if pass_over(item):
                await ahead.drop(item)
                continue
            budget.descend(item.depth)
            ahead.start(item, _wants(coming, limits), pass_over)
            data = await ahead.take(item)
            budget.spend(len(data))
            found = partial(_reversed, read, item, data)
            coming += await apart(found, item.cid, len(data), budget)
            if len(coming) > limits.pending_links:
                raise TooMuch(
                    f"the content has over {limits.pending_links} links that wait their turn",
                    advice="ask for a part of it: one of its folders or files",
                )
    finally:
        await ahead.close()


def _reversed(
    read: Callable[[Want[About], bytes], Iterable[Found | Want[About]]],
    want: Want[About],
    data: bytes,
) -> list[Found | Want[About]]:
    """What stands in a block's place, the last of it first."""
    return list(read(want, data))[::-1]


def _wants(coming: Sequence[Found | Want[About]], limits: Limits) -> Iterable[Want[About]]:
    near = islice(reversed(coming), _LOOKED_OVER * limits.ahead_blocks)
    return (item for item in near if isinstance(item, Want))


@dataclass(slots=True, eq=False)
class _Going:
    """A block that is being fetched, or has come.

    ``size`` is how many bytes it is taken to have, and has once it is here;
    ``taken`` is how much of the room for what is fetched ahead is held for it.
    """

    task: asyncio.Task[bytes]
    size: int
    taken: int


class _Ahead(Generic[About]):
    """The blocks that are being fetched, or were and wait for their turn.

    A parent may say that a block is small which is not. So each is counted again
    when it is here; one for which there is no room is let go, to be fetched anew.
    """

    def __init__(self, blocks: Blocks, budget: Budget) -> None:
        self._blocks = blocks
        self._limits = budget.limits
        self._room = budget.ahead
        self._most_bytes = _FIRST_BYTES
        self._bytes = 0
        self._going: dict[Want[About], _Going] = {}
        self._let_go: dict[Want[About], int] = {}
        self._awaited: Want[About] | None = None

    def start(
        self,
        now: Want[About],
        then: Iterable[Want[About]],
        pass_over: Callable[[Want[About]], bool],
    ) -> None:
        """Fetch the one that is wanted now, and what may be fetched of those behind it."""
        self._awaited = now
        if now not in self._going:
            self._fetch(now, self._expected(now), taken=0)
        if self._branches(now):
            return
        for want in then:
            if want not in self._going and not pass_over(want):
                expected = self._expected(want)
                if not (self._has_room(expected) and self._room.take(expected)):
                    return
                self._fetch(want, expected, taken=expected)
            if self._branches(want):
                return

    async def take(self, want: Want[About]) -> bytes:
        """The block, when it has come; from then on more is fetched ahead."""
        try:
            data = await self._going[want].task
        finally:
            self._forget(want)
            self._let_go.pop(want, None)
        more = self._most_bytes + _GROWTH * len(data)
        self._most_bytes = min(more, self._limits.ahead_bytes)
        return data

    async def drop(self, want: Want[About]) -> None:
        """Do without a block that may have been begun."""
        self._let_go.pop(want, None)
        if want in self._going:
            task = self._going[want].task
            self._forget(want)
            await _end([task])

    async def close(self) -> None:
        """End what is still going, and wait until it has ended."""
        tasks = [going.task for going in self._going.values()]
        for want in list(self._going):
            self._forget(want)
        await _end(tasks)

    def _fetch(self, want: Want[About], expected: int, *, taken: int) -> None:
        task = asyncio.create_task(self._fetched(want))
        self._going[want] = _Going(task, expected, taken)
        self._bytes += expected

    async def _fetched(self, want: Want[About]) -> bytes:
        data = await fetch(self._blocks, want.cid)
        going = self._going.get(want)
        if going is not None and want is not self._awaited:
            self._count(want, going, len(data))
        return data

    def _count(self, want: Want[About], going: _Going, size: int) -> None:
        """Take as much room as a block needs that has come before its turn, or let it go."""
        more = size - going.size
        if more > 0 and not (self._fits(more) and self._room.take(more)):
            self._forget(want)
            self._let_go[want] = size
            return
        if more < 0:
            self._room.give(-more)
        going.size = going.taken = size
        self._bytes += more

    def _forget(self, want: Want[About]) -> None:
        going = self._going.pop(want)
        self._room.give(going.taken)
        self._bytes -= going.size

    def _has_room(self, expected: int) -> bool:
        if len(self._going) >= self._limits.ahead_blocks:
            return False
        return self._bytes + expected <= self._most_bytes

    def _fits(self, more: int) -> bool:
        return self._bytes + more <= self._limits.ahead_bytes

    def _expected(self, want: Want[About]) -> int:
        return self._let_go.get(want, min(want.size, self._limits.block_bytes))

    def _branches(self, want: Want[About]) -> bool:
        """Whether more is below a block than it can hold, so that others come before the next."""
        return want.size > self._limits.block_bytes and want.cid.codec != codecs.RAW


async def _end(tasks: Iterable[asyncio.Task[bytes]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
