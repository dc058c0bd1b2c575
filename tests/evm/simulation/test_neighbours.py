"""Keys that lead to a node of a secure trie."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkaway.evm.simulation.neighbours import ADDRESS_BYTES, KEY_BYTES, key_below
from walkaway.limits import LIMITS
from walkaway.proofs.execution.hex_prefix import nibbles
from walkaway.proofs.execution.keccak import keccak256

NIBBLE = st.integers(0, 15)


@settings(max_examples=50)
@given(st.lists(NIBBLE, max_size=3).map(bytes), st.sampled_from([ADDRESS_BYTES, KEY_BYTES]))
def test_the_hash_of_the_key_leads_there(path: bytes, size: int) -> None:
    key = key_below(path, size)
    assert key is not None
    assert len(key) == size
    assert nibbles(keccak256(key)).startswith(path)


def test_what_is_too_deep_is_not_looked_for() -> None:
    assert key_below(bytes(LIMITS.neighbour_nibbles + 1), KEY_BYTES) is None


def test_it_is_given_up_after_so_many_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    class Few:
        neighbour_nibbles, neighbour_tries = LIMITS.neighbour_nibbles, 3

    monkeypatch.setattr("walkaway.evm.simulation.neighbours.LIMITS", Few)
    assert key_below(bytes([1, 2, 3, 4]), KEY_BYTES) is None
