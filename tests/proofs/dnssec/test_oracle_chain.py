"""Chains as contracts take them: one that was recorded, and some of our own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

import pytest
from dns.name import Name, from_text
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.RRSIG import RRSIG
from dns.rrset import RRset
from dns.rrset import from_text as rrset_from_text

from tests.proofs.dnssec.signed_zone import NOW, TTL, SignedZone, anchors_of, secure
from tests.proofs.dnssec.signing import key
from tests.vectors import vectors
from walkaway.anchors.dns_root import RootAnchors, dns_root_anchors, root_anchor
from walkaway.errors import InvalidRequest, ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec import (
    Link,
    SignedRRset,
    prove_answer,
    prove_delegation,
    prove_signed_rrsets,
    root_keys,
    zone_keys,
)
from walkaway.proofs.dnssec.values import Records

NAME = from_text("_ens.ethlab.xyz.")


def recorded() -> tuple[RootAnchors, list[Link], float]:
    """The chain of a name of 2019, the root's key of that time, and the time."""
    found = json.loads((vectors("names") / "dnssec-real-chain.json").read_text())
    chain = [(bytes.fromhex(each["rrset"]), bytes.fromhex(each["sig"])) for each in found["sets"]]
    return RootAnchors((root_anchor(found["anchor"]),)), chain, found["now"]


def prove_txt(
    anchors: RootAnchors, chain: Sequence[Link], now: float, name: Name = NAME
) -> list[str]:
    return [
        rdata.to_text()
        for rdata in prove_signed_rrsets(anchors, chain, name, RdataType.TXT, now).value.rrset
    ]


def test_a_recorded_chain() -> None:
    anchors, chain, now = recorded()
    expected = ['"a=0xfdb33f8ac7ce72d7d4795dd8610e323b4c122fbb"']
    assert prove_txt(anchors, chain, now) == expected
    assert prove_txt(dns_root_anchors(), chain, now) == expected


def test_a_recorded_chain_at_another_time() -> None:
    anchors, chain, now = recorded()
    month = 30 * 24 * 3600
    with pytest.raises(ProofError, match="expired"):
        prove_txt(anchors, chain, now + month)
    with pytest.raises(ProofError, match="not valid yet"):
        prove_txt(anchors, chain, now - month)


def test_a_recorded_chain_for_another_name_or_type() -> None:
    anchors, chain, now = recorded()
    with pytest.raises(ProofError, match="not what belongs in its place"):
        prove_txt(anchors, chain, now, from_text("ethlab.xyz."))
    with pytest.raises(ProofError, match="not what belongs in its place"):
        prove_signed_rrsets(anchors, chain, NAME, RdataType.A, now)


def test_links_in_another_order_or_left_out() -> None:
    anchors, chain, now = recorded()
    for other in (chain[::-1], chain[:-2], chain[:1] + chain[3:], chain[2:], [*chain[:1], *chain]):
        with pytest.raises(ProofError):
            prove_txt(anchors, other, now)


@cache
def own_chain() -> tuple[RootAnchors, tuple[Link, ...]]:
    """A chain of our own down to ``txt.test.``, from the bytes of responses."""
    root, zone = SignedZone("."), SignedZone("test.", signer=key(13, seed=2))
    root.delegate(zone)
    zone.add("txt.test.", "TXT", '"b"', '"a"')
    keys = root_keys(anchors_of(root), root.ask(".", "DNSKEY"), NOW)
    delegation = secure(prove_delegation(keys, zone.origin, root.ask("test.", "DS"), NOW))
    below = zone_keys(delegation, zone.ask("test.", "DNSKEY"), NOW)
    message = zone.ask("txt.test.", "TXT")
    answer = prove_answer(below, from_text("txt.test."), RdataType.TXT, message, NOW).value
    assert isinstance(answer, Records)
    rrsets = (keys.value.rrset, delegation.value.rrset, below.value.rrset, answer.rrset)
    return anchors_of(root), tuple([(each.signed_data(), each.rrsig.signature) for each in rrsets])


