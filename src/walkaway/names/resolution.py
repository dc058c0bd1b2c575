"""What a resolver gives, whichever kind of name it was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from walkaway.names.pointer import Pointer

__all__ = ["Names", "Resolution"]


@dataclass(frozen=True, slots=True)
class Resolution:
    """Where a name points, for how long, and whether that is proven.

    ``seconds`` is how long it may be held, None where nothing says: the record's TTL,
    or less where the record's own time is over before.
    ``record`` is the signed IPNS record, where that is what it stands on, and ``ttl``
    what that says: how long the record itself, which tells its own end, may be held.
    ``proven`` is False where it is only a resolver's word, or the person's own setting.
    """

    pointer: Pointer
    seconds: float | None
    proven: bool
    record: bytes | None = None
    ttl: float | None = None


class Names(Protocol):
    """Resolves names of any kind: IPNS keys, DNS names, ENS names."""

    async def resolve(self, name: str) -> Resolution:
        """One step from a name: the pointer may itself be a name.

        Raises:
            Unproven: nobody could supply a proof.
            ProofError: what is held for the name does not prove it.
            Unsupported: no kind of name that is resolved.
        """
        ...
