"""One question raced over several sources: the first proof wins, the rest is called off."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Generic, TypeVar

from walkaway.sources.attempt import Ending, Failed, Outcome, Proved
from walkaway.sources.budget import RetryBudget
from walkaway.sources.ranking import Candidates
from walkaway.sources.standing import Standing

__all__ = ["Failures", "IsComing", "Race", "call_off", "worth_repeating"]

T = TypeVar("T")
Ask = Callable[[Standing], Coroutine[Any, Any, Outcome[T]]]

IsComing = Callable[[float, Standing], bool]
"""Whether to wait on after so many seconds, rather than ask this other source too."""

Failures = dict[str, Failed]
"""Why each source that was asked proved nothing, by its name."""


async def call_off(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they are gone, so that none outlives its question."""
    ending = [task for task in tasks if not task.done()]
    for task in ending:
        task.cancel()
    if ending:
        await asyncio.wait(ending)


class Race(Generic[T]):
    """First one source; another when that one failed, or is slower than its usual worst.

    While ``is_coming`` says that an answer arrives bit by bit, no other is asked: it is
    long, or the link is slow, and a second copy would only take its room.
    """

    def __init__(
        self,
        ask: Ask[T],
        budget: RetryBudget,
        failures: Failures,
        is_coming: IsComing = lambda _elapsed, _other: False,
    ) -> None:
        self._ask = ask
        self._budget = budget
        self._failures = failures
        self._is_coming = is_coming
        self._began = 0.0
        self._running: dict[asyncio.Task[Outcome[T]], Standing] = {}

    async def run(self, candidates: Candidates) -> Proved[T] | None:
        """The first proof, or None when every candidate failed."""
        try:
            return await self._first(deque(candidates.usable)) or await self._first(
                deque(candidates.reserve)
            )
        finally:
            await call_off(self._running)

    def unanswered(self) -> list[str]:
        """Names of the sources that were asked and called off."""
        return [standing.source.name for standing in self._running.values()]

    async def _first(self, waiting: deque[Standing]) -> Proved[T] | None:
        while waiting or self._running:
            if not self._running:
                self._start(waiting.popleft())
            patience = next(reversed(self._running.values())).latency.usual_worst()
            done, _ = await asyncio.wait(
                self._running,
                timeout=patience if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if proved := self._settle(done):
                return proved
            if done or not waiting or self._is_coming(self._elapsed(), waiting[0]):
                continue
            if self._budget.spend():
                self._start(waiting.popleft())
        return None

    def _elapsed(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    def _start(self, standing: Standing) -> None:
        self._began = asyncio.get_running_loop().time()
        self._running[asyncio.create_task(self._ask(standing))] = standing

    def _settle(self, done: set[asyncio.Task[Outcome[T]]]) -> Proved[T] | None:
        winner: Proved[T] | None = None
        for task in done:
            standing = self._running.pop(task)
            outcome = task.result()
            if isinstance(outcome, Failed):
                self._failures[standing.source.name] = outcome
            else:
                winner = outcome
        return winner


def worth_repeating(failed: Failed | None) -> bool:
    """Whether the same source may well answer a moment later: one that lags does not."""
    return failed is not None and failed.ending is Ending.FAULT
