"""Simulations through the endpoint, on a devnet whose sources lie: forms, codes, and nulls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from tests.chain.devnet_chain import BEACON, EXECUTION, SourcePlan, devnet_of
from tests.chain.test_calls import BALANCE_OF, LIARS, RICH, TRANSFER, calling
from tests.proofs.execution.samples import header as sample_header
from tests.rpc.conftest import Ask
from tests.rpc.test_calls import error, hexed, one_loop, result
from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.execution.genesis import COUNTER, TOKEN
from walkaway.errors import CallRefused, ProofError, Refusal
from walkaway.evm.engine import Outcome
from walkaway.evm.simulation.allowance import CALL_BYTES
from walkaway.evm.simulation.asked import AskedBlock, AskedSimulation, AskedTransaction
from walkaway.evm.simulation.simulate import simulation_subject
from walkaway.evm.simulation.simulated import SimulatedBlock, SimulatedCall
from walkaway.evm.simulation.transactions import FilledTransaction
from walkaway.limits import LIMITS
from walkaway.proofs import Proven
from walkaway.proofs.execution.receipts import Log, Receipt
from walkaway.rpc.ask import Ask as Question
from walkaway.rpc.dispatch import Dispatcher
from walkaway.rpc.encode_simulation import simulated_blocks
from walkaway.rpc.error_codes import (
    CALL_FAILED,
    ERROR_CODES,
    INVALID_PARAMS,
    LIMIT_EXCEEDED,
    code_of,
)

POOR = "0x" + "c1" * 20

SEND = {"from": hexed(RICH), "to": hexed(TOKEN), "input": hexed(TRANSFER)}
BALANCE = {"to": hexed(TOKEN), "data": hexed(BALANCE_OF)}


def one_block(*calls: object, **members: object) -> dict[str, Any]:
    return {"blockStateCalls": [{"calls": list(calls), **members}]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lied_to() -> AsyncIterator[Chain]:
    plans = [SourcePlan(f"liar{at}", EXECUTION, lie) for at, lie in enumerate(LIARS)]
    devnet = devnet_of(*plans, SourcePlan("honest", EXECUTION), SourcePlan("beacon", BEACON))
    async with calling(devnet) as chain:
        yield chain


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def put(lied_to: Chain) -> Ask:
    dispatcher = Dispatcher(lied_to)

    async def ask(method: str, *params: object) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        reply = await dispatcher.reply(json.dumps(request).encode())
        assert reply is not None
        return json.loads(reply)

    return ask


@one_loop
async def test_calls_in_a_row_find_what_the_one_before_left_and_leave_nothing(put: Ask) -> None:
    before = await result(put, "eth_call", BALANCE)
    (block,) = await result(put, "eth_simulateV1", one_block(BALANCE, SEND, BALANCE))
    first, sent, last = block["calls"]
    assert first["returnData"] == before
    assert int(last["returnData"], 16) == int(before, 16) - 10**15
    assert [log["address"] for log in sent["logs"]] == [hexed(TOKEN)]
    assert [item["status"] for item in block["calls"]] == ["0x1"] * 3
    assert await result(put, "eth_call", BALANCE) == before
    head = await result(put, "eth_getBlockByNumber", "latest", False)
    assert int(block["number"], 16) == int(head["number"], 16) + 1
    assert block["parentHash"] == head["hash"]
    assert block["stateRoot"] not in {None, head["stateRoot"]}
    assert {log["blockHash"] for log in sent["logs"]} == {block["hash"]}


@one_loop
async def test_whole_transactions_name_the_sender_that_signed_nothing(put: Ask) -> None:
    asked = one_block(SEND | {"gasPrice": "0x0"}, SEND)
    (bare,) = await result(put, "eth_simulateV1", asked)
    (whole,) = await result(put, "eth_simulateV1", asked | {"returnFullTransactions": True})
    legacy, newer = whole["transactions"]
    assert [legacy["hash"], newer["hash"]] == bare["transactions"]
    assert [(item["type"], item["from"]) for item in (legacy, newer)] == [
        ("0x0", hexed(RICH)),
        ("0x2", hexed(RICH)),
    ]
    assert {item["blockHash"] for item in (legacy, newer)} == {whole["hash"]}


@one_loop
async def test_how_calls_fail_is_told_with_the_call(put: Ask) -> None:
    endless = {"to": POOR, "gas": "0x7530"}
    code = {POOR: {"code": "0x5b5f56"}}
    reverts = {"to": hexed(COUNTER), "data": "0xffffffff"}
    (block,) = await result(put, "eth_simulateV1", one_block(endless, reverts, stateOverrides=code))
    halted, reverted = block["calls"]
    assert halted["error"] == {"code": -32015, "message": "out of gas"}
    assert (reverted["error"]["code"], reverted["error"]["data"]) == (3, "0x")
    assert [item["status"] for item in block["calls"]] == ["0x0", "0x0"]


@one_loop
async def test_a_simulation_is_explained_down_to_the_checkpoint(put: Ask) -> None:
    asked = [one_block(BALANCE)]
    explained = json.dumps(await result(put, "walkaway_explain", "eth_simulateV1", asked))
    assert "the blocks were run over proven state" in explained
    assert "the engine that ran it" in explained
    assert "Merkle Patricia proof" in explained
    assert "checkpoint" in explained


@one_loop
@pytest.mark.parametrize(
    ("simulation", "code"),
    [
        ({}, INVALID_PARAMS),
        ({"blockStateCalls": []}, INVALID_PARAMS),
        ({"blockStateCalls": [{}] * (LIMITS.simulated_blocks + 1)}, -38026),
        (one_block({"to": "0x1"}), INVALID_PARAMS),
        (one_block({"nonce": "latest"}), INVALID_PARAMS),
        (one_block(blockOverrides={"colour": "0x1"}), INVALID_PARAMS),
        (one_block(blockOverrides={"withdrawals": [{"index": "0x1"}]}), INVALID_PARAMS),
        (one_block(blockOverrides={"beaconRoot": "0x1"}), INVALID_PARAMS),
        (one_block(blockOverrides={"baseFeePerGas": hex(2**64)}), INVALID_PARAMS),
        (one_block(blockOverrides={"blobBaseFee": hex(2**128)}), INVALID_PARAMS),
        (one_block(stateOverrides={POOR: {"movePrecompileToAddress": "0x1"}}), INVALID_PARAMS),
        (one_block(stateOverrides={POOR: {"movePrecompileToAddress": POOR}}), CALL_FAILED),
        (one_block(stateOverrides={POOR: []}), INVALID_PARAMS),
        (one_block(blockOverrides={"number": "0x1"}), -38020),
        (one_block(blockOverrides={"time": "0x1"}), -38021),
        (one_block({"from": POOR, "value": "0x1"}), -38014),
        (one_block({"gas": "0x5207"}), -38013),
        (one_block({"gas": "0x5209"}, blockOverrides={"gasLimit": "0x5208"}), -38015),
        (one_block({"data": "0x" + "00" * 49_153}), -38025),
        (one_block(BALANCE) | {"validation": True}, -38012),
        (
            one_block(BALANCE | {"nonce": "0x1"}, blockOverrides={"baseFeePerGas": "0x0"})
            | {"validation": True},
            -38011,
        ),
    ],
)
async def test_what_cannot_be_simulated_is_refused_with_its_own_code(
    put: Ask, simulation: object, code: int
) -> None:
    assert (await error(put, "eth_simulateV1", simulation))["code"] == code


@one_loop
async def test_a_nonce_that_is_past_is_refused_where_nonces_count(put: Ask) -> None:
    sender = hexed(dev_account(0).address)
    state = {sender: {"nonce": "0x5"}}
    free = {"baseFeePerGas": "0x0"}
    asked = one_block({"from": sender, "nonce": "0x4"}, stateOverrides=state, blockOverrides=free)
    assert (await error(put, "eth_simulateV1", asked | {"validation": True}))["code"] == -38010
    (block,) = await result(put, "eth_simulateV1", asked | {"returnFullTransactions": True})
    assert block["transactions"][0]["nonce"] == "0x4"


@one_loop
async def test_a_block_that_is_not_there_yet_has_no_header(put: Ask) -> None:
    refused = await error(put, "eth_simulateV1", one_block(), "0xffffff")
    assert (refused["code"], refused["message"][:16]) == (CALL_FAILED, "header not found")


@one_loop
async def test_overrides_of_the_block_are_seen_by_its_calls(put: Ask) -> None:
    root = "0x" + "77" * 32
    paid = {"index": "0x1", "validatorIndex": "0x1", "address": POOR, "amount": "0x2"}
    shows = {POOR: {"code": "0x425f5260205ff3"}}
    now = int((await result(put, "eth_getBlockByNumber", "latest", False))["timestamp"], 16)
    overrides = {
        "time": hex(now + 100),
        "feeRecipient": POOR,
        "prevRandao": root,
        "beaconRoot": root,
        "withdrawals": [paid],
        "difficulty": "0x1",
    }
    asked = one_block({"to": POOR}, blockOverrides=overrides, stateOverrides=shows)
    (block,) = await result(put, "eth_simulateV1", asked)
    assert int(block["calls"][0]["returnData"], 16) == now + 100
    assert (block["miner"], block["mixHash"], block["parentBeaconBlockRoot"]) == (POOR, root, root)
    assert block["withdrawals"] == [paid]


async def test_what_hangs_on_a_root_that_is_not_known_is_null_and_not_zero() -> None:
    header = sample_header(number=7)
    log = Log(b"\1" * 20, (), b"")
    outcome = Outcome(True, b"", 21_000, (log,))
    transaction = FilledTransaction(AskedTransaction(b"\2" * 20, None), 0, 21_000, header)
    call = SimulatedCall(
        transaction.unsigned(1), b"\2" * 20, outcome, Receipt(2, True, 21_000, (log,))
    )
    for parent_hash in (b"\3" * 32, None):
        block = SimulatedBlock(header, parent_hash, None, (), (call,))
        (shown,) = json.loads((await simulated_blocks([block], shows_transactions=True)).text)
        assert (shown["hash"], shown["stateRoot"]) == (None, None)
        assert shown["parentHash"] == (parent_hash and hexed(parent_hash))
        assert shown["calls"][0]["logs"][0]["blockHash"] is None
        assert shown["transactions"][0]["blockHash"] is None
        assert shown["receiptsRoot"] == hexed(header.receipts_root)


def test_every_refusal_has_a_code_and_only_named_ones_leave() -> None:
    named = {item.code for item in ERROR_CODES}
    assert {code_of(CallRefused("no", refusal)) for refusal in Refusal} <= named


@one_loop
async def test_of_large_simulations_one_is_held_at_a_time(
    lied_to: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = replace(LIMITS, simulated_small_bytes=CALL_BYTES)
    monkeypatch.setattr("walkaway.evm.simulation.allowance.LIMITS", limits)
    header = await lied_to.header(Tag.LATEST)
    assert isinstance(header, Proven)

    def of(calls: int) -> AskedSimulation:
        return AskedSimulation((AskedBlock(transactions=(AskedTransaction(RICH, RICH),) * calls),))

    async def large() -> None:
        async with lied_to.calls.simulation(header, of(2)):
            pass

    async with lied_to.calls.simulation(header, of(2)):
        waiting = asyncio.create_task(large())
        async with lied_to.calls.simulation(header, of(1)) as small:
            assert small.value
        done, _ = await asyncio.wait([waiting], timeout=0.2)
        assert not done
    await asyncio.wait_for(waiting, 5)


@one_loop
async def test_in_a_batch_a_simulation_takes_its_room_before_it_is_encoded(
    lied_to: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object, **__: object) -> bytes:
        raise AssertionError("it was encoded")

    monkeypatch.setattr("walkaway.rpc.methods.simulate.simulated_blocks", never)
    dispatcher = Dispatcher(lied_to, limits=replace(LIMITS, rpc_batch_response_bytes=CALL_BYTES))
    asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_simulateV1", "params": [one_block(SEND)]}
    reply = await dispatcher.reply(json.dumps([asked]).encode())
    assert reply is not None
    assert json.loads(reply)[0]["error"]["code"] == LIMIT_EXCEEDED


async def test_an_answer_to_another_simulation_is_not_taken() -> None:
    async with calling(devnet_of()) as chain:
        header = await chain.header(Tag.LATEST)
        assert isinstance(header, Proven)
        asked = AskedSimulation((AskedBlock(),))
        other = AskedSimulation((AskedBlock(), AskedBlock()))
        question = Question(chain)
        async with chain.calls.simulation(header, asked) as proven:
            assert await question.take(proven, simulation_subject(asked), Tag.LATEST)
            with pytest.raises(ProofError, match="another subject"):
                await question.take(proven, simulation_subject(other), Tag.LATEST)
