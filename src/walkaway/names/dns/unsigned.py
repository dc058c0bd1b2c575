"""Reading what nobody signs: a resolver's whole answer, for others to be held against.

Times to live differ from resolver to resolver and are no part of what must agree.
"""

from __future__ import annotations

import struct

import dns.exception
import dns.message
from dns.rcode import NOERROR, NXDOMAIN, to_text

from walkaway.errors import SourceFault
from walkaway.limits import LIMITS
from walkaway.names.dns.verdict import UnsignedRecords

__all__ = ["read_unsigned"]

_HEADER_BYTES = 12
_COUNTS = struct.Struct("!4H")
"""How many questions a message says that it holds, and records of each section."""


def read_unsigned(message: bytes) -> tuple[UnsignedRecords, int]:
    """The records that a message answers its question with, and their time to live, seconds.

    Aliases are followed within the message. Raises `SourceFault` where it cannot be read.
    """
    if sum(_COUNTS.unpack_from(message.ljust(_HEADER_BYTES, b"\0"), 4)) > LIMITS.dnssec_records:
        raise SourceFault("its answer holds too many records")
    try:
        read = dns.message.from_wire(message, ignore_trailing=True)
        if not isinstance(read, dns.message.QueryMessage):
            raise SourceFault("its answer is no answer to a query")
        if read.rcode() not in (NOERROR, NXDOMAIN):
            raise SourceFault(f"answers {to_text(read.rcode())}")
        chain = read.resolve_chaining()
        rrset = chain.answer
        rdatas = sorted(rdata.to_digestable() for rdata in rrset) if rrset is not None else []
    except (dns.exception.DNSException, ValueError):
        raise SourceFault("its answer cannot be read") from None
    return UnsignedRecords(tuple(rdatas)), chain.minimum_ttl
