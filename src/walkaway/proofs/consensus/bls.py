"""BLS signatures of sync committees: decode the keys once a period, then verify fast.

BLS12-381 in the proof-of-possession scheme, keys in G1, signatures in G2
(IETF draft-irtf-cfrg-bls-signature-05, sections 3.3.4 and 4.2.3;
consensus-specs ``specs/altair/bls.md``). Every key and every signature is
checked to be a point of the subgroup, and not the identity.
"""

from __future__ import annotations

from functools import lru_cache

from py_arkworks_bls12381 import GT, G1Point, G2Point

from walkaway.errors import ProofError
from walkaway.proofs.consensus.containers import SyncAggregate, SyncCommittee

__all__ = ["CIPHERSUITE", "CommitteeKeys", "committee_keys"]

CIPHERSUITE = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
COMMITTEES_KEPT = 8
"""Decoded committees held in memory, some 200 kB each."""


class CommitteeKeys:
    """The decoded keys of one committee and their sum. Make it with `committee_keys`."""

    __slots__ = ("_keys", "_sum")

    def __init__(self, keys: list[G1Point]) -> None:
        self._keys = keys
        self._sum = _sum(keys)

    @property
    def aggregate_pubkey(self) -> bytes:
        """The sum of all keys, compressed, 48 bytes."""
        return self._sum.to_compressed_bytes()

    def verify(self, message: bytes, aggregate: SyncAggregate) -> None:
        """FastAggregateVerify over those who signed a 32-byte message, or a ProofError.

        1. The signature is a point of the subgroup and not the identity.
        2. The signers' keys are summed: all keys less those of the absent
           where these are fewer. A sum that is the identity is refused.
        3. e(sum, hash(message)) = e(generator, signature).
        """
        signature = _signature(aggregate.sync_committee_signature)
        signers = self._sum_of_signers(aggregate)
        if signers == G1Point.identity():
            raise ProofError("the signers' keys sum to the identity", commitment=_WHAT)
        hashed = G2Point.hash_to_curve(message, CIPHERSUITE)
        if not GT.pairing_check([signers, -G1Point()], [hashed, signature]):
            raise ProofError("the signature is not the committee's", commitment=_WHAT)

    def _sum_of_signers(self, aggregate: SyncAggregate) -> G1Point:
        present: list[G1Point] = []
        absent: list[G1Point] = []
        for seat, key in enumerate(self._keys):
            (present if aggregate.signed(seat) else absent).append(key)
        return self._sum - _sum(absent) if len(absent) < len(present) else _sum(present)


@lru_cache(maxsize=COMMITTEES_KEPT)
def committee_keys(committee: SyncCommittee) -> CommitteeKeys:
    """Decode and check a committee's keys, once: KeyValidate on each, and their sum.

    An undecodable key, or an ``aggregate_pubkey`` that is not the keys' sum, is
    a ProofError.
    """
    keys = CommitteeKeys([_pubkey(seat, key) for seat, key in enumerate(committee.pubkeys)])
    if keys.aggregate_pubkey != committee.aggregate_pubkey:
        raise ProofError(
            "the keys do not sum to the committee's aggregate key",
            commitment="aggregate_pubkey",
            expected=committee.aggregate_pubkey,
            got=keys.aggregate_pubkey,
        )
    return keys


_WHAT = "sync committee signature"


def _sum(points: list[G1Point]) -> G1Point:
    total = G1Point.identity()
    for point in points:
        total = total + point
    return total


def _pubkey(seat: int, data: bytes) -> G1Point:
    try:
        point = G1Point.from_compressed_bytes(data)
    except ValueError:
        raise ProofError(f"the key in seat {seat} is no curve point", got=data) from None
    if point == G1Point.identity():
        raise ProofError(f"the key in seat {seat} is the identity", got=data)
    return point


def _signature(data: bytes) -> G2Point:
    try:
        point = G2Point.from_compressed_bytes(data)
    except ValueError:
        raise ProofError("the signature is no curve point", commitment=_WHAT, got=data) from None
    if point == G2Point.identity():
        raise ProofError("the signature is the identity", commitment=_WHAT, got=data)
    return point
