"""Keccak-256 as Ethereum uses it: the original padding, not that of SHA3-256."""

from __future__ import annotations

from sha3 import keccak_256

__all__ = ["EMPTY_HASH", "keccak256"]


def keccak256(data: bytes) -> bytes:
    """The 32-byte Keccak-256 digest."""
    digest: bytes = keccak_256(data).digest()
    return digest


EMPTY_HASH = keccak256(b"")
"""The hash of no bytes: the code hash of an account without code."""
