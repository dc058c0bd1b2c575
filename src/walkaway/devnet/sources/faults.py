"""What can go wrong on the way from a source, below what it says."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, replace
from enum import Enum

from walkaway.devnet.beacon.api import Reply

__all__ = ["CutShort", "Fault", "FaultyWay"]


class Fault(Enum):
    """One way to fail."""

    NONE = "none"
    SLOW = "slow"
    HANGS = "hangs"
    SERVER_ERRORS = "server errors"
    GARBAGE = "garbage"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class CutShort:
    """A reply whose connection closes half-way through the body."""

    reply: Reply


class FaultyWay:
    """Passes replies on, with a fault. ``share`` is how many of them it befalls."""

    def __init__(self, fault: Fault, *, seed: int, share: float = 1.0, delay: float = 1.5) -> None:
        self._fault = fault
        self._share = share
        self._delay = delay
        self._rng = random.Random(seed)  # noqa: S311 - faults need no secrecy

    async def pass_on(self, reply: Reply) -> Reply | CutShort:
        """The reply as it arrives, if it does."""
        if self._rng.random() >= self._share:
            return reply
        if self._fault is Fault.SLOW:
            await asyncio.sleep(self._delay)
        if self._fault is Fault.HANGS:
            await asyncio.Event().wait()
        if self._fault is Fault.SERVER_ERRORS:
            return Reply(b'{"message":"overloaded"}', self._rng.choice((500, 502, 503, 504)))
        if self._fault is Fault.GARBAGE:
            return replace(reply, body=self._rng.randbytes(max(len(reply.body), 64)))
        if self._fault is Fault.TRUNCATED:
            return CutShort(reply)
        return reply
