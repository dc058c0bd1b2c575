"""Trees by hand: roots, branches, and what normalisation allows."""

from __future__ import annotations

from hashlib import sha256

import pytest

from walkaway.proofs.consensus.merkle import (
    branch_to_leaf,
    is_valid_normalized_branch,
    merkleize,
    normalized,
    root_of,
)

ZERO = bytes(32)
LEAVES = [bytes([at]) * 32 for at in range(1, 7)]


def pair(left: bytes, right: bytes) -> bytes:
    return sha256(left + right).digest()


def test_leaves_are_padded_to_a_power_of_two() -> None:
    a, b, c = LEAVES[:3]
    assert merkleize([a]) == a
    assert merkleize([a, b]) == pair(a, b)
    assert merkleize([a, b, c]) == pair(pair(a, b), pair(c, ZERO))


@pytest.mark.parametrize("index", range(6))
def test_a_branch_leads_back_to_the_root(index: int) -> None:
    branch = branch_to_leaf(LEAVES, index)
    root = merkleize(LEAVES)
    assert len(branch) == 3
    assert root_of(LEAVES[index], branch, 8 + index) == root
    assert is_valid_normalized_branch(LEAVES[index], branch, 8 + index, root)
    for other in set(range(8)) - {index}:
        assert not is_valid_normalized_branch(LEAVES[index], branch, 8 + other, root)


def test_zero_siblings_in_excess_are_allowed_in_front_alone() -> None:
    branch, root = branch_to_leaf(LEAVES, 2), merkleize(LEAVES)

    def valid(*siblings: bytes) -> bool:
        return is_valid_normalized_branch(LEAVES[2], siblings, 10, root)

    assert valid(*branch)
    assert valid(ZERO, ZERO, *branch)
    assert valid(*normalized(branch, 1 << 5))
    assert not valid(LEAVES[0], *branch)
    assert not valid(*branch, ZERO)
    assert not valid(*branch[1:])
    assert not valid()
    assert not is_valid_normalized_branch(root, (), 10, root)
    assert normalized(branch, 10) == branch
