"""Answers: records, aliases, and absence, by zones that list or hash their names."""

from __future__ import annotations

import pytest
from dns.name import from_text
from dns.rdatatype import CNAME, RdataType
from dns.rdatatype import RRSIG as RRSIG_TYPE
from dns.rrset import from_rdata
from dns.rrset import from_text as rrset_from_text

from tests.proofs.dnssec.populated import NSEC3, OPT_OUT, populated
from tests.proofs.dnssec.signed_zone import HOUR, NOW, TTL, Hashing, wire
from walkaway.errors import InvalidRequest, ProofError
from walkaway.proofs.dnssec import (
    Alias,
    InsecureAnswer,
    NoData,
    NoSuchName,
    Records,
    prove_answer,
)
from walkaway.proofs.dnssec.answer import alias_in
from walkaway.proofs.dnssec.response import Response, read_response
from walkaway.proofs.dnssec.rrset import ClaimedRRset
from walkaway.proofs.dnssec.step import read_claims

KINDS = pytest.mark.parametrize("hashing", [None, NSEC3, OPT_OUT], ids=["nsec", "nsec3", "opt-out"])


@KINDS
def test_records(hashing: Hashing | None) -> None:
    zone = populated(hashing)
    found = zone.answer("a.test.", "A")
    assert isinstance(found, Records)
    assert [rdata.to_text() for rdata in found.rrset] == ["192.0.2.1", "192.0.2.2"]
    assert (found.seconds, found.expires, found.rrset.ttl) == (TTL, NOW + HOUR, TTL)
    assert found.rrset.wildcard is None


def test_what_is_claimed_and_why() -> None:
    zone = populated()
    proven = prove_answer(
        zone.keys, from_text("TXT.test."), RdataType.TXT, zone.zone.ask("TXT.test.", "TXT"), NOW
    )
    assert proven.claim.subject == ("dns", "txt.test.", "TXT")
    assert dict(proven.because.facts)["key tag"] == zone.zone.signer.public.key_id()
    assert proven.because.because == (zone.keys.because,)


@KINDS
def test_an_alias(hashing: Hashing | None) -> None:
    found = populated(hashing).answer("www.test.", "A")
    assert isinstance(found, Alias)
    assert found.target.to_text() == "a.test."


@KINDS
def test_an_alias_asked_for_itself(hashing: Hashing | None) -> None:
    assert isinstance(populated(hashing).answer("www.test.", "CNAME"), Records)


@KINDS
def test_the_names_below_a_dname(hashing: Hashing | None) -> None:
    zone = populated(hashing)
    found = zone.answer("x.y.old.test.", "A")
    assert isinstance(found, Alias)
    assert found.target.to_text() == "x.y.new.other."
    assert isinstance(zone.answer("old.test.", "DNAME"), Records)
    assert isinstance(zone.answer("old.test.", "A"), NoData)


@KINDS
@pytest.mark.parametrize("name", ["x.wild.test.", "x.y.wild.test.", "*.wild.test."])
def test_a_wildcard(hashing: Hashing | None, name: str) -> None:
    zone = populated(hashing)
    found = zone.answer(name, "TXT")
    if hashing == OPT_OUT and name != "*.wild.test.":
        assert isinstance(found, InsecureAnswer)
        assert "opt-out" in found.reason
    else:
        assert isinstance(found, Records)
        expected = None if name == "*.wild.test." else from_text("*.wild.test.")
        assert found.rrset.wildcard == expected
    assert isinstance(zone.answer("host.wild.test.", "TXT"), NoData)


@KINDS
def test_an_alias_by_a_wildcard(hashing: Hashing | None) -> None:
    found = populated(hashing).answer("x.alias.test.", "TXT")
    if hashing == OPT_OUT:
        assert isinstance(found, InsecureAnswer)
    else:
        assert isinstance(found, Alias)
        assert found.target.to_text() == "a.test."


@KINDS
@pytest.mark.parametrize("name", ["a.test.", "test.", "ent.test.", "wild.test.", "signed.test."])
def test_no_records_of_the_type(hashing: Hashing | None, name: str) -> None:
    rdtype = "DS" if name == "signed.test." else "AAAA"
    found = populated(hashing).answer(name, rdtype)
    assert isinstance(found, Records if rdtype == "DS" else NoData)


