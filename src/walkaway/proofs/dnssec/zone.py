"""A zone's keys: signed by one of them whose digest is believed (RFC 4035, 5.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dns.name import Name, root
from dns.rdatatype import DNSKEY as DNSKEY_TYPE
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from walkaway.anchors.dns_root import RootAnchors
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec import algorithms
from walkaway.proofs.dnssec.response import read_response
from walkaway.proofs.dnssec.rrset import ClaimedRRset
from walkaway.proofs.dnssec.signature import Verifier, lifetime, may_sign
from walkaway.proofs.dnssec.step import hold_to_time, sealed, signing_step
from walkaway.proofs.dnssec.values import SecureDelegation, ZoneKeys
from walkaway.proofs.proven import Evidence, Proven

__all__ = ["keys_below", "keys_of_root", "root_keys", "zone_keys"]

_FOREVER = float("inf")


class _Digest(Protocol):
    """What anchors and DS records have in common."""

    @property
    def key_tag(self) -> int: ...
    @property
    def algorithm(self) -> int: ...
    @property
    def digest_type(self) -> int: ...
    @property
    def digest(self) -> bytes: ...


def root_keys(anchors: RootAnchors, message: bytes, now: float) -> Proven[ZoneKeys]:
    """The root zone's keys, from the response to a question for them.

    ``now`` is unix time in seconds. Raises `ProofError`.
    """
    return keys_of_root(anchors, _claimed(message, root), now)


def zone_keys(delegation: Proven[SecureDelegation], message: bytes, now: float) -> Proven[ZoneKeys]:
    """A delegated zone's keys, from the response to a question for them.

    ``now`` is unix time in seconds. Raises `ProofError`.
    """
    return keys_below(delegation, _claimed(message, delegation.value.child), now)


def keys_of_root(anchors: RootAnchors, claimed: ClaimedRRset, now: float) -> Proven[ZoneKeys]:
    """The root zone's keys, from the RRset that is said to be them. Raises `ProofError`."""
    believed = [anchor for anchor in anchors.keys if anchor.since <= now]
    because = [
        Evidence(
            "DNS root key",
            (("name", key.name), ("key tag", key.key_tag), ("digest", key.digest)),
        )
        for key in believed
    ]
    return _keys(claimed, believed, now, _FOREVER, because)


def keys_below(
    delegation: Proven[SecureDelegation], claimed: ClaimedRRset, now: float
) -> Proven[ZoneKeys]:
    """A delegated zone's keys, from the RRset that is said to be them. Raises `ProofError`."""
    above = delegation.value
    hold_to_time(above.expires, now, f"the delegation of {above.child}")
    return _keys(claimed, above.ds, now, above.expires, [delegation.because])


def _claimed(message: bytes, zone: Name) -> ClaimedRRset:
    claimed = read_response(message).answer.get((zone, DNSKEY_TYPE))
    if claimed is None:
        raise ProofError(f"the response has no keys of {zone}")
    return claimed


def _keys(
    claimed: ClaimedRRset,
    digests: Sequence[_Digest],
    now: float,
    latest: float,
    because: Sequence[Evidence],
) -> Proven[ZoneKeys]:
    zone = claimed.name.canonicalize()
    if len(claimed.rdatas) > LIMITS.dnssec_keys:
        raise ProofError(f"the zone {zone} has more than {LIMITS.dnssec_keys} keys")
    keys = [key for key in claimed.rdatas if isinstance(key, DNSKEY) and may_sign(key)]
    entries = _matching(zone, keys, digests)
    if not entries:
        tags = ", ".join(str(digest.key_tag) for digest in digests) or "none"
        raise ProofError(f"no key of {zone} is the one whose digest is believed", expected=tags)
    rrset = Verifier(zone, entries, now).prove(claimed)
    value = ZoneKeys(lifetime([rrset], now, latest), zone, tuple(keys), rrset)
    step = signing_step("a zone's keys, signed by one whose digest is believed", rrset, *because)
    return sealed(value, ("dns keys", zone.to_text()), step)


def _matching(zone: Name, keys: Sequence[DNSKEY], digests: Sequence[_Digest]) -> list[DNSKEY]:
    """The keys that have one of the digests. Raises `ProofError` where too many might."""
    found: list[DNSKEY] = []
    left = LIMITS.dnssec_message_trials
    for key in keys:
        tag = key.key_id()
        alike = [it for it in digests if (it.key_tag, it.algorithm) == (tag, key.algorithm)]
        left -= len(alike)
        if left < 0:
            raise ProofError(f"the keys of {zone} have the tags of too many others")
        if any(algorithms.digest_of(zone, key, it.digest_type) == it.digest for it in alike):
            found.append(key)
    return found
