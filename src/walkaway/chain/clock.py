"""The clock, injected: a recording has its own time, and time never runs backwards."""

from __future__ import annotations

import time
from collections.abc import Callable

from walkaway.sources.clock import Clock

__all__ = ["FixedClock", "FlooredClock", "SystemClock"]


class SystemClock:
    """This machine's clock."""

    def now(self) -> float:
        """Unix time in seconds, as the operating system gives it."""
        return time.time()


class FixedClock:
    """A clock that stands where it is put: for recordings and tests."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def now(self) -> float:
        """The time it was set to."""
        return self.seconds


class FlooredClock:
    """Another clock, never behind what was proven or seen before.

    A machine whose clock was set back would otherwise take an old head for a
    fresh one. ``raise_to`` is called with the time of each proven head, and
    with that of the last run's; from there time goes on by a timer that
    nobody can set, so that a head grows old all the same. The inner clock
    itself never raises the floor: one wild jump forward would make every later
    head look stale.
    """

    def __init__(
        self, clock: Clock, floor: float = 0.0, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._timer = timer
        self._floor = floor
        self._raised_at = timer()

    def now(self) -> float:
        """The inner clock's time, or where the floor has got to, if that is later."""
        return max(self._clock.now(), self._risen_floor())

    def raise_to(self, seconds: float) -> None:
        """Time is at least this from now on."""
        if seconds > self._risen_floor():
            self._floor = seconds
            self._raised_at = self._timer()

    @property
    def behind(self) -> float:
        """By how many seconds the inner clock runs behind what was proven; 0 if it does not."""
        return max(0.0, self._risen_floor() - self._clock.now())

    def _risen_floor(self) -> float:
        return self._floor + (self._timer() - self._raised_at) if self._floor else 0.0
