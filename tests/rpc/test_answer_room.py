"""The answers to a batch share one room, which holds although many calls run at once."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from starlette.types import Message

from tests.rpc.prepared_chain import PreparedChain
from walkaway.errors import TooMuch
from walkaway.limits import LIMITS
from walkaway.rpc.answer_room import AnswerRoom, Share
from walkaway.rpc.dispatch import BATCH_WIDTH, SHORT, Dispatcher
from walkaway.rpc.endpoint import Endpoint
from walkaway.rpc.error_codes import LIMIT_EXCEEDED
from walkaway.rpc.local_surface import LocalSurface
from walkaway.rpc.methods import logs
from walkaway.rpc.server import RpcServer

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


class Client:
    """One who asks over ASGI, and reads a piece only when told to."""

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.got = b""

    async def ask(self, endpoint: Endpoint, body: bytes) -> list[Any]:
        headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await endpoint(scope, receive, self._take)
        listed: list[Any] = json.loads(self.got)
        return listed

    async def _take(self, message: Message) -> None:
        await self.reads.wait()
        self.got += message.get("body", b"")


async def test_of_long_replies_only_so_many_bytes_wait_for_clients_that_do_not_read(
    chain: PreparedChain,
) -> None:
    one = {"jsonrpc": "2.0", "id": 7, "method": BLOCK[0], "params": BLOCK[1:]}
    batch, single = json.dumps([one] * 90).encode(), json.dumps([one]).encode()
    reply = await Dispatcher(chain).reply(batch)
    assert reply is not None
    long, room = len(reply) // 2, 2 * len(reply) - 1
    limits = replace(LIMITS, rpc_long_reply_bytes=long, rpc_long_replies_bytes=room)
    dispatcher = Dispatcher(chain, limits=limits)
    endpoint = Endpoint(dispatcher, LocalSurface(), limits=limits)
    slow, quick = Client(), Client()
    quick.reads.set()
    sending = asyncio.create_task(slow.ask(endpoint, batch))
    await asyncio.sleep(0.1)
    assert codes(await quick.ask(endpoint, batch)) == [LIMIT_EXCEEDED] * 90
    with dispatcher.sending(reply, single) as sent:
        assert sent is not None
        assert codes(json.loads(sent)) == [LIMIT_EXCEEDED]
    with dispatcher.sending(reply[:long], single) as sent:
        assert sent == reply[:long]
    slow.reads.set()
    assert codes(await sending) == [None] * 90
    assert slow.got == reply
    quick.got = b""
    assert codes(await quick.ask(endpoint, batch)) == [None] * 90


async def test_over_a_websocket_long_replies_are_held_to_the_same_room(
    chain: PreparedChain, http: aiohttp.ClientSession
) -> None:
    limits = replace(LIMITS, rpc_long_reply_bytes=100, rpc_long_replies_bytes=1000)
    asked = {"jsonrpc": "2.0", "id": 1, "method": BLOCK[0], "params": BLOCK[1:]}
    async with RpcServer(chain, port=0, limits=limits) as server:
        async with http.ws_connect(server.url) as websocket:
            await websocket.send_json(asked)
            assert codes([await websocket.receive_json()]) == [LIMIT_EXCEEDED]
            await websocket.send_json(asked | {"method": "eth_chainId", "params": []})
            assert codes([await websocket.receive_json()]) == [None]
