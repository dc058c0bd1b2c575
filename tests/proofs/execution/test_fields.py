"""Fields: the same structure from RLP and from JSON, and every malformed part refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.errors import ProofError
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.fields import (
    Fields,
    JsonFields,
    RlpFields,
    hex_bytes,
    hex_integer,
    json_list,
    json_object,
    read_rlp,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("text", "value"), [("0x0", 0), ("0x", 0), ("0xfF", 255), ("0X01", 1), ("0x" + "0" * 99, 0)]
)
def test_a_quantity_may_be_spelled_loosely(text: str, value: int) -> None:
    assert hex_integer(text, "q", bits=8) == value


@pytest.mark.parametrize(
    "text", ["", "1", "0x1_0", "0x 1", "0xg", "-0x1", "0x1\n", 1, None, True, ["0x1"], "0x\uff11"]
)
def test_a_quantity_is_0x_and_hex_digits(text: object) -> None:
    with pytest.raises(ProofError, match="q:"):
        hex_integer(text, "q", bits=64)


@pytest.mark.parametrize(("text", "bits"), [("0x2", 1), ("0x100", 8), ("0x1" + "0" * 10**6, 256)])
def test_a_quantity_has_a_width(text: str, bits: int) -> None:
    with pytest.raises(ProofError, match="wider"):
        hex_integer(text, "q", bits=bits)


def test_a_quantity_fills_its_width() -> None:
    assert hex_integer("0x1", "q", bits=1) == 1
    assert hex_integer("0x3f", "q", bits=6) == 63
    assert hex_integer("0x" + "f" * 64, "q", bits=256) == 2**256 - 1


def test_data_is_whole_bytes_within_a_limit() -> None:
    assert hex_bytes("0xAb01", "d", limit=2) == b"\xab\x01"
    with pytest.raises(ProofError, match="odd"):
        hex_bytes("0x1", "d", limit=2)
    with pytest.raises(ProofError, match="more than 1"):
        hex_bytes("0x0101", "d", limit=1)


def test_objects_and_lists_are_told_apart() -> None:
    assert json_object({"a": 1}, "o") == {"a": 1}
    assert json_list([1], "l", 1) == [1]
    for refused in (lambda: json_object([], "o"), lambda: json_list({}, "l", 1)):
        with pytest.raises(ProofError, match="not a JSON"):
            refused()
    with pytest.raises(ProofError, match="limit"):
        json_list([1, 2], "l", 1)


def read_all(fields: Fields) -> tuple[object, ...]:
    return (
        fields.integer("integer", bits=8),
        fields.fixed("fixed", 2),
        fields.fixed_or_empty("maybe", 2),
        fields.data("data", 3),
        fields.fixed_list("list", 1, 2),
        fields.records("records", lambda inner: inner.integer("n", bits=8), 2),
        fields.has("more") and fields.integer("more", bits=8),
    )


WHOLE = (7, b"ab", b"cd", b"xyz", (b"1", b"2"), (8, 9), 5)
ITEM: list[rlp.Item] = [b"\7", b"ab", b"cd", b"xyz", [b"1", b"2"], [[b"\x08"], [b"\x09"]], b"\5"]
OBJECT: dict[str, object] = {
    "integer": "0x7",
    "fixed": "0x6162",
    "maybe": "0x6364",
    "data": "0x78797a",
    "list": ["0x31", "0x32"],
    "records": [{"n": "0x8"}, {"n": "0x9", "other": {}}],
    "more": "0x5",
    "unknown": ["ignored"],
}


def from_rlp(item: list[rlp.Item]) -> tuple[object, ...]:
    return read_rlp(rlp.encode(item), "sample", read_all, 1000)


def from_json(value: object) -> tuple[object, ...]:
    return read_all(JsonFields(value, "sample"))


def test_both_forms_read_the_same() -> None:
    assert from_rlp(ITEM) == from_json(OBJECT) == WHOLE


def test_both_forms_may_lack_what_is_optional() -> None:
    item = [*ITEM[:2], b"", *ITEM[3:6]]
    bare = {k: v for k, v in OBJECT.items() if k not in {"maybe", "more"}}
    expected = (*WHOLE[:2], None, *WHOLE[3:6], False)
    assert from_rlp(item) == from_json(bare) == expected
    assert from_json(bare | {"maybe": "0x"}) == expected
    assert from_json(bare | {"list": None, "records": None})[4:6] == ((), ())


@pytest.mark.parametrize("index", range(len(ITEM)))
def test_rlp_of_the_wrong_kind_is_refused(index: int) -> None:
    wrong: rlp.Item = [] if isinstance(ITEM[index], bytes) else b"xx"
    with pytest.raises(ProofError):
        from_rlp([*ITEM[:index], wrong, *ITEM[index + 1 :]])


@pytest.mark.parametrize(
    ("index", "wrong"),
    [
        (0, b"\1\0"),
        (1, b"a"),
        (1, b"abc"),
        (2, b"c"),
        (3, b"wxyz"),
        (4, [b"12"]),
        (4, [b"1", b"2", b"3"]),
        (5, [[b"\1", b"\2"]]),
        (5, [[]]),
        (5, [b"\1"]),
        (5, [[b"\1"], [b"\1"], [b"\1"]]),
    ],
)
def test_rlp_of_the_wrong_size_is_refused(index: int, wrong: rlp.Item) -> None:
    with pytest.raises(ProofError):
        from_rlp([*ITEM[:index], wrong, *ITEM[index + 1 :]])


def test_rlp_holds_neither_more_nor_less() -> None:
    with pytest.raises(ProofError, match="more than 7"):
        from_rlp([*ITEM, b""])
    with pytest.raises(ProofError, match="ends before records"):
        from_rlp(ITEM[:5])
    with pytest.raises(ProofError, match="where a list"):
        RlpFields(b"", "sample")


@pytest.mark.parametrize("key", ["integer", "fixed", "data"])
def test_json_lacks_nothing_that_is_needed(key: str) -> None:
    for value in ({k: v for k, v in OBJECT.items() if k != key}, OBJECT | {key: None}):
        with pytest.raises(ProofError, match=f"{key}: absent"):
            from_json(value)


@pytest.mark.parametrize(
    "change",
    [
        {"integer": "0x100"},
        {"fixed": "0x61"},
        {"maybe": "0x61"},
        {"data": "0x01020304"},
        {"list": "0x"},
        {"list": ["0x"]},
        {"list": ["0x31"] * 3},
        {"records": [[]]},
        {"records": [{}]},
        {"records": [{"n": "0x1"}] * 3},
    ],
    ids=str,
)
def test_json_of_the_wrong_size_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ProofError):
        from_json(OBJECT | change)


def test_a_field_may_go_by_another_name() -> None:
    fields = JsonFields({"v": "0x1", "y": None}, "sample")
    assert fields.integer("y", "v", bits=1) == 1
    with pytest.raises(ProofError, match="y or w: absent"):
        fields.integer("y", "w", bits=1)


@pytest.mark.parametrize("read", [from_json, lambda value: from_json(OBJECT | {"records": value})])
@given(value=JSON)
def test_any_json_at_all_is_read_or_refused(
    read: Callable[[object], object], value: object
) -> None:
    try:
        read(value)
    except ProofError:
        return
