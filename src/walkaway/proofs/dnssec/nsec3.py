"""Absence by NSEC3 records: the order of the hashes of a zone's names (RFC 5155, 8).

Zones that ask for more hashing than ``LIMITS.dnssec_nsec3_iterations`` are taken as
unsigned where they deny (RFC 9276, 3.2); so are the names in a span with opt-out,
in which unsigned delegations need not be listed.
"""

from __future__ import annotations

import hashlib
from base64 import b32hexdecode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dns.name import Name
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.NSEC3 import NSEC3

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec.absence import (
    Absence,
    Denial,
    Types,
    hides_below,
    is_cut,
    no_such_type,
)
from walkaway.proofs.dnssec.rrset import SignedRRset, wildcard_at

__all__ = ["HashedSpans", "hash_name"]

_SHA1: Final = 1
_HASH_BYTES: Final = 20
_HASH_CHARACTERS: Final = 32
_OPT_OUT: Final = 1


@dataclass(frozen=True, slots=True)
class _Span:
    """One record: from the hash of its owner to the next hash."""

    owner: bytes
    next: bytes
    types: Types
    opt_out: bool
    record: SignedRRset
    salt: bytes
    iterations: int

    def covers(self, digest: bytes) -> bool:
        if self.owner < self.next:
            return self.owner < digest < self.next
        return digest > self.owner or digest < self.next


class HashedSpans:
    """The NSEC3 records of one response, all signed by one zone.

    Raises `ProofError` where they are hashed in more than one way, for then none of
    them says what another one means, and where none is hashed in a known way.
    """

    def __init__(self, zone: Name, records: Sequence[SignedRRset]) -> None:
        self._zone = zone
        self._records = tuple(records)
        self._spans = [
            span for record in records for rdata in record for span in _spans(zone, record, rdata)
        ]
        ways = {(span.salt, span.iterations) for span in self._spans}
        if len(ways) != 1:
            raise ProofError(f"the records of {zone} are hashed in {len(ways)} known ways, not one")
        ((self._salt, self._iterations),) = ways

    def deny(self, name: Name, rdtype: RdataType) -> Denial:
        """That there are no records of a type at a name (RFC 5155, 8.4 to 8.7).

        Raises `ProofError`.
        """
        if self._is_too_much():
            return self._too_much()
        at = self._at(name)
        if at is not None:
            return no_such_type(at.record, at.types, rdtype)
        enclosing, encloser = self._closest_encloser(name)
        over = self._over(_next_closer(name, encloser))
        if over.opt_out:
            return _opted_out(enclosing.record, over.record)
        return self._deny_wildcard(wildcard_at(encloser), rdtype, (enclosing.record, over.record))

    def deny_closer(self, name: Name, encloser: Name) -> Denial:
        """That nothing stands between a name and the wildcard below ``encloser``.

        RFC 5155, 8.8: the wildcard's signature has shown that the encloser exists.
        """
        if self._is_too_much():
            return self._too_much()
        over = self._over(_next_closer(name, encloser))
        return _opted_out(over.record) if over.opt_out else Denial(Absence.NAME, (over.record,))

    def _deny_wildcard(
        self, wildcard: Name, rdtype: RdataType, shown: tuple[SignedRRset, ...]
    ) -> Denial:
        at = self._at(wildcard)
        if at is None:
            return Denial(Absence.NAME, (*shown, self._over(wildcard).record))
        if is_cut(at.types):
            raise ProofError(f"{wildcard} is a delegation, which no wildcard is")
        no_such_type(at.record, at.types, rdtype)
        return Denial(Absence.TYPE, (*shown, at.record))

    def _is_too_much(self) -> bool:
        return self._iterations > LIMITS.dnssec_nsec3_iterations

    def _too_much(self) -> Denial:
        reason = f"{self._zone} hashes its names {self._iterations} times over"
        return Denial(Absence.SIGNER, self._records, reason)

    def _closest_encloser(self, name: Name) -> tuple[_Span, Name]:
        """The longest ancestor of a name that exists (RFC 5155, 8.3)."""
        while name != self._zone:
            name = name.parent()
            at = self._at(name)
            if at is not None:
                if hides_below(at.types):
                    raise ProofError(f"{name} says nothing of what is below it")
                return at, name
        raise ProofError(f"no record shows what encloses the name in {self._zone}")

    def _hash(self, name: Name) -> bytes:
        return hash_name(name, self._salt, self._iterations)

    def _at(self, name: Name) -> _Span | None:
        digest = self._hash(name)
        return next((span for span in self._spans if span.owner == digest), None)

    def _over(self, name: Name) -> _Span:
        digest = self._hash(name)
        for span in self._spans:
            if span.covers(digest):
                return span
        raise ProofError(f"no record shows that {name} is not there")


def hash_name(name: Name, salt: bytes, iterations: int) -> bytes:
    """The 20 bytes under which a name is listed (RFC 5155, 5)."""
    digest = hashlib.sha1(name.to_digestable() + salt, usedforsecurity=False).digest()
    for _ in range(iterations):
        digest = hashlib.sha1(digest + salt, usedforsecurity=False).digest()
    return digest


def _spans(zone: Name, record: SignedRRset, rdata: object) -> list[_Span]:
    """The span of a record, or none where it is hashed or flagged in an unknown way."""
    if not isinstance(rdata, NSEC3) or rdata.algorithm != _SHA1 or rdata.flags > _OPT_OUT:
        return []
    label = record.name.labels[0].upper()
    if record.name.labels[1:] != zone.labels or len(label) != _HASH_CHARACTERS:
        return []
    try:
        owner = b32hexdecode(label)
    except ValueError:
        return []
    if len(rdata.next) != _HASH_BYTES:
        return []
    opt_out = rdata.flags == _OPT_OUT
    types = Types(rdata.windows)
    return [_Span(owner, rdata.next, types, opt_out, record, rdata.salt, rdata.iterations)]


def _next_closer(name: Name, encloser: Name) -> Name:
    """The name one label longer than the encloser (RFC 5155, 1.3)."""
    return name.split(len(encloser.labels) + 1)[1]


def _opted_out(*records: SignedRRset) -> Denial:
    return Denial(Absence.SIGNER, records, "it may be delegated without a signature (opt-out)")
