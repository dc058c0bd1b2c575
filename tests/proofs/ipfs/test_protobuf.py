"""Protocol buffers: the fields that IPFS's messages have, and no field cut short."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkaway.errors import ProofError
from walkaway.proofs.ipfs import protobuf

FIELDS = st.tuples(st.integers(1, 2**29 - 1), st.integers(0, 2**64 - 1) | st.binary(max_size=20))


@settings(max_examples=50)
@given(st.lists(FIELDS, max_size=5))
def test_fields_survive_in_their_order(fields: list[tuple[int, int | bytes]]) -> None:
    message = b"".join([protobuf.field(number, value) for number, value in fields])
    assert [(number, value) for number, _, value in protobuf.read(message)] == fields


def test_all_wire_types_are_read() -> None:
    message = bytes.fromhex("08ac02 110100000000000000 1a0161 2502000000")
    assert list(protobuf.read(message)) == [
        (1, protobuf.VARINT, 300),
        (2, protobuf.FIXED64, 1),
        (3, protobuf.BYTES, b"a"),
        (4, protobuf.FIXED32, 2),
    ]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("has no number", "0001"),
        ("known wire type", "0b"),
        ("known wire type", "0e"),
        ("a varint is cut short", "08"),
        ("a message is cut short", "0a0261"),
        ("a message is cut short", "0900"),
        ("a message is cut short", "0d000000"),
        ("wider than 32", "888080808001"),
    ],
)
def test_what_is_malformed_is_refused(fault: str, message: str) -> None:
    with pytest.raises(ProofError, match=fault):
        list(protobuf.read(bytes.fromhex(message)))
