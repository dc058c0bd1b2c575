"""Parameters are read strictly, and what does not fit is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from walkaway.chain.block_id import Tag
from walkaway.errors import InvalidRequest
from walkaway.limits import LIMITS
from walkaway.rpc.jsonrpc import Fraction
from walkaway.rpc.params import Params, StorageKey

HASH = "0x" + 32 * "Ab"
RAW_HASH = bytes.fromhex(32 * "ab")


@pytest.mark.parametrize(
    ("value", "block"),
    [
        (None, Tag.LATEST),
        ("latest", Tag.LATEST),
        ("pending", Tag.PENDING),
        ("safe", Tag.SAFE),
        ("finalized", Tag.FINALIZED),
        ("earliest", Tag.EARLIEST),
        ("0x0", 0),
        ("0xAB", 0xAB),
        ("0x7fffffffffffffff", 2**63 - 1),
        (HASH, RAW_HASH),
        ({"blockNumber": "0x5"}, 5),
        ({"blockNumber": "safe"}, Tag.SAFE),
        ({"blockHash": HASH}, RAW_HASH),
        ({"blockHash": HASH, "requireCanonical": True}, RAW_HASH),
        ({"blockHash": HASH, "requireCanonical": False}, RAW_HASH),
    ],
)
def test_blocks(value: Any, block: object) -> None:
    assert Params((value,)).block() == block


def test_a_block_that_is_left_out_is_the_latest() -> None:
    assert Params(()).block() is Tag.LATEST


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Latest",
        "0x",
        "0x01",
        "0x8000000000000000",
        "0x10000000000000000",
        "1",
        "0xg",
        "0x1 ",
        "0x\u0661",
        1,
        True,
        [],
        Fraction("1.0"),
        HASH[:-1],
        HASH[:-2] + "zz",
        {},
        {"blockNumber": "0x1", "blockHash": HASH},
        {"blockNumber": 1},
        {"blockHash": "0x1"},
        {"blockHash": "latest"},
        {"blockHash": HASH, "requireCanonical": "yes"},
        {"blockHash": HASH, "requireCanonical": None},
        {"blockHash": HASH, "other": 1},
        {"number": "0x1"},
    ],
)
def test_what_names_no_block(value: Any) -> None:
    with pytest.raises(InvalidRequest, match="block"):
        Params((value,)).block()


@pytest.mark.parametrize("value", [HASH, {"blockNumber": "0x1"}, None])
def test_a_block_number_is_neither_hash_nor_object(value: Any) -> None:
    with pytest.raises(InvalidRequest, match="block"):
        Params((value,)).block_number()


@pytest.mark.parametrize("values", [(), (None,)])
def test_some_block_must_be_there(values: tuple[None, ...]) -> None:
    with pytest.raises(InvalidRequest, match="missing"):
        Params(values).some_block()


@pytest.mark.parametrize(
    ("text", "number", "shown"),
    [
        ("0x0", 0, "0x0"),
        ("0x", 0, "0x0"),
        ("0x5", 5, "0x5"),
        ("0x005", 5, "0x5"),
        ("0x" + 63 * "0" + "5", 5, "0x" + 63 * "0" + "5"),
        ("0x" + 64 * "F", 2**256 - 1, "0x" + 64 * "f"),
    ],
)
def test_storage_keys(text: str, number: int, shown: str) -> None:
    key = StorageKey(number.to_bytes(32, "big"), shown)
    assert Params((text,)).storage_key() == key
    assert Params(([text, text],)).storage_keys() == [key, key]


@pytest.mark.parametrize("value", ["", "5", "0xasdf", "0x" + 65 * "0", 5, None, "0x 5", "0x5_5"])
def test_what_is_no_storage_key(value: Any) -> None:
    for read in (Params((value,)).storage_key, Params(([value],)).storage_keys):
        with pytest.raises(InvalidRequest):
            read()


def test_storage_keys_are_limited() -> None:
    with pytest.raises(InvalidRequest, match="at most"):
        Params((["0x0"] * (LIMITS.proof_slots + 1),)).storage_keys()
    with pytest.raises(InvalidRequest, match="array"):
        Params(("0x0",)).storage_keys()


Read = Callable[[Params], object]


@pytest.mark.parametrize(
    ("read", "good", "value"),
    [
        (Params.address, "0x" + 20 * "aB", bytes.fromhex(20 * "ab")),
        (Params.hash, HASH, RAW_HASH),
        (lambda p: p.data(at_most=2), "0x", b""),
        (lambda p: p.data(at_most=2), "0x0102", b"\1\2"),
        (lambda p: p.quantity("n"), "0xffffffffffffffff", 2**64 - 1),
        (lambda p: p.quantity("n", bits=7), "0x7f", 127),
        (lambda p: p.flag("f"), True, True),
        (lambda p: p.flag("f"), None, False),
        (lambda p: p.text("t"), "any", "any"),
        (lambda p: p.values("v"), [1, "a"], (1, "a")),
        (lambda p: p.values("v"), None, ()),
    ],
)
def test_what_fits(read: Read, good: Any, value: object) -> None:
    assert read(Params((good,))) == value


@pytest.mark.parametrize(
    ("read", "bad"),
    [
        (Params.address, "0x" + 19 * "ab"),
        (Params.address, "0x" + 21 * "ab"),
        (Params.address, 20 * "ab"),
        (Params.address, "0X" + 20 * "ab"),
        (Params.address, None),
        (Params.address, 7),
        (Params.hash, "0x" + 31 * "ab" + "g0"),
        (lambda p: p.data(at_most=2), "0x010203"),
        (lambda p: p.data(at_most=2), "0x0"),
        (lambda p: p.data(at_most=2), "0x 01"),
        (lambda p: p.data(at_most=2), "0x01\n"),
        (lambda p: p.data(at_most=2), "0x\u0661\u0661"),
        (lambda p: p.quantity("n"), "0x10000000000000000"),
        (lambda p: p.quantity("n", bits=7), "0x80"),
        (lambda p: p.quantity("n"), 1),
        (lambda p: p.flag("f"), "true"),
        (lambda p: p.flag("f"), 1),
        (lambda p: p.text("t"), 1),
        (lambda p: p.values("v"), "a"),
    ],
)
def test_what_does_not_fit(read: Read, bad: Any) -> None:
    with pytest.raises(InvalidRequest):
        read(Params((bad,)))


def test_what_is_missing_and_what_is_too_much() -> None:
    with pytest.raises(InvalidRequest, match=r"missing \(parameter 1\)"):
        Params(()).address()
    params = Params(("0x1", "0x2"))
    params.quantity("n")
    with pytest.raises(InvalidRequest, match="at most 1"):
        params.end()
    params.quantity("n")
    params.end()
