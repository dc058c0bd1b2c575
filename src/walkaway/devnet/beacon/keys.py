"""The devnet's validators and their sync committees. Keys follow from a public label.

A committee signs with the sum of its signers' secret keys, which gives the
same signature as aggregating each signer's own and costs one multiplication.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from hashlib import sha256

from py_arkworks_bls12381 import G1Point, G2Point, Scalar

from walkaway.proofs.consensus.bls import CIPHERSUITE
from walkaway.proofs.consensus.containers import SyncAggregate, SyncCommittee

__all__ = ["VALIDATORS", "Committee", "Validator", "committee_of_period", "validator"]

VALIDATORS = 64
"""How many validators the devnet has; each committee seat is filled by one of them."""


class Validator:
    """One validator: a BLS key that everybody knows."""

    def __init__(self, index: int) -> None:
        self.index = index
        label = sha256(b"walkaway devnet validator %d" % index).digest()
        self.secret = Scalar.from_be_bytes_mod_order(label)

    @cached_property
    def point(self) -> G1Point:
        """The public key."""
        return G1Point() * self.secret

    @cached_property
    def pubkey(self) -> bytes:
        """The public key, compressed, 48 bytes."""
        return bytes(self.point.to_compressed_bytes())

    def sign(self, message: bytes) -> bytes:
        """The signature over a 32-byte signing root, 96 bytes."""
        return _signed(self.secret, message)


class Committee:
    """The sync committee of one period: a validator in each seat, some perhaps in several."""

    def __init__(self, members: Sequence[Validator]) -> None:
        self.members = tuple(members)

    @cached_property
    def public(self) -> SyncCommittee:
        """The public keys and their sum."""
        total = G1Point.identity()
        for member in self.members:
            total += member.point
        return SyncCommittee(
            tuple(member.pubkey for member in self.members), bytes(total.to_compressed_bytes())
        )

    def sign(self, message: bytes, seats: Sequence[int]) -> SyncAggregate:
        """The aggregate of those who sit in ``seats`` over a 32-byte signing root.

        No seats give the point at infinity, as the specification has it.
        """
        bits = bytearray(len(self.members) // 8)
        secret = Scalar(0)
        for seat in seats:
            bits[seat // 8] |= 1 << seat % 8
            secret += self.members[seat].secret
        return SyncAggregate(bytes(bits), _signed(secret, message))


@lru_cache(maxsize=1024)
def validator(index: int) -> Validator:
    """The validator of an index below `VALIDATORS`; higher ones belong to no registry."""
    return Validator(index)


@lru_cache(maxsize=64)
def committee_of_period(period: int, seats: int, seed: int) -> Committee:
    """The committee of a period: drawn anew for each, as by the specification's shuffling."""
    drawn = (sha256(b"%d %d %d" % (seed, period, seat)).digest() for seat in range(seats))
    return Committee([validator(int.from_bytes(item) % VALIDATORS) for item in drawn])


def _signed(secret: Scalar, message: bytes) -> bytes:
    point = G2Point.hash_to_curve(message, CIPHERSUITE) * secret
    return bytes(point.to_compressed_bytes())
