"""Delegations: secure, insecure, none, and what is no proof of either."""

from __future__ import annotations

import pytest
from dns.name import from_text
from dns.rrset import from_rdata
from dns.rrset import from_text as rrset_from_text

from tests.proofs.dnssec.populated import NSEC3, OPT_OUT, populated
from tests.proofs.dnssec.signed_zone import NOW, TTL, Hashing, SignedZone
from tests.proofs.dnssec.signing import key
from walkaway.errors import InvalidRequest, ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec import (
    InsecureDelegation,
    NoCut,
    NoSuchName,
    SecureDelegation,
    prove_delegation,
)

KINDS = pytest.mark.parametrize("hashing", [None, NSEC3, OPT_OUT], ids=["nsec", "nsec3", "opt-out"])


@KINDS
def test_a_signed_zone_below(hashing: Hashing | None) -> None:
    found = populated(hashing).delegation("signed.test.")
    assert isinstance(found, SecureDelegation)
    (ds,) = found.ds
    assert ds.key_tag == key(13, seed=3).public.key_id()
    assert found.child.to_text() == "signed.test."


@KINDS
def test_an_unsigned_zone_below(hashing: Hashing | None) -> None:
    found = populated(hashing).delegation("open.test.")
    assert isinstance(found, InsecureDelegation)
    assert ("opt-out" if hashing == OPT_OUT else "without a signature") in found.reason


@KINDS
@pytest.mark.parametrize(
    "name", ["a.test.", "ent.test.", "deep.ent.test.", "www.test.", "x.old.test."]
)
def test_no_zone_begins_there(hashing: Hashing | None, name: str) -> None:
    found = populated(hashing).delegation(name)
    assert isinstance(found, NoCut)
    assert found.name == from_text(name)


@KINDS
def test_nothing_is_there(hashing: Hashing | None) -> None:
    found = populated(hashing).delegation("b.test.")
    assert isinstance(found, InsecureDelegation if hashing == OPT_OUT else NoSuchName)


def test_a_wildcard_is_no_delegation() -> None:
    zone = populated(NSEC3)
    assert isinstance(zone.delegation("x.wild.test."), NoCut)
    assert isinstance(zone.delegation("x.alias.test."), NoCut)


def test_unsigned_digests_are_refused() -> None:
    zone = populated()
    response = zone.zone.response("signed.test.", "DS")
    response.answer[:] = response.answer[:1]
    with pytest.raises(ProofError, match="it has none"):
        zone.delegation("signed.test.", response)


def test_digests_left_out_are_no_absence() -> None:
    zone = populated()
    response = zone.zone.response("signed.test.", "DS")
    response.answer.clear()
    with pytest.raises(ProofError, match="neither answers nor proves"):
        zone.delegation("signed.test.", response)
    deny = zone.zone.denial_at(from_text("signed.test."))
    response.authority[:] = [deny, zone.zone.signature(deny)]
    with pytest.raises(ProofError, match="shows that there are records: DS"):
        zone.delegation("signed.test.", response)


@KINDS
def test_the_zone_below_does_not_deny_its_delegation(hashing: Hashing | None) -> None:
    """Its own record at its apex, as if signed by the zone above too."""
    child = SignedZone("open.test.", signer=populated(hashing).zone.signer, hashing=hashing)
    zone = populated(hashing)
    response = zone.zone.response("open.test.", "DS")
    deny = child.denial_at(child.origin)
    response.authority[:] = [deny, child.signature(deny)]
    with pytest.raises(ProofError, match="neither answers nor proves"):
        zone.delegation("open.test.", response)
    if hashing is None:
        response.authority[:] = [deny, zone.zone.signature(deny)]
        with pytest.raises(ProofError, match="of the zone below its delegation"):
            zone.delegation("open.test.", response)


def test_a_zone_above_a_cut_says_nothing_of_names_below() -> None:
    for hashing in (None, NSEC3):
        zone = populated(hashing)
        response = zone.zone.response("signed.test.", "A")
        with pytest.raises(ProofError):
            zone.delegation("x.signed.test.", response)


@pytest.mark.parametrize(
    ("contents", "secure"),
    [
        (["1 5 2 " + "00" * 32, "2 7 2 " + "00" * 32], None),
        (["1 200 2 " + "00" * 32], None),
        (["1 8 3 " + "00" * 32], None),
        (["1 8 1 " + "00" * 20], [1]),
        (["1 8 1 " + "00" * 20, "1 8 2 " + "00" * 32], [2]),
        (["1 8 4 " + "00" * 48, "1 13 2 " + "00" * 32, "1 5 2 " + "00" * 32], [2, 4]),
    ],
)
def test_which_digests_count(contents: list[str], secure: list[int] | None) -> None:
    zone = populated()
    ds = rrset_from_text("signed.test.", TTL, "IN", "DS", *contents)
    response = zone.zone.response("signed.test.", "DS")
    response.answer[:] = [ds, zone.zone.signature(ds)]
    found = zone.delegation("signed.test.", response)
    if secure is None:
        assert isinstance(found, InsecureDelegation)
        assert "do not count" in found.reason
    else:
        assert isinstance(found, SecureDelegation)
        assert sorted(ds.digest_type for ds in found.ds) == secure
        assert len(found.rrset) == len(contents)


def test_digests_of_a_wildcard_are_refused() -> None:
    zone = populated()
    ds = rrset_from_text("*.test.", TTL, "IN", "DS", "1 8 2 " + "00" * 32)
    given = [from_rdata(from_text("x.test."), TTL, *each) for each in (ds, zone.zone.signature(ds))]
    response = zone.zone.response("x.test.", "DS")
    response.answer[:] = given
    with pytest.raises(ProofError, match="comes of a wildcard"):
        zone.delegation("x.test.", response)


def test_more_digests_than_any_zone_needs_are_refused() -> None:
    zone = populated()
    many = [f"{tag} 8 2 {'00' * 32}" for tag in range(LIMITS.dnssec_keys + 1)]
    ds = rrset_from_text("signed.test.", TTL, "IN", "DS", *many)
    response = zone.zone.response("signed.test.", "DS")
    response.answer[:] = [ds, zone.zone.signature(ds)]
    with pytest.raises(ProofError, match="more than 64 keys"):
        zone.delegation("signed.test.", response)


@pytest.mark.parametrize("name", ["test.", "other.", "."])
def test_only_names_below_are_delegated(name: str) -> None:
    zone = populated()
    with pytest.raises(InvalidRequest):
        prove_delegation(zone.keys, from_text(name), b"", NOW)


def test_a_wildcard_alias_in_an_opt_out_span_is_taken_as_no_signed_cut() -> None:
    assert isinstance(populated(OPT_OUT).delegation("x.alias.test."), InsecureDelegation)
