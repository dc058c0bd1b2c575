"""The answers to a batch share one room, which holds although many calls run at once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.rpc.prepared_chain import PreparedChain
from walkaway.errors import TooMuch
from walkaway.limits import LIMITS
from walkaway.rpc.answer_room import AnswerRoom, Share
from walkaway.rpc.dispatch import BATCH_WIDTH, SHORT, Dispatcher
from walkaway.rpc.error_codes import LIMIT_EXCEEDED
from walkaway.rpc.methods import logs

BLOCK = ("eth_getBlockByNumber", "0x1", True)
LOGS = ("eth_getLogs", {"fromBlock": "earliest", "toBlock": "latest"})


async def answers(chain: PreparedChain, room: int, *asked: tuple[Any, ...]) -> list[Any]:
    dispatcher = Dispatcher(chain, limits=replace(LIMITS, rpc_batch_response_bytes=room))
    calls = [
        {"jsonrpc": "2.0", "id": at, "method": method, "params": params}
        for at, (method, *params) in enumerate(asked)
    ]
    reply = await dispatcher.reply(json.dumps(calls).encode())
    assert reply is not None
    listed: list[Any] = json.loads(reply)
    assert [each["id"] for each in listed] == list(range(len(asked)))
    return listed


def codes(replies: list[Any]) -> list[int | None]:
    return [reply.get("error", {}).get("code") for reply in replies]


async def test_calls_that_run_at_once_take_no_more_than_the_room(chain: PreparedChain) -> None:
    (one,) = await answers(chain, LIMITS.rpc_batch_response_bytes, BLOCK)
    size = len(json.dumps(one, separators=(",", ":")))
    assert size > SHORT
    replies = await answers(chain, 3 * size + size // 2, *[BLOCK] * BATCH_WIDTH)
    assert sorted(codes(replies), key=str) == [LIMIT_EXCEEDED] * (BATCH_WIDTH - 3) + [None] * 3


async def test_what_is_short_is_answered_although_there_is_no_room(chain: PreparedChain) -> None:
    assert codes(await answers(chain, 10, *[("eth_chainId",)] * 2)) == [None, None]
    assert codes(await answers(chain, 10, BLOCK, ("eth_chainId",))) == [LIMIT_EXCEEDED, None]


async def test_what_will_not_fit_is_not_encoded(
    chain: PreparedChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = await answers(chain, LIMITS.rpc_batch_response_bytes, LOGS)
    assert one["result"]

    async def never(*_: object) -> bytes:
        raise AssertionError("it was encoded")

    monkeypatch.setattr(logs, "encode_each", never)
    assert codes(await answers(chain, 100, LOGS)) == [LIMIT_EXCEEDED]


def test_a_share_gives_back_what_it_took_too_much() -> None:
    room = AnswerRoom(100)
    first, second = Share(room), Share(room)
    first.reserve(90)
    first.reserve(20)
    with pytest.raises(TooMuch, match="ask for fewer at once"):
        second.reserve(11)
    first.settle(60)
    second.reserve(40)
    with pytest.raises(TooMuch):
        Share(room).reserve(1)
    with pytest.raises(TooMuch):
        second.settle(41)
    first.settle(100)
    Share().settle(10**9)
