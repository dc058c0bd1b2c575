"""What a run left, put over what it ran over."""

from __future__ import annotations

import pytest

from walkaway.evm.engine import Overrides
from walkaway.evm.overlay import lay_over, merged

ONE, TWO = b"\1" * 20, b"\2" * 20
KEY, OTHER_KEY = b"\1" * 32, b"\2" * 32


def test_accounts_that_only_one_side_names_stay() -> None:
    before, change = {ONE: Overrides(balance=1)}, {TWO: Overrides(2, 3, b"\4")}
    assert merged(before, change) == before | change
    assert merged({}, {}) == {}


def test_what_comes_later_wins_and_what_it_leaves_open_stays() -> None:
    before = {ONE: Overrides(1, 2, b"\3")}
    assert merged(before, {ONE: Overrides(4, 5, b"")}) == {ONE: Overrides(4, 5, b"")}
    assert merged(before, {ONE: Overrides(slots={KEY: 0})}) == {
        ONE: Overrides(1, 2, b"\3", slots={KEY: 0})
    }


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        (
            Overrides(slots={KEY: 1, OTHER_KEY: 2}),
            Overrides(slots={KEY: 3}),
            Overrides(slots={KEY: 3, OTHER_KEY: 2}),
        ),
        (
            Overrides(storage={KEY: 1, OTHER_KEY: 2}),
            Overrides(slots={KEY: 0}),
            Overrides(storage={KEY: 0, OTHER_KEY: 2}),
        ),
        (Overrides(slots={KEY: 1}), Overrides(storage={}), Overrides(storage={})),
        (Overrides(storage={KEY: 1}), Overrides(storage={}), Overrides(storage={})),
        (Overrides(storage={}), Overrides(), Overrides(storage={})),
    ],
)
def test_slots_go_over_slots_and_a_whole_storage_over_all(
    before: Overrides, change: Overrides, after: Overrides
) -> None:
    assert merged({ONE: before}, {ONE: change}) == {ONE: after}


def test_in_place_nothing_is_copied_that_does_not_change() -> None:
    slots, storage = {KEY: 1}, {KEY: 2}
    over = {ONE: Overrides(slots=slots), TWO: Overrides(storage=storage)}
    lay_over(over, {ONE: Overrides(balance=1), TWO: Overrides(nonce=3)})
    assert over == {ONE: Overrides(1, slots=slots), TWO: Overrides(nonce=3, storage=storage)}
    assert over[ONE].slots is slots
    assert over[TWO].storage is storage
