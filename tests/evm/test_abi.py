"""The contract ABI, held to eth-abi's own encoder, and what is malformed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from walkaway.errors import ProofError
from walkaway.evm.abi import AbiTuple, encode_tuple

NUMBERS = st.integers(0, 2**256 - 1)
BYTES = st.binary(max_size=100)


@given(NUMBERS, BYTES, st.lists(BYTES, max_size=5), BYTES)
def test_values_are_written_and_read_as_eth_abi_has_them(
    number: int, data: bytes, several: list[bytes], more: bytes
) -> None:
    written = encode_tuple(number, data, several, more)
    assert written == encode(
        ["uint256", "bytes", "bytes[]", "bytes"], [number, data, several, more]
    )
    read = AbiTuple(written)
    assert (read.number(0), read.bytes_at(1), read.bytes_at(3)) == (number, data, more)
    count, elements = read.array_at(2, 5)
    assert [elements.bytes_at(place) for place in range(count)] == several


@given(st.booleans(), st.binary(min_size=20, max_size=20), st.text(max_size=50))
def test_other_types_are_read_too(flag: bool, address: bytes, text: str) -> None:
    types = ["bool", "address", "bytes4", "(string,bool)", "string[]"]
    inner = (text, flag)
    read = AbiTuple(encode(types, [flag, address, address[:4], inner, [text, text]]))
    assert (read.flag(0), read.padded_left(1, 20), read.padded_right(2, 4)) == (
        flag,
        address,
        address[:4],
    )
    within = read.tuple_at(3)
    assert (within.text_at(0), within.flag(1)) == inner
    assert read.texts_at(4, 2, 200) == (text, text)


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def test_what_lies_outside_or_is_of_another_type_is_refused() -> None:
    far = word(2**255)
    refused: list[Callable[[], object]] = [
        lambda: AbiTuple(b"").number(0),
        lambda: AbiTuple(word(1)[1:]).number(0),
        lambda: AbiTuple(word(2)).flag(0),
        lambda: AbiTuple(b"\1" + bytes(31)).padded_left(0, 20),
        lambda: AbiTuple(word(1)).padded_right(0, 4),
        lambda: AbiTuple(far).bytes_at(0),
        lambda: AbiTuple(word(32) + far).bytes_at(0),
        lambda: AbiTuple(word(32) + word(33) + bytes(32)).bytes_at(0),
        lambda: AbiTuple(word(32) + word(3) + bytes(32)).bytes_at(0, 2),
        lambda: AbiTuple(word(32) + word(1) + b"\xff" + bytes(31)).text_at(0),
        lambda: AbiTuple(word(33)).tuple_at(0),
        lambda: AbiTuple(word(32) + word(3)).array_at(0, 2),
        lambda: AbiTuple(far).array_at(0, 2),
    ]
    for read in refused:
        with pytest.raises(ProofError):
            read()


def test_numbers_that_no_word_holds_are_not_written() -> None:
    with pytest.raises(OverflowError):
        encode_tuple(2**256)
