"""What a resolver gives, whichever kind of name it was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from walkaway.names.pointer import Pointer
from walkaway.proofs.proven import Evidence

__all__ = ["Change", "Names", "Resolution", "Standing", "Waiting"]


class Standing(Enum):
    """How firmly it stands that a name leads somewhere."""

    PROVEN = "proven"
    """Down to the anchors: by the chain, by DNSSEC, or by the signature of the name's own key."""
    ACCEPTED = "accepted"
    """Somebody's word, which the name's own contract accepted by a callback over proven state."""
    WORD = "word"
    """Somebody's word: a resolver's, or that of several gateways that agree."""
    OWN = "own"
    """The person's own setting."""


class Waiting(Enum):
    """Why a pointer that a name held before is served in place of what it says now."""

    NEW = "it has not stood for long enough yet"
    PINNED = "the name is pinned"
    REJECTED = "it was rejected"
    UNRESOLVED = "the name cannot be resolved now"


@dataclass(frozen=True, slots=True)
class Change:
    """What a name says now, where another pointer is served in its place.

    ``pointer`` is None where the name is not resolved; ``reason`` then says why not.
    ``since`` is unix time, when that was first seen; ``until`` when it will be
    believed, None where only the person can say so.
    """

    pointer: Pointer | None
    why: Waiting
    since: float
    until: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Where a name points, for how long, and what that stands on.

    ``seconds`` is how long it may be held, None where nothing says: the record's TTL,
    or less where the record's own time is over before.
    ``because`` is the evidence, step by step down to what is believed; None only where
    ``standing`` is the person's own setting.
    ``record`` is the signed IPNS record, where that is what it stands on, and ``ttl``
    what that says: how long the record itself, which tells its own end, may be held.
    ``waiting`` is what the name says now, where ``pointer`` is what it said before.
    """

    pointer: Pointer
    seconds: float | None
    standing: Standing
    because: Evidence | None = None
    record: bytes | None = None
    ttl: float | None = None
    waiting: Change | None = None

    @property
    def proven(self) -> bool:
        """Whether it needs nobody's word."""
        return self.standing is Standing.PROVEN


class Names(Protocol):
    """Resolves names of any kind: IPNS keys, DNS names, ENS names."""

    async def resolve(self, name: str) -> Resolution:
        """One step from a name: the pointer may itself be a name.

        Raises:
            Unproven: nobody could supply a proof, or it is proven that the name leads nowhere.
            ProofError: what is held for the name does not prove it.
            Unsupported: no kind of name that is resolved.
        """
        ...
