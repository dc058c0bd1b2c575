"""What servers answer to a call or a batch, and what it says about them."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import pytest

from walkaway.errors import InvalidRequest, NotKnown, SourceBusy, SourceFault, SourceLacks
from walkaway.sources.request import Answer, RpcRequest
from walkaway.sources.transports.json_rpc import (
    encode_batch,
    encode_call,
    read_batch,
    read_reply,
)

CALL = RpcRequest("eth_getProof", ("0x00", [], "latest"))
BY_HASH = RpcRequest("eth_getProof", ("0x00", [], {"blockHash": "0x00"}), by_hash=True)


def error(code: object, message: object) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 0, "error": {"code": code, "message": message}}


@pytest.mark.parametrize(
    ("code", "message", "kind", "lasting"),
    [
        (-32601, "", SourceLacks, True),
        (-32004, "", SourceLacks, True),
        (-32000, "the method eth_getProof does not exist/is not available", SourceLacks, True),
        (-32000, "method eth_getProof is not whitelisted", SourceLacks, True),
        (-32600, "Unsupported method: eth_getProof", SourceLacks, True),
        (-32000, "missing trie node 00 (path )", SourceLacks, False),
        (-32000, "distance to target block exceeds maximum proof window", SourceLacks, False),
        (-32000, "state at block #7 is pruned", SourceLacks, False),
        (-32000, "header not found", NotKnown, False),
        (-32001, "Resource not found.", NotKnown, False),
        (-39001, "Unknown block", NotKnown, False),
        (-32005, "", SourceBusy, None),
        (429, "", SourceBusy, None),
        (-32000, "Your app has exceeded its compute units per second capacity", SourceBusy, None),
        (-32000, "Too Many Requests", SourceBusy, None),
        (-32602, "invalid argument 2", SourceFault, None),
        (-32603, "Internal error", SourceFault, None),
        (3, "execution reverted", SourceFault, None),
        (None, None, SourceFault, None),
        ([], {}, SourceFault, None),
        ("-32601", "", SourceFault, None),
    ],
)
def test_errors_tell_lacks_limits_and_faults_apart(
    code: object, message: object, kind: type[SourceFault], lasting: bool | None
) -> None:
    with pytest.raises(SourceFault) as caught:
        read_reply(error(code, message), CALL, 0)
    assert type(caught.value) is kind
    if isinstance(caught.value, SourceLacks):
        assert caught.value.lasting is lasting


def test_parameters_refused_where_a_block_hash_was_given_are_a_lack() -> None:
    with pytest.raises(SourceLacks) as caught:
        read_reply(error(-32602, "cannot unmarshal object"), BY_HASH, 0)
    assert caught.value.lasting


def test_null_is_a_result() -> None:
    assert read_reply({"jsonrpc": "2.0", "id": 0, "result": None, "error": None}, CALL, 0) is None


def reply(call_id: object, result: object = 1) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": call_id, "result": result}


@pytest.mark.parametrize(
    "replies",
    [
        None, 7, "x", {}, {"result": []}, [7], [reply(0), reply(0)], [reply(2)], [reply(-1)],
        [reply("0")], [reply(False)], [reply(None)], [reply(0), reply(1), reply(0)],
        {"error": 7}, error(-32603, "Internal error"),
    ],
    ids=repr,
)  # fmt: skip
def test_batches_that_cannot_be_told_apart_are_one_fault(replies: object) -> None:
    with pytest.raises(SourceFault) as caught:
        read_batch(replies, [CALL, CALL], "s")
    assert type(caught.value) is SourceFault


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (-32600, "Invalid request", SourceLacks),
        (-32601, "", SourceLacks),
        (-32000, "batch limit exceeded", SourceLacks),
        (-32005, "daily limit", SourceBusy),
        (-32000, "rate limited", SourceBusy),
    ],
)
def test_a_single_error_for_a_batch(code: int, message: str, kind: type[SourceFault]) -> None:
    with pytest.raises(kind):
        read_batch(error(code, message), [CALL, CALL], "s")


def test_calls_of_a_batch_fail_singly() -> None:
    replies = [reply(2, "c"), {**error(-32601, ""), "id": 1}]
    first, second, third = read_batch(replies, [CALL] * 3, "s")
    assert isinstance(first, SourceFault)
    assert isinstance(second, SourceLacks)
    assert third == Answer("s", "c")


@pytest.mark.parametrize("params", [(float("nan"),), (object(),), (b"",), ({1: {object()}},)])
def test_parameters_that_are_not_json_are_the_callers_mistake(params: tuple[object, ...]) -> None:
    with pytest.raises(InvalidRequest):
        encode_call(RpcRequest("x", params), 1)
    with pytest.raises(InvalidRequest):
        encode_batch([RpcRequest("x", params)])


def test_a_message_is_not_cut_where_a_key_might_stand() -> None:
    """Whoever shows it scrubs it first, which takes the whole key."""
    with pytest.raises(SourceFault) as caught:
        read_reply(error(-32000, "x" * 190 + "k3y-0123456789abcdef" + "y" * 10**6), CALL, 0)
    assert "k3y-0123456789abcdef" in str(caught.value)
    assert len(str(caught.value)) < 3000


def test_only_a_number_is_shown_as_a_code() -> None:
    with pytest.raises(SourceFault) as caught:
        read_reply(error(["k3y"] * 10**5, "no"), CALL, 0)
    assert str(caught.value) == "error None: no"


def test_the_time_to_read_an_error_is_bounded() -> None:
    message = "state " * 10**5
    began = perf_counter()
    for _ in range(100):
        with pytest.raises(SourceFault):
            read_reply(error(-32000, message), CALL, 0)
    assert perf_counter() - began < 5


def test_an_error_that_is_no_object_is_a_fault() -> None:
    with pytest.raises(SourceFault, match="not a JSON-RPC error"):
        read_reply({"jsonrpc": "2.0", "id": 0, "error": "no"}, CALL, 0)
