"""Blobs are held to their versioned hashes, whole or in part, and to nothing less."""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256, shake_256

import ckzg
import pytest

from tests.proofs.blobs.encode import compact, kzg
from tests.vectors import vectors
from walkaway.anchors.kzg_setup import kzg_setup
from walkaway.errors import ProofError
from walkaway.proofs.blobs.blob import BLOB_BYTES, blob_subject, prove_blob
from walkaway.proofs.blobs.encoding import COMPACT_BYTES, DecodeType, decode_blob

BLOB = compact(b"what is kept in a blob")


@cache
def told() -> tuple[bytes, bytes, bytes]:
    """The commitment, the proof and the versioned hash of `BLOB`."""
    points = kzg_setup().points
    commitment = ckzg.blob_to_kzg_commitment(BLOB, points)
    proof = ckzg.compute_blob_kzg_proof(BLOB, commitment, points)
    return commitment, proof, b"\x01" + sha256(commitment).digest()[1:]


@pytest.mark.parametrize("kept", [24, 31, 32])
def test_a_blob_is_proven_by_its_hash_or_most_of_it(kept: int) -> None:
    commitment, proof, name = told()
    for given in ({}, {"commitment": commitment, "proof": proof}, {"commitment": commitment}):
        proven = prove_blob(name[:kept], BLOB, kzg(), **given)
        assert proven.value == BLOB
        assert proven.claim.subject == blob_subject(name[:kept])
        assert {step.rule for step in proven.because.anchors()} == {
            "versioned hash that was asked for",
            "trusted setup of KZG",
        }
        facts = dict(proven.because.facts)
        assert facts["bits of the hash"] == 8 * kept - 8
        assert ("strength" in facts) == (kept < 32)
    if kept == 24:
        assert "2^92" in str(dict(prove_blob(name[:24], BLOB, kzg()).because.facts))


def changed(data: bytes, at: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


def test_no_other_blob_has_the_hash() -> None:
    commitment, proof, name = told()
    for at in (1, 40, BLOB_BYTES - 1):
        with pytest.raises(ProofError, match="does not have its hash"):
            prove_blob(name, changed(BLOB, at), kzg())
        with pytest.raises(ProofError, match="does not open to the blob"):
            prove_blob(name, changed(BLOB, at), kzg(), commitment=commitment, proof=proof)
    with pytest.raises(ProofError, match="does not have its hash"):
        prove_blob(changed(name, 23)[:24], BLOB, kzg(), commitment=commitment, proof=proof)
    with pytest.raises(ProofError, match="does not have its hash"):
        prove_blob(changed(name, 0), BLOB, kzg(), commitment=commitment, proof=proof)


def test_another_blob_with_a_sound_proof_of_its_own_is_refused() -> None:
    *_, name = told()
    points, other = kzg_setup().points, compact(b"another")
    commitment = ckzg.blob_to_kzg_commitment(other, points)
    proof = ckzg.compute_blob_kzg_proof(other, commitment, points)
    with pytest.raises(ProofError, match="does not have its hash"):
        prove_blob(name, other, kzg(), commitment=commitment, proof=proof)


def test_what_is_malformed_is_refused() -> None:
    commitment, proof, name = told()
    for blob in (b"", BLOB[:-1], BLOB + b"\0"):
        with pytest.raises(ProofError, match="no blob"):
            prove_blob(name, blob, kzg())
    with pytest.raises(ProofError, match="no field element"):
        prove_blob(name, b"\xff" * BLOB_BYTES, kzg())
    for few in (name[:23], name + b"\0", b""):
        with pytest.raises(ProofError, match="so little of a hash"):
            prove_blob(few, BLOB, kzg())
    for bad in (commitment[:-1], b""):
        with pytest.raises(ProofError, match="48 bytes each"):
            prove_blob(name, BLOB, kzg(), commitment=bad, proof=proof)
        with pytest.raises(ProofError, match="48 bytes each"):
            prove_blob(name, BLOB, kzg(), commitment=commitment, proof=bad)
    with pytest.raises(ProofError, match="malformed"):
        prove_blob(name, BLOB, kzg(), commitment=bytes(48), proof=proof)


def test_the_recorded_blobs() -> None:
    folder = vectors("blobs")
    for vector in json.loads((folder / "op-blob-vectors.json").read_text()):
        data = shake_256(f"op{vector['n']}".encode()).digest(vector["n"])
        assert sha256(data).hexdigest() == vector["sha256_data"]
        for index, expected in enumerate(vector["blobs"]):
            held = data[index * COMPACT_BYTES :][:COMPACT_BYTES]
            blob = compact(held)
            assert sha256(blob).hexdigest() == expected["sha256_blob"]
            name = bytes.fromhex(expected["versioned_hash"][2:])
            proven = prove_blob(name, blob, kzg())
            assert decode_blob(proven.value, DecodeType.OPTIMISM_COMPACT) == held
            assert dict(proven.because.facts)["commitment"] == bytes.fromhex(
                expected["commitment"][2:]
            )
    assert (folder / "opblob-4000.bin").read_bytes() == compact(shake_256(b"op4000").digest(4000))
