"""The codec against remerkleable, the consensus specs' own library, and against malformed input."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.proofs.consensus.remerkleable_forms import (
    basic,
    byte_arrays,
    complex_types,
    electra_update,
    spec_container,
)
from tests.proofs.consensus.simulator import SEATS, Chain, with_forks
from walkaway.anchors.spec import ForkName
from walkaway.errors import ProofError
from walkaway.proofs.consensus.ssz import (
    ByteList,
    ByteVector,
    Container,
    JsonValue,
    Schema,
    Uint,
    Vector,
)
from walkaway.proofs.consensus.wire import wire_forms


@dataclass(frozen=True)
class Inner:
    number: int
    extra: bytes
    bloom: bytes


@dataclass(frozen=True)
class Outer:
    wide: int
    first: Inner
    branch: tuple[bytes, ...]
    second: Inner
    keys: tuple[bytes, ...]


INNER = Container(Inner, number=Uint(8), extra=ByteList(32), bloom=ByteVector(256))
OUTER = Container(
    Outer, wide=Uint(32), first=INNER, branch=Vector(32, 3), second=INNER, keys=Vector(48, 5)
)
VALUE = Outer(
    2**255 + 7,
    Inner(2**64 - 1, b"abc", bytes(range(256))),
    tuple(bytes([at]) * 32 for at in range(3)),
    Inner(0, b"", bytes(256)),
    tuple(bytes([at]) * 48 for at in range(5)),
)


SpecInner = spec_container(
    "SpecInner",
    number=basic.uint64,
    extra=byte_arrays.ByteList[32],
    bloom=byte_arrays.ByteVector[256],
)
SpecOuter = spec_container(
    "SpecOuter",
    wide=basic.uint256,
    first=SpecInner,
    branch=complex_types.Vector[byte_arrays.Bytes32, 3],
    second=SpecInner,
    keys=complex_types.Vector[byte_arrays.Bytes48, 5],
)


def as_spec(inner: Inner) -> object:
    return SpecInner(number=inner.number, extra=inner.extra, bloom=inner.bloom)


SPEC_VALUE = SpecOuter(
    wide=VALUE.wide,
    first=as_spec(VALUE.first),
    branch=VALUE.branch,
    second=as_spec(VALUE.second),
    keys=VALUE.keys,
)


def test_bytes_and_roots_are_those_of_the_specifications_library() -> None:
    assert OUTER.encode(VALUE) == SPEC_VALUE.encode_bytes()
    assert OUTER.root(VALUE) == bytes(SPEC_VALUE.hash_tree_root())


@pytest.mark.parametrize("with_committee", [True, False])
@pytest.mark.parametrize("finalized", [24, None])
def test_a_whole_update_is_as_the_specifications_library_has_it(
    with_committee: bool, finalized: int | None
) -> None:
    chain = Chain(with_forks(electra=0))
    update = chain.update(40, finalized, with_committee=with_committee)
    form = wire_forms(chain.spec, ForkName.ELECTRA).update
    data = form.encode(update)
    theirs = electra_update(SEATS).decode_bytes(data)
    assert theirs.encode_bytes() == data
    assert bytes(theirs.hash_tree_root()) == form.root(update)
    assert bytes(theirs.attested_header.beacon.hash_tree_root()) == (
        update.attested_header.beacon.root()
    )


def test_what_was_encoded_is_decoded() -> None:
    assert OUTER.decode(OUTER.encode(VALUE)) == VALUE
    assert OUTER.from_json(OUTER.to_json(VALUE)) == VALUE


def test_json_is_decimal_strings_and_hex() -> None:
    document = OUTER.to_json(VALUE)
    assert document["wide"] == str(VALUE.wide)
    assert document["branch"] == ["0x" + item.hex() for item in VALUE.branch]
    second: JsonValue = {"number": "0", "extra": "0x", "bloom": "0x" + "00" * 256}
    assert document["second"] == second


def test_a_container_of_fixed_fields_has_a_fixed_size() -> None:
    fixed = Container(Inner, number=Uint(8), extra=ByteVector(4), bloom=ByteVector(32))
    assert fixed.size == 44
    assert OUTER.size is None
    for wrong in (bytes(43), bytes(45)):
        with pytest.raises(ProofError, match="wrong length"):
            fixed.decode(wrong)


def test_every_truncation_and_every_wrong_offset_is_refused() -> None:
    data = OUTER.encode(VALUE)
    second = int.from_bytes(data[132:136], "little")
    for length in range(len(data)):
        if length - second in range(268, 268 + 33):
            continue  # a shorter last byte list is another value, not a malformed one
        with pytest.raises(ProofError):
            OUTER.decode(data[:length])
    for at in (32, 33, 34, 35, 132, 133, 134, 135):
        for bit in range(8):
            wrong = bytearray(data)
            wrong[at] ^= 1 << bit
            with pytest.raises(ProofError):
                OUTER.decode(bytes(wrong))
    with pytest.raises(ProofError):
        OUTER.decode(data + bytes(33))


@pytest.mark.parametrize(
    ("schema", "document"),
    [
        (Uint(8), 5),
        (Uint(8), "-1"),
        (Uint(8), "0x10"),
        (Uint(8), "1_0"),
        (Uint(8), "\u0661"),
        (Uint(8), ""),
        (Uint(8), str(2**64)),
        (Uint(8), "9" * 5000),
        (ByteVector(2), "0x"),
        (ByteVector(2), "0x010203"),
        (ByteVector(2), "0102"),
        (ByteVector(2), "0x01 02"),
        (ByteVector(2), "0x0g02"),
        (ByteVector(2), 258),
        (ByteVector(2), None),
        (ByteList(2), "0x010203"),
        (Vector(1, 2), ["0x01"]),
        (Vector(1, 2), "0x0102"),
        (Vector(1, 2), ["0x01", "0x0203"]),
        (INNER, []),
        (INNER, {"number": "1", "extra": "0x"}),
        (INNER, None),
    ],
)
def test_malformed_json_is_refused(schema: Schema[object], document: object) -> None:
    with pytest.raises(ProofError):
        schema.from_json(document)


def test_a_value_that_does_not_fit_is_not_encoded() -> None:
    with pytest.raises(ProofError):
        ByteVector(4).encode(b"abc")
    with pytest.raises(ProofError):
        ByteList(4).encode(b"abcde")
    with pytest.raises(ProofError):
        Vector(4, 2).encode((b"abcd",))


@dataclass(frozen=True)
class Pair:
    left: bytes
    right: bytes


@pytest.mark.parametrize(
    ("left", "right", "rest"), [(8, 7, b"ab"), (9, 10, b"ab"), (8, 11, b"ab"), (7, 8, b"ab")]
)
def test_variable_parts_follow_each_other_without_gap_or_overlap(
    left: int, right: int, rest: bytes
) -> None:
    pair = Container(Pair, left=ByteList(8), right=ByteList(8))
    assert pair.decode(b"\x08\0\0\0\x09\0\0\0ab") == Pair(b"a", b"b")
    with pytest.raises(ProofError, match="tile"):
        pair.decode(left.to_bytes(4, "little") + right.to_bytes(4, "little") + rest)
