"""Reading the answers of resolvers to what nobody signs."""

from __future__ import annotations

import dns.message
import pytest
from dns.opcode import UPDATE
from dns.rcode import BADVERS, SERVFAIL
from dns.rrset import from_text

from walkaway.errors import SourceFault
from walkaway.limits import LIMITS
from walkaway.names.dns.unsigned import read_unsigned
from walkaway.names.dns.verdict import UnsignedRecords


def reply(*records: tuple[str, int, str, str]) -> dns.message.Message:
    """An answer to a question for the TXT records of ``a.org``."""
    message = dns.message.make_response(dns.message.make_query("a.org.", "TXT"))
    for name, ttl, rdtype, text in records:
        message.answer.append(from_text(name, ttl, "IN", rdtype, text))
    return message


def test_aliases_are_followed_within_the_message() -> None:
    alias = ("a.org.", 60, "CNAME", "b.org.")
    message = reply(alias, ("b.org.", 90, "TXT", '"x" "y"'), ("c.org.", 1, "TXT", "z"))
    assert read_unsigned(message.to_wire()) == (UnsignedRecords((b"\x01x\x01y",)), 60)
    assert read_unsigned(reply(alias).to_wire())[0] == UnsignedRecords(())


def test_words_are_shown_as_they_read() -> None:
    assert str(UnsignedRecords((b"\x01x", b"\x01\xff"))) == "\x01x | \x01\ufffd"
    assert str(UnsignedRecords(())) == "nothing"


def endless() -> bytes:
    """Aliases that lead in a ring."""
    pair = ("a.org.", "b.org.")
    return reply(*((name, 60, "CNAME", other) for name, other in (pair, pair[::-1]))).to_wire()


def failed() -> bytes:
    message = reply()
    message.set_rcode(SERVFAIL)
    return message.to_wire()


def extended() -> bytes:
    message = reply()
    message.use_edns(0)
    message.set_rcode(BADVERS)
    return message.to_wire()


def updated() -> bytes:
    message = dns.message.make_query("a.org.", "SOA")
    message.set_opcode(UPDATE)
    return message.to_wire()


def crowded() -> bytes:
    wire = reply().to_wire()
    return wire[:6] + (LIMITS.dnssec_records).to_bytes(2, "big") + wire[8:]


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"", "cannot be read"),
        (reply().to_wire()[:-1], "cannot be read"),
        (endless(), "cannot be read"),
        (dns.message.make_query("a.org.", "TXT").to_wire(), "cannot be read"),
        (updated(), "no answer to a query"),
        (failed(), "answers SERVFAIL"),
        (crowded(), "too many records"),
        (extended(), "answers BADVERS"),
    ],
    ids=["nothing", "cut", "endless", "query", "update", "failure", "crowded", "extended"],
)
def test_what_cannot_be_read_is_a_fault(message: bytes, why: str) -> None:
    with pytest.raises(SourceFault, match=why):
        read_unsigned(message)
