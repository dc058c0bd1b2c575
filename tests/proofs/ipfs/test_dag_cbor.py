"""DAG-CBOR: the fixtures byte for byte, and nothing but the canonical form."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.ipfs.dag_values import VALUES, nested
from tests.vectors import vectors
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, dag_cbor
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.data_model import Value

LINK = Cid.of(codecs.RAW, b"abc")


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (255, "18ff"),
        (256, "190100"),
        (65_535, "19ffff"),
        (65_536, "1a00010000"),
        ((1 << 32) - 1, "1affffffff"),
        (1 << 32, "1b0000000100000000"),
        ((1 << 64) - 1, "1b" + "ff" * 8),
        (-1, "20"),
        (-256, "38ff"),
        (-(1 << 64), "3b" + "ff" * 8),
        (False, "f4"),
        (True, "f5"),
        (None, "f6"),
        (1.5, "fb3ff8000000000000"),
        (1.0, "fb3ff0000000000000"),
        (b"\1\2", "420102"),
        ("ü", "62c3bc"),
        ([1, []], "820180"),
        # Shorter keys first, whatever their letters.
        ({"aa": 1, "b": {}, "": 2}, "a360026162a062616101"),
        (LINK, "d82a582500" + LINK.encode().hex()),
    ],
)
def test_each_value_has_this_encoding(value: Value, encoded: str) -> None:
    assert dag_cbor.encode(value).hex() == encoded
    decoded = dag_cbor.decode(bytes.fromhex(encoded))
    assert decoded == value
    assert type(decoded) is type(value)


@settings(max_examples=60)
@given(VALUES)
def test_values_survive(value: Value) -> None:
    assert dag_cbor.decode(dag_cbor.encode(value)) == value


@settings(max_examples=100)
@given(st.binary(max_size=40) | VALUES.map(dag_cbor.encode))
def test_whatever_decodes_is_canonical_and_all_else_is_a_proof_error(data: bytes) -> None:
    try:
        value = dag_cbor.decode(data)
    except ProofError:
        return
    assert dag_cbor.encode(value) == data


@pytest.mark.parametrize(
    ("fault", "data"),
    [
        ("nothing", ""),
        ("bytes left over", "0000"),
        ("a small integer in two bytes", "1817"),
        ("a byte in three", "1900ff"),
        ("two bytes in five", "1a0000ffff"),
        ("four bytes in nine", "1b00000000ffffffff"),
        ("an argument cut short", "1901"),
        ("a reserved head", "1c"),
        ("a reserved head as if of sixteen bytes", "1c" + "ff" * 16),
        ("bytes of indefinite length", "5f4101ff"),
        ("a list of indefinite length", "9f01ff"),
        ("bytes cut short", "4201"),
        ("a string cut short", "6261"),
        ("a string that is not UTF-8", "61ff"),
        ("a string that holds a surrogate", "63eda080"),
        ("a list longer than its block", "8201"),
        ("a list said to be enormous", "9b7fffffffffffffff"),
        ("a map longer than its block", "a16161"),
        ("a map that ends before its key", "a2616101" + "62"),
        ("a map said to be enormous", "bb7fffffffffffffff"),
        ("a key that is an integer", "a10101"),
        ("no key where one should be", "a18001"),
        ("keys out of order", "a2616201616102"),
        ("a longer key before a shorter one", "a262616101616202"),
        ("a key twice", "a2616101616102"),
        ("a tag for dates", "c000"),
        ("another tag before a CID", "d82b582500" + LINK.encode().hex()),
        ("a tag in more bytes than it needs", "d9002a4101"),
        ("a link to a string", "d82a6161"),
        ("a link of nothing", "d82a"),
        ("a link without its zero byte", "d82a5824" + LINK.encode().hex()),
        ("a link with another base's prefix", "d82a582501" + LINK.encode().hex()),
        ("a link to no CID", "d82a420001"),
        ("links within links", "d82a" * 5000 + "00"),
        ("undefined", "f7"),
        ("a simple value in a byte", "f820"),
        ("a half float", "f93c00"),
        ("a single float", "fa3f800000"),
        ("a float cut short", "fb3ff80000"),
        ("infinity", "fb7ff0000000000000"),
        ("not a number", "fb7ff8000000000000"),
        ("a break alone", "ff"),
    ],
)
def test_anything_else_is_refused(fault: str, data: str) -> None:
    with pytest.raises(ProofError):
        dag_cbor.decode(bytes.fromhex(data))


@pytest.mark.parametrize(
    "value",
    [1 << 64, -(1 << 64) - 1, float("inf"), float("nan"), "\ud800", {"\udfff": 1}],
)
def test_what_cannot_be_carried_is_not_encoded(value: Value) -> None:
    with pytest.raises(ProofError):
        dag_cbor.encode(value)


def test_depth_and_size_are_bounded() -> None:
    deepest = nested(LIMITS.dag_depth)
    assert dag_cbor.decode(dag_cbor.encode(deepest)) == deepest
    for too_deep in (b"\x81" * (LIMITS.dag_depth + 1) + b"\xf6", b"\xa1\x60" * 100_000):
        with pytest.raises(ProofError, match="deeper"):
            dag_cbor.decode(too_deep)
    with pytest.raises(ProofError, match="deeper"):
        dag_cbor.encode([deepest])
    with pytest.raises(ProofError, match="deeper"):
        dag_cbor.encode({"": deepest})
    largest = bytes(LIMITS.block_bytes - 5)
    assert dag_cbor.decode(dag_cbor.encode(largest)) == largest
    with pytest.raises(ProofError, match="limit"):
        dag_cbor.decode(dag_cbor.encode(largest + b"."))


def test_the_fixtures_survive_byte_for_byte() -> None:
    paths = sorted(vectors("ipfs/codec-fixtures/fixtures").glob("*/*.dag-cbor"))
    assert len(paths) > 100
    for path in paths:
        data = path.read_bytes()
        assert dag_cbor.encode(dag_cbor.decode(data)) == data, path
        assert str(Cid.of(codecs.DAG_CBOR, data)) == path.stem
