"""The newest of what several sources prove, waiting for all that may still answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from walkaway.sources.attempt import Ending, Failed, Outcome, Proved
from walkaway.sources.race import Failures, call_off
from walkaway.sources.standing import Standing

__all__ = ["Order", "newest"]

T = TypeVar("T")


class Ordered(Protocol):
    """Anything that compares, such as a slot or a tuple of numbers."""

    def __lt__(self, other: Any, /) -> bool:
        """Whether this is older."""
        ...


Order = Callable[[T], Ordered]


async def newest(
    standings: Sequence[Standing],
    ask: Callable[[Standing], Coroutine[Any, Any, Outcome[T]]],
    order: Order[T],
    at_least: Ordered | None,
    failures: Failures,
) -> Proved[T] | None:
    """Ask all at once, wait for all (each within its own time), and take the newest.

    What each other source lacked goes to ``failures``.
    """
    tasks = [asyncio.create_task(ask(standing)) for standing in standings]
    try:
        outcomes = await asyncio.gather(*tasks)
    finally:
        await call_off(tasks)
    best: Proved[T] | None = None
    for standing, outcome in zip(standings, outcomes, strict=True):
        if isinstance(outcome, Failed):
            failures[standing.source.name] = outcome
        elif at_least is not None and order(outcome.value) < at_least:
            reason = f"lags behind: {order(outcome.value)} where {at_least} was seen"
            failures[standing.source.name] = Failed(Ending.ELSEWHERE, reason)
        elif best is None or order(best.value) < order(outcome.value):
            best = outcome
    return best
