"""One step of a DNSSEC proof: a response under a zone's keys, and the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

from dns.name import Name
from dns.rdatatype import RdataType, is_metatype, to_text

from walkaway.errors import InvalidRequest, ProofError
from walkaway.proofs._seal import seal
from walkaway.proofs.dnssec.absence import Denial
from walkaway.proofs.dnssec.denial import Denials, denials_in
from walkaway.proofs.dnssec.response import Response, read_response
from walkaway.proofs.dnssec.rrset import ClaimedRRset, SignedRRset
from walkaway.proofs.dnssec.signature import Verifier, lifetime
from walkaway.proofs.dnssec.values import Lifetime, ZoneKeys
from walkaway.proofs.ipfs.block import NO_CHAIN
from walkaway.proofs.proven import Claim, Evidence, Finality, Proven, Subject

__all__ = [
    "Reading",
    "answer_subject",
    "asked_name",
    "asked_type",
    "denying_step",
    "hold_to_time",
    "read",
    "read_claims",
    "sealed",
    "signing_step",
]

T = TypeVar("T")
_SHOWN_BYTES: Final = 512


def answer_subject(name: Name, rdtype: RdataType) -> Subject:
    """What the claim of a proven answer is about."""
    return ("dns", name.to_text(), to_text(rdtype))


def asked_name(name: Name, zone: Name, *, below: bool = False) -> Name:
    """The canonical form of a name that is asked of a zone. Raises `InvalidRequest`."""
    if not name.is_absolute() or not name.is_subdomain(zone) or (below and name == zone):
        raise InvalidRequest(f"{name} is no name in the zone {zone}")
    return name.canonicalize()


def asked_type(rdtype: RdataType) -> RdataType:
    """A type that records have. Raises `InvalidRequest`."""
    if is_metatype(rdtype):
        raise InvalidRequest(f"no record is of the type {to_text(rdtype)}")
    return rdtype


def hold_to_time(expires: float, now: float, what: str) -> None:
    """Raise `ProofError` where that which a step stands on is over."""
    if now > expires:
        raise ProofError(f"{what} held no longer than to its signatures' end", expected=expires)


@dataclass(frozen=True, slots=True)
class Reading:
    """A response, what stands in it proven by the keys of one zone."""

    zone: Proven[ZoneKeys]
    response: Response
    verifier: Verifier

    def denials(self) -> Denials:
        """The records by which the zone denies. Raises `ProofError`."""
        return denials_in(self.response, self.verifier)

    def signed(self, claimed: ClaimedRRset) -> tuple[SignedRRset, Denial | None]:
        """Proven records; and where they are of a wildcard, that nothing is closer.

        RFC 4035, 5.3.4; RFC 5155, 8.8. Raises `ProofError`.
        """
        rrset = self.verifier.prove(claimed)
        if rrset.wildcard is None:
            return rrset, None
        return rrset, self.denials().deny_closer(rrset.name, rrset.wildcard.parent())

    def lifetime(self, *rrsets: SignedRRset) -> Lifetime:
        """How long that holds which follows from signed RRsets."""
        return lifetime(rrsets, self.verifier.now, self.zone.value.expires)


def read(zone: Proven[ZoneKeys], message: bytes, now: float) -> Reading:
    """Read a response under a zone's keys, as of ``now``, unix time in seconds.

    Raises `ProofError`, also where the keys are over.
    """
    return read_claims(zone, read_response(message), now)


def read_claims(zone: Proven[ZoneKeys], response: Response, now: float) -> Reading:
    """The same for a response that was read. Raises `ProofError`."""
    keys = zone.value
    hold_to_time(keys.expires, now, f"the keys of {keys.zone}")
    return Reading(zone, response, Verifier(keys.zone, keys.keys, now))


def sealed(value: T, subject: Subject, because: Evidence) -> Proven[T]:
    """Seal a step's outcome."""
    return seal(value, Claim(NO_CHAIN, None, subject, Finality.GIVEN), because)


def signing_step(rule: str, rrset: SignedRRset, *because: Evidence) -> Evidence:
    """The evidence for signed records, with the key that signed them."""
    return Evidence(
        rule,
        (
            ("name", rrset.name.to_text()),
            ("type", to_text(rrset.rdtype)),
            ("key tag", rrset.rrsig.key_tag),
            ("algorithm", int(rrset.rrsig.algorithm)),
        ),
        because,
    )


def denying_step(denial: Denial, name: Name, rdtype: RdataType, *because: Evidence) -> Evidence:
    """The evidence for an absence, with the records that show it."""
    shown = [(to_text(record.rdtype), _shown(record)) for record in denial.records]
    return Evidence(
        f"the zone proves that there is not {denial.absence.value}",
        (("name", name.to_text()), ("type", to_text(rdtype)), *shown),
        because,
    )


def _shown(record: SignedRRset) -> str:
    """A record as text; of one that lists types by the thousand, the name alone."""
    small = len(record.signed_data()) <= _SHOWN_BYTES
    return f"{record.name} {' '.join(map(str, record)) if small else '...'}"
