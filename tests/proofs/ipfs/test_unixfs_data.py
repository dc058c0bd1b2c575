"""The UnixFS message: every field, and what may not stand in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectors import vectors
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import protobuf, unixfs_data
from walkaway.proofs.ipfs.unixfs_data import Kind, ModificationTime, UnixFsData

NUMBERS = st.none() | st.integers(0, 2**64 - 1)
MESSAGES = st.builds(
    UnixFsData,
    st.sampled_from(Kind),
    st.none() | st.binary(max_size=20),
    NUMBERS,
    st.lists(st.integers(0, 2**64 - 1), max_size=4).map(tuple),
    NUMBERS,
    NUMBERS,
    st.none() | st.integers(0, 2**32 - 1),
    st.none()
    | st.builds(ModificationTime, st.integers(-(2**63), 2**63 - 1), st.integers(0, 999_999_999)),
)


@settings(max_examples=100)
@given(MESSAGES)
def test_messages_survive(message: UnixFsData) -> None:
    assert unixfs_data.decode(unixfs_data.encode(message)) == message


@settings(max_examples=100)
@given(st.binary(max_size=30) | st.binary(max_size=20).map(lambda rest: b"\x08\x02" + rest))
def test_whatever_decodes_survives_and_all_else_is_a_proof_error(data: bytes) -> None:
    try:
        message = unixfs_data.decode(data)
    except ProofError:
        return
    assert unixfs_data.decode(unixfs_data.encode(message)) == message


def test_the_fields_stand_where_the_specification_puts_them() -> None:
    message = UnixFsData(Kind.FILE, b"a", 3, (1, 1), 0x22, 256, 0o644, ModificationTime(-1, 500))
    assert unixfs_data.encode(message).hex() == (
        "0802120161180320012001282230800238a403421008ffffffffffffffffff0115f4010000"
    )


def test_sizes_may_be_packed_and_fields_in_any_order_and_unknown() -> None:
    packed = protobuf.field(4, bytes.fromhex("01ac02")) + protobuf.field(9, 7)
    message = unixfs_data.decode(packed + protobuf.field(1, 2) + protobuf.field(4, 5))
    assert message == UnixFsData(Kind.FILE, blocksizes=(1, 300, 5))


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("no known kind", ""),
        ("no known kind", "0806"),
        ("field twice", "08020802"),
        ("number of the wrong form", "0a0102"),
        ("number of the wrong form", "0d02000000"),
        ("number of the wrong form", "0802388080808010"),
        ("bytes should", "08021001"),
        ("bytes should", "08024001"),
        ("size of the wrong form", "08022501000000"),
        ("cut short", "0802220180"),
        ("time of modification", "08024200"),
        ("time of modification", "0802420715000000000801"),
        ("time of modification", "0802420708011500000000"),
        ("time of modification", "0802420708011500ca9a3b"),
        ("number of the wrong form", "0802420408011001"),
        ("field twice", "0802420408010801"),
    ],
)
def test_what_is_malformed_is_refused(fault: str, message: str) -> None:
    with pytest.raises(ProofError, match=fault):
        unixfs_data.decode(bytes.fromhex(message))


def test_sizes_are_limited() -> None:
    sizes = b"\x01" * LIMITS.node_links
    kind = protobuf.field(1, 2)
    assert len(unixfs_data.decode(kind + protobuf.field(4, sizes)).blocksizes) == len(sizes)
    with pytest.raises(ProofError, match="more than 65536 sizes"):
        unixfs_data.decode(kind + protobuf.field(4, sizes) + protobuf.field(4, 1))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("raw", UnixFsData(Kind.FILE, b"Hello UnixFS\n", 13)),
        ("file.txt", UnixFsData(Kind.FILE, b"Hello UnixFS\n", 13)),
        ("symlink.txt", UnixFsData(Kind.SYMLINK, b"file.txt")),
        ("directory", UnixFsData(Kind.DIRECTORY)),
    ],
)
def test_the_recorded_messages(name: str, expected: UnixFsData) -> None:
    data = (vectors("ipfs/unixfs/data/fixtures") / f"{name}.unixfs").read_bytes()
    assert unixfs_data.decode(data) == expected
    assert unixfs_data.encode(expected) == data
