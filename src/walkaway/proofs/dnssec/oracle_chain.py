"""Chains of signed RRsets, as contracts take them (ENSIP-17; ENS's DNSSEC oracle).

Each link is the data over which a signature was made (the head of the RRSIG's data,
then the records in canonical form) and the signature. The chain begins with the root
zone's keys and goes by turns of DS and DNSKEY records down to the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from dns.exception import DNSException
from dns.name import Name, root
from dns.rdata import Rdata, from_wire, from_wire_parser
from dns.rdataclass import IN
from dns.rdatatype import DNSKEY, DS, RdataType
from dns.rdatatype import RRSIG as RRSIG_TYPE
from dns.rdtypes.ANY.RRSIG import RRSIG
from dns.wire import Parser

from walkaway.anchors.dns_root import RootAnchors
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec.delegation import delegation_by
from walkaway.proofs.dnssec.response import Response
from walkaway.proofs.dnssec.rrset import ClaimedRRset, signed_data
from walkaway.proofs.dnssec.step import (
    answer_subject,
    asked_name,
    asked_type,
    read_claims,
    sealed,
    signing_step,
)
from walkaway.proofs.dnssec.values import Records, SecureDelegation, ZoneKeys
from walkaway.proofs.dnssec.zone import keys_below, keys_of_root
from walkaway.proofs.proven import Proven

__all__ = ["Link", "prove_signed_rrsets"]

Link: TypeAlias = tuple[bytes, bytes]
"""What a signature was made over (`SignedRRset.signed_data`), and the signature."""

_HEAD_BYTES: Final = 18
_NOTHING: Final = Response({}, {})


def prove_signed_rrsets(
    anchors: RootAnchors, chain: Sequence[Link], name: Name, rdtype: RdataType, now: float
) -> Proven[Records]:
    """The records of a type at a name, from a chain of signed RRsets.

    Every part must be in canonical form, and the records those of the name itself:
    that no wildcard's would do nothing here could prove. ``now`` is unix time in
    seconds. Raises `ProofError`; `InvalidRequest` for a name or type that nobody has.
    """
    name = asked_name(name, root)
    asked_type(rdtype)
    if len(chain) < 2 or len(chain) % 2 or len(chain) > LIMITS.dnssec_chain_rrsets:
        raise ProofError(
            "a chain is the root's keys, pairs of DS and DNSKEY records, and an answer"
        )
    claims = [_claimed(link) for link in chain]
    zone = keys_of_root(anchors, _held_to(claims[0], root, DNSKEY), now)
    for ds, keys in zip(claims[1:-1:2], claims[2:-1:2], strict=True):
        zone = _below(zone, ds, keys, now)
    reading = read_claims(zone, _NOTHING, now)
    rrset, _ = reading.signed(_held_to(claims[-1], name, rdtype))
    step = signing_step("the zone's key has signed these records", rrset, zone.because)
    return sealed(Records(reading.lifetime(rrset), rrset), answer_subject(name, rdtype), step)


def _below(
    zone: Proven[ZoneKeys], ds: ClaimedRRset, keys: ClaimedRRset, now: float
) -> Proven[ZoneKeys]:
    """The keys of the next zone of a chain."""
    child = ds.name
    value, step = delegation_by(read_claims(zone, _NOTHING, now), _held_to(ds, child, DS))
    if not isinstance(value, SecureDelegation):
        raise ProofError(f"a chain goes through {child}, whose keys do not count", got=value.reason)
    delegation = sealed(value, ("dns delegation", child.to_text()), step)
    return keys_below(delegation, _held_to(keys, child, DNSKEY), now)


def _held_to(claimed: ClaimedRRset, name: Name, rdtype: RdataType) -> ClaimedRRset:
    if (claimed.name, claimed.rdtype) != (name, rdtype):
        raise ProofError(
            "a link of a chain is not what belongs in its place",
            expected=f"{name} {rdtype.name}",
            got=f"{claimed.name} {claimed.rdtype}",
        )
    return claimed


def _claimed(link: Link) -> ClaimedRRset:
    """The RRset of a link. Raises `ProofError` where it is not in canonical form."""
    data, signature = link
    if max(len(data), len(signature)) > LIMITS.dns_message_bytes:
        raise ProofError("a link of a chain is over the size of a DNS message")
    try:
        claimed = _parsed(Parser(data), signature)
    except DNSException as error:
        raise ProofError(f"a link of a chain is no signed RRset: {error}") from None
    (rrsig,) = claimed.rrsigs
    if signed_data(claimed.name, claimed.rdtype, claimed.rdatas, rrsig) != data:
        raise ProofError("a link of a chain is not in canonical form")
    return claimed


def _parsed(parser: Parser, signature: bytes) -> ClaimedRRset:
    rrsig = _rrsig(parser, signature)
    records: list[Rdata] = []
    names: set[tuple[Name, int]] = set()
    while parser.remaining():
        name = parser.get_name()
        rdtype, rdclass, _, size = parser.get_struct("!HHIH")
        names.add((name, rdtype))
        if len(names) > 1 or len(records) == LIMITS.dnssec_records:
            raise ProofError("a link of a chain holds more than one RRset")
        with parser.restrict_to(size):
            records.append(from_wire_parser(rdclass, rdtype, parser))
    if not names:
        raise ProofError("a link of a chain holds no records")
    ((name, rdtype),) = names
    found = RdataType.make(rdtype)
    return ClaimedRRset(name, found, tuple(records), rrsig.original_ttl, (rrsig,))


def _rrsig(parser: Parser, signature: bytes) -> RRSIG:
    """The signature whose head a parser stands at, and which it moves behind."""
    parser.get_bytes(_HEAD_BYTES)
    parser.get_name()
    content = parser.wire[: parser.current] + signature
    rdata = from_wire(IN, RRSIG_TYPE, content, 0, len(content))
    assert isinstance(rdata, RRSIG)
    return rdata
