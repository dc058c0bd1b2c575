"""The circuit breaker: a source that keeps failing is left alone, then tried by one probe."""

from __future__ import annotations

from walkaway.limits import Limits

__all__ = ["Breaker"]


class Breaker:
    """Closed (in use), open (resting), or half-open (one probe may go). Times are the timer's."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._in_a_row = 0
        self._rest = 0.0
        self._until = 0.0
        self._told_until = 0.0
        self._tripped = False
        self._probing = False

    def succeeded(self) -> None:
        """It answered: close. A wait that it asked for still holds."""
        self._in_a_row = 0
        self._rest = 0.0
        self._until = 0.0
        self._tripped = False
        self._probing = False

    def failed(self, now: float) -> None:
        """Count a fault; open after several in a row, or at once when a probe fails."""
        self._probing = False
        self._in_a_row += 1
        if self.remaining(now) > 0:
            return
        if self._tripped or self._in_a_row >= self._limits.faults_in_a_row:
            longest = self._limits.rest_longest_seconds
            self._rest = min(max(2 * self._rest, self._limits.rest_first_seconds), longest)
            self._until = now + self._rest
            self._tripped = True

    def told_to_wait(self, now: float, seconds: float | None) -> None:
        """It limits our rate: rest as long as it says (bounded), and count no fault."""
        self._probing = False
        wait = self._limits.rest_first_seconds if seconds is None else max(seconds, 0.0)
        bounded = min(wait, self._limits.retry_after_longest_seconds)
        self._told_until = max(self._told_until, now + bounded)

    def probe_begins(self) -> None:
        """A question goes out; while half-open it is the only one."""
        if self._tripped:
            self._probing = True

    def probe_abandoned(self) -> None:
        """The question was given up before it told anything."""
        self._probing = False

    def is_closed(self, now: float) -> bool:
        """Whether a question may go now."""
        return self.remaining(now) <= 0 and not self._probing

    def remaining(self, now: float) -> float:
        """Seconds left to rest."""
        return max(0.0, self._until - now, self._told_until - now)
