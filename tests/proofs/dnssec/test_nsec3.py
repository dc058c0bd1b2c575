"""Absence by NSEC3: what each record proves, and what it does not."""

from __future__ import annotations

from base64 import b32hexencode

import pytest
from dns.message import make_query, make_response
from dns.name import from_text
from dns.rdatatype import RdataType
from dns.rrset import from_text as rrset_from_text

from tests.proofs.dnssec.populated import Populated, fill
from tests.proofs.dnssec.signed_zone import NOW, TTL, Hashing, SignedZone, keys_of, wire
from tests.proofs.dnssec.signing import key
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec import InsecureAnswer, InsecureDelegation, Records, nsec3
from walkaway.proofs.dnssec.absence import Absence, Denial
from walkaway.proofs.dnssec.nsec3 import HashedSpans, hash_name
from walkaway.proofs.dnssec.response import read_response
from walkaway.proofs.dnssec.signature import Verifier

ZONE = SignedZone("z.")
LEAST, MOST = "0" * 32, "V" * 32


def digest(name: str) -> str:
    return b32hexencode(hash_name(from_text(name), b"", 0)).decode()


def beside(name: str, step: int) -> str:
    """The hash next to a name's own."""
    number = int.from_bytes(hash_name(from_text(name), b"", 0), "big") + step
    return b32hexencode(number.to_bytes(20, "big")).decode()


def at(name: str, types: str, *, flags: int = 0, after: str = MOST) -> str:
    """A record that lists a name's types."""
    return f"{digest(name)}.z. 1 {flags} 0 - {after} {types}"


def over(name: str, *, flags: int = 0) -> str:
    """A record that covers a name's hash alone."""
    return f"{beside(name, -1)}.z. 1 {flags} 0 - {beside(name, 1)} A"


def around(*names: str) -> str:
    """A record, the last of its zone, that covers all hashes but those between two names'."""
    low, high = sorted(beside(name, 0) for name in names)
    return f"{high}.z. 1 0 0 - {low} A"


def spans(*records: str) -> HashedSpans:
    response = ZONE.response("z.", "SOA")
    for record in records:
        owner, content = record.split(" ", 1)
        rrset = rrset_from_text(owner, TTL, "IN", "NSEC3", content)
        response.authority += [rrset, ZONE.signature(rrset)]
    claims = read_response(wire(response)).authority
    verifier = Verifier(ZONE.origin, [ZONE.signer.public], NOW)
    return HashedSpans(ZONE.origin, [verifier.prove(claimed) for claimed in claims.values()])


def deny(name: str, rdtype: str, *records: str) -> Denial:
    return spans(*records).deny(from_text(name), RdataType.make(rdtype))


def test_the_hashes_of_the_specification() -> None:
    """RFC 5155, appendix A."""
    salt = bytes.fromhex("aabbccdd")
    for name, expected in {
        "example.": "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom",
        "a.example.": "35mthgpgcu1qg68fab165klnsnk3dpvl",
        "*.w.EXAMPLE.": "r53bq7cc2uvmubfu5ocmm6pers9tk9en",
    }.items():
        assert b32hexencode(hash_name(from_text(name), salt, 12)).decode().lower() == expected


