"""The paths of the trie: half-bytes, and the hex-prefix encoding of them.

Yellow Paper, appendix C.
"""

from __future__ import annotations

from walkaway.errors import ProofError
from walkaway.proofs.execution import rlp

__all__ = ["nibbles", "packed", "string", "unpacked"]

_LEAF_FLAG, _ODD_FLAG = 2, 1
_HALVES = bytes.maketrans(b"0123456789abcdef", bytes(range(16)))


def nibbles(key: bytes) -> bytes:
    """The half-bytes of a key, high half first, one a byte."""
    return key.hex().encode().translate(_HALVES)


def packed(path: bytes, *, leaf: bool) -> bytes:
    """The hex-prefix encoding of a path; ``leaf`` says whether it ends at a value."""
    odd = len(path) % 2
    flag = _LEAF_FLAG * leaf + _ODD_FLAG * odd
    halves = bytes([flag]) + (b"" if odd else b"\0") + path
    return bytes([halves[at] << 4 | halves[at + 1] for at in range(0, len(halves), 2)])


def unpacked(item: rlp.Item) -> tuple[bytes, bool]:
    """Undo `packed`: the path, and whether it is a leaf's. Raises `ProofError`."""
    halves = nibbles(string(item))
    flag = halves[0] if halves else 4
    odd = flag & _ODD_FLAG
    if flag > 3 or (not odd and halves[1]):
        raise ProofError("a path in the trie is not in hex-prefix form", got=item)
    return halves[2 - odd :], bool(flag & _LEAF_FLAG)


def string(item: rlp.Item) -> bytes:
    """An item of a trie node that must be bytes. Raises `ProofError` for a list."""
    if not isinstance(item, bytes):
        raise ProofError("a list stands where the trie should hold a value")
    return item
