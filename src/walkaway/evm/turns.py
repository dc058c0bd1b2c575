"""Places that are given out in turns, so that nobody's many wait before another's one."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["Turns"]


class Turns:
    """Some number of places. Who waits does so under a key, and the keys take turns."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: OrderedDict[object, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def place(self, key: object, seconds: float | None = None) -> AsyncIterator[None]:
        """Hold a place, and wait for one before where need be.

        Raises `TimeoutError` where none was to be had within ``seconds``.
        """
        if not self.take():
            async with asyncio.timeout(seconds):
                await self._wait(key)
        try:
            yield
        finally:
            self.give_back()

    def take(self) -> bool:
        """Take a place if one is free; whether one was."""
        if self._free == 0:
            return False
        self._free -= 1
        return True

    def give_back(self) -> None:
        """Give a place to who is next, or keep it for who will come."""
        if not self._waiting:
            self._free += 1
            return
        key, queue = self._waiting.popitem(last=False)
        queue.popleft().set_result(None)
        if queue:
            self._waiting[key] = queue

    async def _wait(self, key: object) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(turn)
        try:
            # Shielded, so that a turn is either given or still in the queue.
            await asyncio.shield(turn)
        except asyncio.CancelledError:
            if turn.done():
                self.give_back()
            else:
                self._leave(key, turn)
            raise

    def _leave(self, key: object, turn: asyncio.Future[None]) -> None:
        queue = self._waiting[key]
        queue.remove(turn)
        if not queue:
            del self._waiting[key]
