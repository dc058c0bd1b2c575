"""Sizes as people read them."""

from __future__ import annotations

import pytest

from walkaway.sizes import sized


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (17_179_869_184, "17.2 GB"),
        (5 * 10**15, "5,000.0 TB"),
    ],
)
def test_sizes_are_told_in_the_unit_that_suits(number: int, text: str) -> None:
    assert sized(number) == text
