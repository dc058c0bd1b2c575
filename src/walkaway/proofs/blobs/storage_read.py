"""What EthStorage's precompile gives: a part of what a blob holds, for a contract's ``get``.

No fork has it; EthStorage's own nodes do, at 0x33301. Its input names the blob by a part
of its versioned hash, and so its output is proven by the blob, whoever supplied that.

Specification: storage-contracts-v1 ``DecentralizedKV.get``; es-node ``es_api.go`` (``GetBlob``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from walkaway.errors import ProofError
from walkaway.proofs._seal import seal
from walkaway.proofs.blobs.blob import BLOB_BYTES, LEAST_HASH_BYTES, blob_subject
from walkaway.proofs.blobs.encoding import DecodeType, decode_blob
from walkaway.proofs.ipfs.block import NO_CHAIN
from walkaway.proofs.proven import Claim, Evidence, Finality, Proven

__all__ = ["STORAGE_PRECOMPILE", "StorageRead", "prove_read", "read_input", "read_subject"]

STORAGE_PRECOMPILE: Final = (0x33301).to_bytes(20, "big")
_WORD: Final = 32
_WORDS: Final = 5
_INDEX_BITS: Final = 40
_FORMS: Final = {int(form): form for form in DecodeType}


@dataclass(frozen=True, slots=True)
class StorageRead:
    """What a contract reads: ``size`` bytes from ``start`` of what the blob at ``index`` holds.

    ``hash`` is the first 24 bytes of its versioned hash.
    """

    index: int
    how: DecodeType
    start: int
    size: int
    hash: bytes


def read_input(given: bytes) -> StorageRead | None:
    """What an input to the precompile asks for; None for one that asks for nothing there is.

    It is the ABI encoding of (uint40, uint8, uint256, uint256, bytes24).
    """
    if len(given) != _WORDS * _WORD:
        return None
    index, how, start, size = (
        int.from_bytes(given[at : at + _WORD], "big") for at in range(0, 4 * _WORD, _WORD)
    )
    named = given[4 * _WORD :]
    form = _FORMS.get(how)
    is_sound = index >> _INDEX_BITS == 0 and not any(named[LEAST_HASH_BYTES:])
    if form is None or not is_sound or start + size > BLOB_BYTES:
        return None
    return StorageRead(index, form, start, size, named[:LEAST_HASH_BYTES])


def prove_read(given: bytes, blob: Proven[bytes] | None) -> Proven[bytes | None]:
    """The output of the precompile for an input, by the blob that the input names.

    None where the precompile fails: the blob does not hold what is asked for in that form,
    or the input asks for nothing there is, for which no blob is needed.

    Raises `ProofError` where the input names a blob, and this is another or none.
    """
    claim = Claim(NO_CHAIN, None, read_subject(given), Finality.GIVEN)
    asked = read_input(given)
    if asked is None:
        given_input = Evidence("input of the precompile", (("input", given),))
        return seal(
            None, claim, Evidence("EthStorage's precompile fails for it", (), (given_input,))
        )
    if blob is None:
        raise ProofError("the precompile reads a blob", expected=asked.hash)
    if blob.claim.subject != blob_subject(asked.hash):
        raise ProofError(
            "the precompile reads another blob", expected=asked.hash, got=blob.claim.subject[-1]
        )
    facts = (
        ("encoding", asked.how.name.lower().replace("_", " ")),
        ("start", asked.start),
        ("bytes", asked.size),
    )
    because = Evidence("EthStorage's precompile reads it from the blob", facts, (blob.because,))
    return seal(_read(asked, blob.value), claim, because)


def read_subject(given: bytes) -> tuple[str, bytes, bytes]:
    """What the claim of a proven output is about: the precompile's address and the input."""
    return ("host call", STORAGE_PRECOMPILE, given)


def _read(asked: StorageRead, blob: bytes) -> bytes | None:
    try:
        held = decode_blob(blob, asked.how)
    except ProofError:
        return None
    end = asked.start + asked.size
    return held[asked.start : end] if end <= len(held) else None
