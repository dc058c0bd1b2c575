"""No changed byte alters what DNSSEC proves, and nothing else than `ProofError` comes.

Bytes that nobody signs (the header, the question, TTLs, the case of names) may change
and leave the same answer, which may then be kept for less long but not for longer.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.dnssec.populated import NSEC3, OPT_OUT, populated
from tests.proofs.dnssec.signed_zone import NOW, Hashing, SignedZone, anchors_of, keys_of, secure
from tests.proofs.dnssec.signing import key
from tests.proofs.dnssec.test_oracle_chain import prove_txt, recorded
from walkaway.errors import ProofError
from walkaway.proofs.dnssec import (
    Alias,
    Answer,
    Delegation,
    Records,
    SecureDelegation,
    ZoneKeys,
    prove_delegation,
    root_keys,
    zone_keys,
)
from walkaway.proofs.dnssec.response import read_response

pytestmark = pytest.mark.adversary

STEP = 3
"""Every third byte is changed."""

QUESTIONS = [
    ("a.test.", "A"),
    ("www.test.", "A"),
    ("x.old.test.", "A"),
    ("x.wild.test.", "TXT"),
    ("x.wild.test.", "A"),
    ("a.test.", "AAAA"),
    ("ent.test.", "A"),
    ("b.test.", "A"),
]
CUTS = ["signed.test.", "open.test.", "a.test.", "b.test."]


def meaning(value: Answer | Delegation | ZoneKeys) -> tuple[object, ...]:
    """What a value says, without for how long."""
    match value:
        case Records(rrset=rrset):
            return (Records, rrset.name, tuple(map(str, rrset)), rrset.signed_data())
        case Alias(target=target):
            return (Alias, target)
        case SecureDelegation(child=child, rrset=rrset):
            return (SecureDelegation, child, rrset.signed_data())
        case ZoneKeys(zone=zone, rrset=rrset):
            return (ZoneKeys, zone, rrset.signed_data())
        case _:
            return (type(value),)


def attack(message: bytes, prove: Callable[[bytes], Answer | Delegation | ZoneKeys]) -> None:
    """Change bytes all over a message, one at a time."""
    truth, chance, refused = prove(message), random.Random(len(message)), 0
    places = range(0, len(message), STEP)
    for at in places:
        changed = bytearray(message)
        changed[at] ^= chance.choice([1, 0x20, 0x80, chance.randrange(1, 256)])
        try:
            found = prove(bytes(changed))
        except ProofError:
            refused += 1
        else:
            assert meaning(found) == meaning(truth), f"byte {at} altered what is proven"
            assert found.seconds <= truth.seconds
            assert found.expires == truth.expires
    assert refused > len(places) // 2


@pytest.mark.parametrize("hashing", [None, NSEC3, OPT_OUT], ids=["nsec", "nsec3", "opt-out"])
def test_answers_and_delegations(hashing: Hashing | None) -> None:
    zone = populated(hashing)
    for name, rdtype in QUESTIONS:
        attack(zone.zone.ask(name, rdtype), partial(zone.answer, name, rdtype))
    for name in CUTS:
        attack(zone.zone.ask(name, "DS"), partial(zone.delegation, name))


@pytest.mark.parametrize("algorithm", [8, 13])
def test_keys(algorithm: int) -> None:
    root = SignedZone(".", signer=key(algorithm))
    child = SignedZone("test.", signer=key(algorithm, seed=2))
    root.delegate(child)
    anchors = anchors_of(root)
    attack(root.ask(".", "DNSKEY"), lambda data: root_keys(anchors, data, NOW).value)
    cut = secure(prove_delegation(keys_of(root), child.origin, root.ask("test.", "DS"), NOW))
    attack(child.ask("test.", "DNSKEY"), lambda data: zone_keys(cut, data, NOW).value)


def test_all_of_a_recorded_chain_counts() -> None:
    anchors, chain, now = recorded()
    chance = random.Random(6)
    for place, link in enumerate(chain):
        for part in range(2):
            for at in range(chance.randrange(8), len(link[part]), 8):
                changed = bytearray(link[part])
                changed[at] ^= chance.randrange(1, 256)
                forged = (bytes(changed), link[1]) if part == 0 else (link[0], bytes(changed))
                with pytest.raises(ProofError):
                    prove_txt(anchors, [*chain[:place], forged, *chain[place + 1 :]], now)


MESSAGES = [populated(each).zone.ask(*QUESTIONS[3]) for each in (None, NSEC3)]


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused(tail: bytes) -> None:
    for data in (tail, b"\0\0\x80\0\0\0\0\2\0\2\0\0" + tail, MESSAGES[0][:60] + tail):
        try:
            read_response(data)
        except ProofError:
            continue


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_messages_cut_and_pasted(data: st.DataObject) -> None:
    """Parts of two messages, one of a zone that hashes, in any order."""
    pieces = []
    for _ in range(data.draw(st.integers(1, 4))):
        message = data.draw(st.sampled_from(MESSAGES))
        start = data.draw(st.integers(0, len(message)))
        pieces.append(message[start : data.draw(st.integers(start, len(message)))])
    zone = populated()
    try:
        found = zone.answer("x.wild.test.", "TXT", b"".join(pieces))
    except ProofError:
        return
    assert meaning(found) == meaning(zone.answer("x.wild.test.", "TXT"))
