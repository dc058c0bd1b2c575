"""Absence by NSEC: what each record proves, and what it does not."""

from __future__ import annotations

import pytest
from dns.name import from_text
from dns.rdatatype import RdataType
from dns.rrset import from_text as rrset_from_text

from tests.proofs.dnssec.signed_zone import NOW, TTL, SignedZone, wire
from walkaway.errors import ProofError
from walkaway.proofs.dnssec.absence import Absence, Denial
from walkaway.proofs.dnssec.nsec import Spans
from walkaway.proofs.dnssec.response import read_response
from walkaway.proofs.dnssec.rrset import SignedRRset
from walkaway.proofs.dnssec.signature import Verifier

ZONE = SignedZone("z.")


def spans(*records: str) -> Spans:
    """Signed NSEC records, each written as ``owner next TYPES``."""
    response = ZONE.response("z.", "SOA")
    for record in records:
        owner, content = record.split(" ", 1)
        rrset = rrset_from_text(owner, TTL, "IN", "NSEC", content)
        response.authority += [rrset, ZONE.signature(rrset)]
    claims = read_response(wire(response)).authority
    verifier = Verifier(ZONE.origin, [ZONE.signer.public], NOW)
    return Spans(ZONE.origin, [verifier.prove(claimed) for claimed in claims.values()])


def deny(name: str, rdtype: str, *records: str) -> Denial:
    return spans(*records).deny(from_text(name), RdataType.make(rdtype))


@pytest.mark.parametrize(
    ("name", "rdtype", "records", "absence"),
    [
        pytest.param("a.z.", "TXT", ["a.z. c.z. A"], Absence.TYPE, id="its own list of types"),
        pytest.param("a.z.", "DS", ["a.z. c.z. NS"], Absence.SIGNER, id="an unsigned cut"),
        pytest.param("a.z.", "DS", ["a.z. c.z. A"], Absence.TYPE, id="no cut"),
        pytest.param("z.", "A", ["z. c.z. NS SOA"], Absence.TYPE, id="at the apex"),
        pytest.param("b.z.", "A", ["a.z. x.b.z. A"], Absence.TYPE, id="an empty non-terminal"),
        pytest.param("b.z.", "DS", ["a.z. x.b.z. A"], Absence.TYPE, id="no cut at an empty one"),
        pytest.param("b.z.", "A", ["a.z. c.z. A", "z. a.z. SOA"], Absence.NAME, id="two records"),
        pytest.param("b.z.", "A", ["z. z. SOA NS"], Absence.NAME, id="only the apex exists"),
        pytest.param("b.z.", "A", ["z. c.z. SOA NS"], Absence.NAME, id="one record for both"),
        pytest.param("y.z.", "A", ["x.z. z. A", "z. a.z. SOA"], Absence.NAME, id="the last record"),
        pytest.param("b.z.", "A", ["a.z. c.z. A", "*.z. a.z. TXT"], Absence.TYPE, id="a wildcard"),
        pytest.param(
            "b.z.", "A", ["a.z. c.z. A", "z. x.*.z. SOA"], Absence.TYPE, id="an empty wildcard"
        ),
        pytest.param("B.Z.", "A", ["a.z. C.z. A", "Z. a.z. SOA"], Absence.NAME, id="in any case"),
        pytest.param(
            "x.a.z.", "A", ["a.z. c.z. A", "z. a.z. SOA"], Absence.NAME, id="below a name"
        ),
    ],
)
def test_what_is_absent(name: str, rdtype: str, records: list[str], absence: Absence) -> None:
    denial = deny(name, rdtype, *records)
    assert denial.absence is absence
    assert bool(denial.reason) == (absence is Absence.SIGNER)


@pytest.mark.parametrize(
    ("name", "rdtype", "records", "reason"),
    [
        pytest.param("a.z.", "A", ["a.z. c.z. A"], "there are records: A", id="it has the type"),
        pytest.param("a.z.", "A", ["a.z. c.z. CNAME"], "records: CNAME", id="it is an alias"),
        pytest.param("a.z.", "A", ["a.z. c.z. NS"], "is a delegation", id="a delegation, by type"),
        pytest.param("a.z.", "DS", ["a.z. c.z. NS SOA"], "zone below", id="the zone below"),
        pytest.param("x.a.z.", "A", ["a.z. c.z. NS"], "no record", id="below a delegation"),
        pytest.param("x.a.z.", "A", ["a.z. c.z. DNAME"], "no record", id="below a DNAME"),
        pytest.param("c.z.", "A", ["a.z. c.z. A"], "no record", id="the next name"),
        pytest.param("d.z.", "A", ["a.z. c.z. A"], "no record", id="behind the next name"),
        pytest.param("0.z.", "A", ["a.z. c.z. A"], "no record", id="before the owner"),
        pytest.param("b.z.", "A", ["a.z. c.z. A"], r"\*\.z\. is not there", id="a wildcard may be"),
        pytest.param(
            "b.z.", "A", ["a.z. c.z. A", "*.z. a.z. A"], r"\*\.z\. shows", id="a wildcard is"
        ),
        pytest.param(
            "b.z.", "A", ["a.z. c.z. A", "*.z. a.z. NS"], "no wildcard is", id="a wildcard cut"
        ),
        pytest.param(
            "b.z.", "A", ["a.z. zz. A", "z. a.z. SOA"], "no record", id="a next name elsewhere"
        ),
        pytest.param("b.z.", "A", ["c.z. a.z. A"], "no record", id="the wrong way round"),
        pytest.param("b.z.", "A", ["x.z. z. A"], "no record", id="behind the last"),
    ],
)
def test_what_proves_nothing(name: str, rdtype: str, records: list[str], reason: str) -> None:
    with pytest.raises(ProofError, match=reason):
        deny(name, rdtype, *records)


@pytest.mark.parametrize(
    ("name", "records", "holds"),
    [
        ("b.w.z.", ["*.w.z. z. TXT"], True),
        ("b.w.z.", ["a.w.z. c.w.z. A"], True),
        ("x.b.w.z.", ["a.w.z. c.w.z. A"], True),
        ("x.b.w.z.", ["b.w.z. c.w.z. A"], False),
        ("x.b.w.z.", ["a.w.z. y.b.w.z. A"], False),
        ("b.w.z.", ["a.w.z. x.b.w.z. A"], False),
        ("b.w.z.", ["b.w.z. c.w.z. A"], False),
    ],
)
def test_whether_something_is_closer_than_a_wildcard(
    name: str, records: list[str], *, holds: bool
) -> None:
    found, encloser = spans(*records), from_text("w.z.")
    if holds:
        assert found.deny_closer(from_text(name), encloser).absence is Absence.NAME
    else:
        with pytest.raises(ProofError):
            found.deny_closer(from_text(name), encloser)


def test_each_record_that_is_needed_is_named() -> None:
    denial = deny("b.z.", "A", "a.z. c.z. A", "z. a.z. SOA", "x.z. z. A")
    assert [str(record.name) for record in denial.records] == ["a.z.", "z."]
    assert all(isinstance(record, SignedRRset) for record in denial.records)