@KINDS
def test_no_records_of_the_type_at_a_wildcard(hashing: Hashing | None) -> None:
    found = populated(hashing).answer("x.wild.test.", "A")
    assert isinstance(found, InsecureAnswer if hashing == OPT_OUT else NoData)


@KINDS
@pytest.mark.parametrize("name", ["b.test.", "0.test.", "zz.test.", "x.y.z.test.", "x.a.test."])
def test_no_such_name(hashing: Hashing | None, name: str) -> None:
    found = populated(hashing).answer(name, "A")
    assert isinstance(found, InsecureAnswer if hashing == OPT_OUT else NoSuchName)
    assert found.seconds == TTL


@KINDS
@pytest.mark.parametrize("rdtype", ["A", "TXT"])
def test_a_delegation_says_nothing_of_what_is_below(hashing: Hashing | None, rdtype: str) -> None:
    zone = populated(hashing)
    response = zone.zone.response("signed.test.", rdtype)
    with pytest.raises(ProofError, match="a delegation, and says nothing"):
        zone.answer("signed.test.", rdtype, response)
    deny = zone.zone.denial_at(from_text("signed.test."))
    response.authority[:] = [deny, zone.zone.signature(deny)]
    with pytest.raises(ProofError):
        zone.answer("x.signed.test.", rdtype, response)


@KINDS
def test_a_wildcard_does_not_stand_for_a_name_that_exists(hashing: Hashing | None) -> None:
    """The wildcard's records and signature, given for a name that has others."""
    zone = populated(hashing)
    response = zone.zone.response("x.wild.test.", "TXT")
    for section in (response.answer, response.authority):
        section[:] = [
            from_rdata(from_text("host.wild.test."), each.ttl, *each)
            if each.name == from_text("x.wild.test.")
            else each
            for each in section
        ]
    with pytest.raises(ProofError):
        zone.answer("host.wild.test.", "TXT", response)
    response.authority.clear()
    with pytest.raises(ProofError, match="neither answers nor proves"):
        zone.answer("host.wild.test.", "TXT", response)


def test_an_unsigned_answer_is_refused() -> None:
    zone = populated()
    response = zone.zone.response("a.test.", "A")
    response.answer[:] = response.answer[:1]
    with pytest.raises(ProofError, match=r"no signature over A of a\.test\. counts: it has none"):
        zone.answer("a.test.", "A", response)


def test_a_record_left_out_or_added_is_refused() -> None:
    zone = populated()
    for contents in (["192.0.2.1"], ["192.0.2.1", "192.0.2.2", "192.0.2.3"]):
        response = zone.zone.response("a.test.", "A")
        response.answer[0] = rrset_from_text("a.test.", TTL, "IN", "A", *contents)
        with pytest.raises(ProofError, match="no key of the zone made it"):
            zone.answer("a.test.", "A", response)


def test_a_longer_ttl_than_was_signed_does_not_count() -> None:
    zone = populated()
    response = zone.zone.response("a.test.", "A")
    for rrset in response.answer:
        rrset.ttl = 86_400
    assert zone.answer("a.test.", "A", response).seconds == TTL


def test_the_alias_that_a_dname_makes_is_checked() -> None:
    zone = populated()
    response = zone.zone.response("x.old.test.", "A")
    response.answer[-1] = rrset_from_text("x.old.test.", TTL, "IN", "CNAME", "evil.other.")
    with pytest.raises(ProofError, match="not the one that the DNAME makes"):
        zone.answer("x.old.test.", "A", response)
    del response.answer[-1]
    assert isinstance(zone.answer("x.old.test.", "A", response), Alias)


def test_a_dname_that_makes_too_long_a_name_is_refused() -> None:
    zone = populated()
    long = ".".join(["x" * 60] * 4) + "."
    dname = rrset_from_text("old.test.", TTL, "IN", "DNAME", long)
    response = zone.zone.response("x.old.test.", "A")
    response.answer[:] = [dname, zone.zone.signature(dname)]
    with pytest.raises(ProofError, match="a name that is too long"):
        zone.answer("a-long-label.old.test.", "A", response)


