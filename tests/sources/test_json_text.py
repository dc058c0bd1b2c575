"""JSON from outside, bounded."""

from __future__ import annotations

import json
from contextlib import suppress
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.errors import SourceFault
from walkaway.limits import LIMITS
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


@pytest.mark.parametrize("piece", [b"[],", b"{},", b"0,", b'"",', b'[{"":[]}],'])
def test_more_values_than_fit_the_size_are_not_parsed(piece: bytes) -> None:
    document = b'{"junk":[' + piece * 300_000 + b"0]}"
    began = perf_counter()
    with pytest.raises(SourceFault, match="too many values"):
        parse_json(document, depth=32)
    assert perf_counter() - began < 5


def test_padding_does_not_buy_more_values_than_there_may_be_at_all() -> None:
    padded = b"[" + (b"[]," + b" " * 20) * (LIMITS.json_values // 2 + 1) + b"0]"
    with pytest.raises(SourceFault, match="too many values"):
        parse_json(padded, depth=32)


def test_many_small_values_and_large_listings_are_read() -> None:
    small = b"[" + b"0," * 15_000 + b"0]"
    assert len(parse_json(small, depth=1)) == 15_001
    log = {"address": "0x" + "a" * 40, "topics": [], "data": "0x", "blockNumber": "0x1",
           "transactionHash": "0x" + "b" * 64, "transactionIndex": "0x0", "logIndex": "0x0",
           "blockHash": "0x" + "c" * 64, "removed": False}  # fmt: skip
    listing = json.dumps([log] * 20_000, separators=(",", ":")).encode()
    assert len(parse_json(listing, depth=4)) == 20_000


def test_ordinary_documents_are_read() -> None:
    assert parse_json(b' {"a": [1.5, "x", null, true, -2]} ', depth=2) == {
        "a": [1.5, "x", None, True, -2]
    }
