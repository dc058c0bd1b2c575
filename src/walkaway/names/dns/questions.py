"""The questions of one lookup: counted, and put ahead where they will be asked anyway.

A resolver that passes on what does not prove is not quarantined as a liar: the zone may
be broken, or whoever the resolver was answered by may have lied to it, and then all say
the same. So such an answer counts as a lack, and the next resolver is asked at once. Only
where another one's answer to the same question then holds was it the resolver's own
doing, and is held against it as a fault.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

from dns.name import Name
from dns.rdatatype import RdataType, to_text

from walkaway.errors import ProofError, SourceLacks, Unproven
from walkaway.limits import Limits
from walkaway.names.dns.stripped import lacks_signatures
from walkaway.sources.clock import Clock
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, DnsRequest

__all__ = ["OutOfQuestions", "Questions", "Rule"]

T = TypeVar("T")

Rule = Callable[[bytes, float], T]
"""What proves something from a message, at a unix time; raises `ProofError`."""


class OutOfQuestions(Unproven):
    """A lookup asked as many questions as it may: that says nothing of what it asked for."""


class Questions:
    """Asks resolvers. Close it when the lookup ends, so that nothing is asked in vain."""

    def __init__(self, pool: Pool, clock: Clock, limits: Limits) -> None:
        self._pool = pool
        self._clock = clock
        self._left = limits.dns_queries
        self._ahead_left = limits.dns_queries_ahead
        self._ahead: dict[DnsRequest, asyncio.Task[Answer]] = {}

    async def prove(self, name: Name, rdtype: RdataType, rule: Rule[T]) -> T:
        """What the rule makes of the first answer that it accepts.

        Raises:
            Unproven: no resolver gave one; says why, resolver by resolver.
        """
        request = DnsRequest(name.to_text(), to_text(rdtype))
        doubted: dict[str, str] = {}

        def verify(answer: Answer) -> T:
            try:
                return rule(answer.body, self._clock.now())
            except ProofError as error:
                stripped = lacks_signatures(answer.body)
                reason = "gives no DNSSEC records" if stripped else str(error)
                doubted[answer.source] = reason
                raise SourceLacks(reason) from None

        came = await self._came_ahead(request)
        if came is not None:
            # Where it does not prove, others are asked, and the pool tells what went wrong.
            with contextlib.suppress(Exception):
                proven = await asyncio.to_thread(verify, came)
                self._pool.proved(came.source, request)
                return proven
        self._spend()
        value = await self._pool.first_proven(request, verify, heavy=True)
        for source, reason in doubted.items():
            self._pool.outproved(source, reason)
        return value

    def ask_ahead(self, name: Name, rdtype: RdataType) -> None:
        """Ask already what will be asked soon, as far as that goes: any answer will do."""
        request = DnsRequest(name.to_text(), to_text(rdtype))
        if request in self._ahead or self._ahead_left < 1 or self._left < 1:
            return
        self._ahead_left -= 1
        self._spend()
        self._ahead[request] = asyncio.create_task(self._pool.first_answer(request))

    @property
    def are_spent(self) -> bool:
        """Whether no more is asked."""
        return self._left < 1

    async def close(self) -> None:
        """Call off what is still being asked."""
        tasks = list(self._ahead.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _came_ahead(self, request: DnsRequest) -> Answer | None:
        task = self._ahead.get(request)
        if task is None:
            return None
        await asyncio.wait([task])
        failure = None if task.cancelled() else task.exception()
        if isinstance(failure, Unproven):
            # Everybody was asked, and again who failed: nobody is there who would answer now.
            raise Unproven(failure.summary, reasons=failure.reasons, advice=failure.advice)
        return None if task.cancelled() or failure is not None else task.result()

    def _spend(self) -> None:
        if self._left < 1:
            raise OutOfQuestions(
                "a DNS name takes more questions than are asked for one", reasons={}
            )
        self._left -= 1
