"""Binary SHA-256 Merkle trees: a root from its leaves, a branch, and a root from a branch.

A generalized index names a node: 1 is the root, the children of ``i`` are
``2i`` and ``2i + 1``. Specification: consensus-specs
``ssz/merkle-proofs.md``, and ``is_valid_normalized_merkle_branch`` in the
light-client sync protocol since Electra.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

__all__ = ["branch_to_leaf", "is_valid_normalized_branch", "merkleize", "normalized", "root_of"]

ZERO = bytes(32)


def merkleize(leaves: Sequence[bytes]) -> bytes:
    """The root over 32-byte leaves, padded with zero leaves to a power of two."""
    return _layers(leaves)[-1][0]


def branch_to_leaf(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The siblings from a leaf up to the root over ``leaves``, lowest first."""
    return tuple(layer[(index >> level) ^ 1] for level, layer in enumerate(_layers(leaves)[:-1]))


def root_of(leaf: bytes, branch: Sequence[bytes], gindex: int) -> bytes:
    """The root to which ``branch``, lowest sibling first, leads from ``leaf`` at ``gindex``."""
    node = leaf
    for sibling in branch:
        node = sha256(sibling + node if gindex & 1 else node + sibling).digest()
        gindex >>= 1
    return node


def normalized(branch: Sequence[bytes], gindex: int) -> tuple[bytes, ...]:
    """normalize_merkle_branch: zero siblings in front, up to the depth of ``gindex``."""
    return (ZERO,) * (_depth(gindex) - len(branch)) + tuple(branch)


def is_valid_normalized_branch(
    leaf: bytes, branch: Sequence[bytes], gindex: int, root: bytes
) -> bool:
    """Whether ``branch`` leads from ``leaf`` at ``gindex`` to ``root``.

    A branch may be longer than the depth of ``gindex`` (data of an older fork
    in a newer container); the siblings in excess, in front, must be zero.
    """
    extra = len(branch) - _depth(gindex)
    if extra < 0 or any(sibling != ZERO for sibling in branch[:extra]):
        return False
    return root_of(leaf, branch[extra:], gindex) == root


def _depth(gindex: int) -> int:
    return gindex.bit_length() - 1


def _layers(leaves: Sequence[bytes]) -> list[list[bytes]]:
    width = 1 << (len(leaves) - 1).bit_length()
    layers = [[*leaves, *[ZERO] * (width - len(leaves))]]
    while len(layer := layers[-1]) > 1:
        pairs = range(0, len(layer), 2)
        layers.append([sha256(layer[at] + layer[at + 1]).digest() for at in pairs])
    return layers
