"""All that the pool remembers of one source: speed, faults, lies, abilities."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum

from walkaway.limits import Limits
from walkaway.sources.breaker import Breaker
from walkaway.sources.capabilities import Capabilities, CapabilityReport
from walkaway.sources.clock import Timer
from walkaway.sources.latency import Latency
from walkaway.sources.quarantine import Quarantine
from walkaway.sources.recording import note
from walkaway.sources.request import Kind, Request
from walkaway.sources.source import Source

__all__ = ["SourceState", "SourceStatus", "Standing"]

_ERROR_WEIGHT = 0.1
_LIE_SECONDS = 0.5


class SourceState(Enum):
    """How the pool treats a source now."""

    IN_USE = "in use"
    RESTING = "resting"
    """It failed several times in a row, or limits our rate; tried again later."""
    QUARANTINED = "quarantined"
    """It lied; asked only when nobody else is left."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source as `walkaway status` shows it. Times are seconds, the last unix time."""

    name: str
    operator: str
    kinds: frozenset[Kind]
    state: SourceState
    latency: float | None
    answers: int
    errors: int
    error_share: float
    lies: int
    in_flight: int
    capabilities: CapabilityReport
    quarantined_until: float | None
    last_reason: str


class Standing:
    """One source and its record. Changed only by the attempts that ask it."""

    def __init__(self, source: Source, limits: Limits, timer: Timer) -> None:
        self.source = source
        self.capabilities = Capabilities(limits)
        self._slots = asyncio.Semaphore(limits.requests_per_source)
        self.latency = Latency(limits)
        self.in_flight = 0
        self.last_asked: float | None = None
        self._last_reason = ""
        self._limits = limits
        self._timer = timer
        self._breaker = Breaker(limits)
        self._quarantine = Quarantine(limits)
        self._answers = 0
        self._errors = 0
        self._error_share = 0.0

    def state(self) -> SourceState:
        """How to treat it now."""
        now = self._timer()
        if self._quarantine.remaining(now) > 0:
            return SourceState.QUARANTINED
        return SourceState.IN_USE if self._breaker.is_closed(now) else SourceState.RESTING

    def cost(self) -> float:
        """What asking it is expected to cost, in seconds, to rank by; lower is better.

        An unknown source costs nothing, so that it becomes known.
        """
        load = 1 + 4 * self.in_flight / self._limits.requests_per_source
        unreliable = self._error_share + _LIE_SECONDS * self._quarantine.lies
        return (self.latency.average or 0.0) * load * (1 + 10 * unreliable) + unreliable * load

    def idle_seconds(self) -> float:
        """For how long it was not asked; 0 where it never was, which ranks it well anyway."""
        return 0.0 if self.last_asked is None else self._timer() - self.last_asked

    def may_serve(self, request: Request) -> bool:
        """Whether it is of the right kind and nothing learned speaks against asking."""
        return request.kind in self.source.kinds and self.capabilities.may_serve(
            request, self._timer()
        )

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """Hold one of the source's slots while a question is out; waiting for one is load too."""
        self.in_flight += 1
        try:
            async with self._slots:
                self.last_asked = self._timer()
                self._breaker.probe_begins()
                yield
        finally:
            self.in_flight -= 1

    def answered(self, request: Request, seconds: float | None = None) -> None:
        """It gave an answer that held; ``seconds`` is None where it came in a batch."""
        note(self.source.name, request)
        self._answers += 1
        self._error_share *= 1 - _ERROR_WEIGHT
        if seconds is not None:
            self.latency.took(seconds)
        self._recovered()
        self.capabilities.served(request)

    def heard(self, seconds: float) -> None:
        """It answered, and nobody looked at what."""
        self.latency.took(seconds)
        self._breaker.probe_abandoned()

    def responded(self, seconds: float) -> None:
        """It answered honestly, but not with what was wanted: it lags, or lacks it."""
        self.latency.took(seconds)
        self._recovered()

    def _recovered(self) -> None:
        """What troubled it is over, unless it still asks us to wait."""
        self._breaker.succeeded()
        if self._breaker.remaining(self._timer()) <= 0:
            self._last_reason = ""

    def failed(self, reason: str) -> None:
        """It gave nothing that could be checked."""
        self._errors += 1
        self._error_share += _ERROR_WEIGHT * (1 - self._error_share)
        self._last_reason = reason
        self._breaker.failed(self._timer())

    def told_to_wait(self, reason: str, seconds: float | None) -> None:
        """It limits our rate."""
        self._last_reason = reason
        self._breaker.told_to_wait(self._timer(), seconds)

    def gave_up(self, seconds: float) -> None:
        """Somebody else was faster, or the caller left."""
        self.latency.at_least(seconds)
        self._breaker.probe_abandoned()

    def lied(self, reason: str) -> None:
        """It contradicted a commitment."""
        self._last_reason = reason
        self._breaker.probe_abandoned()
        self._quarantine.lied(self._timer(), reason)

    def lacks(self, request: Request, *, lasting: bool) -> None:
        """It cannot serve a question."""
        self.capabilities.lacks(request, self._timer(), lasting=lasting)

    def batch_refused(self, calls: int) -> None:
        """It refused a batch of this many calls."""
        self.capabilities.batch_refused(calls, self._timer())

    def batch_calls(self) -> int:
        """How many calls it takes at once."""
        return self.capabilities.batch_calls(self._timer())

    def is_quarantined(self) -> bool:
        """Whether it is in quarantine now."""
        return self._quarantine.remaining(self._timer()) > 0

    def last_reason(self) -> str:
        """What troubles it: its lie while in quarantine, else what went wrong since it last
        answered; empty where nothing did.
        """
        return self._quarantine.reason if self.is_quarantined() else self._last_reason

    def why_not_now(self) -> str:
        """Why it is not in use, or an empty string."""
        now = self._timer()
        quarantined = self._quarantine.remaining(now)
        if quarantined > 0:
            return f"in quarantine for {_spoken(quarantined)}: {self._quarantine.reason}"
        resting = self._breaker.remaining(now)
        return f"resting for {_spoken(resting)}: {self._last_reason}" if resting > 0 else ""

    def status(self, unix_now: float) -> SourceStatus:
        """The record as data."""
        now = self._timer()
        remaining = self._quarantine.remaining(now)
        return SourceStatus(
            name=self.source.name,
            operator=self.source.operator,
            kinds=self.source.kinds,
            state=self.state(),
            latency=self.latency.average,
            answers=self._answers,
            errors=self._errors,
            error_share=self._error_share,
            lies=self._quarantine.lies,
            in_flight=self.in_flight,
            capabilities=self.capabilities.report(now),
            quarantined_until=unix_now + remaining if remaining > 0 else None,
            last_reason=self.last_reason(),
        )


def _spoken(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"
