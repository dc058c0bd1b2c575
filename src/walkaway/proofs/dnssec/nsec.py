"""Absence by NSEC records: the order of a zone's names (RFC 4034, 4; RFC 4035, 5.4).

Each record names the next name that exists, and lists its own types. RFC 6840, 4,
says which of them prove nothing: those of a delegation or a DNAME, for names below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dns.name import Name
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.NSEC import NSEC

from walkaway.errors import ProofError
from walkaway.proofs.dnssec.absence import (
    Absence,
    Denial,
    Types,
    hides_below,
    is_cut,
    no_such_type,
)
from walkaway.proofs.dnssec.rrset import SignedRRset, wildcard_at

__all__ = ["Spans"]


@dataclass(frozen=True, slots=True)
class _Span:
    """One record: from its owner to the next name."""

    owner: Name
    next: Name
    types: Types
    record: SignedRRset


class Spans:
    """The NSEC records of one response, all signed by one zone."""

    def __init__(self, zone: Name, records: Sequence[SignedRRset]) -> None:
        self._zone = zone
        self._spans = [
            _Span(record.name, rdata.next, Types(rdata.windows), record)
            for record in records
            for rdata in record
            if isinstance(rdata, NSEC) and rdata.next.is_subdomain(zone)
        ]

    def deny(self, name: Name, rdtype: RdataType) -> Denial:
        """That there are no records of a type at a name. Raises `ProofError`."""
        at = self._at(name)
        if at is not None:
            return no_such_type(at.record, at.types, rdtype)
        over = self._over(name)
        if _is_empty_non_terminal(name, over):
            return Denial(Absence.TYPE, (over.record,))
        return self._deny_wildcard(wildcard_at(_closest_encloser(name, over)), rdtype, over)

    def deny_closer(self, name: Name, encloser: Name) -> Denial:
        """That nothing stands between a name and the wildcard below ``encloser``."""
        over = self._over(name)
        if _closest_encloser(name, over) != encloser:
            raise ProofError(f"something stands closer to {name} than the wildcard")
        return Denial(Absence.NAME, (over.record,))

    def _deny_wildcard(self, wildcard: Name, rdtype: RdataType, over: _Span) -> Denial:
        at = self._at(wildcard)
        if at is None:
            beside = self._over(wildcard)
            absence = Absence.TYPE if _is_empty_non_terminal(wildcard, beside) else Absence.NAME
            return Denial(absence, (over.record, beside.record))
        if is_cut(at.types):
            raise ProofError(f"{wildcard} is a delegation, which no wildcard is")
        no_such_type(at.record, at.types, rdtype)
        return Denial(Absence.TYPE, (over.record, at.record))

    def _at(self, name: Name) -> _Span | None:
        return next((span for span in self._spans if span.owner == name), None)

    def _over(self, name: Name) -> _Span:
        for span in self._spans:
            within = span.owner < name and (name < span.next or span.next == self._zone)
            if within and not (hides_below(span.types) and name.is_subdomain(span.owner)):
                return span
        raise ProofError(f"no record shows that {name} is not there")


def _is_empty_non_terminal(name: Name, over: _Span) -> bool:
    """Whether a name exists only for there are names below it."""
    return over.next.is_subdomain(name)


def _closest_encloser(name: Name, over: _Span) -> Name:
    """The longest ancestor of a name that exists: one of an end of the span (RFC 7129, 5.5)."""
    labels = max(name.fullcompare(end)[2] for end in (over.owner, over.next))
    return name.split(labels)[1]
