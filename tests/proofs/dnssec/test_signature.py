"""One RRset under a zone's keys: each thing that a signature must be."""

from __future__ import annotations

import pytest
from dns.name import from_text
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.RRSIG import RRSIG
from dns.rrset import RRset, from_rdata
from dns.rrset import from_text as rrset_from_text

from tests.proofs.dnssec.signed_zone import HOUR, NOW, TTL, SignedZone
from tests.proofs.dnssec.signing import Key, dnskey, key
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec import SignedRRset, algorithms
from walkaway.proofs.dnssec.rrset import ClaimedRRset
from walkaway.proofs.dnssec.signature import Verifier, lifetime

ZONE = SignedZone("z.")
A = rrset_from_text("a.b.z.", TTL, "IN", "A", "192.0.2.1")


def claimed(rrset: RRset, *signatures: RRset) -> ClaimedRRset:
    rrsigs = [rdata for each in signatures for rdata in each if isinstance(rdata, RRSIG)]
    return ClaimedRRset(rrset.name, rrset.rdtype, tuple(rrset), rrset.ttl, tuple(rrsigs))


def prove(
    *signatures: RRset, rrset: RRset = A, now: float = NOW, by: Key | None = None
) -> SignedRRset:
    signer = by or ZONE.signer
    return Verifier(ZONE.origin, [signer.public], now).prove(claimed(rrset, *signatures))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signer": from_text("other.")}, r"signed by other\."),
        ({"signer": from_text("b.z.")}, r"signed by b\.z\."),
        ({"type_covered": RdataType.AAAA}, "covers AAAA"),
        ({"labels": 4}, "over 4 labels"),
        ({"labels": 0}, "over 0 labels"),
        ({"algorithm": 5}, "algorithm RSASHA1 does not count"),
        ({"algorithm": 13}, "no key of the zone made it"),
        ({"key_tag": 1}, "no key of the zone made it"),
        ({"expiration": int(NOW) - 10}, "expired 10 seconds ago"),
        ({"inception": int(NOW) + 10}, "not valid yet, but in 10 seconds"),
    ],
)
def test_signatures_that_do_not_count(changes: dict[str, object], reason: str) -> None:
    (rrsig,) = ZONE.signature(A)
    changed = from_rdata(A.name, TTL, rrsig.replace(**changes))
    with pytest.raises(ProofError, match=reason) as caught:
        prove(changed)
    assert caught.value.commitment == "the keys of z."


def test_names_elsewhere_are_not_the_zones_to_sign() -> None:
    other = rrset_from_text("a.other.", TTL, "IN", "A", "192.0.2.1")
    with pytest.raises(ProofError, match=r"the name is not below z\."):
        prove(ZONE.signature(other), rrset=other)


def test_the_moments_at_the_ends_count() -> None:
    signature = ZONE.signature(A)
    for now in (NOW - HOUR, NOW + HOUR):
        prove(signature, now=now)
    for now in (NOW - HOUR - 1, NOW + HOUR + 1):
        with pytest.raises(ProofError):
            prove(signature, now=now)


def test_times_go_on_behind_the_largest_number() -> None:
    """Serial numbers wrap in 2106 (RFC 4034, 3.1.5)."""
    now = 2.0**32 + 10
    zone = SignedZone("z.", valid=(now - HOUR, now + HOUR))
    signature = zone.signature(A)
    found = prove(signature, now=now)
    assert lifetime([found], now, float("inf")).expires == now + HOUR
    with pytest.raises(ProofError, match="expired 1 seconds ago"):
        prove(signature, now=now + HOUR + 1)


def test_the_first_signature_that_counts_is_taken() -> None:
    stale = ZONE.signature(A, expiration=int(NOW) - 1)
    other = ZONE.signature(A, key(seed=9))
    good = ZONE.signature(A)
    assert prove(stale, other, good).rrsig == good[0]
    with pytest.raises(ProofError, match="expired 1 seconds ago; no key of the zone made it"):
        prove(stale, other, other)


def test_the_case_of_names_does_not_matter() -> None:
    rrset = rrset_from_text("A.b.Z.", TTL, "IN", "MX", "10 MAIL.Z.")
    lower = rrset_from_text("a.b.z.", TTL, "IN", "MX", "10 mail.z.")
    found = prove(ZONE.signature(lower), rrset=rrset)
    assert [rdata.to_text() for rdata in found] == ["10 mail.z."]


def test_records_in_any_order_and_twice_are_one_set() -> None:
    contents = ["192.0.2.1", "10.0.0.1", "192.0.2.0"]
    rrset = rrset_from_text("a.z.", TTL, "IN", "A", *contents)
    whole = claimed(rrset, ZONE.signature(rrset))
    given = ClaimedRRset(
        whole.name, whole.rdtype, (*whole.rdatas[::-1], whole.rdatas[0]), TTL, whole.rrsigs
    )
    found = Verifier(ZONE.origin, [ZONE.signer.public], NOW).prove(given)
    assert [rdata.to_text() for rdata in found] == ["10.0.0.1", "192.0.2.0", "192.0.2.1"]
    assert len(found) == 3


def test_wildcards() -> None:
    wild = rrset_from_text("*.z.", TTL, "IN", "A", "192.0.2.1")
    found = prove(ZONE.signature(wild))
    assert found.wildcard == from_text("*.z.")
    assert prove(ZONE.signature(wild), rrset=wild).wildcard is None
    deep = rrset_from_text("*.b.z.", TTL, "IN", "A", "192.0.2.1")
    assert prove(ZONE.signature(wild), rrset=deep).wildcard == from_text("*.z.")


def colliding(count: int) -> list[Key]:
    """Keys of one tag, none of which has made a signature."""
    real, made = ZONE.signer.public, []
    for number in range(count):
        content = bytearray(real.key)
        # Two words are changed so that their sum, of which the tag is made, stays.
        for at, step in ((0, number + 1), (2, -number - 1)):
            word = int.from_bytes(content[at : at + 2], "big") + step
            content[at : at + 2] = (word % 2**16).to_bytes(2, "big")
        made.append(Key(ZONE.signer.private, dnskey(15, bytes(content))))
    return [each for each in made if each.public.key_id() == real.key_id()]


def test_only_so_many_signatures_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """KeyTrap: hundreds of keys of one tag, and hundreds of signatures, for each RRset."""
    keys = colliding(300)
    assert len(keys) > 200
    signatures = [ZONE.signature(A, original_ttl=ttl) for ttl in range(1, 200)]
    tried: list[object] = []
    monkeypatch.setattr(algorithms, "verify", lambda *given: tried.append(given))
    verifier = Verifier(ZONE.origin, [each.public for each in keys], NOW)
    for done in range(1, 10):
        with pytest.raises(ProofError, match="too many would have to be tried"):
            verifier.prove(claimed(A, *signatures))
        assert len(tried) == min(done * LIMITS.dnssec_trials, LIMITS.dnssec_message_trials)