def test_a_dname_of_a_wildcard_is_refused() -> None:
    zone = populated()
    dname = rrset_from_text("*.test.", TTL, "IN", "DNAME", "other.")
    signature = zone.zone.signature(dname)
    response = zone.zone.response("x.y.test.", "A")
    response.answer[:] = [
        from_rdata(from_text("y.test."), TTL, *each) for each in (dname, signature)
    ]
    with pytest.raises(ProofError, match="comes of a wildcard"):
        zone.answer("x.y.test.", "A", response)


def test_an_alias_of_several_names_is_refused() -> None:
    """The library reads the last of several alone, which the zone has then not signed."""
    zone = populated()
    one, two = (rrset_from_text("www.test.", TTL, "IN", "CNAME", to) for to in ("a.", "b."))
    signature = zone.zone.signature(one)
    response = zone.zone.response("www.test.", "A")
    response.answer[:] = [one, two, signature]
    with pytest.raises(ProofError, match="no key of the zone made it"):
        zone.answer("www.test.", "A", response)

    name = from_text("x.old.test.")
    both = ClaimedRRset(name, CNAME, (*one, *two), TTL, ())
    claims = read_response(zone.zone.ask("x.old.test.", "A")).answer
    reading = read_claims(zone.keys, Response({**claims, (name, CNAME): both}, {}), NOW)
    with pytest.raises(ProofError, match="an alias of 2 names"):
        alias_in(reading, name)


@pytest.mark.parametrize(
    ("name", "rdtype"),
    [("other.", "A"), ("test.", "DS"), ("a.test.", "ANY"), ("a.test.", "AXFR"), ("a", "A")],
)
def test_questions_that_are_not_the_zones(name: str, rdtype: str) -> None:
    zone = populated()
    asked = from_text(name, None)
    with pytest.raises(InvalidRequest):
        prove_answer(zone.keys, asked, RdataType.make(rdtype), b"", NOW)


def test_the_evidence_shows_the_records_that_deny() -> None:
    zone = populated()
    name = from_text("txt.test.")
    few = zone.zone.response("txt.test.", "A")
    many = zone.zone.response("txt.test.", "A")
    types = " ".join(f"TYPE{number}" for number in range(1000, 9000))
    long = rrset_from_text("txt.test.", TTL, "IN", "NSEC", f"www.test. TXT {types}")
    many.authority[:] = [long, zone.zone.signature(long)]
    for response, shown in (
        (few, "txt.test. *.wild.test. TXT RRSIG NSEC"),
        (many, "txt.test. ..."),
    ):
        proven = prove_answer(zone.keys, name, RdataType.A, wire(response), NOW)
        assert dict(proven.because.facts)["NSEC"] == shown


def test_an_alias_asked_for_itself_below_a_dname() -> None:
    zone = populated()
    response = zone.zone.response("x.old.test.", "CNAME")
    assert response.answer[-1].rdtype == CNAME
    expected = zone.answer("x.old.test.", "CNAME", response)
    assert isinstance(expected, Alias)
    assert expected.target.to_text() == "x.new.other."
    del response.answer[-1]
    assert zone.answer("x.old.test.", "CNAME", response) == expected


def test_an_unsigned_alias_asked_for_itself_is_refused() -> None:
    zone = populated()
    response = zone.zone.response("www.test.", "CNAME")
    del response.answer[1:]
    with pytest.raises(ProofError, match="neither answers nor proves"):
        zone.answer("www.test.", "CNAME", response)


def test_what_resolvers_add_of_other_zones_is_passed_over() -> None:
    """An alias into another zone: the resolver gives that zone's denial too."""
    zone, other = populated(), populated(NSEC3)
    response = zone.zone.response("x.alias.test.", "TXT")
    there = other.zone.response("b.test.", "TXT")
    foreign = [
        from_rdata(
            each.name.relativize(from_text("test.")).derelativize(from_text("sub.test.")),
            TTL,
            *each,
        )
        for each in there.authority
        if each.rdtype != RRSIG_TYPE
    ]
    response.authority.extend(foreign)
    assert isinstance(zone.answer("x.alias.test.", "TXT", response), Alias)
