"""DNS messages as questions are put: what is asked, and whether a message answers that.

Nothing is proven here. Every query asks for signatures (DO, RFC 3225), and for what fails
the resolver's own validation too (CD, RFC 4035 section 3.2.2): a resolver that validated
would tell, by its word alone, that a name cannot be had. What it says of that (AD) is not
read.
"""

from __future__ import annotations

from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset

from walkaway.errors import InvalidRequest, SourceFault
from walkaway.limits import LIMITS
from walkaway.sources.request import DnsRequest

__all__ = ["DnsQuery", "Truncated", "dns_query"]

_PAYLOAD_BYTES = 1232
"""The largest UDP message that no way on the internet cuts to pieces (DNS Flag Day 2020)."""
_PADDED_BYTES = 128
"""Encrypted queries are as long as a multiple of this (RFC 8467, section 4.1)."""
_ANSWERS = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL)
"""What an answer may say: also that the resolver found nobody who gives one, for which the
zone's servers may be to blame. Whoever reads the records finds none in it."""


class Truncated(SourceFault):
    """The answer did not fit into a datagram, so that it has to be asked for over TCP."""


@dataclass(frozen=True, slots=True)
class DnsQuery:
    """One query as it is sent, with its number (ID) and its question."""

    message: bytes
    number: int
    question: dns.rrset.RRset

    def check(self, reply: bytes) -> None:
        """Raise `SourceFault` unless a message is the answer to this query.

        Raises:
            Truncated: it is, but cut short.
        """
        if len(reply) > LIMITS.dns_message_bytes:
            raise SourceFault("its answer is longer than a DNS message")
        if int.from_bytes(reply[4:6], "big") != 1:
            raise SourceFault("its answer is to no question, or to several")
        try:
            head = dns.message.from_wire(reply, question_only=True, ignore_trailing=True)
        except (dns.exception.DNSException, ValueError):
            raise SourceFault("its answer is no DNS message") from None
        if not head.flags & dns.flags.QR or head.opcode() != dns.opcode.QUERY:
            raise SourceFault("its answer is no answer to a query")
        if head.id != self.number:
            raise SourceFault("its answer has another number than the query")
        if head.question != [self.question]:
            raise SourceFault("its answer is one to another question")
        if head.flags & dns.flags.TC:
            raise Truncated("its answer is cut short")
        if head.rcode() not in _ANSWERS:
            raise SourceFault(f"answers {dns.rcode.to_text(head.rcode())}")


def dns_query(request: DnsRequest, *, number: int, padded: bool) -> DnsQuery:
    """The query for a question. ``padded`` hides its length, where it is encrypted.

    Raises:
        InvalidRequest: no such name or type can be asked for.
    """
    try:
        query = dns.message.make_query(
            dns.name.from_text(request.name),
            dns.rdatatype.from_text(request.rdtype),
            want_dnssec=True,
            payload=_PAYLOAD_BYTES,
            flags=dns.flags.RD | dns.flags.CD,
            id=number,
            pad=_PADDED_BYTES if padded else 0,
        )
        return DnsQuery(query.to_wire(), number, query.question[0])
    except (dns.exception.DNSException, ValueError):
        raise InvalidRequest("no DNS name or type that can be asked for") from None
