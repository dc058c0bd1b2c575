"""What can be told of code without running it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.evm.opcodes import PORTION, may_ask_blob_base_fee

ODD = st.sampled_from(
    [b"\x4a", b"\xf0", b"\xf5", b"\x60", b"\x61", b"\x70", b"\x7f", b"\x5b", b"\0"]
)


@pytest.mark.parametrize(
    ("code", "asks"),
    [
        ("", False),
        ("4a", True),
        ("604a00", False),
        ("614a4a4a", True),
        ("f0", True),
        ("5ff5", True),
        ("7f" + "4a" * 32, False),
        ("7f" + "4a" * 33, True),
        ("60", False),
        ("7f4a", False),
    ],
)
def test_which_code_may_ask_for_the_blob_base_fee(code: str, asks: bool) -> None:
    assert may_ask_blob_base_fee(bytes.fromhex(code)) is asks


@given(st.lists(ODD, max_size=80).map(b"".join))
def test_code_is_read_opcode_by_opcode(code: bytes) -> None:
    assert may_ask_blob_base_fee(code) is bool(opcodes(code) & {0x4A, 0xF0, 0xF5})


@pytest.mark.parametrize("before", range(PORTION - 34, PORTION + 2))
def test_what_is_pushed_across_the_end_of_a_portion_is_no_code(before: int) -> None:
    code = b"\x5b" * before + b"\x7f" + b"\x4a" * 32
    assert not may_ask_blob_base_fee(code)
    assert may_ask_blob_base_fee(code + b"\x4a")


def opcodes(code: bytes) -> set[int]:
    found, at = set(), 0
    while at < len(code):
        found.add(code[at])
        at += 1 + (code[at] - 0x5F if 0x60 <= code[at] <= 0x7F else 0)
    return found
