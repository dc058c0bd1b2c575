"""JSON from outside, bounded."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.errors import SourceFault
from walkaway.sources.json_text import parse_json


@pytest.mark.parametrize("depth", [1, 5, 31])
def test_depth_is_counted_in_arrays_and_objects(depth: int) -> None:
    document = b"[" * depth + b"]" * depth
    parse_json(document, depth=depth)
    with pytest.raises(SourceFault, match="nested too deeply"):
        parse_json(document, depth=depth - 1)


def test_many_brackets_side_by_side_are_not_deep() -> None:
    parse_json(b"[" + b'{"a":[]},' * 99 + b"{}]", depth=3)
    with pytest.raises(SourceFault):
        parse_json(b"[" + b'{"a":[]},' * 99 + b"{}]", depth=2)


@pytest.mark.parametrize(
    "text",
    [b"", b"nope", b"NaN", b"[Infinity]", b"-Infinity", b"1e999", b"-1e999", b"9" * 5000,
     b"\xff", b'"\x00"', b"[" * 100_000, b"{'a':1}", b"[1,]", b"1 2"],
)  # fmt: skip
def test_what_is_not_json_is_a_fault(text: bytes) -> None:
    with pytest.raises(SourceFault):
        parse_json(text, depth=32)


@given(st.binary())
def test_no_bytes_raise_anything_else(text: bytes) -> None:
    with suppress(SourceFault):
        parse_json(text, depth=4)


def test_ordinary_documents_are_read() -> None:
    assert parse_json(b' {"a": [1.5, "x", null, true, -2]} ', depth=2) == {
        "a": [1.5, "x", None, True, -2]
    }
