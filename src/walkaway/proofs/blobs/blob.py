"""A blob from its versioned hash: its KZG commitment hashes to it.

Specification: EIP-4844 (``kzg_to_versioned_hash``).
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from walkaway.anchors.kzg_setup import KzgCeremony
from walkaway.errors import ProofError
from walkaway.proofs._seal import seal
from walkaway.proofs.blobs.kzg import Kzg
from walkaway.proofs.ipfs.block import NO_CHAIN
from walkaway.proofs.proven import Claim, Evidence, Finality, Proven

__all__ = ["BLOB_BYTES", "HASH_BYTES", "LEAST_HASH_BYTES", "blob_subject", "prove_blob"]

BLOB_BYTES: Final = 4096 * 32
HASH_BYTES: Final = 32
LEAST_HASH_BYTES: Final = 24
"""What EthStorage's contracts keep of a versioned hash: its version and 184 bits of SHA-256."""
_VERSION: Final = b"\x01"


def prove_blob(
    versioned_hash: bytes,
    blob: bytes,
    kzg: Kzg,
    *,
    commitment: bytes | None = None,
    proof: bytes | None = None,
) -> Proven[bytes]:
    """Prove that ``blob``, of 131,072 bytes, is the one with a versioned hash.

    ``versioned_hash`` may be the first 24 to 32 bytes of it. Where fewer than 32 are
    known, whoever made the commitment could have made two blobs for one hash, by a
    collision: of 24 bytes in about 2^92 tries. The evidence says so. Where somebody gave
    the blob's ``commitment`` and ``proof``, of 48 bytes each, these are checked in place of
    computing the commitment, which takes twenty times as long.

    Raises `ProofError` where it is another blob, or none.
    """
    kept = len(versioned_hash)
    if not LEAST_HASH_BYTES <= kept <= HASH_BYTES:
        raise ProofError("a blob is not proven by so little of a hash, nor by more", got=kept)
    if len(blob) != BLOB_BYTES:
        raise ProofError("no blob", expected=BLOB_BYTES, got=len(blob))
    if commitment is None or proof is None:
        rule, found = "its KZG commitment hashes to the versioned hash", kzg.commitment(blob)
    else:
        rule, found = (
            "the KZG commitment of that versioned hash opens to it",
            _checked(blob, commitment, proof, kzg),
        )
    got = (_VERSION + sha256(found).digest()[1:])[:kept]
    if got != versioned_hash:
        raise ProofError(
            "a blob does not have its hash",
            commitment="versioned hash",
            expected=versioned_hash,
            got=got,
        )
    return seal(blob, _claim(versioned_hash), _evidence(rule, versioned_hash, found, kzg.ceremony))


def blob_subject(versioned_hash: bytes) -> tuple[str, bytes]:
    """What the claim of a proven blob is about."""
    return ("blob", versioned_hash)


def _checked(blob: bytes, commitment: bytes, proof: bytes, kzg: Kzg) -> bytes:
    if not kzg.opens(blob, commitment, proof):
        raise ProofError(
            "a commitment does not open to the blob", commitment="KZG commitment", got=commitment
        )
    return commitment


def _claim(versioned_hash: bytes) -> Claim:
    return Claim(NO_CHAIN, None, blob_subject(versioned_hash), Finality.GIVEN)


def _evidence(rule: str, versioned_hash: bytes, commitment: bytes, setup: KzgCeremony) -> Evidence:
    bits = 8 * (len(versioned_hash) - len(_VERSION))
    facts: tuple[tuple[str, str | int | bytes], ...] = (
        ("commitment", commitment),
        ("bits of the hash", bits),
    )
    if len(versioned_hash) < HASH_BYTES:
        weaker = f"its publisher could have made two blobs for one hash, in about 2^{bits // 2}"
        facts += (("strength", weaker),)
    believed = Evidence(
        "trusted setup of KZG", (("ceremony", setup.name), ("sha256", setup.digest))
    )
    asked = Evidence("versioned hash that was asked for", (("hash", versioned_hash),))
    return Evidence(rule, facts, (asked, believed))
