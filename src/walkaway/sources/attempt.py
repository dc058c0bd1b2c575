"""One question put to one source, and what its answer says about the source.

The ways an attempt can end, and what each costs the source:

==========  ==========================================  =======================
outcome     when                                        mark
==========  ==========================================  =======================
`Proved`    the verifier accepted the answer            none; its speed is noted
elsewhere   `Elsewhere`, where no hash was named        none: a reorg or a lag
lacks       `SourceLacks`: in no form can it serve      none; a capability is noted
unknown     `NotKnown`: there is no such thing, it says none
fault       any other `SourceFault`, or no answer       a fault; several rest it
busy        `SourceBusy`                                rests as long as it says
lie         `ProofError`, or `Elsewhere` by hash        quarantine, and evidence
==========  ==========================================  =======================
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from walkaway.errors import (
    Elsewhere,
    NotKnown,
    ProofError,
    SourceBusy,
    SourceLacks,
    WalkawayError,
)
from walkaway.limits import Limits
from walkaway.sources.clock import Timer
from walkaway.sources.recording import note
from walkaway.sources.redact import shown
from walkaway.sources.request import Answer, Request
from walkaway.sources.standing import Standing

__all__ = ["Asker", "Ending", "Failed", "Outcome", "Proved", "Unjudged", "Verify", "checked"]

log = logging.getLogger("walkaway.sources")

T = TypeVar("T")
Verify = Callable[[Answer], T]
"""Turns an answer into a checked value, or raises from the tree of `errors`."""


class Ending(Enum):
    """Why an attempt proved nothing."""

    ELSEWHERE = "elsewhere"
    LACKS = "lacks"
    UNKNOWN = "unknown"
    FAULT = "fault"
    BUSY = "busy"
    LIE = "lie"


@dataclass(frozen=True, slots=True)
class Proved(Generic[T]):
    """The verifier accepted what this source said."""

    value: T
    source: str


@dataclass(frozen=True, slots=True)
class Unjudged:
    """What a verifier makes of an answer that it does not look at: it speaks for no source."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not come to that, and why, fit for a person's eyes."""

    ending: Ending
    reason: str


Outcome = Proved[T] | Failed


class Asker:
    """Puts questions and keeps the sources' records. ``on_lie`` is told of each lie."""

    def __init__(
        self,
        limits: Limits,
        timer: Timer,
        on_lie: Callable[[Standing, Request, Answer, ProofError], None],
    ) -> None:
        self._limits = limits
        self._timer = timer
        self._on_lie = on_lie

    def now(self) -> float:
        """The pool's timer."""
        return self._timer()

    async def ask(
        self,
        standing: Standing,
        requests: Sequence[Request],
        verify: Verify[T],
        *,
        heavy: bool,
        seconds: float,
    ) -> Outcome[T]:
        """Put the question in the first form that the source serves, within ``seconds``."""
        outcome: Outcome[T] = Failed(Ending.LACKS, _LACKING)
        began: float | None = None
        try:
            async with asyncio.timeout(seconds) as end, standing.asking():
                began = self._timer()
                for request in requests:
                    if not standing.may_serve(request):
                        continue
                    latest = await self._ask_form(standing, request, verify, heavy, end)
                    if not _try_next_form(latest):
                        return latest
                    if not _is_unknown(outcome):
                        outcome = latest
        except TimeoutError:
            if began is None:
                return Failed(Ending.FAULT, f"too many questions to it waited for {seconds:g} s")
            reason = f"no answer within {seconds:g} s"
            standing.failed(reason)
            return Failed(Ending.FAULT, reason)
        except asyncio.CancelledError:
            if began is not None:
                standing.gave_up(self._timer() - began)
            raise
        return outcome

    async def _ask_form(
        self,
        standing: Standing,
        request: Request,
        verify: Verify[T],
        heavy: bool,
        end: asyncio.Timeout,
    ) -> Outcome[T]:
        began = self._timer()
        answer: Answer | None = None
        try:
            answer = await standing.source.transport.fetch(request)
        except Exception as error:
            return self.judged(standing, request, answer, error, self._timer() - began)
        took = self._timer() - began
        try:
            with _time_of_our_own(end):
                value = await checked(verify, answer, heavy)
        except Exception as error:
            return self.judged(standing, request, answer, error, took)
        if isinstance(value, Unjudged):
            standing.heard(took)
        else:
            standing.answered(request, took)
        return Proved(value, standing.source.name)

    def judged(
        self,
        standing: Standing,
        request: Request,
        answer: Answer | None,
        error: Exception,
        seconds: float,
    ) -> Failed:
        """What an error says about the source, noted in its record."""
        failed = self._judged(standing, request, answer, error, seconds)
        note(standing.source.name, request, failed.ending.value, failed.reason)
        return failed

    def _judged(
        self,
        standing: Standing,
        request: Request,
        answer: Answer | None,
        error: Exception,
        seconds: float,
    ) -> Failed:
        reason = self._reason(standing, error)
        if isinstance(error, ProofError) and answer is not None:
            if isinstance(error, Elsewhere) and not request.by_hash:
                standing.responded(seconds)
                return Failed(Ending.ELSEWHERE, reason)
            standing.lied(reason)
            self._on_lie(standing, request, answer, error)
            return Failed(Ending.LIE, f"lied: {reason}")
        if isinstance(error, NotKnown):
            standing.responded(seconds)
            return Failed(Ending.UNKNOWN, reason)
        if isinstance(error, SourceLacks):
            standing.responded(seconds)
            standing.lacks(request, lasting=error.lasting)
            return Failed(Ending.LACKS, reason)
        if isinstance(error, SourceBusy):
            standing.told_to_wait(reason, error.retry_after)
            return Failed(Ending.BUSY, reason)
        standing.failed(reason)
        return Failed(Ending.FAULT, reason)

    def _reason(self, standing: Standing, error: Exception) -> str:
        if isinstance(error, WalkawayError):
            text = str(error)
        else:
            # An answer that trips the verifier is the source's fault; that it
            # could is a bug of ours, so it is told loudly, but without values.
            log.error(
                "%s: an answer could not be checked: %s", standing.source.name, type(error).__name__
            )
            text = f"its answer could not be checked ({type(error).__name__})"
        bounded = text[: _SCRUBBED_TIMES * self._limits.reason_characters]
        return shown(standing.source.transport.scrub(bounded), self._limits.reason_characters)


async def checked(verify: Verify[T], answer: Answer, heavy: bool) -> T:
    """Run a verifier, in a thread where it is heavy, so that the loop goes on."""
    return await asyncio.to_thread(verify, answer) if heavy else verify(answer)


@contextmanager
def _time_of_our_own(end: asyncio.Timeout) -> Iterator[None]:
    """Let a source's time stand still: its answer has come, and waits for this machine."""
    loop, moment = asyncio.get_running_loop(), end.when()
    began = loop.time()
    end.reschedule(None)
    try:
        yield
    finally:
        end.reschedule(None if moment is None else moment + loop.time() - began)


_SCRUBBED_TIMES = 16
"""How much more is scrubbed than shown: only what is cut afterwards cannot show part of a key."""

_LACKING = "cannot serve this kind of question (it said so before)"


def _try_next_form(outcome: Outcome[T]) -> bool:
    return isinstance(outcome, Failed) and outcome.ending in (Ending.LACKS, Ending.UNKNOWN)


def _is_unknown(outcome: Outcome[T]) -> bool:
    return isinstance(outcome, Failed) and outcome.ending is Ending.UNKNOWN
