"""Varints: one encoding each, and none wider than its format allows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkaway.errors import ProofError
from walkaway.proofs.ipfs import varint


@settings(max_examples=50)
@given(st.integers(0, 2**63 - 1), st.binary(max_size=3))
def test_integers_survive_and_what_follows_is_left(value: int, rest: bytes) -> None:
    encoded = varint.encode(value)
    assert varint.decode(b"\xff" + encoded + rest, 1) == (value, 1 + len(encoded))


@settings(max_examples=100)
@given(st.binary(max_size=11), st.sampled_from([32, 63, 64]))
def test_whatever_decodes_is_the_shortest_encoding_within_the_width(data: bytes, bits: int) -> None:
    try:
        value, end = varint.decode(data, bits=bits)
    except ProofError:
        return
    assert varint.encode(value) == data[:end]
    assert value < 1 << bits


@pytest.mark.parametrize(
    ("value", "encoded"), [(1, "01"), (127, "7f"), (128, "8001"), (255, "ff01"), (16384, "808001")]
)
def test_the_examples_of_the_specification(value: int, encoded: str) -> None:
    assert varint.encode(value).hex() == encoded


@pytest.mark.parametrize(
    ("fault", "data", "bits"),
    [
        ("cut short", "", 63),
        ("is cut short", "80", 63),
        ("shortest form", "8100", 63),
        ("wider than 63", "ff" * 9 + "01", 63),
        ("wider than 63", "ff" * 9, 63),
        ("wider than 64", "ff" * 9 + "02", 64),
        ("wider than 32", "8080808010", 32),
    ],
)
def test_what_is_malformed_is_refused(fault: str, data: str, bits: int) -> None:
    with pytest.raises(ProofError, match=fault):
        varint.decode(bytes.fromhex(data), bits=bits)


def test_a_protocol_buffers_varint_has_all_64_bits() -> None:
    assert varint.decode(b"\xff" * 9 + b"\x01", bits=64) == (2**64 - 1, 10)
