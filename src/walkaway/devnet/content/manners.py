"""How a source of blocks behaves towards whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Manner", "Manners"]


class Manner(Enum):
    """One way to answer."""

    HONEST = "honest"
    WRONG = "wrong bytes"
    """As many bytes as the block has, of which one is another."""
    SHORT = "truncated"
    """The connection closes half-way through the block."""
    HANGS = "hangs after the headers"
    ENDLESS = "endless data"
    TRICKLES = "a little at a time"
    """The right bytes, so slowly that whoever waits for them waits for seconds."""
    BUSY = "too many requests"


@dataclass(frozen=True, slots=True)
class Manners:
    """A manner, and how often it shows: in each answer but for the first ``spared``, of
    which ``one_in`` counts. The others are honest.

    ``seed`` is what bytes are altered by; ``begins_after`` is seconds before each answer.
    """

    manner: Manner = Manner.HONEST
    one_in: int = 1
    spared: int = 0
    seed: int = 0
    begins_after: float = 0.0

    def at(self, place: int) -> Manner:
        """The manner of an answer, by how many came before it."""
        shows = place >= self.spared and (place - self.spared) % self.one_in == 0
        return self.manner if shows else Manner.HONEST
