"""Ordered tries: the specification's root for lists of every length that changes their shape."""

from __future__ import annotations

import pytest
from ethereum.forks.osaka.trie import Trie, trie_set
from ethereum.forks.osaka.trie import root as reference_root
from ethereum_rlp import rlp as reference
from ethereum_types.numeric import Uint
from hypothesis import given
from hypothesis import strategies as st

from walkaway.proofs.execution.ordered_trie import ordered_root
from walkaway.proofs.execution.trie import EMPTY_ROOT


def theirs(items: list[bytes]) -> bytes:
    trie: Trie[bytes, bytes] = Trie(secured=False, default=b"")
    for index, item in enumerate(items):
        trie_set(trie, reference.encode(Uint(index)), item)
    return reference_root(trie)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 15, 16, 17, 127, 128, 129, 130, 255, 256, 257, 300])
@pytest.mark.parametrize("size", [1, 40])
def test_the_root_is_the_specifications(count: int, size: int) -> None:
    items = [index.to_bytes(2, "big") * size for index in range(1, count + 1)]
    assert ordered_root(items) == theirs(items)


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=20))
def test_the_root_is_the_specifications_for_items_of_any_size(items: list[bytes]) -> None:
    assert ordered_root(items) == theirs(items)


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=2, max_size=20, unique=True))
def test_order_and_completeness_are_bound(items: list[bytes]) -> None:
    root = ordered_root(items)
    assert ordered_root(items[::-1]) != root
    assert ordered_root(items[:-1]) != root
    assert ordered_root([*items, items[0]]) != root


def test_nothing_has_the_empty_root() -> None:
    assert ordered_root([]) == EMPTY_ROOT
