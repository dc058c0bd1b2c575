"""What a lookup finds: proven records or their proven absence, or the word of resolvers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from walkaway.proofs.dnssec import Answer, SecureDelegation, ZoneKeys
from walkaway.proofs.proven import Evidence, Proven
from walkaway.sources.word import Word

__all__ = ["Insecure", "Secure", "UnsignedRecords", "Verdict"]


@dataclass(frozen=True, slots=True)
class Secure:
    """The zone has signed it: records, that there are none, or that there is no such name.

    ``aliases`` are the names passed on the way, each proven. ``steps`` lead from
    the root's keys down to those of the answer's zone. ``until``
    is the unix time up to which all of it may be kept.
    """

    answer: Proven[Answer]
    aliases: tuple[Proven[Answer], ...]
    steps: tuple[Proven[ZoneKeys | SecureDelegation], ...]
    until: float

    @property
    def because(self) -> tuple[Evidence, ...]:
        """The evidence of the answer, and of each alias on the way to it."""
        return (self.answer.because, *(alias.because for alias in self.aliases))


@dataclass(frozen=True, slots=True)
class UnsignedRecords:
    """The data of records that nobody has signed, in canonical form and order; or none."""

    rdatas: tuple[bytes, ...]

    def __str__(self) -> str:
        return " | ".join(rdata.decode("utf-8", "replace") for rdata in self.rdatas) or "nothing"


@dataclass(frozen=True, slots=True)
class Insecure:
    """Nobody signs it, which is proven (``because``, and ``reason`` says why): what
    resolvers say alike. ``until`` is the unix time up to which it may be kept.
    """

    word: Word[UnsignedRecords]
    reason: str
    because: tuple[Evidence, ...]
    until: float


Verdict: TypeAlias = Secure | Insecure
