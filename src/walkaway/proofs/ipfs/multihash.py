"""Multihash: a digest with the name of its hash function and its length in front.

Specification: multiformats/multihash. Functions without collision resistance
(SHA-1, and digests cut to fewer than 32 bytes) prove nothing and are refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from walkaway.errors import ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.ipfs import codecs, varint

__all__ = ["decode", "digest", "encode"]

_LEAST_CUT_BYTES = 32

_FUNCTIONS: dict[int, tuple[Callable[[bytes], bytes], int]] = {
    codecs.SHA2_256: (lambda data: hashlib.sha256(data).digest(), 32),
    codecs.SHA2_384: (lambda data: hashlib.sha384(data).digest(), 48),
    codecs.SHA2_512: (lambda data: hashlib.sha512(data).digest(), 64),
    codecs.SHA3_224: (lambda data: hashlib.sha3_224(data).digest(), 28),
    codecs.SHA3_256: (lambda data: hashlib.sha3_256(data).digest(), 32),
    codecs.SHA3_384: (lambda data: hashlib.sha3_384(data).digest(), 48),
    codecs.SHA3_512: (lambda data: hashlib.sha3_512(data).digest(), 64),
    codecs.KECCAK_256: (keccak256, 32),
    codecs.DBL_SHA2_256: (lambda data: hashlib.sha256(hashlib.sha256(data).digest()).digest(), 32),
    codecs.BLAKE2B_256: (lambda data: hashlib.blake2b(data, digest_size=32).digest(), 32),
    codecs.BLAKE2B_512: (lambda data: hashlib.blake2b(data).digest(), 64),
    codecs.BLAKE2S_256: (lambda data: hashlib.blake2s(data).digest(), 32),
}
"""Each function that proves, and how many bytes it gives."""


def encode(code: int, value: bytes) -> bytes:
    """Put a function's code and a digest's length in front of the digest."""
    return varint.encode(code) + varint.encode(len(value)) + value


def decode(multihash: bytes) -> tuple[int, bytes]:
    """Take a multihash apart: the function's code, and the digest.

    Raises `ProofError` where the length is not the digest's, and for digests
    over ``LIMITS.digest_bytes``, which holds identity digests too (IPIP-512).
    """
    code, at = varint.decode(multihash)
    length, at = varint.decode(multihash, at)
    if length > LIMITS.digest_bytes:
        raise ProofError(f"a digest is over {LIMITS.digest_bytes} bytes", got=length)
    if len(multihash) - at != length:
        raise ProofError(
            "a multihash is not as long as it says", expected=length, got=len(multihash) - at
        )
    return code, multihash[at:]


def digest(code: int, data: bytes, length: int | None = None) -> bytes:
    """The digest of data, cut to ``length`` bytes if given; identity is the data itself.

    Raises `Unsupported` for functions and lengths by which nothing is proven.
    """
    if code == codecs.IDENTITY:
        return data
    if code not in _FUNCTIONS:
        raise Unsupported(f"no content is proven by the hash function 0x{code:x}")
    function, full = _FUNCTIONS[code]
    if length in (None, full):
        return function(data)
    if not _LEAST_CUT_BYTES <= length < full:
        raise Unsupported(f"no content is proven by {length} bytes of the hash 0x{code:x}")
    return function(data)[:length]
