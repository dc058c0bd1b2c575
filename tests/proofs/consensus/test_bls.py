"""Keys and signatures: only points of the subgroup, and only the true signers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from py_arkworks_bls12381 import G1Point, G2Point, Scalar

from tests.proofs.consensus.simulator import SEATS, Chain, sync_committee, with_forks
from walkaway.errors import ProofError
from walkaway.proofs.consensus.bls import CIPHERSUITE, committee_keys
from walkaway.proofs.consensus.containers import SyncAggregate, SyncCommittee
from walkaway.proofs.consensus.forks import signing_root

CHAIN = Chain(with_forks(electra=0))
FIELD = int(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
    16,
)
INFINITY_G1 = b"\xc0" + bytes(47)
INFINITY_G2 = b"\xc0" + bytes(95)


def signed(signers: int) -> tuple[bytes, SyncAggregate]:
    header = CHAIN.block(40).header
    return signing_root(CHAIN.spec, header.beacon.root(), 41), CHAIN.sign(header, 41, signers)


@pytest.mark.parametrize("signers", [1, 2, SEATS // 2, SEATS // 2 + 1, SEATS - 1, SEATS])
def test_those_who_signed_are_found_by_sum_and_by_difference(signers: int) -> None:
    message, aggregate = signed(signers)
    keys = committee_keys(sync_committee(0))
    keys.verify(message, aggregate)
    for other in {1, SEATS // 2, SEATS} - {signers}:
        bits = ((1 << other) - 1).to_bytes(SEATS // 8, "little")
        with pytest.raises(ProofError, match="not the committee's"):
            keys.verify(message, replace(aggregate, sync_committee_bits=bits))


def test_another_message_is_not_signed() -> None:
    _, aggregate = signed(SEATS)
    with pytest.raises(ProofError, match="not the committee's"):
        committee_keys(sync_committee(0)).verify(bytes(32), aggregate)


def not_in_the_subgroup_g2() -> bytes:
    at = 1
    while True:
        encoded = bytes([0x80]) + bytes(94) + bytes([at])
        try:
            point = G2Point.from_compressed_bytes_unchecked(encoded)
        except ValueError:
            at += 1
            continue
        assert not point.is_in_subgroup()
        return encoded


def not_in_the_subgroup_g1() -> bytes:
    at = 1
    while True:
        encoded = bytes([0x80]) + bytes(46) + bytes([at])
        try:
            point = G1Point.from_compressed_bytes_unchecked(encoded)
        except ValueError:
            at += 1
            continue
        assert not point.is_in_subgroup()
        return encoded


@pytest.mark.parametrize(
    "signature",
    [bytes(96), b"\xff" * 96, INFINITY_G2, not_in_the_subgroup_g2(), b"", b"\xa0" * 95],
    ids=["zeros", "ones", "infinity", "outside the subgroup", "empty", "short"],
)
def test_a_signature_is_a_point_of_the_subgroup(signature: bytes) -> None:
    message, _ = signed(1)
    aggregate = SyncAggregate(b"\xff" * 4, signature)
    with pytest.raises(ProofError, match=r"the signature is (no curve point|the identity)"):
        committee_keys(sync_committee(0)).verify(message, aggregate)


def plus_field(key: bytes) -> bytes:
    """The same x with the field's modulus added: a second spelling, where it fits the bits."""
    x = int.from_bytes(key) & ((1 << 381) - 1)
    flags = key[0] & 0xE0
    spelled = x + FIELD
    assert spelled.bit_length() <= 382
    return bytes([flags | spelled >> 376 & 0x1F]) + (spelled & ((1 << 376) - 1)).to_bytes(47)


@pytest.mark.parametrize(
    "key",
    [
        bytes(48),
        b"\xff" * 48,
        INFINITY_G1,
        not_in_the_subgroup_g1(),
        plus_field(sync_committee(0).pubkeys[3]),
        b"",
    ],
    ids=["zeros", "ones", "infinity", "outside the subgroup", "not reduced", "empty"],
)
def test_a_key_is_a_point_of_the_subgroup(key: bytes) -> None:
    committee = sync_committee(0)
    keys = (*committee.pubkeys[:3], key, *committee.pubkeys[4:])
    with pytest.raises(ProofError, match="seat 3"):
        committee_keys(replace(committee, pubkeys=keys))


def test_the_aggregate_key_is_the_keys_sum() -> None:
    other = sync_committee(1).aggregate_pubkey
    with pytest.raises(ProofError, match="do not sum"):
        committee_keys(replace(sync_committee(0), aggregate_pubkey=other))


def test_signers_whose_keys_cancel_out_prove_nothing() -> None:
    key = G1Point() * Scalar(5)
    pair = (key.to_compressed_bytes(), (-key).to_compressed_bytes())
    committee = SyncCommittee(pair * (SEATS // 2), INFINITY_G1)
    signature = (G2Point.hash_to_curve(bytes(32), CIPHERSUITE) * Scalar(5)).to_compressed_bytes()
    with pytest.raises(ProofError, match="sum to the identity"):
        committee_keys(committee).verify(bytes(32), SyncAggregate(b"\xff" * 4, signature))
