"""Deep hash: SHA-384 over nested lists of byte strings, each with its length.

ANS-104, 2; ``ar_deep_hash.erl`` of the Arweave node. No two values have one
encoding, so that a signature over a deep hash covers where each field ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["DeepHashed", "Hashed", "deep_hash"]


@dataclass(frozen=True, slots=True)
class Hashed:
    """A byte string of which only the length in bytes and the SHA-384 are at hand."""

    length: int
    digest: bytes


DeepHashed: TypeAlias = "bytes | Hashed | Sequence[DeepHashed]"
"""What has a deep hash. Callers nest lists themselves: nothing from outside decides how deep."""


def deep_hash(value: DeepHashed) -> bytes:
    """The 48-byte deep hash."""
    if isinstance(value, bytes):
        value = Hashed(len(value), _sha384(value))
    if isinstance(value, Hashed):
        return _sha384(_sha384(b"blob%d" % value.length) + value.digest)
    digest = _sha384(b"list%d" % len(value))
    for member in value:
        digest = _sha384(digest + deep_hash(member))
    return digest


def _sha384(data: bytes) -> bytes:
    return hashlib.sha384(data).digest()
