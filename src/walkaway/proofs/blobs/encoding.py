"""What is encoded in blobs that EthStorage keeps, each field element holding a little less
than 32 bytes.

Specification: storage-contracts-v1 ``DecentralizedKV.sol`` (``DecodeType``), es-node
``DecodeBlob``; ethereum-optimism ``op-service/eth/blob.go`` for the compact form.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from walkaway.errors import ProofError
from walkaway.proofs.blobs.blob import BLOB_BYTES

__all__ = ["COMPACT_BYTES", "DecodeType", "decode_blob"]

COMPACT_BYTES: Final = (4 * 31 + 3) * 1024 - 4
"""The most that the compact form holds: 4 elements hold 127 bytes, of which 4 tell the length."""

_ELEMENT: Final = 32
_ROUND: Final = 4 * _ELEMENT
_HEAD: Final = 4
_VERSION_AT: Final = 1
_TWO_BITS: Final = 0b1100_0000


class DecodeType(IntEnum):
    """How a blob is read, by the contracts' numbers."""

    RAW_DATA = 0
    """As it is: 131,072 bytes."""
    PADDING_PER_31_BYTES = 1
    """Each field element holds 31 bytes after one that is left out: 126,976 bytes."""
    OPTIMISM_COMPACT = 2
    """The form of OP Stack chains, with its length: up to 130,044 bytes."""


def decode_blob(blob: bytes, how: DecodeType) -> bytes:
    """What a blob of 131,072 bytes holds. Raises `ProofError` where it is not of that form."""
    if len(blob) != BLOB_BYTES:
        raise ProofError("no blob", expected=BLOB_BYTES, got=len(blob))
    if how is DecodeType.RAW_DATA:
        return blob
    if how is DecodeType.PADDING_PER_31_BYTES:
        return b"".join(blob[at + 1 : at + _ELEMENT] for at in range(0, BLOB_BYTES, _ELEMENT))
    return _compact(blob)


def _compact(blob: bytes) -> bytes:
    """Rounds of four elements hold 127 bytes: 31 of each, and three from four times six bits.

    As the reference has it, elements after the round in which the data ends are not looked
    at, nor are the two highest bits of the first element.
    """
    if blob[_VERSION_AT] != 0:
        raise ProofError("a blob's encoding is of another version", got=blob[_VERSION_AT])
    size = int.from_bytes(blob[_VERSION_AT + 1 : _VERSION_AT + 4], "big")
    if size > COMPACT_BYTES:
        raise ProofError(f"a blob holds at most {COMPACT_BYTES} bytes in this form", got=size)
    rounds = bytearray()
    # The reference goes on to a further round only where the one before did not reach the end.
    for at in range(0, BLOB_BYTES, _ROUND):
        if at and len(rounds) - _HEAD >= size:
            break
        rounds += _round(blob[at : at + _ROUND], first=at == 0)
    return bytes(rounds[_HEAD : _HEAD + size])


def _round(elements: bytes, *, first: bool) -> bytes:
    a, b, c, d = elements[0], elements[32], elements[64], elements[96]
    for high in (b, c, d) if first else (a, b, c, d):
        if high & _TWO_BITS:
            raise ProofError("a blob's field element has a bit set that the form leaves empty")
    x = (a & 0b0011_1111) | ((b & 0b0011_0000) << 2)
    y = (b & 0b0000_1111) | ((d & 0b0000_1111) << 4)
    z = (c & 0b0011_1111) | ((d & 0b0011_0000) << 2)
    one, two, three, four = (elements[at + 1 : at + _ELEMENT] for at in (0, 32, 64, 96))
    return b"".join((one, bytes((x,)), two, bytes((y,)), three, bytes((z,)), four))
