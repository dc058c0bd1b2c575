"""A search for providers: whom routers name, bit by bit, and whose turn it is to be tried.

Anybody can have himself named, as often as he likes. So nobody's turn hangs on who was
named first: routers take turns, and of what one names each peer has an address tried
before any has his second, in an order that nobody but this machine chooses.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

from walkaway.sources.multiaddr import HttpAddress
from walkaway.sources.provider_records import ProviderRecords

__all__ = ["Named", "ProviderSearch", "by_turns"]


@dataclass(frozen=True, slots=True)
class Named:
    """An address, and which peer is said to be there."""

    peer: str
    address: HttpAddress


def by_turns(records: ProviderRecords, most: int) -> list[Named]:
    """The first address of each peer, then the second of each, up to so many in all."""
    peers = random.sample(records.http, len(records.http))
    rounds = zip_longest(*([Named(one.peer, at) for at in one.addresses] for one in peers))
    return [named for taken in rounds for named in taken if named is not None][:most]


class ProviderSearch:
    """Those who were named and not tried yet. It ends when every router has answered."""

    def __init__(self) -> None:
        self._stirred = asyncio.Event()
        self._waiting: deque[deque[Named]] = deque()
        self._over = False

    def add(self, named: Iterable[Named]) -> None:
        """Whom one router names, in the order of their turns."""
        queue = deque(named)
        if queue:
            self._waiting.append(queue)
            self._stirred.set()

    def end(self) -> None:
        """There will be no more."""
        self._over = True
        self._stirred.set()

    def may_have_more(self) -> bool:
        """Whether anybody waits for a turn, or may yet be named."""
        return bool(self._waiting) or not self._over

    async def next(self, most: int) -> list[Named]:
        """Wait for those whose turn it is, so many at most; none at the end."""
        while not self._waiting and not self._over:
            self._stirred.clear()
            await self._stirred.wait()
        taken: list[Named] = []
        while self._waiting and len(taken) < most:
            queue = self._waiting.popleft()
            taken.append(queue.popleft())
            if queue:
                self._waiting.append(queue)
        return taken
