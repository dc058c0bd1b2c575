"""The binary tree under a piece commitment: its shape, its nodes, and what of it is zeros.

A payload is filled up with zeros to 127 * 2^n bytes, fr32 makes 128 * 2^n bytes
of them, and leaves of 32 bytes are hashed in pairs, level by level. A tree's
height is the number of levels above its leaves; that of the least piece is 2.

Specification: Filecoin specification, "Piece commitment"; FRC-0069.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Final

__all__ = ["LEAF_BYTES", "LEAST_HEIGHT", "capacity", "height_over", "parents", "raised"]

LEAF_BYTES: Final = 32
LEAST_HEIGHT: Final = 2
_QUAD_BYTES = 127
_IN_254_BITS = bytes(value & 0x3F for value in range(256))


def capacity(height: int) -> int:
    """How many bytes of payload a tree of a height, at least the least one, has room for."""
    return _QUAD_BYTES << (height - LEAST_HEIGHT)


def height_over(payload_bytes: int) -> int:
    """The height of the least tree that has room for a payload."""
    quads = -(-payload_bytes // _QUAD_BYTES)
    return LEAST_HEIGHT + max(quads - 1, 0).bit_length()


def parents(level: bytes | bytearray) -> bytearray:
    """The level above one of an even number of nodes, 32 bytes each.

    A node is the SHA-256 of its two children, the two top bits of the last byte cleared.
    """
    sha256 = hashlib.sha256
    pairs = range(0, len(level), 2 * LEAF_BYTES)
    above = bytearray().join([sha256(level[at : at + 2 * LEAF_BYTES]).digest() for at in pairs])
    above[LEAF_BYTES - 1 :: LEAF_BYTES] = above[LEAF_BYTES - 1 :: LEAF_BYTES].translate(
        _IN_254_BITS
    )
    return above


def raised(root: bytes, height: int, to_height: int) -> bytes:
    """The root of the higher tree in which all to the right of a tree is zeros."""
    for level in range(height, to_height):
        root = bytes(parents(root + _zeros(level)))
    return root


@cache
def _zeros(height: int) -> bytes:
    """The root of a tree over nothing but zeros."""
    return raised(bytes(LEAF_BYTES), 0, height)
