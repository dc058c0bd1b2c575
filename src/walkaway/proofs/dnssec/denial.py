"""Absence from a response: by the NSEC or NSEC3 records that the zone has signed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from dns.name import Name
from dns.rdatatype import NSEC, NSEC3, RdataType

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec.absence import Denial
from walkaway.proofs.dnssec.nsec import Spans
from walkaway.proofs.dnssec.nsec3 import HashedSpans
from walkaway.proofs.dnssec.response import Response
from walkaway.proofs.dnssec.rrset import SignedRRset
from walkaway.proofs.dnssec.signature import Verifier

__all__ = ["Denials", "denials_in"]


class Denials(Protocol):
    """The records of one response by which a zone denies."""

    def deny(self, name: Name, rdtype: RdataType) -> Denial:
        """That there are no records of a type at a name. Raises `ProofError`."""
        ...

    def deny_closer(self, name: Name, encloser: Name) -> Denial:
        """That nothing stands between a name and the wildcard below ``encloser``.

        Raises `ProofError`.
        """
        ...


def denials_in(response: Response, verifier: Verifier) -> Denials:
    """The records by which the verifier's zone denies, all of them proven.

    Those of other zones, as stand beside an alias, are passed over. Raises
    `ProofError` where there are none, where a signature does not count, and for
    more than ``LIMITS.dnssec_denials``.
    """
    hashed = tuple(_proven(response, verifier, NSEC3))
    if hashed:
        return HashedSpans(verifier.zone, hashed)
    listed = tuple(_proven(response, verifier, NSEC))
    if listed:
        return Spans(verifier.zone, listed)
    raise ProofError(f"the response neither answers nor proves that {verifier.zone} has no answer")


def _proven(response: Response, verifier: Verifier, rdtype: RdataType) -> Iterator[SignedRRset]:
    left = LIMITS.dnssec_denials
    for (name, found), claimed in response.authority.items():
        signers = {rrsig.signer for rrsig in claimed.rrsigs}
        if found != rdtype or verifier.zone not in signers:
            continue
        if left == 0:
            raise ProofError(f"more than {LIMITS.dnssec_denials} records deny")
        left -= 1
        record = verifier.prove(claimed)
        if record.wildcard is not None:
            raise ProofError(f"{name} denies by a wildcard's records, which stand nowhere else")
        yield record
