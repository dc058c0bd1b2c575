"""How fast a source usually is: an average to rank by, a usual worst to hedge by."""

from __future__ import annotations

from collections import deque

from walkaway.limits import Limits

__all__ = ["Latency"]

_WEIGHT = 0.2
_WINDOW = 64
_ENOUGH = 8


class Latency:
    """Seconds from question to checked answer, remembered for the last few answers."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._recent: deque[float] = deque(maxlen=_WINDOW)
        self.average: float | None = None
        """Exponentially weighted, in seconds; None before the first answer."""

    def took(self, seconds: float) -> None:
        """Count one answer."""
        self._recent.append(seconds)
        self._move(seconds)

    def at_least(self, seconds: float) -> None:
        """An answer was given up after this long: it can only make the average worse."""
        if self.average is None or seconds > self.average:
            self._move(seconds)

    def usual_worst(self) -> float:
        """The 95th percentile in seconds, after which a second source is worth asking."""
        if len(self._recent) < _ENOUGH:
            return self._limits.hedge_first_seconds
        ordered = sorted(self._recent)
        worst = ordered[int(0.95 * (len(ordered) - 1))]
        return min(max(worst, self._limits.hedge_least_seconds), self._limits.hedge_longest_seconds)

    def _move(self, seconds: float) -> None:
        if self.average is None:
            self.average = seconds
        else:
            self.average += _WEIGHT * (seconds - self.average)
