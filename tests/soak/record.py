"""What came of a soak: every reply counted, and every one that was wrong kept."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from walkaway.rpc.error_codes import ERROR_CODES, REJECTED

__all__ = ["REFUSALS", "Record"]

REFUSALS = {
    code.code: code.name
    for code in ERROR_CODES
    if code.name
    in {
        "unproven",
        "stale",
        "timed out",
        "limit exceeded",
        "proof failed",
        "transaction rejected",
    }
}
"""The errors that say that nothing could be proven, or sent. Any other one is a wrong answer."""

CALM_ASKED_AT_LEAST = 50
REFUSED_TOO_OFTEN = 5
WRONG_KEPT = 20
WRONG_CHARACTERS = 2000


@dataclass
class Record:
    """Counts, by what was asked or why it was refused."""

    asked: int = 0
    right: Counter[str] = field(default_factory=Counter)
    words: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    calm_right: int = 0
    calm_refused: int = 0
    calm_refusals: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    """What came unasked: over subscriptions and filters."""
    wrong: int = 0
    wrong_ones: list[str] = field(default_factory=list)
    found: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the first wrong answer."""

    def note_refused(self, method: str, why: str, *, is_calm: bool) -> None:
        """A question was refused; that no submitter would take something proves nothing."""
        self.refused[why] += 1
        if is_calm and why != REFUSALS[REJECTED]:
            self.calm_refused += 1
            self.calm_refusals[method] += 1

    def note_right(self, method: str, *, is_calm: bool) -> None:
        """A question was answered, and rightly."""
        self.right[method] += 1
        self.calm_right += is_calm

    @property
    def answered(self) -> int:
        """How many questions were answered, and rightly."""
        return sum(self.right.values())

    @property
    def calm_share(self) -> float | None:
        """The share of questions that were answered while a source was honest; None of a few."""
        asked = self.calm_right + self.calm_refused
        return self.calm_right / asked if asked >= CALM_ASKED_AT_LEAST else None

    @property
    def never_answered(self) -> list[str]:
        """The methods that were refused time and again while a source was honest, and never
        answered."""
        return sorted(
            method
            for method, count in self.calm_refusals.items()
            if count >= REFUSED_TOO_OFTEN and not self.right[method]
        )

    def note_wrong(self, what: str, *details: Any) -> None:
        """Something was told that is not true."""
        self.wrong += 1
        self.found.set()
        if len(self.wrong_ones) < WRONG_KEPT:
            spelled = " ".join(json.dumps(detail, default=str) for detail in details)
            self.wrong_ones.append(f"{what}: {spelled}"[:WRONG_CHARACTERS])
