"""A resolver that gives signed records, but not those that were asked for.

It leaves out, adds, and moves to other names (as one may do with a wildcard's) what
the zone has really signed: whatever it makes of that, an answer is the true one or none.
It may also send keys of one tag and signatures by the hundred (KeyTrap).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

import pytest
from dns.message import Message, make_query, make_response
from dns.name import Name, from_text
from dns.rrset import RRset, from_rdata

from tests.adversary.test_dnssec_bytes import meaning
from tests.proofs.dnssec.populated import NSEC3, OPT_OUT, Populated, populated
from tests.proofs.dnssec.signed_zone import NOW, TTL, Hashing, SignedZone, anchors_of, wire
from tests.proofs.dnssec.test_signature import colliding
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec import InsecureAnswer, InsecureDelegation, algorithms, root_keys

pytestmark = pytest.mark.adversary

NAMES = [
    "a.test.",
    "b.test.",
    "x.a.test.",
    "www.test.",
    "txt.test.",
    "wild.test.",
    "x.wild.test.",
    "x.y.wild.test.",
    "host.wild.test.",
    "x.host.wild.test.",
    "*.wild.test.",
    "x.alias.test.",
    "ent.test.",
    "deep.ent.test.",
    "old.test.",
    "x.old.test.",
    "signed.test.",
    "x.signed.test.",
    "open.test.",
    "x.open.test.",
]
BELOW_CUTS = {"x.signed.test.", "x.open.test."}
"""Of which the zone itself says nothing."""
TYPES = ["A", "TXT", "CNAME", "DS", "DS"]
UNSIGNED = {"DS": (InsecureDelegation,)} | dict.fromkeys(TYPES[:3], (InsecureAnswer,))
TURNS = 400
Signed = tuple[RRset, RRset]


def signed_by(zone: SignedZone) -> tuple[list[Signed], list[Signed]]:
    """All that the zone has signed: its records, and those by which it denies."""
    names = ["test.", "*.alias.test.", *NAMES]
    records = [rrset for name in names for rrset in zone.records_at(from_text(name))]
    given = [(rrset, zone.signature(rrset)) for rrset in records]
    return given, [(rrset, zone.signature(rrset)) for rrset in zone.denials()]


def moved(signed: Signed, name: Name) -> Iterator[RRset]:
    for rrset in signed:
        yield from_rdata(name, rrset.ttl, *rrset)


def cunning(
    chance: random.Random, name: Name, given: list[Signed], denying: list[Signed]
) -> Message:
    """A response of signed records, some of them under the name that was asked for."""
    response = make_response(make_query(name, "A"))
    for signed in chance.sample(given, chance.randrange(4)):
        owner = chance.choice([name, name.parent(), signed[0].name])
        response.answer.extend(moved(signed, owner))
    for signed in chance.sample(denying, chance.randrange(min(len(denying), 14))):
        response.authority.extend(signed)
    if chance.random() < 0.2:
        signed = chance.choice([*given, *denying])
        response.authority.extend(moved(signed, chance.choice([name, name.parent()])))
    return response


@pytest.mark.parametrize("hashing", [None, NSEC3, OPT_OUT], ids=["nsec", "nsec3", "opt-out"])
def test_signed_records_in_the_wrong_place(hashing: Hashing | None) -> None:
    zone = populated(hashing)
    given, denying = signed_by(zone.zone)
    chance, proven = random.Random(7), 0
    for _ in range(TURNS):
        name, rdtype = chance.choice(NAMES), chance.choice(TYPES)
        response = cunning(chance, from_text(name), given, denying)
        found = said(zone, name, rdtype, response)
        if found is not None:
            proven += 1
            below = name in BELOW_CUTS and hashing == OPT_OUT
            truth = UNSIGNED[rdtype] if below else true(hashing, name, rdtype)
            assert found == truth, (name, rdtype, response)
    assert proven > TURNS // 20


def said(
    zone: Populated, name: str, rdtype: str, response: Message | None = None
) -> tuple[object, ...] | None:
    """What a response proves, or the zone's own; None where that is nothing."""
    try:
        if rdtype == "DS":
            return meaning(zone.delegation(name, response))
        return meaning(zone.answer(name, rdtype, response))
    except ProofError:
        return None


@cache
def true(hashing: Hashing | None, name: str, rdtype: str) -> tuple[object, ...] | None:
    return None if name in BELOW_CUTS else said(populated(hashing), name, rdtype)


def test_a_trap_of_keys_and_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    root = SignedZone(".")
    keys = from_rdata(
        root.origin, TTL, root.signer.public, *[each.public for each in colliding(60)]
    )
    rrsigs = [rdata for ttl in range(1, 300) for rdata in root.signature(keys, original_ttl=ttl)]
    response = root.response(".", "DNSKEY")
    response.answer[:] = [keys, from_rdata(root.origin, TTL, *rrsigs)]
    tried: list[object] = []
    monkeypatch.setattr(algorithms, "verify", lambda *given: tried.append(given))
    with pytest.raises(ProofError, match="too many would have to be tried"):
        root_keys(anchors_of(root), wire(response), NOW)
    assert len(tried) == LIMITS.dnssec_trials
