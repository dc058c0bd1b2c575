"""The time as the pool needs it: unix seconds for evidence, a timer for everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

__all__ = ["Clock", "Timer"]

Timer = Callable[[], float]
"""Seconds that only ever grow; where they begin means nothing."""


class Clock(Protocol):
    """What time it is. A recording brings its own."""

    def now(self) -> float:
        """Unix time in seconds."""
        ...
