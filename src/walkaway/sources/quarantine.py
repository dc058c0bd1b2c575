"""Quarantine: a source that lied is left out for a time that doubles with each lie."""

from __future__ import annotations

from walkaway.limits import Limits

__all__ = ["Quarantine"]


class Quarantine:
    """One source's lies and the term it serves for them. Times are the pool's timer."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._until = 0.0
        self._term = 0.0
        self.lies = 0
        self.reason = ""
        """What the last lie was about."""

    def lied(self, now: float, reason: str) -> None:
        """Count a lie. The term grows only for lies told outside of quarantine,
        so that many answers to questions put at once are one offence.
        """
        self.lies += 1
        self.reason = reason
        if self.remaining(now) > 0:
            return
        longest = self._limits.quarantine_longest_seconds
        self._term = min(max(2 * self._term, self._limits.quarantine_first_seconds), longest)
        self._until = now + self._term

    def remaining(self, now: float) -> float:
        """Seconds left to serve; 0 when free."""
        return max(0.0, self._until - now)
