"""JSON-RPC 2.0 on the wire: what is a call, what is not, and what comes back exactly."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rpc.tiny_chain import tiny_chain
from walkaway.limits import LIMITS
from walkaway.rpc.dispatch import Dispatcher
from walkaway.rpc.error_codes import (
    ERROR_CODES,
    INVALID_PARAMS,
    INVALID_REQUEST,
    LIMIT_EXCEEDED,
    PARSE_ERROR,
)
from walkaway.rpc.jsonrpc import Call, Fraction, Malformed, encode, failure, parse, success
from walkaway.rpc.methods import METHODS


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", PARSE_ERROR),
        (b"{", PARSE_ERROR),
        (b"\xff\xfe", PARSE_ERROR),
        (b"\xef\xbb\xbf{}", PARSE_ERROR),
        ('{"jsonrpc":"2.0"}'.encode("utf-16"), PARSE_ERROR),
        (b'{"a":1,"a":1}', PARSE_ERROR),
        (b"[NaN]", PARSE_ERROR),
        (b"[-Infinity]", PARSE_ERROR),
        (b"[" + b"9" * 81 + b"]", PARSE_ERROR),
        (b"[1e" + b"9" * 80 + b"]", PARSE_ERROR),
        (b"{} {}", PARSE_ERROR),
        (b"[" * 5000 + b"]" * 5000, PARSE_ERROR),
        (b"[" * 40 + b"]" * 40, PARSE_ERROR),
        (b"[" * 5000, PARSE_ERROR),
        (b"[]", INVALID_REQUEST),
        (b"1", INVALID_REQUEST),
        (b"null", INVALID_REQUEST),
        (b"{}", INVALID_REQUEST),
        (b'{"jsonrpc":"1.0","id":1,"method":"a"}', INVALID_REQUEST),
        (b'{"jsonrpc":2.0,"id":1,"method":"a"}', INVALID_REQUEST),
        (b'{"id":1,"method":"a"}', INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1}', INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1,"method":1}', INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":true,"method":"a"}', INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":[],"method":"a"}', INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":{},"method":"a"}', INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1,"method":"a","params":1}', INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"a":1}}', INVALID_PARAMS),
        (b"[" + b"1," * 100 + b"1]", LIMIT_EXCEEDED),
        (b"[" + b"1," * 40_000 + b"1]", LIMIT_EXCEEDED),
        (b" " * (LIMITS.rpc_request_bytes + 1), LIMIT_EXCEEDED),
    ],
)
def test_what_is_no_call(text: bytes, code: int) -> None:
    body = parse(text)
    assert isinstance(body, Malformed)
    assert body.code == code


@pytest.mark.parametrize(
    "identity",
    ["1", "-0", "0", "1.0", "1.50", "1e3", "1E400", '"1"', '""', '"\\u00e9"', "null", "9" * 80],
)
def test_an_id_goes_back_as_it_came(identity: str) -> None:
    call = parse(f'{{"jsonrpc":"2.0","id":{identity},"method":"a"}}'.encode())
    assert isinstance(call, Call)
    assert call.id is not None
    returned = success(call.id, b"true")
    assert returned.startswith(b'{"jsonrpc":"2.0","id":')
    if identity == "-0":
        identity = "0"
    assert returned == f'{{"jsonrpc":"2.0","id":{identity},"result":true}}'.encode()


def test_a_notification_is_a_call_without_an_id() -> None:
    assert parse(b'{"jsonrpc":"2.0","method":"a"}') == Call("a", (), None)
    assert parse(b'{"jsonrpc":"2.0","method":"a","params":null}') == Call("a", (), None)
    by_name = parse(b'{"jsonrpc":"2.0","method":"a","params":{}}')
    assert isinstance(by_name, Malformed)
    assert by_name.id is None


def test_numbers_with_a_fraction_are_not_taken_for_whole_ones() -> None:
    call = parse(b'{"jsonrpc":"2.0","id":1,"method":"a","params":[1.0,2]}')
    assert isinstance(call, Call)
    assert call.params == (Fraction("1.0"), 2)


def test_a_batch_keeps_its_order_and_its_bad_entries() -> None:
    body = parse(b'[{"jsonrpc":"2.0","id":1,"method":"a"},1,{"jsonrpc":"2.0","method":"b"}]')
    assert isinstance(body, list)
    assert [type(entry) for entry in body] == [Call, Malformed, Call]


def test_limits_are_those_given() -> None:
    small = replace(LIMITS, rpc_request_depth=2, rpc_batch_calls=1)
    assert isinstance(parse(b"[[1]]", small), list)
    for text in (b"[[[1]]]", b"[1,1]"):
        assert isinstance(parse(text, small), Malformed)


def test_replies_are_ascii_and_leave_out_what_is_not_there() -> None:
    assert encode("é") == b'"\\u00e9"'
    assert failure("1", -1, "a") == b'{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"a"}}'
    assert b'"data":[1]' in failure("1", -1, "a", [1])


def test_error_codes_are_distinct() -> None:
    assert len({entry.code for entry in ERROR_CODES}) == len(ERROR_CODES)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
IDS = st.none() | st.integers() | st.text() | st.floats()
HEX = st.from_regex(r"0x[0-9a-f]{0,66}", fullmatch=True)
ADDRESSES = st.just("0x" + "00112233445566778899aabbccddeeff00112233")
BLOCKS = st.sampled_from(["latest", "safe", "pending", "earliest", "0x1", "0x2", "0x99"])
CALLS = st.fixed_dictionaries(
    {
        "jsonrpc": st.just("2.0"),
        "id": IDS,
        "method": st.sampled_from(sorted(METHODS)) | st.text(),
        "params": st.lists(ADDRESSES | BLOCKS | HEX | st.booleans() | VALUES, max_size=4) | VALUES,
    }
)
BODIES = (
    st.binary(max_size=200)
    | VALUES.map(json.dumps).map(str.encode)
    | CALLS.map(json.dumps).map(str.encode)
    | st.lists(CALLS | VALUES, max_size=6).map(json.dumps).map(str.encode)
)


def check_reply(reply: object) -> None:
    """One reply, by the letter of the specification."""
    assert isinstance(reply, dict)
    assert reply["jsonrpc"] == "2.0"
    assert set(reply) in ({"jsonrpc", "id", "result"}, {"jsonrpc", "id", "error"})
    if "error" in reply:
        assert set(reply["error"]) <= {"code", "message", "data"}
        assert reply["error"]["code"] in {entry.code for entry in ERROR_CODES}
        assert reply["error"]["code"] != -32603, reply


DISPATCHER = Dispatcher(tiny_chain())


@settings(max_examples=1500, deadline=None)
@given(BODIES)
async def test_any_body_earns_a_reply_by_the_specification(body: bytes) -> None:
    reply = await DISPATCHER.reply(body)
    if reply is None:
        return
    content = json.loads(reply)
    for entry in content if isinstance(content, list) else [content]:
        check_reply(entry)