@pytest.mark.parametrize(
    ("name", "rdtype", "records", "absence"),
    [
        pytest.param("a.z.", "TXT", [at("a.z.", "A")], Absence.TYPE, id="its own list of types"),
        pytest.param("a.z.", "A", [at("a.z.", "")], Absence.TYPE, id="an empty non-terminal"),
        pytest.param("a.z.", "DS", [at("a.z.", "NS")], Absence.SIGNER, id="an unsigned cut"),
        pytest.param("a.z.", "DS", [at("a.z.", "A")], Absence.TYPE, id="no cut"),
        pytest.param(
            "b.z.",
            "A",
            [at("z.", "SOA NS"), over("b.z."), over("*.z.")],
            Absence.NAME,
            id="no name",
        ),
        pytest.param(
            "x.b.z.", "A", [at("z.", "SOA NS"), over("b.z."), over("*.z.")], Absence.NAME, id="deep"
        ),
        pytest.param(
            "x.b.z.", "A", [at("b.z.", "A"), over("x.b.z."), over("*.b.z.")], Absence.NAME, id="ce"
        ),
        pytest.param(
            "b.z.", "A", [at("z.", "SOA"), over("b.z."), at("*.z.", "TXT")], Absence.TYPE, id="wild"
        ),
        pytest.param(
            "b.z.", "A", [at("z.", "SOA"), over("b.z.", flags=1)], Absence.SIGNER, id="opt-out"
        ),
        pytest.param(
            "b.z.", "DS", [at("z.", "SOA"), over("b.z.", flags=1)], Absence.SIGNER, id="opt-out cut"
        ),
        pytest.param(
            "b.z.",
            "A",
            [at("z.", "SOA", after=digest("z."))],
            Absence.NAME,
            id="only the apex exists",
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
        pytest.param("a.z.", "A", [at("a.z.", "A")], "records: A", id="it has the type"),
        pytest.param("a.z.", "A", [at("a.z.", "CNAME")], "records: CNAME", id="it is an alias"),
        pytest.param("a.z.", "A", [at("a.z.", "NS")], "is a delegation", id="a delegation"),
        pytest.param("a.z.", "DS", [at("a.z.", "NS SOA")], "zone below", id="the zone below"),
        pytest.param("b.z.", "A", [over("b.z."), over("*.z.")], "encloses", id="no encloser"),
        pytest.param("b.z.", "A", [at("z.", "SOA"), over("*.z.")], r"b\.z\. is not", id="no cover"),
        pytest.param("b.z.", "A", [at("z.", "SOA"), over("b.z.")], r"\*\.z\. is not", id="no wild"),
        pytest.param(
            "x.b.z.",
            "A",
            [at("b.z.", "NS"), over("x.b.z."), over("*.b.z.")],
            "nothing of what is below",
            id="below a delegation",
        ),
        pytest.param(
            "x.b.z.",
            "A",
            [at("b.z.", "DNAME"), over("x.b.z."), over("*.b.z.")],
            "nothing of what is below",
            id="below a DNAME",
        ),
        pytest.param(
            "b.z.",
            "A",
            [at("z.", "SOA"), over("b.z."), at("*.z.", "A")],
            "shows that there are records",
            id="a wildcard has the type",
        ),
        pytest.param(
            "b.z.",
            "A",
            [at("z.", "SOA"), over("b.z."), at("*.z.", "NS")],
            "no wildcard is",
            id="a wildcard is a cut",
        ),
        pytest.param(
            "b.z.",
            "A",
            [at("z.", "SOA"), over("b.z."), f"{beside('*.z.', -1)}.z. 1 0 1 - {MOST} A"],
            "hashed in 2 known ways",
            id="hashed in two ways",
        ),
    ],
)
def test_what_proves_nothing(name: str, rdtype: str, records: list[str], reason: str) -> None:
    with pytest.raises(ProofError, match=reason):
        deny(name, rdtype, *records)


def test_the_last_record_covers_what_is_behind_it_and_before_the_first() -> None:
    names = sorted((f"n{number}.z." for number in range(5)), key=digest)
    found, encloser = spans(around(names[1], names[3])), from_text("z.")
    for name in (names[0], names[4]):
        assert found.deny_closer(from_text(name), encloser).absence is Absence.NAME
    for name in names[1:4]:
        with pytest.raises(ProofError, match="is not there"):
            found.deny_closer(from_text(name), encloser)


@pytest.mark.parametrize(
    "record",
    [
        f"{digest('a.z.')}.z. 2 0 0 - {MOST} A",
        f"{digest('a.z.')}.z. 1 2 0 - {MOST} A",
        f"{digest('a.z.')}.x.z. 1 0 0 - {MOST} A",
        f"{digest('a.z.')[:31]}.z. 1 0 0 - {MOST} A",
        f"{'W' * 32}.z. 1 0 0 - {MOST} A",
        f"{digest('a.z.')}.z. 1 0 0 - {MOST[:24]} A",
    ],
    ids=["hash", "flags", "deeper", "short", "no base32hex", "short next"],
)
def test_records_of_unknown_form_are_passed_over(record: str) -> None:
    with pytest.raises(ProofError, match="hashed in 0 known ways"):
        spans(record)
    denial = deny("b.z.", "A", record, at("b.z.", "TXT"))
    assert len(denial.records) == 1


@pytest.mark.parametrize("origin", [".", f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}."])
def test_a_record_at_the_zones_own_name_is_passed_over(origin: str) -> None:
    """Also where one that stands below it would have too long a name, or no label."""
    zone = SignedZone(origin)
    rrset = rrset_from_text(origin, TTL, "IN", "NSEC3", f"1 0 0 - {MOST} A")
    response = make_response(make_query(origin, "A", want_dnssec=True))
    response.authority += [rrset, zone.signature(rrset)]
    verifier = Verifier(zone.origin, [zone.signer.public], NOW)
    (claimed,) = read_response(wire(response)).authority.values()
    with pytest.raises(ProofError, match="hashed in 0 known ways"):
        HashedSpans(zone.origin, [verifier.prove(claimed)])


@pytest.mark.parametrize(
    ("record", "absence"),
    [(over("b.w.z."), Absence.NAME), (over("b.w.z.", flags=1), Absence.SIGNER)],
)
def test_nothing_is_closer_than_a_wildcard(record: str, absence: Absence) -> None:
    denial = spans(record).deny_closer(from_text("x.b.w.z."), from_text("w.z."))
    assert denial.absence is absence


def test_something_may_be_closer_than_a_wildcard() -> None:
    with pytest.raises(ProofError, match=r"b\.w\.z\. is not there"):
        spans(over("c.w.z.")).deny_closer(from_text("x.b.w.z."), from_text("w.z."))


@pytest.mark.parametrize("beyond", [0, 1])
def test_a_zone_that_hashes_too_often_is_taken_as_unsigned_where_it_denies(
    monkeypatch: pytest.MonkeyPatch, beyond: int
) -> None:
    root = SignedZone(".")
    hashing = Hashing(iterations=LIMITS.dnssec_nsec3_iterations + beyond)
    signed = SignedZone("test.", signer=key(seed=2), hashing=hashing)
    root.delegate(signed)
    fill(signed)
    zone = Populated(signed, keys_of(root, signed))
    absent, wild = signed.response("b.test.", "A"), signed.response("x.wild.test.", "TXT")
    cut = signed.response("open.test.", "DS")
    hashed: list[object] = []
    if beyond:
        monkeypatch.setattr(nsec3, "hash_name", lambda *given: hashed.append(given))

    assert isinstance(zone.answer("b.test.", "A", absent), InsecureAnswer) == bool(beyond)
    assert isinstance(zone.answer("x.wild.test.", "TXT", wild), InsecureAnswer) == bool(beyond)
    assert isinstance(zone.delegation("open.test.", cut), InsecureDelegation)
    assert isinstance(zone.answer("a.test.", "A"), Records)
    assert not hashed
