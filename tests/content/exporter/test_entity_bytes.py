"""entity-bytes: both ends within the range, counted from either end of the file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.content.exporter.entity_bytes import EntityBytes
from walkaway.errors import InvalidRequest


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0:*", (0, 1026)),
        ("0:0", (0, 1)),
        ("512:*", (512, 1026)),
        ("512:1023", (512, 1024)),
        ("512:-256", (512, 771)),
        ("-5:*", (1021, 1026)),
        ("-9999:*", (0, 1026)),
        ("-9999:-3", (0, 1024)),
        ("1000:5000", (1000, 1026)),
        ("-10:-1", (1016, 1026)),
        ("1025:1025", (1025, 1026)),
        ("1026:*", None),
        ("5000:6000", None),
        ("5:4", None),
        ("0:-2000", None),
        ("-1:-2", None),
    ],
)
def test_a_range_is_cut_to_the_file(text: str, found: tuple[int, int] | None) -> None:
    asked = EntityBytes.parse(text)
    assert asked.within(1026) == found
    assert str(asked) == text
    assert asked.within(0) is None


@given(st.integers(-9, 9), st.none() | st.integers(-9, 9), st.integers(0, 6))
def test_the_bytes_are_those_that_lie_between_its_ends(
    first: int, last: int | None, size: int
) -> None:
    begin = first if first >= 0 else size + first
    end = size - 1 if last is None else last if last >= 0 else size + last
    wanted = [at for at in range(size) if begin <= at <= end]
    found = EntityBytes(first, last).within(size)
    assert list(range(*(found or (0, 0)))) == wanted


NO_RANGES = [":", "0", "0:", ":0", "*:0", "*:*", "+1:2", "0:1:2", "0-1", "٣:٤", "", " 0:1", "0:1\n"]


@pytest.mark.parametrize("text", [*NO_RANGES, "1" * 20 + ":*"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="not a range"):
        EntityBytes.parse(text)
