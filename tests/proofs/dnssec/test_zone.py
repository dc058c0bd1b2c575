"""A zone's keys: believed by a digest, signed by the key that it is of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dns.rrset import from_rdata

from tests.proofs.dnssec.signed_zone import (
    HOUR,
    NOW,
    TTL,
    SignedZone,
    anchors_of,
    keys_of,
    secure,
    wire,
)
from tests.proofs.dnssec.signing import REVOKED, ZONE_KEY, Key, key
from walkaway.anchors.dns_root import RootAnchors
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec import algorithms, prove_delegation, root_keys, zone_keys


def keys_signed_by(zone: SignedZone, signer: Key, *others: Key) -> bytes:
    """A response whose keys are the signer's and others, signed by the signer alone."""
    response = zone.response(".", "DNSKEY")
    keys = from_rdata(zone.origin, TTL, signer.public, *(other.public for other in others))
    response.answer[:] = [keys, zone.signature(keys, signer)]
    return wire(response)


@pytest.mark.parametrize("algorithm", [8, 10, 13, 14, 15, 16])
def test_keys_of_every_algorithm_sign(algorithm: int) -> None:
    root = SignedZone(".", signer=key(algorithm))
    child = SignedZone("test.", signer=key(algorithm))
    root.delegate(child, digest="SHA384")

    keys = keys_of(root, child)

    assert keys.value.zone == child.origin
    assert keys.value.keys == (child.signer.public,)
    assert keys.value.seconds == TTL
    assert keys.value.expires == NOW + HOUR
    assert keys.claim.subject == ("dns keys", "test.")
    (anchor,) = keys.because.anchors()
    assert anchor.rule == "DNS root key"


def test_a_root_whose_key_nobody_believes_is_refused() -> None:
    root, other = SignedZone("."), SignedZone(".", signer=key(seed=2))
    with pytest.raises(ProofError, match=r"no key of \. is the one whose digest is believed"):
        root_keys(anchors_of(other), root.ask(".", "DNSKEY"), NOW)


def test_a_key_is_not_believed_by_its_tag() -> None:
    root = SignedZone(".")
    (anchor,) = anchors_of(root).keys
    false = RootAnchors((replace(anchor, digest=bytes(32)),))
    with pytest.raises(ProofError, match="digest is believed"):
        root_keys(false, root.ask(".", "DNSKEY"), NOW)


def test_an_anchor_counts_from_its_day() -> None:
    root = SignedZone(".")
    (anchor,) = anchors_of(root).keys
    later = RootAnchors((replace(anchor, since=NOW + 1),))
    with pytest.raises(ProofError, match="expected none"):
        root_keys(later, root.ask(".", "DNSKEY"), NOW)
    root_keys(later, root.ask(".", "DNSKEY"), NOW + 1)


def test_keys_that_another_of_them_signed_are_refused() -> None:
    root, other = SignedZone("."), key(seed=2)
    message = keys_signed_by(root, other, root.signer)
    with pytest.raises(ProofError, match="no key of the zone made it"):
        root_keys(anchors_of(root), message, NOW)


@pytest.mark.parametrize(
    "signer",
    [key().flagged(ZONE_KEY | REVOKED), key().flagged(1), key().flagged(ZONE_KEY, protocol=2)],
    ids=["revoked", "not a zone's", "of another protocol"],
)
def test_keys_that_may_not_sign_are_no_keys(signer: Key) -> None:
    root = SignedZone(".", signer=signer)
    with pytest.raises(ProofError, match="digest is believed"):
        root_keys(anchors_of(root), keys_signed_by(root, signer), NOW)


def test_of_the_keys_those_are_kept_that_may_sign() -> None:
    root, second = SignedZone("."), key(13, seed=2)
    message = keys_signed_by(root, root.signer, second, key(seed=3).flagged(ZONE_KEY | REVOKED))
    keys = root_keys(anchors_of(root), message, NOW).value
    assert set(keys.keys) == {root.signer.public, second.public}
    assert len(keys.rrset) == 3


def test_more_keys_than_any_zone_needs_are_refused() -> None:
    root = SignedZone(".")
    others = [key(seed=seed) for seed in range(2, LIMITS.dnssec_keys + 2)]
    with pytest.raises(ProofError, match="more than 64 keys"):
        root_keys(anchors_of(root), keys_signed_by(root, root.signer, *others), NOW)


def test_only_so_many_digests_of_one_tag_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    root = SignedZone(".")
    (anchor,) = anchors_of(root).keys
    false = replace(anchor, digest=bytes(32))
    compared: list[object] = []
    monkeypatch.setattr(algorithms, "digest_of", lambda *given: compared.append(given))
    with pytest.raises(ProofError, match="the tags of too many others"):
        root_keys(RootAnchors((false,) * 65), root.ask(".", "DNSKEY"), NOW)
    assert not compared


def test_a_response_without_keys_is_refused() -> None:
    root = SignedZone(".")
    with pytest.raises(ProofError, match=r"has no keys of \."):
        root_keys(anchors_of(root), root.ask(".", "SOA"), NOW)


def test_keys_of_another_zone_do_not_pass() -> None:
    root, child = SignedZone("."), SignedZone("test.")
    root.delegate(child)
    delegation = prove_delegation(keys_of(root), child.origin, root.ask("test.", "DS"), NOW)
    with pytest.raises(ProofError, match=r"has no keys of test\."):
        zone_keys(secure(delegation), SignedZone("other.").ask("other.", "DNSKEY"), NOW)


def test_nothing_outlives_what_it_stands_on() -> None:
    root = SignedZone(".", valid=(NOW - HOUR, NOW + 60))
    child = SignedZone("test.", valid=(NOW - HOUR, NOW + HOUR))
    root.delegate(child)
    delegation = prove_delegation(keys_of(root), child.origin, root.ask("test.", "DS"), NOW)
    keys = zone_keys(secure(delegation), child.ask("test.", "DNSKEY"), NOW)
    assert (keys.value.seconds, keys.value.expires) == (60, NOW + 60)
    with pytest.raises(ProofError, match=r"the delegation of test\. held no longer"):
        zone_keys(secure(delegation), child.ask("test.", "DNSKEY"), NOW + 61)
    with pytest.raises(ProofError, match=r"the keys of \. held no longer"):
        prove_delegation(keys_of(root), child.origin, root.ask("test.", "DS"), NOW + 61)


def test_the_case_of_names_does_not_matter() -> None:
    root = SignedZone(".")
    child, loud = SignedZone("test."), SignedZone("TEST.")
    root.delegate(child)
    delegation = prove_delegation(keys_of(root), loud.origin, root.ask("tEsT.", "DS"), NOW)
    assert delegation.claim.subject == ("dns delegation", "test.")
    keys = zone_keys(secure(delegation), loud.ask("TEST.", "DNSKEY"), NOW)
    assert keys.value.zone.to_text() == "test."
