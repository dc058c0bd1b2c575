"""One RRset under a zone's keys: RFC 4035, 5.3; RFC 4034, 3.1.

How many signatures are tried is bounded for each RRset and each message, so that
no message with many keys of one tag, and many signatures, keeps us at work
(CVE-2023-50387, "KeyTrap").
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dns.dnssectypes import Algorithm
from dns.name import Name
from dns.rdata import from_wire
from dns.rdataclass import IN
from dns.rdatatype import to_text
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.RRSIG import RRSIG

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec import algorithms
from walkaway.proofs.dnssec.rrset import ClaimedRRset, SignedRRset, label_count, signed_data
from walkaway.proofs.dnssec.values import Lifetime

__all__ = ["Verifier", "lifetime", "may_sign"]

_ZONE_KEY: Final = 0x0100
_REVOKED: Final = 0x0080
_PROTOCOL: Final = 3
_SERIALS: Final = 1 << 32
_REASONS: Final = 4
"""So many reasons are told of why signatures do not count."""


class Verifier:
    """Proves RRsets of one message by the keys of one zone, as of ``now`` (unix seconds)."""

    def __init__(self, zone: Name, keys: Iterable[DNSKEY], now: float) -> None:
        self.zone = zone
        self.now = now
        self._keys: dict[tuple[int, int], list[DNSKEY]] = {}
        for key in keys:
            self._keys.setdefault((key.algorithm, key.key_id()), []).append(key)
        self._left = LIMITS.dnssec_message_trials

    def prove(self, claimed: ClaimedRRset) -> SignedRRset:
        """The RRset, with the first of its signatures that holds now and that a key made.

        The records may be an expansion of a wildcard (`SignedRRset.wildcard`): that
        nothing stands closer to their name is not proven yet. Raises `ProofError`
        that says of the signatures why they do not count.
        """
        reasons: list[str] = []
        left = min(LIMITS.dnssec_trials, self._left)
        for rrsig in claimed.rrsigs:
            reason = _fault(rrsig, claimed, self.zone, self.now)
            candidates = self._keys.get((rrsig.algorithm, rrsig.key_tag), [])
            for key in [] if reason else candidates:
                if left == 0:
                    raise self._refusal(claimed, "too many would have to be tried")
                left -= 1
                self._left -= 1
                data = signed_data(claimed.name, claimed.rdtype, claimed.rdatas, rrsig)
                if algorithms.verify(key, rrsig.signature, data):
                    return _signed(claimed, rrsig)
            reason = reason or "no key of the zone made it"
            if reason not in reasons and len(reasons) < _REASONS:
                reasons.append(reason)
        raise self._refusal(claimed, "; ".join(reasons) or "it has none")

    def _refusal(self, claimed: ClaimedRRset, why: str) -> ProofError:
        return ProofError(
            f"no signature over {to_text(claimed.rdtype)} of {claimed.name} counts: {why}",
            commitment=f"the keys of {self.zone}",
        )


def may_sign(key: DNSKEY) -> bool:
    """Whether a key counts: the zone's, of a supported algorithm, and not revoked (RFC 5011)."""
    flags: int = key.flags
    return (
        flags & (_ZONE_KEY | _REVOKED) == _ZONE_KEY
        and key.protocol == _PROTOCOL
        and key.algorithm in algorithms.ALGORITHMS
    )


def lifetime(rrsets: Iterable[SignedRRset], now: float, latest: float) -> Lifetime:
    """How long that holds which follows from signed RRsets.

    ``latest`` is the unix time at which that ends which they stand on.
    """
    found = tuple(rrsets)
    end = min([latest, *(_end(rrset.rrsig, now) for rrset in found)])
    return Lifetime(min([end - now, *(rrset.ttl for rrset in found)]), end)


def _end(rrsig: RRSIG, now: float) -> float:
    """The unix time at which a signature ends that holds now."""
    return now + (rrsig.expiration - now) % _SERIALS


def _fault(rrsig: RRSIG, claimed: ClaimedRRset, zone: Name, now: float) -> str | None:
    """Why a signature does not count, whoever made it; None where it may (RFC 4035, 5.3.1)."""
    if rrsig.signer != zone:
        return f"it is signed by {rrsig.signer}"
    if not claimed.name.is_subdomain(zone):
        return f"the name is not below {zone}"
    if rrsig.type_covered != claimed.rdtype:
        return f"it covers {to_text(rrsig.type_covered)}"
    if not label_count(zone) <= rrsig.labels <= label_count(claimed.name):
        return f"it is over {rrsig.labels} labels"
    if rrsig.algorithm not in algorithms.ALGORITHMS:
        return f"its algorithm {Algorithm.to_text(rrsig.algorithm)} does not count"
    return _untimely(rrsig, now)


def _untimely(rrsig: RRSIG, now: float) -> str | None:
    """The times of signatures are serial numbers (RFC 4034, 3.1.5; RFC 1982)."""
    if (now - rrsig.inception) % _SERIALS >= _SERIALS // 2:
        return f"it is not valid yet, but in {(rrsig.inception - now) % _SERIALS:.0f} seconds"
    if (rrsig.expiration - now) % _SERIALS >= _SERIALS // 2:
        return f"it has expired {(now - rrsig.expiration) % _SERIALS:.0f} seconds ago"
    return None


def _signed(claimed: ClaimedRRset, rrsig: RRSIG) -> SignedRRset:
    """The records as they were signed: in canonical form and order, for no longer a time."""
    original: int = rrsig.original_ttl
    contents = sorted({rdata.to_digestable() for rdata in claimed.rdatas})
    rdatas = [from_wire(IN, claimed.rdtype, each, 0, len(each)) for each in contents]
    ttl = min(claimed.ttl, original)
    return SignedRRset(claimed.name, claimed.rdtype, tuple(rdatas), ttl, rrsig)
