"""The retry budget: second questions are a share of first ones, so a storm stays a storm's size."""

from __future__ import annotations

from walkaway.limits import Limits

__all__ = ["RetryBudget"]


class RetryBudget:
    """Tokens for hedges and repeats. Each question earns a share of one; each extra costs one.

    Falling over to a source that was not asked yet costs nothing: it is
    bounded by the number of sources, and each of them sees the question once.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._tokens = limits.retry_budget

    def earn(self) -> None:
        """A first question is put."""
        self._tokens = min(
            self._tokens + self._limits.retry_budget_share, self._limits.retry_budget
        )

    def spend(self) -> bool:
        """Take a token for one extra question; False when there is none."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
