"""DAG-JSON: the fixtures byte for byte, the same values as DAG-CBOR, nothing ambiguous."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.ipfs.dag_values import VALUES, nested
from tests.vectors import vectors
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, dag_cbor, dag_json
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.data_model import Value

LINK = Cid.of(codecs.RAW, b"abc")
OLD_LINK = Cid.parse("QmQg1v4o9xdT3Q14wh4S7dxZkDjyZ9ssFzFzyep1YrVJBY")


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (None, "null"),
        (True, "true"),
        ((1 << 64) - 1, "18446744073709551615"),
        (-(1 << 64), "-18446744073709551616"),
        (1.0, "1.0"),
        (-0.5, "-0.5"),
        (1e-7, "1e-7"),
        (1e22, "1e22"),
        ('ü"\\\n\1', '"ü\\"\\\\\\n\\u0001"'),
        (b"\1", '{"/":{"bytes":"AQ"}}'),
        (b"", '{"/":{"bytes":""}}'),
        (LINK, f'{{"/":"{LINK}"}}'),
        (OLD_LINK, f'{{"/":"{OLD_LINK}"}}'),
        # By byte, whatever their lengths, unlike DAG-CBOR.
        ({"b": 1, "aa": [2, {}]}, '{"aa":[2,{}],"b":1}'),
        ({"/": 1}, '{"/":1}'),
        ({"/": {"bytes": 1}, "a": 2}, '{"/":{"bytes":1},"a":2}'),
    ],
)
def test_each_value_is_written_so(value: Value, encoded: str) -> None:
    assert dag_json.encode(value).decode() == encoded
    decoded = dag_json.decode(encoded.encode())
    assert decoded == value
    assert type(decoded) is type(value)


@settings(max_examples=60)
@given(VALUES)
def test_values_survive(value: Value) -> None:
    assert dag_json.decode(dag_json.encode(value)) == value


@settings(max_examples=60)
@given(st.text('{}[]:,"/\\ubytesd8019.-e ', max_size=30) | st.text(max_size=20))
def test_whatever_decodes_can_be_written_and_all_else_is_a_proof_error(text: str) -> None:
    try:
        value = dag_json.decode(text.encode("utf-8", "surrogatepass"))
    except ProofError:
        return
    assert dag_json.decode(dag_json.encode(value)) == value


def test_white_space_and_other_orders_are_read() -> None:
    assert dag_json.decode(b' {"b" : 1,\n"a": [ ] } ') == {"a": [], "b": 1}


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("nothing", ""),
        ("text left over", "1 2"),
        ("a list cut short", "[1"),
        ("a trailing comma", "[1,]"),
        ("a byte order mark", "\ufeff1"),
        ("a key twice", '{"a":1,"a":1}'),
        ("no number", "NaN"),
        ("infinity", "-Infinity"),
        ("a float beyond 64 bits", "1e400"),
        ("an integer too wide", "18446744073709551616"),
        ("an integer too low", "-18446744073709551617"),
        ("thousands of digits", "9" * 10_000),
        ("half a surrogate pair", '"\\ud800"'),
        ("half a surrogate pair in a key", '{"\\ud800":1}'),
        ("a link beside another key", f'{{"/":"{LINK}","a":1}}'),
        ("a link to no CID", '{"/":"abc"}'),
        ("a link in another base", f'{{"/":"z{LINK}"}}'),
        ("a link in capitals", f'{{"/":"{str(LINK).upper()}"}}'),
        ("bytes beside another key", '{"/":{"bytes":"AQ"},"a":1}'),
        ("bytes with another key within", '{"/":{"bytes":"AQ","a":1}}'),
        ("bytes with padding", '{"/":{"bytes":"AQ=="}}'),
        ("bytes with bits left over", '{"/":{"bytes":"AR"}}'),
        ("bytes in the URL's alphabet", '{"/":{"bytes":"-_-_"}}'),
        ("bytes in no alphabet", '{"/":{"bytes":"üüüü"}}'),
        ("bytes of no whole number", '{"/":{"bytes":"A"}}'),
    ],
)
def test_anything_ambiguous_is_refused(fault: str, text: str) -> None:
    with pytest.raises(ProofError):
        dag_json.decode(text.encode())


def test_text_must_be_utf_8() -> None:
    with pytest.raises(ProofError, match="UTF-8"):
        dag_json.decode(b'"\xff"')


@pytest.mark.parametrize(
    "value",
    [
        1 << 64,
        float("inf"),
        float("nan"),
        "\ud800",
        {"\udfff": 1},
        {"/": "text"},
        {"/": {"bytes": "text", "more": 1}, "a": 2},
    ],
)
def test_what_cannot_be_carried_is_not_written(value: Value) -> None:
    with pytest.raises(ProofError):
        dag_json.encode(value)


def test_depth_and_size_are_bounded() -> None:
    deepest = nested(LIMITS.dag_depth)
    assert dag_json.decode(dag_json.encode(deepest)) == deepest
    for brackets in (LIMITS.dag_depth + 2, LIMITS.dag_depth + 3, 100_000):
        with pytest.raises(ProofError, match="deeper"):
            dag_json.decode(b"[" * brackets + b"]" * brackets)
        with pytest.raises(ProofError, match="deeper"):
            dag_json.decode(b'{"":' * brackets + b"1" + b"}" * brackets)
    for value in ([deepest], {"": deepest}):
        with pytest.raises(ProofError, match="deeper"):
            dag_json.encode(value)
    assert dag_json.decode(b" " * (LIMITS.block_bytes - 1) + b"1") == 1
    with pytest.raises(ProofError, match="limit"):
        dag_json.decode(b" " * (LIMITS.block_bytes + 1))


def test_the_fixtures_survive_byte_for_byte_and_say_the_same_as_in_dag_cbor() -> None:
    paths = sorted(vectors("ipfs/codec-fixtures/fixtures").glob("*/*.dag-json"))
    assert len(paths) > 100
    for path in paths:
        data = path.read_bytes()
        value = dag_json.decode(data)
        assert dag_json.encode(value) == data, path
        (binary,) = path.parent.glob("*.dag-cbor")
        assert dag_cbor.decode(binary.read_bytes()) == value, path
