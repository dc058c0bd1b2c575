"""What the tests of the pool stand on: a clock by hand, and scripted sources whose
proofs are Keccak preimages: the question names a digest, the answer is what hashes to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from walkaway.errors import NotKnown, ProofError, SourceFault, SourceLacks
from walkaway.proofs.execution.keccak import keccak256
from walkaway.sources.request import Answer, Kind, Request, RpcRequest
from walkaway.sources.source import Source

EXECUTION: frozenset[Kind] = frozenset({"execution"})

Say = Callable[[Request], Any]


@dataclass
class HandClock:
    """Stands until it is moved; serves as clock and as timer."""

    seconds: float = 1_700_000_000.0

    def now(self) -> float:
        return self.seconds

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Scripted:
    """A transport that says what a function says: a body, or an exception to raise, or an
    awaitable of either. ``asked`` and ``batches`` record what came.
    """

    say: Say
    asked: list[Request] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    largest_batch: int = 1000
    secret: str = "s3cret-key"
    closed: bool = False

    async def fetch(self, request: Request) -> Answer:
        self.asked.append(request)
        said = self.say(request)
        if isinstance(said, Awaitable):
            said = await said
        if isinstance(said, Exception):
            raise said
        return said if isinstance(said, Answer) else Answer("scripted", said)

    async def fetch_batch(self, requests: Sequence[RpcRequest]) -> list[Answer | SourceFault]:
        self.batches.append(len(requests))
        if len(requests) > self.largest_batch:
            raise SourceLacks("takes no batch like this")
        results: list[Answer | SourceFault] = []
        for request in requests:
            try:
                results.append(await self.fetch(request))
            except SourceFault as fault:
                results.append(fault)
        return results

    def scrub(self, text: str) -> str:
        return text.replace(self.secret, "(redacted)")

    async def close(self) -> None:
        self.closed = True


def source(
    name: str, say: Say, *, operator: str | None = None, kinds: frozenset[Kind] = EXECUTION
) -> Source:
    return Source(name, operator or name, kinds, Scripted(say))


def script(source: Source) -> Scripted:
    assert isinstance(source.transport, Scripted)
    return source.transport


def secret_of(number: int) -> bytes:
    return b"preimage %d" % number


def question(number: int, **more: Any) -> RpcRequest:
    return RpcRequest("preimage", ("0x" + keccak256(secret_of(number)).hex(), number), **more)


def check(request: RpcRequest) -> Callable[[Answer], bytes]:
    """The verifier for a question: the answer must hash to what was asked."""

    def verify(answer: Answer) -> bytes:
        if answer.body is None:
            raise NotKnown
        try:
            found = bytes.fromhex(answer.body)
        except (TypeError, ValueError):
            raise SourceFault("its answer is malformed") from None
        digest = "0x" + keccak256(found).hex()
        if digest != request.params[0]:
            raise ProofError(
                "not the preimage", commitment="digest", expected=request.params[0], got=digest
            )
        return found

    return verify


def honest(request: Request) -> str:
    assert isinstance(request, RpcRequest)
    return secret_of(request.params[1]).hex()


def lying(request: Request) -> str:
    assert isinstance(request, RpcRequest)
    return secret_of(request.params[1] + 1).hex()


async def hang() -> None:
    await asyncio.Event().wait()


def hanging(request: Request) -> Awaitable[None]:
    return hang()
