"""A message without signatures is told from one that has some, and from one that is none."""

from __future__ import annotations

import struct

import dns.message
import pytest
from dns.rcode import NXDOMAIN, SERVFAIL
from dns.rdatatype import RRSIG
from hypothesis import given
from hypothesis import strategies as st

from tests.names.dns.world import the_world
from tests.proofs.dnssec.signed_zone import wire
from walkaway.limits import LIMITS
from walkaway.names.dns.stripped import lacks_signatures

QUESTIONS = [
    ("_dnslink.example.org.", "TXT"),
    ("nothing.example.org.", "TXT"),
    ("example.org.", "DS"),
    (".", "DNSKEY"),
]


def reply(name: str, rdtype: str, *, signed: bool) -> dns.message.Message:
    message = the_world().reply(name, rdtype)
    if not signed:
        for section in (message.answer, message.authority):
            section[:] = [each for each in section if each.rdtype != RRSIG]
    return message


@pytest.mark.parametrize(("name", "rdtype"), QUESTIONS)
def test_signatures_are_seen_wherever_they_stand(name: str, rdtype: str) -> None:
    assert not lacks_signatures(wire(reply(name, rdtype, signed=True)))
    assert lacks_signatures(wire(reply(name, rdtype, signed=False)))


def test_that_there_is_no_such_name_is_no_error() -> None:
    message = reply(*QUESTIONS[0], signed=False)
    message.set_rcode(NXDOMAIN)
    assert lacks_signatures(wire(message))
    message.set_rcode(SERVFAIL)
    assert not lacks_signatures(wire(message))


def test_of_what_is_no_whole_message_nothing_is_said() -> None:
    message = reply(*QUESTIONS[0], signed=False)
    message.use_edns(False)
    whole = wire(message)
    for length in range(len(whole)):
        assert not lacks_signatures(whole[:length])
    assert not lacks_signatures(whole[:2] + bytes([whole[2] | 2]) + whole[3:])
    many = struct.pack("!6H", 0, 0x8000, 0, LIMITS.dnssec_records + 1, 0, 0)
    record = b"\0" + struct.pack("!HHIH", 16, 1, 0, 0)
    assert not lacks_signatures(many + record * (LIMITS.dnssec_records + 1))


@given(st.binary(max_size=200), st.booleans())
def test_garbage_raises_nothing(garbage: bytes, with_head: bool) -> None:
    head = struct.pack("!6H", 0, 0x8000, 1, 2, 1, 0) if with_head else b""
    assert lacks_signatures(head + garbage) in (True, False)
