"""A source that fails or lies on purpose: any transport with faults put in front of it.

Tests and the devnet put honest transports behind it. Every choice comes from
a seed, so that a run can be repeated.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from walkaway.errors import SourceFault
from walkaway.sources.json_text import parse_json
from walkaway.sources.request import Answer, Request, RpcRequest
from walkaway.sources.source import Transport

__all__ = ["Behaviour", "Fault", "Mutator", "SimulatedTransport", "answering"]

Mutator = Callable[[Request, Answer], Answer]
"""Turns an honest answer into a well-formed lie."""

Say = Callable[[Request], Any]


class Fault(Enum):
    """What can go wrong, from the network up."""

    REFUSE = "refuse"
    HANG = "hang"
    SLOW = "slow"
    SERVER_ERROR = "server error"
    TRUNCATED = "truncated"
    GARBAGE = "garbage"
    STALE = "stale"
    LIE = "lie"


@dataclass(frozen=True)
class Behaviour:
    """What goes wrong, in which share of the questions, and how.

    ``delay`` is seconds, for `SLOW`. `LIE` needs ``lie``; `STALE` needs
    ``stale``, the answers of a moment ago.
    """

    fault: Fault | None = None
    share: float = 1.0
    delay: float = 1.0
    lie: Mutator | None = None
    stale: Transport | None = None


@dataclass
class SimulatedTransport:
    """``inner`` with a behaviour; ``asked`` counts the questions that came."""

    inner: Transport
    behaviour: Behaviour = field(default_factory=Behaviour)
    seed: int = 0
    asked: int = 0

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)  # noqa: S311 - faults need no secrecy

    async def fetch(self, request: Request) -> Answer:
        """What the inner transport says, if nothing goes wrong.

        Raises:
            SourceFault: it went wrong.
        """
        self.asked += 1
        behaviour = self.behaviour
        fault = behaviour.fault if self._rng.random() < behaviour.share else None
        if fault is Fault.REFUSE:
            raise SourceFault("connection refused")
        if fault is Fault.SERVER_ERROR:
            raise SourceFault("HTTP status 503")
        if fault is Fault.HANG:
            await asyncio.Event().wait()
        if fault is Fault.SLOW:
            await asyncio.sleep(behaviour.delay)
        if fault is Fault.STALE and behaviour.stale is not None:
            return await behaviour.stale.fetch(request)
        answer = await self.inner.fetch(request)
        if fault is Fault.TRUNCATED:
            return _cut(answer, self._rng)
        if fault is Fault.GARBAGE:
            return replace(answer, body=_garbage(answer, self._rng))
        if fault is Fault.LIE and behaviour.lie is not None:
            return behaviour.lie(request, answer)
        return answer

    async def fetch_batch(self, requests: Sequence[RpcRequest]) -> list[Answer | SourceFault]:
        """Each question on its own, each with its own luck."""
        return [await self._fetch_one(request) for request in requests]

    def scrub(self, text: str) -> str:
        """As the inner transport does."""
        return self.inner.scrub(text)

    async def close(self) -> None:
        """Close the inner transport, and the stale one."""
        await self.inner.close()
        if self.behaviour.stale is not None:
            await self.behaviour.stale.close()

    async def _fetch_one(self, request: RpcRequest) -> Answer | SourceFault:
        try:
            return await self.fetch(request)
        except SourceFault as fault:
            return fault


class _Answering:
    def __init__(self, source: str, say: Say) -> None:
        self._source = source
        self._say = say

    async def fetch(self, request: Request) -> Answer:
        return Answer(self._source, self._say(request))

    async def fetch_batch(self, requests: Sequence[RpcRequest]) -> list[Answer | SourceFault]:
        return [await self.fetch(request) for request in requests]

    def scrub(self, text: str) -> str:
        return text

    async def close(self) -> None:
        pass


def answering(source: str, say: Say) -> Transport:
    """An honest transport out of a function from question to body."""
    return _Answering(source, say)


def _cut(answer: Answer, rng: random.Random) -> Answer:
    if isinstance(answer.body, bytes):
        return replace(answer, body=answer.body[: rng.randrange(len(answer.body) + 1)])
    text = json.dumps(answer.body).encode()
    # Proper prefixes of a document are not JSON, unless it is a bare number.
    cut = text[: rng.randrange(max(len(text), 1))]
    return replace(answer, body=parse_json(cut, depth=64))


def _garbage(answer: Answer, rng: random.Random) -> object:
    if isinstance(answer.body, bytes):
        return rng.randbytes(len(answer.body))
    nonsense: tuple[object, ...] = (
        None, True, -1, "", "0x", "0xzz", "\ud800", [], {}, [[]], {"": None},
        {"data": []}, ["0x"], 10**400, "0x" + "f" * 70,
    )  # fmt: skip
    return rng.choice(nonsense)
