"""The journal of heads: each block that joined the chain or was taken out of it, in order.

Whoever wants to hear of new blocks keeps a position in the journal and asks
what came after it, so that nothing is missed between two looks and a reorg is
told as what it is: blocks removed, newest first, then the blocks of the new
branch. The journal is written when somebody looks, and costs nothing until then.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from walkaway.chain.fees import Line
from walkaway.errors import InvalidRequest
from walkaway.limits import LIMITS
from walkaway.proofs import Proven
from walkaway.proofs.execution.header import Header

__all__ = ["HeadEvent", "HeadJournal"]


@dataclass(frozen=True, slots=True)
class HeadEvent:
    """A block that joined the chain, or was ``removed`` by a reorg."""

    header: Proven[Header]
    removed: bool


class HeadJournal:
    """What happened to the head. ``head`` gives the newest, ``line`` the blocks before it."""

    def __init__(self, head: Callable[[], Proven[Header]], line: Line) -> None:
        self._head = head
        self._line_below = line
        self._line: Sequence[Proven[Header]] = ()
        self._events: deque[HeadEvent] = deque()
        self._first = 0
        self._writing = asyncio.Lock()

    async def catch_up(self) -> int:
        """Write down what happened until now; the position from which on it is the future.

        Raises:
            Stale: there is no fresh head.
            Unproven: a block on the way to it cannot be had; ask again.
        """
        async with self._writing:
            head = self._head()
            if not self._line:
                self._line = await self._line_below(head, LIMITS.journal_blocks)
            elif head.value.hash != self._line[-1].value.hash:
                await self._write(head)
            return self._end

    async def since(self, position: int) -> tuple[tuple[HeadEvent, ...], int]:
        """What happened since a position, oldest first, and the position after it.

        Raises `InvalidRequest` where that is further back than the journal goes;
        and what `catch_up` raises.
        """
        end = await self.catch_up()
        if position < self._first:
            raise InvalidRequest(
                "too much has happened since it was last asked", advice="begin anew"
            )
        return tuple(self._events)[position - self._first :], end

    @property
    def _end(self) -> int:
        return self._first + len(self._events)

    async def _write(self, head: Proven[Header]) -> None:
        branch = await self._branch(head)
        if branch is None:
            # A gap: every position taken so far is one that the journal does not reach.
            self._first = self._end + 1
            self._events.clear()
            self._line = await self._line_below(head, LIMITS.journal_blocks)
            return
        common, added = branch
        for removed in reversed(self._line[common + 1 :]):
            self._events.append(HeadEvent(removed, removed=True))
        self._events.extend(HeadEvent(header, removed=False) for header in added)
        self._line = (*self._line[: common + 1], *added)[-LIMITS.journal_blocks :]
        while len(self._events) > LIMITS.journal_events:
            self._events.popleft()
            self._first += 1

    async def _branch(self, head: Proven[Header]) -> tuple[int, Sequence[Proven[Header]]] | None:
        """Where in the line the head's branch begins, and its blocks; None where it does not."""
        known = {header.value.hash: index for index, header in enumerate(self._line)}
        count = max(2, head.value.number - self._line[-1].value.number + 1)
        while count <= LIMITS.journal_events // 2:
            found = await self._line_below(head, count)
            for position in range(len(found) - 1, -1, -1):
                index = known.get(found[position].value.hash)
                if index is not None:
                    return index, found[position + 1 :]
            if len(found) < count:
                return None
            count *= 2
        return None
