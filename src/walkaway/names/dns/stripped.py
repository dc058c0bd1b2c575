"""Whether a resolver left the signatures out, told without reading a message as a whole.

A message that proves nothing was read once already, and may have been made so that reading
it takes long.
"""

from __future__ import annotations

import struct
from typing import Final

from dns.rcode import NOERROR, NXDOMAIN
from dns.rdatatype import RRSIG

from walkaway.limits import LIMITS

__all__ = ["lacks_signatures"]

_HEADER: Final = struct.Struct("!6H")
_RECORD: Final = struct.Struct("!HHIH")
_QUESTION_BYTES: Final = 4
_POINTER: Final = 0xC0
_CUT_SHORT: Final = 0x0200
_CODE: Final = 0x000F


def lacks_signatures(message: bytes) -> bool:
    """Whether neither the answer nor the authority section of a whole response holds any.

    It is false of what is malformed or an error, or has more records than are looked at.
    """
    try:
        _, flags, questions, answers, authorities, _ = _HEADER.unpack_from(message)
        if flags & _CUT_SHORT or flags & _CODE not in (NOERROR, NXDOMAIN):
            return False
        if questions + answers + authorities > LIMITS.dnssec_records:
            return False
        at = _HEADER.size
        for _ in range(questions):
            at = _after_name(message, at) + _QUESTION_BYTES
        for _ in range(answers + authorities):
            at = _after_name(message, at)
            rdtype, _, _, length = _RECORD.unpack_from(message, at)
            if rdtype == RRSIG:
                return False
            at += _RECORD.size + length
    except (IndexError, struct.error):
        return False
    return at <= len(message)


def _after_name(message: bytes, at: int) -> int:
    """Where a name ends: with the root, or with a pointer to the rest (RFC 1035, 4.1.4)."""
    while length := message[at]:
        if length & _POINTER:
            return at + 2
        at += 1 + length
    return at + 1
