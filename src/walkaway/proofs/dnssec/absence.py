"""What a proof of absence comes to, and what a name's own list of types says of one type."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dns.rdatatype import CNAME, DNAME, DS, NS, SOA, RdataType, to_text

from walkaway.errors import ProofError
from walkaway.proofs.dnssec.rrset import SignedRRset

__all__ = ["Absence", "Denial", "Types", "hides_below", "is_cut", "no_such_type"]


class Absence(Enum):
    """What is proven not to be there."""

    NAME = "the name"
    """Neither the name, nor anything below it, nor a wildcard in its place."""
    TYPE = "records of the type"
    """The name or a wildcard in its place is there."""
    SIGNER = "a signer"
    """Nobody signs what may be there: an unsigned delegation, or as good as one."""


@dataclass(frozen=True, slots=True)
class Types:
    """The types at a name, as the bit maps of its NSEC or NSEC3 record list them.

    RFC 4034, 4.1.2: by windows of 256 types.
    """

    windows: tuple[tuple[int, bytes], ...]

    def __contains__(self, rdtype: int) -> bool:
        asked, bit = divmod(rdtype, 256)
        for window, bitmap in self.windows:
            if window == asked and bit // 8 < len(bitmap):
                return bool(bitmap[bit // 8] & (0x80 >> bit % 8))
        return False


@dataclass(frozen=True, slots=True)
class Denial:
    """What is absent, the records that say so, and the reason where there is no signer."""

    absence: Absence
    records: tuple[SignedRRset, ...]
    reason: str = ""


def is_cut(types: Types) -> bool:
    """Whether a name of these types is a delegation, seen from above."""
    return NS in types and SOA not in types


def hides_below(types: Types) -> bool:
    """Whether what stands below a name of these types is not the zone's (RFC 6840, 4.1)."""
    return is_cut(types) or DNAME in types


def no_such_type(record: SignedRRset, types: Types, rdtype: RdataType) -> Denial:
    """That a name of these types has no records of one type (RFC 4035, 5.4; RFC 6840, 4).

    Raises `ProofError` where it has, or is an alias; where it is a delegation and
    the type is not DS, for all others stand below; and for DS where the record is
    of the zone below, which knows nothing of its own delegation.
    """
    if rdtype in types or CNAME in types:
        present = rdtype if rdtype in types else CNAME
        raise ProofError(f"{record.name} shows that there are records: {to_text(present)}")
    if rdtype == DS and SOA in types:
        raise ProofError(f"{record.name} is of the zone below its delegation")
    if not is_cut(types):
        return Denial(Absence.TYPE, (record,))
    if rdtype != DS:
        raise ProofError(f"{record.name} is a delegation, and says nothing of what is below")
    return Denial(Absence.SIGNER, (record,), "it is delegated without a signature")
