"""What has come of an answer so far, so that whoever waits can tell slow from silent."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Flow", "FlowWatch"]


@dataclass(slots=True)
class Flow:
    """Counts the bytes of one question's answers, from whichever source they come."""

    total: int = 0

    def came(self, size: int) -> None:
        """Count a piece of an answer."""
        self.total += size


class FlowWatch:
    """One who looks at a flow now and then; ``least`` bytes are what counts as moving."""

    def __init__(self, flow: Flow, least: int) -> None:
        self._flow = flow
        self._least = least
        self._seen = flow.total

    def moved(self) -> bool:
        """Whether so many bytes have come since this was last true."""
        if self._flow.total - self._seen < self._least:
            return False
        self._seen = self._flow.total
        return True
