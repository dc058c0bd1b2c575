"""Several ways to one thing: the first begins at once, the next where one failed or is silent."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from walkaway.errors import Stale, StoreFault, Unproven, WalkawayError
from walkaway.sources.race import call_off

__all__ = ["Way", "first_of"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Way(Generic[T]):
    """One way. ``name`` is what it is called among reasons; ``decides`` says that whatever it
    proves, and be it that there is no such thing, is the answer: then only what it could not
    have leaves room for others.
    """

    name: str
    go: Callable[[], Awaitable[T]]
    decides: bool = False


async def first_of(
    ways: Sequence[Way[T]],
    patience: float,
    why_not: str,
    *,
    at_once: int = 1,
    let_go: Callable[[T], Awaitable[None]] | None = None,
) -> T:
    """What comes first; all other ways are called off, and what they had is let go of.

    ``patience`` is how many seconds a way may say nothing before the next begins beside it;
    the first ``at_once`` begin together.

    Raises:
        Unproven: no way led there; says ``why_not``, and of each way the reason.
        WalkawayError: what a way that decides has proven.
    """
    waiting, running = deque(ways), dict[asyncio.Task[_Came[T] | WalkawayError], Way[T]]()
    reasons: dict[str, str] = {}
    advice, begin = "", at_once
    try:
        while waiting or running:
            for _ in range(min(begin, len(waiting))):
                way = waiting.popleft()
                running[asyncio.create_task(_gone(way))] = way
            begin = 1
            await asyncio.wait(
                running,
                timeout=patience if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            # In the order in which they began: what decides does so before all others.
            for task in [task for task in running if task.done()]:
                way = running.pop(task)
                outcome = task.result()
                if isinstance(outcome, _Came):
                    return outcome.what
                advice = advice or outcome.advice
                _add(reasons, way, outcome)
    finally:
        await _end(list(running), let_go)
    raise Unproven(why_not, reasons=reasons, advice=advice)


@dataclass(frozen=True, slots=True)
class _Came(Generic[T]):
    """What a way led to."""

    what: T


async def _gone(way: Way[T]) -> _Came[T] | WalkawayError:
    """What a way led to, or why it did not; what decides is raised."""
    try:
        return _Came(await way.go())
    except (Unproven, Stale, StoreFault) as error:
        return error
    except WalkawayError as error:
        if way.decides:
            raise
        return error


def _add(reasons: dict[str, str], way: Way[T], error: WalkawayError) -> None:
    """Who was asked by the way that decides, each with what it said; of others what came of it,
    if they tell.
    """
    if way.decides and isinstance(error, Unproven) and error.reasons:
        for name, why in error.reasons.items():
            reasons.setdefault(name, why)
    elif str(error):
        reasons[way.name] = str(error)


async def _end(
    tasks: Sequence[asyncio.Task[_Came[T] | WalkawayError]],
    let_go: Callable[[T], Awaitable[None]] | None,
) -> None:
    await call_off(tasks)
    for task in tasks:
        if let_go is not None and not task.cancelled() and task.exception() is None:
            outcome = task.result()
            if isinstance(outcome, _Came):
                await let_go(outcome.what)
