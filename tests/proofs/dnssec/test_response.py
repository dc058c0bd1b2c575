"""Responses: what is read of them, and what is refused before anything is verified."""

from __future__ import annotations

import struct

import pytest
from dns.flags import AA, AD, RA, TC
from dns.message import make_query
from dns.name import from_text
from dns.rcode import NOERROR, NXDOMAIN, REFUSED, SERVFAIL, Rcode
from dns.rdatatype import A
from dns.rrset import from_text as rrset_from_text

from tests.proofs.dnssec.populated import populated
from tests.proofs.dnssec.signed_zone import TTL, wire
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec.response import read_response


def test_sections_by_name_and_type() -> None:
    read = read_response(populated().zone.ask("x.wild.test.", "TXT"))
    ((name, rdtype), claimed) = next(iter(read.answer.items()))
    assert (str(name), rdtype.name) == ("x.wild.test.", "TXT")
    assert claimed.ttl == TTL
    assert [rrsig.labels for rrsig in claimed.rrsigs] == [2]
    assert {rdtype.name for _, rdtype in read.authority} == {"NSEC"}


def test_what_nobody_signs_does_not_matter() -> None:
    zone = populated()
    expected = zone.answer("b.test.", "A")
    for code in (NOERROR, NXDOMAIN):
        for flag in (0, AA, AD, RA):
            response = zone.zone.response("b.test.", "A")
            response.set_rcode(code)
            response.flags |= flag
            response.question = make_query("other.", "MX").question
            response.additional.append(rrset_from_text("x.", TTL, "IN", "A", "192.0.2.9"))
            assert zone.answer("b.test.", "A", response) == expected


@pytest.mark.parametrize("code", [SERVFAIL, REFUSED])
def test_errors_are_no_answers(code: Rcode) -> None:
    response = populated().zone.response("a.test.", "A")
    response.set_rcode(code)
    with pytest.raises(ProofError, match=r"is an error: (SERVFAIL|REFUSED)"):
        read_response(wire(response))


def test_no_response() -> None:
    whole = populated().zone.ask("a.test.", "A")
    notify = whole[:2] + bytes([whole[2] | 4 << 3]) + whole[3:]
    for message in (make_query("a.test.", "A").to_wire(), notify):
        with pytest.raises(ProofError, match="no response to a query"):
            read_response(message)


def test_a_response_that_was_cut_short() -> None:
    response = populated().zone.response("a.test.", "A")
    response.flags |= TC
    with pytest.raises(ProofError, match="no whole DNS message"):
        read_response(wire(response))


@pytest.mark.parametrize("size", [0, 11, LIMITS.dns_message_bytes + 1])
def test_sizes(size: int) -> None:
    with pytest.raises(ProofError, match="of no allowed size"):
        read_response(bytes(size))


def test_malformed_messages() -> None:
    whole = populated().zone.ask("a.test.", "A")
    for message in (whole[:-1], whole + b"\0", whole[:12]):
        with pytest.raises(ProofError, match="no whole DNS message"):
            read_response(message)


def test_too_many_records_are_refused_by_their_number_alone() -> None:
    header = struct.pack("!6H", 0, 0x8000, 1, LIMITS.dnssec_records, 0, 0)
    with pytest.raises(ProofError, match="more than 1024 records"):
        read_response(header)


def test_records_of_other_classes_are_passed_over() -> None:
    response = populated().zone.response("a.test.", "A")
    response.answer.append(rrset_from_text("b.test.", TTL, "CH", "TXT", "x"))
    read = read_response(wire(response))
    assert list(read.answer) == [(from_text("a.test."), A)]
