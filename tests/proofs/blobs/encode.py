"""Makes blobs in the forms that EthStorage keeps, for tests, and their versioned hashes."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from walkaway.anchors.kzg_setup import kzg_setup
from walkaway.proofs.blobs.blob import BLOB_BYTES
from walkaway.proofs.blobs.encoding import COMPACT_BYTES
from walkaway.proofs.blobs.kzg import LoadedKzg

__all__ = ["compact", "kzg", "padded", "versioned_hash"]


@cache
def kzg() -> LoadedKzg:
    return LoadedKzg(kzg_setup())


def versioned_hash(blob: bytes) -> bytes:
    """The versioned hash of a blob, of 32 bytes."""
    return b"\x01" + sha256(kzg().commitment(blob)).digest()[1:]


def padded(data: bytes) -> bytes:
    """31 bytes in each field element."""
    elements = [b"\0" + data[at : at + 31].ljust(31, b"\0") for at in range(0, len(data), 31)]
    return b"".join(elements).ljust(BLOB_BYTES, b"\0")


def compact(data: bytes) -> bytes:
    """127 bytes in each four field elements, the length before them."""
    assert len(data) <= COMPACT_BYTES
    told = b"\0" + len(data).to_bytes(3, "big") + data
    blob = b""
    for at in range(0, len(told), 127):
        part = told[at : at + 127].ljust(127, b"\0")
        x, y, z = part[31], part[63], part[95]
        highs = (x & 63, (y & 15) | (x & 192) >> 2, z & 63, (z & 192) >> 2 | (y & 240) >> 4)
        blob += b"".join(bytes((high,)) + part[i * 32 :][:31] for i, high in enumerate(highs))
    return blob.ljust(BLOB_BYTES, b"\0")
