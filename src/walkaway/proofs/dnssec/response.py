"""The bytes of a DNS response: what it claims in its answer and authority sections.

RFC 1035, 4. Nothing here is proven, and what is in no signature is not looked at:
neither the question, the header's flags, nor the additional section. Records of
one name and type are gathered, wherever in their section they stand.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from dns.exception import DNSException
from dns.message import QueryMessage, from_wire
from dns.name import Name
from dns.rcode import NOERROR, NXDOMAIN, to_text
from dns.rdataclass import IN
from dns.rdatatype import RRSIG as RRSIG_TYPE
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.RRSIG import RRSIG
from dns.rrset import RRset

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec.rrset import ClaimedRRset

__all__ = ["Response", "Section", "read_response"]

_HEADER: Final = struct.Struct("!6H")

Section: TypeAlias = Mapping[tuple[Name, RdataType], ClaimedRRset]


@dataclass(frozen=True, slots=True)
class Response:
    """What a response claims, by name and type."""

    answer: Section
    authority: Section


def read_response(message: bytes) -> Response:
    """Read a whole response. Raises `ProofError`.

    Refused are messages that are malformed, no answer to a query, cut short, or
    over ``LIMITS.dns_message_bytes`` or ``LIMITS.dnssec_records``; and those whose
    code is neither NOERROR nor NXDOMAIN, of which nothing follows either way.
    """
    if not _HEADER.size <= len(message) <= LIMITS.dns_message_bytes:
        raise ProofError("a DNS message is of no allowed size", got=len(message))
    if sum(_HEADER.unpack_from(message)[2:]) > LIMITS.dnssec_records:
        raise ProofError(f"a DNS message has more than {LIMITS.dnssec_records} records")
    try:
        parsed = from_wire(message, raise_on_truncation=True)
        code = parsed.rcode()
    except DNSException as error:
        raise ProofError(f"this is no whole DNS message: {error}") from None
    if not isinstance(parsed, QueryMessage) or not message[2] & 0x80:
        raise ProofError("a DNS message is no response to a query")
    if code not in (NOERROR, NXDOMAIN):
        raise ProofError(f"a DNS response is an error: {to_text(code)}")
    return Response(_section(parsed.answer), _section(parsed.authority))


def _section(rrsets: Iterable[RRset]) -> Section:
    signatures: dict[tuple[Name, RdataType], tuple[RRSIG, ...]] = {}
    contents: list[RRset] = []
    for rrset in rrsets:
        if rrset.rdclass != IN:
            continue
        if rrset.rdtype == RRSIG_TYPE:
            found = [rdata for rdata in rrset if isinstance(rdata, RRSIG)]
            signatures[rrset.name, rrset.covers] = tuple(found)
        else:
            contents.append(rrset)
    return {
        (rrset.name, rrset.rdtype): ClaimedRRset(
            rrset.name.canonicalize(),
            rrset.rdtype,
            tuple(rrset),
            rrset.ttl,
            signatures.get((rrset.name, rrset.rdtype), ()),
        )
        for rrset in contents
    }
