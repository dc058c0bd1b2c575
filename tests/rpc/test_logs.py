"""The log methods as a client sees them: forms, refusals, filters and their news."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.chain.devnet_chain import devnet_of, following
from tests.rpc.conftest import Ask
from tests.rpc.prepared_chain import PreparedChain
from tests.rpc.tiny_chain import ADDRESS, LOGS, SLOT
from walkaway.chain.chain import Chain
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.execution.genesis import COUNTER, TOKEN
from walkaway.devnet.execution.rpc import ExecutionRpc
from walkaway.devnet.network import Devnet
from walkaway.errors import InvalidRequest, TooMuch
from walkaway.limits import LIMITS
from walkaway.rpc.ask import Ask as Question
from walkaway.rpc.dispatch import Dispatcher
from walkaway.rpc.error_codes import INVALID_PARAMS, LIMIT_EXCEEDED, UNSUPPORTED
from walkaway.rpc.filters import Filters

A = "0x" + ADDRESS.hex()
TOPIC = "0x" + SLOT.hex()
EVERYTHING = {"fromBlock": "earliest", "toBlock": "latest"}

Put = Callable[..., Awaitable[Any]]


@asynccontextmanager
async def asked_devnet() -> AsyncIterator[tuple[Devnet, Chain, Put]]:
    """A devnet, the chain that follows it, and a way to put questions; results only."""
    async with devnet_of() as devnet, following(devnet) as chain:
        dispatcher = Dispatcher(chain)

        async def put(method: str, *params: object) -> Any:
            request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            reply = await dispatcher.reply(json.dumps(request).encode())
            assert reply is not None
            answer = json.loads(reply)
            assert "error" not in answer, answer
            return answer["result"]

        yield devnet, chain, put


async def test_logs_have_the_form_that_receipts_give_them(ask: Ask) -> None:
    receipts = (await ask("eth_getBlockReceipts", "0x1"))["result"]
    of_receipts = [log for receipt in receipts for log in receipt["logs"]]
    logs = (await ask("eth_getLogs", EVERYTHING))["result"]
    assert logs == of_receipts
    assert len(logs) == 2 * len(LOGS)
    assert logs[0]["removed"] is False


async def test_what_a_filter_object_may_say(ask: Ask) -> None:
    block = (await ask("eth_getBlockByNumber", "0x1"))["result"]["hash"]

    async def count(**members: object) -> int:
        return len((await ask("eth_getLogs", members))["result"])

    assert await count(**EVERYTHING) == 4
    assert await count() == 0  # the latest block alone, which holds none
    assert await count(blockHash=block) == 4
    assert await count(blockHash=block, address=A, topics=[TOPIC]) == 2
    assert await count(fromBlock="0x1", toBlock="0x1", address=[A.upper().replace("X", "x")]) == 4
    assert await count(**EVERYTHING, address="0x" + "11" * 20) == 0
    assert await count(**EVERYTHING, address=[]) == 4
    assert await count(**EVERYTHING, topics=[]) == 4
    assert await count(**EVERYTHING, topics=[None]) == 2
    assert await count(**EVERYTHING, topics=[[], [TOPIC]]) == 2
    assert await count(**EVERYTHING, topics=[["0x" + "22" * 32, None]]) == 2
    assert await count(**EVERYTHING, topics=[None, None, None]) == 0
    assert await count(**EVERYTHING, topics=["0x" + "22" * 32]) == 0


@pytest.mark.parametrize(
    "members",
    [
        {"blockHash": "0x" + "11" * 32, "fromBlock": "0x1"},
        {"blockHash": "0x11"},
        {"fromBlock": "0x2", "toBlock": "0x1"},
        {"fromBlock": "0x1", "toBlock": "0x38"},
        {"fromBlock": 1},
        {"fromBlock": "0x01"},
        {"topics": [None] * 5},
        {"topics": TOPIC},
        {"topics": ["0x11"]},
        {"topics": [[[TOPIC]]]},
        {"address": "0x11"},
        {"address": [A, 5]},
        {"address": {"of": A}},
        {"adress": A},
        {"address": [f"0x{n:040x}" for n in range(LIMITS.filter_choices + 1)]},
        "latest",
        [],
    ],
)
async def test_malformed_filters_are_the_callers_fault(ask: Ask, members: object) -> None:
    assert (await ask("eth_getLogs", members))["error"]["code"] == INVALID_PARAMS
    if isinstance(members, dict) and members.keys() != {"fromBlock", "toBlock"}:
        assert (await ask("eth_newFilter", members))["error"]["code"] == INVALID_PARAMS


async def test_a_missing_filter_and_an_unknown_block(ask: Ask) -> None:
    assert (await ask("eth_getLogs"))["error"]["code"] == INVALID_PARAMS
    assert (await ask("eth_newFilter"))["error"]["code"] == INVALID_PARAMS
    unknown = (await ask("eth_getLogs", {"blockHash": "0x" + "11" * 32}))["error"]
    assert unknown["data"]["error"] == "Unproven"
    assert (await ask("eth_newFilter", {"blockHash": "0x" + "11" * 32}))["error"][
        "code"
    ] == INVALID_PARAMS


async def test_a_range_of_too_many_blocks_has_the_code_for_limits(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("walkaway.chain.logs.LIMITS", replace(LIMITS, log_blocks=2))
    error = (await ask("eth_getLogs", EVERYTHING))["error"]
    assert error["code"] == LIMIT_EXCEEDED


async def test_the_evidence_of_logs_reaches_the_anchor(ask: Ask) -> None:
    told = (await ask("walkaway_explain", "eth_getLogs", [EVERYTHING]))["result"]
    assert told["state"] == "proven"
    assert len(told["result"]) == 4
    assert "two thirds of a sync committee" in json.dumps(told["proven"])


async def test_subscriptions_and_foreign_filters_are_refused(ask: Ask) -> None:
    assert (await ask("eth_subscribe", "newHeads"))["error"]["code"] == UNSUPPORTED
    assert (await ask("eth_unsubscribe", "0x1"))["error"]["code"] == UNSUPPORTED
    for method in ("eth_getFilterChanges", "eth_getFilterLogs"):
        assert (await ask(method, "0x1"))["error"]["message"] == "filter not found"
    assert (await ask("eth_uninstallFilter", "0x1"))["result"] is False


async def test_logs_are_those_of_a_plain_node() -> None:
    async with asked_devnet() as (devnet, _, put):
        node = ExecutionRpc(devnet.execution)
        # The node's own newest block is signed by its successor, so it is not proven yet.
        span = {"fromBlock": "0x0", "toBlock": await put("eth_blockNumber")}
        queries: list[dict[str, Any]] = [
            span,
            span | {"address": "0x" + TOKEN.hex()},
            span | {"fromBlock": "0x5", "address": ["0x" + COUNTER.hex()]},
            span | {"topics": [None]},
        ]
        for query in queries:
            expected = json.loads(json.dumps(node.answer("eth_getLogs", (query,))))
            assert expected, query
            assert await put("eth_getLogs", query) == expected


async def test_filters_tell_each_change_once() -> None:
    async with asked_devnet() as (devnet, chain, put):
        of_token = {"address": "0x" + TOKEN.hex()}
        logs, hashes = await put("eth_newFilter", of_token), await put("eth_newBlockFilter")
        assert await put("eth_getFilterChanges", logs) == []
        assert await put("eth_getFilterChanges", hashes) == []
        first = int(await put("eth_blockNumber"), 16) + 1
        devnet.advance(5)
        await chain.advance()
        last = int(await put("eth_blockNumber"), 16)
        told = await put("eth_getFilterChanges", logs)
        new = of_token | {"fromBlock": hex(first), "toBlock": hex(last)}
        assert told == await put("eth_getLogs", new) != []
        expected = [
            (await put("eth_getBlockByNumber", hex(n), False))["hash"]
            for n in range(first, last + 1)
        ]
        assert await put("eth_getFilterChanges", hashes) == expected
        assert await put("eth_getFilterChanges", logs) == []
        assert await put("eth_getFilterChanges", hashes) == []
        assert await put("eth_getFilterLogs", logs) == await put("eth_getLogs", of_token)
        assert await put("eth_uninstallFilter", logs) is True
        assert await put("eth_uninstallFilter", logs) is False


async def test_a_filter_tells_removed_logs_after_a_reorg() -> None:
    async with asked_devnet() as (devnet, chain, put):
        identifier = await put("eth_newFilter", {})
        devnet.advance(4)
        await chain.advance()
        told = await put("eth_getFilterChanges", identifier)
        devnet.reorg(3)
        devnet.advance(2)
        await chain.advance()
        changes = await put("eth_getFilterChanges", identifier)
        removed = [log for log in changes if log["removed"]]
        new = [log for log in changes if not log["removed"]]
        assert removed
        assert changes == removed + new
        gone = {log["blockHash"] for log in removed}
        key = ("blockHash", "logIndex")
        assert sorted(
            ({**log, "removed": False} for log in removed), key=lambda log: [log[k] for k in key]
        ) == sorted(
            (log for log in told if log["blockHash"] in gone), key=lambda log: [log[k] for k in key]
        )
        numbers = [int(log["blockNumber"], 16) for log in removed]
        assert numbers == sorted(numbers, reverse=True)
        # What a client that applies the changes holds is what the chain now holds.
        held = [log for log in told if log["blockHash"] not in gone] + new
        span = {"fromBlock": told[0]["blockNumber"], "toBlock": "latest"}
        assert held == await put("eth_getLogs", span)


async def test_blocks_that_came_and_went_between_two_looks_are_not_told() -> None:
    async with asked_devnet() as (devnet, chain, put):
        identifier = await put("eth_newFilter", {})
        first = int(await put("eth_blockNumber"), 16) + 1
        devnet.advance(4)
        await chain.advance()
        await chain.journal.catch_up()
        devnet.reorg(3)
        devnet.advance(2)
        await chain.advance()
        told = await put("eth_getFilterChanges", identifier)
        assert told == await put("eth_getLogs", {"fromBlock": hex(first)}) != []


async def test_a_filter_of_a_range_tells_of_no_other_block() -> None:
    async with asked_devnet() as (devnet, chain, put):
        head = int(await put("eth_blockNumber"), 16)
        span = {"fromBlock": hex(head + 2), "toBlock": hex(head + 3)}
        identifier = await put("eth_newFilter", span)
        devnet.advance(6)
        await chain.advance()
        told = await put("eth_getFilterChanges", identifier)
        assert told == await put("eth_getLogs", span) != []


async def test_own_transactions_come_by_the_pending_filter() -> None:
    async with asked_devnet() as (devnet, _, put):
        hashes = await put("eth_newPendingTransactionFilter")
        whole = await put("eth_newPendingTransactionFilter", True)
        fields: dict[str, int | bytes] = {
            "chainId": devnet.spec.chain_id,
            "nonce": 0,
            "to": dev_account(2).address,
            "value": 5,
            "gas": 21_000,
            "maxFeePerGas": 10**11,
            "maxPriorityFeePerGas": 10**9,
        }
        sent = await put("eth_sendRawTransaction", "0x" + dev_account(1).sign(fields).hex())
        assert await put("eth_getFilterChanges", hashes) == [sent]
        assert [t["hash"] for t in await put("eth_getFilterChanges", whole)] == [sent]
        assert await put("eth_getFilterChanges", hashes) == []


class Silent:
    """A stream that counts how often it is asked."""

    def __init__(self, *, lost: bool = False) -> None:
        self.asked = 0
        self._lost = lost

    async def news(self, ask: Question) -> list[bytes]:
        del ask
        self.asked += 1
        if self._lost:
            raise InvalidRequest("too much has happened")
        return [b"1"]


async def test_filters_are_bounded_and_end_when_nobody_asks(chain: PreparedChain) -> None:
    now = 1000.0
    limits = replace(LIMITS, filters=2, filter_seconds=300.0)
    filters = Filters(limits=limits, now=lambda: now)
    question = Question(chain)
    kept, dropped = filters.add(Silent()), filters.add(Silent())
    with pytest.raises(TooMuch):
        filters.add(Silent())
    now += 200
    assert (await filters.changes(kept, question)).text == b"[1]"
    now += 200
    with pytest.raises(InvalidRequest, match="not found"):
        await filters.changes(dropped, question)
    assert (await filters.changes(kept, question)).text == b"[1]"
    with pytest.raises(InvalidRequest, match="not one of logs"):
        filters.criteria(kept)
    lost = filters.add(Silent(lost=True))
    with pytest.raises(InvalidRequest, match="too much"):
        await filters.changes(lost, question)
    with pytest.raises(InvalidRequest, match="not found"):
        await filters.changes(lost, question)
