"""Everybody asked at once, and heard to the end, or until enough of them say the same.

What others would have said cannot be known then, so that they are given a moment: dissent
is worth hearing, but a source that hangs holds nobody up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from walkaway.sources.agreement import Survey
from walkaway.sources.attempt import Failed, Outcome
from walkaway.sources.race import call_off
from walkaway.sources.source import Source
from walkaway.sources.standing import Standing

__all__ = ["Enough", "Said", "hear"]

T = TypeVar("T")

Said = list[tuple[Source, T]]
"""What each source said, of those that said something."""

_Asked = dict[asyncio.Task[Outcome[T]], Standing]

_NOT_AWAITED = "said nothing until others agreed"


@dataclass(frozen=True, slots=True)
class Enough(Generic[T]):
    """When no more is to be waited for: where ``says`` is true of what was said, and still is
    after ``seconds`` in which others could speak.
    """

    says: Callable[[Said[T]], bool]
    seconds: float


async def hear(
    standings: Sequence[Standing],
    ask: Callable[[Standing], Coroutine[Any, Any, Outcome[T]]],
    survey: Survey[T],
    enough: Enough[T] | None = None,
) -> None:
    """Ask them all, and add to the survey what they say, in their order."""
    tasks = {asyncio.create_task(ask(standing)): standing for standing in standings}
    try:
        await _wait(tasks, enough)
    finally:
        await call_off(tasks)
    survey.said.extend(_said(tasks))
    for task, standing in tasks.items():
        if task.cancelled():
            survey.reasons[standing.source.name] = _NOT_AWAITED
        elif isinstance(outcome := task.result(), Failed):
            survey.reasons[standing.source.name] = outcome.reason


async def _wait(tasks: _Asked[T], enough: Enough[T] | None) -> None:
    """Until all are done, or a moment after enough was said."""
    pending = set(tasks)
    while pending:
        _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        if enough is not None and pending and enough.says(_said(tasks)):
            _, pending = await asyncio.wait(pending, timeout=enough.seconds)
            if enough.says(_said(tasks)):
                return


def _said(tasks: _Asked[T]) -> Said[T]:
    said: Said[T] = []
    for task, standing in tasks.items():
        if task.done() and not task.cancelled():
            outcome = task.result()
            if not isinstance(outcome, Failed):
                said.append((standing.source, outcome.value))
    return said