def test_what_was_proven_makes_a_chain() -> None:
    anchors, chain = own_chain()
    assert prove_txt(anchors, chain, NOW, from_text("txt.test.")) == ['"a"', '"b"']


def link(zone: SignedZone, rrset: RRset) -> Link:
    """Records with a zone's signature, as a chain holds them."""
    (rrsig,) = [rdata for rdata in zone.signature(rrset) if isinstance(rdata, RRSIG)]
    signed = SignedRRset(rrset.name, rrset.rdtype, tuple(rrset), TTL, rrsig)
    return signed.signed_data(), rrsig.signature


def test_a_chain_through_keys_that_do_not_count() -> None:
    """A delegation to algorithms that nobody verifies proves that nothing is signed below."""
    anchors, (top, _, *rest) = own_chain()
    ds = rrset_from_text("test.", TTL, "IN", "DS", "1 5 2 " + "00" * 32)
    with pytest.raises(ProofError, match=r"goes through test\., whose keys do not count"):
        prove_txt(anchors, [top, link(SignedZone("."), ds), *rest], NOW)


def test_a_zone_does_not_delegate_elsewhere() -> None:
    anchors, (top, ds, keys, _) = own_chain()
    zone = SignedZone("test.", signer=key(13, seed=2))
    other = rrset_from_text("other.", TTL, "IN", "TXT", "x")
    with pytest.raises(ProofError, match=r"not below test\."):
        prove_txt(anchors, [top, ds, keys, link(zone, other)], NOW, other.name)


def test_a_wildcards_records_are_no_ones_in_a_chain() -> None:
    anchors, (top, ds, keys, _) = own_chain()
    zone = SignedZone("test.", signer=key(13, seed=2))
    wild = rrset_from_text("*.test.", TTL, "IN", "TXT", "x")
    last = link(zone, wild)
    with pytest.raises(ProofError, match="not what belongs in its place"):
        prove_txt(anchors, [top, ds, keys, last], NOW, from_text("x.test."))
    assert prove_txt(anchors, [top, ds, keys, last], NOW, wild.name) == ['"x"']
    expanded = (last[0].replace(b"\x01*\x04test", b"\x01x\x04test"), last[1])
    with pytest.raises(ProofError, match="not in canonical form"):
        prove_txt(anchors, [top, ds, keys, expanded], NOW, from_text("x.test."))


def test_links_that_are_not_in_canonical_form() -> None:
    anchors, (top, ds, keys, (data, signature)) = own_chain()
    first, size = data.index(b"\x03txt"), len(b"\x03txt\x04test\0") + 12
    head, one, two = data[:first], data[first : first + size], data[first + size :]
    assert len(two) == size
    name = from_text("txt.test.")
    for other in (
        head + two + one,
        head + one + one + two,
        head + one.replace(b"txt", b"TXT") + two.replace(b"txt", b"TXT"),
        head.replace(b"test", b"TEST") + one + two,
        head[:-6] + b"\xc0\x00" + one + two,
    ):
        with pytest.raises(ProofError):
            prove_txt(anchors, [top, ds, keys, (other, signature)], NOW, name)
    for other, reason in (
        (head, "holds no records"),
        (head + one + two.replace(b"txt", b"tyt"), "more than one RRset"),
        (head + one * (LIMITS.dnssec_records + 1), "more than one RRset"),
        (head + one + two[:-1], "no signed RRset"),
        (head[:10], "no signed RRset"),
        (bytes(LIMITS.dns_message_bytes + 1), "over the size"),
    ):
        with pytest.raises(ProofError, match=reason):
            prove_txt(anchors, [top, ds, keys, (other, signature)], NOW, name)


def test_a_chain_has_a_bounded_number_of_links() -> None:
    anchors, chain = own_chain()
    for other in ((), chain[:1], chain[:3], chain * 17):
        with pytest.raises(ProofError, match="a chain is"):
            prove_txt(anchors, other, NOW)
    with pytest.raises(InvalidRequest):
        prove_txt(anchors, chain, NOW, from_text("relative", None))
