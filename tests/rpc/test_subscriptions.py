"""Subscriptions over a real WebSocket, on a devnet that reorganises itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from starlette.types import Message
from starlette.websockets import WebSocket

from tests.chain.devnet_chain import devnet_of, following
from tests.rpc.test_websocket import silence
from tests.rpc.tiny_chain import tiny_chain
from walkaway.chain.chain import Chain
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.execution.genesis import TOKEN
from walkaway.devnet.network import Devnet
from walkaway.errors import InvalidRequest, Unproven
from walkaway.limits import LIMITS, Limits
from walkaway.rpc.ask import Ask
from walkaway.rpc.dispatch import Dispatcher
from walkaway.rpc.error_codes import INVALID_PARAMS, LIMIT_EXCEEDED
from walkaway.rpc.server import RpcServer
from walkaway.rpc.subscriptions import LostPlace, Subscriptions
from walkaway.rpc.websocket import serve_websocket

NEWS_SECONDS = 10.0


class Client:
    """One WebSocket connection; notifications are kept by subscription."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.told: dict[str, list[Any]] = {}
        self._id = 0

    async def call(self, method: str, *params: object) -> Any:
        self._id += 1
        await self.socket.send_json(
            {"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}
        )
        while (message := await self._next()).get("id") != self._id:
            self._note(message)
        return message.get("result", message.get("error"))

    async def news(self, subscription: str, count: int) -> list[Any]:
        """The next ``count`` things that a subscription tells."""
        while len(self.told.get(subscription, [])) < count:
            self._note(await self._next())
        found, self.told[subscription] = self.told[subscription], []
        return found

    async def _next(self) -> dict[str, Any]:
        async with asyncio.timeout(NEWS_SECONDS):
            return dict(await self.socket.receive_json())

    def _note(self, message: dict[str, Any]) -> None:
        assert message["method"] == "eth_subscription"
        assert message.keys() == {"jsonrpc", "method", "params"}
        params = message["params"]
        self.told.setdefault(params["subscription"], []).append(params["result"])


@asynccontextmanager
async def connected(limits: Limits = LIMITS) -> AsyncIterator[tuple[Devnet, Chain, Client]]:
    async with devnet_of() as devnet, following(devnet) as chain:
        async with RpcServer(chain, port=0, limits=limits) as server:
            async with aiohttp.ClientSession() as session:
                async with session.ws_connect(server.url) as socket:
                    yield devnet, chain, Client(socket)


async def test_new_heads_that_were_missed_all_come_in_order() -> None:
    async with connected() as (devnet, chain, client):
        heads = await client.call("eth_subscribe", "newHeads")
        start = int(await client.call("eth_blockNumber"), 16)
        devnet.advance(4)
        await chain.advance()
        told = await client.news(heads, 4)
        assert [int(head["number"], 16) for head in told] == [start + n for n in range(1, 5)]
        whole = await client.call("eth_getBlockByHash", told[-1]["hash"], False)
        assert told[-1].items() <= whole.items()
        without = {"transactions", "size", "uncles", "withdrawals"}
        assert whole.keys() - told[-1].keys() == without


async def test_a_reorg_is_told_as_removed_logs_and_the_heads_of_the_new_branch() -> None:
    async with connected() as (devnet, chain, client):
        heads = await client.call("eth_subscribe", "newHeads")
        logs = await client.call("eth_subscribe", "logs", {"address": "0x" + TOKEN.hex()})
        devnet.advance(6)
        await chain.advance()
        told_heads = await client.news(heads, 6)
        span = {"fromBlock": told_heads[0]["number"], "address": "0x" + TOKEN.hex()}
        before = await client.call("eth_getLogs", span)
        assert await client.news(logs, len(before)) == before != []
        devnet.reorg(4)
        devnet.advance(3)
        await chain.advance()
        after = await client.call("eth_getLogs", span)
        gone = [log for log in before if log not in after]
        fresh = [log for log in after if log not in before]
        assert gone
        assert fresh
        changes = await client.news(logs, len(gone) + len(fresh))
        removed = [log for log in changes if log["removed"]]
        assert changes == removed + fresh
        assert sorted(json.dumps(log | {"removed": False}) for log in removed) == sorted(
            json.dumps(log) for log in gone
        )
        last = int(await client.call("eth_blockNumber"), 16)
        branch: list[Any] = []
        while not branch or int(branch[-1]["number"], 16) < last:
            branch += await client.news(heads, 1)
        numbers = [int(head["number"], 16) for head in branch]
        assert numbers == list(range(numbers[0], last + 1))
        assert numbers[0] <= int(told_heads[-1]["number"], 16)
        parents = [head["hash"] for head in told_heads if int(head["number"], 16) < numbers[0]]
        assert branch[0]["parentHash"] == parents[-1]
        for parent, child in pairwise(branch):
            assert child["parentHash"] == parent["hash"]


async def test_own_transactions_are_told_at_once() -> None:
    async with connected() as (devnet, _, client):
        hashes = await client.call("eth_subscribe", "newPendingTransactions")
        whole = await client.call("eth_subscribe", "newPendingTransactions", True)
        raw = "0x" + dev_account(1).sign(transfer(devnet)).hex()
        sent = await client.call("eth_sendRawTransaction", raw)
        assert await client.news(hashes, 1) == [sent]
        assert [transaction["hash"] for transaction in await client.news(whole, 1)] == [sent]


async def test_what_was_ended_is_silent_and_places_are_bounded() -> None:
    limits = replace(LIMITS, subscriptions_per_connection=2)
    async with connected(limits) as (devnet, chain, client):
        ended, kept = [await client.call("eth_subscribe", "newHeads") for _ in range(2)]
        assert (await client.call("eth_subscribe", "newHeads"))["code"] == LIMIT_EXCEEDED
        assert await client.call("eth_unsubscribe", ended) is True
        assert (await client.call("eth_unsubscribe", ended))["code"] == INVALID_PARAMS
        devnet.advance(2)
        await chain.advance()
        assert len(await client.news(kept, 2)) == 2
        assert ended not in client.told
        assert isinstance(await client.call("eth_subscribe", "logs"), str)


async def test_malformed_subscriptions_are_the_callers_fault() -> None:
    async with connected() as (_, _, client):
        for params in (
            [],
            ["syncing"],
            ["newHeads", {}],
            ["logs", "latest"],
            ["logs", {"blockHash": "0x" + "11" * 32}],
            ["logs", {}, {}],
            ["newPendingTransactions", 1],
        ):
            assert (await client.call("eth_subscribe", *params))["code"] == INVALID_PARAMS, params


async def test_the_reply_with_the_identifier_comes_before_any_news() -> None:
    async with connected() as (devnet, _, client):
        raw = "0x" + dev_account(1).sign(transfer(devnet)).hex()
        call = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe"}
        await client.socket.send_json(
            [
                call | {"params": ["newPendingTransactions"]},
                call | {"id": 2, "method": "eth_sendRawTransaction", "params": [raw]},
            ]
        )
        subscription, sent = [reply["result"] for reply in await client.socket.receive_json()]
        assert await client.news(subscription, 1) == [sent]


def transfer(devnet: Devnet) -> dict[str, int | bytes]:
    return {
        "chainId": devnet.spec.chain_id,
        "nonce": 0,
        "to": dev_account(2).address,
        "gas": 21_000,
        "maxFeePerGas": 10**11,
        "maxPriorityFeePerGas": 10**9,
    }


class DeafClient:
    """Subscribes, and takes nothing but the reply."""

    def __init__(self) -> None:
        call = (
            '{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newPendingTransactions"]}'
        )
        self.events: list[Message] = [
            {"type": "websocket.connect"},
            {"type": "websocket.receive", "text": call},
        ]
        self.offered: list[Any] = []
        self.subscribed = asyncio.Event()

    async def receive(self) -> Message:
        if self.events:
            return self.events.pop(0)
        return await silence()

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.send":
            self.offered.append(message["text"])
            self.subscribed.set()
            if len(self.offered) > 1:
                await silence()


async def test_a_reader_too_slow_for_its_news_is_cut_off() -> None:
    chain, client = tiny_chain(), DeafClient()
    socket = WebSocket(
        {"type": "websocket", "path": "/", "headers": []}, client.receive, client.send
    )
    limits = replace(LIMITS, rpc_send_seconds=0.05)
    async with asyncio.timeout(5):
        serving = asyncio.create_task(serve_websocket(socket, Dispatcher(chain), limits))
        await client.subscribed.wait()
        for transaction in chain.blocks[1].body.transactions:
            chain.submitted[transaction.hash] = transaction
        chain.change.set()
        await serving
    assert len(client.offered) == 2


class Told:
    """A stream that fails as it is told to, then says one thing."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self._said = False

    async def news(self, ask: Ask) -> list[bytes]:
        del ask
        if self._failures:
            raise self._failures.pop(0)
        said, self._said = self._said, True
        return [] if said else [b'"news"']


async def test_a_failure_is_tried_again_and_loses_nothing() -> None:
    sent: list[bytes] = []
    arrived = asyncio.Event()

    async def send(text: bytes) -> None:
        sent.append(text)
        arrived.set()

    limits = replace(LIMITS, subscription_retry_seconds=0.01)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        subscriptions = Subscriptions(tiny_chain(), send, group, limits=limits)
        subscriber = subscriptions.subscriber()
        stuck = Unproven("not now", reasons={})
        identifier = subscriber.subscribe(Told(stuck, stuck))
        await asyncio.sleep(0.05)
        assert sent == []
        subscriber.begin()
        await arrived.wait()
        assert subscriptions.end(identifier)
    assert json.loads(sent[0])["params"] == {"subscription": identifier, "result": "news"}


@pytest.mark.parametrize("failure", [InvalidRequest("too much has happened"), KeyError("a fault")])
async def test_a_lost_place_ends_the_connection(failure: Exception) -> None:
    async def send(text: bytes) -> None:
        raise AssertionError(text)

    async def subscribed() -> None:
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            subscriber = Subscriptions(tiny_chain(), send, group).subscriber()
            subscriber.subscribe(Told(failure))
            subscriber.begin()

    with pytest.raises(ExceptionGroup) as raised:
        await subscribed()
    assert raised.group_contains(LostPlace)
