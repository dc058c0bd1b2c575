"""The honest node's JSON-RPC, without sockets."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import pytest

from tests.devnet.execution.test_chain import CROSSING, GENESIS_TIME, advance, busy_chain, sent
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.execution.genesis import COUNTER
from walkaway.devnet.execution.rpc import ExecutionRpc, RpcFailure, reply
from walkaway.proofs.execution.blocks import block_body_from_json, receipts_from_json
from walkaway.proofs.execution.header import header_from_json
from walkaway.proofs.execution.ordered_trie import ordered_root

ADDRESS = "0x" + dev_account(0).address.hex()
COUNTER_HEX = "0x" + COUNTER.hex()
COUNTED = "0x" + "00" * 12 + dev_account(0).address.hex()


@lru_cache
def node() -> ExecutionRpc:
    return ExecutionRpc(busy_chain(6))


def ask(method: str, *params: Any) -> Any:
    return json.loads(json.dumps(node().answer(method, params)))


def refusal(method: str, *params: Any) -> RpcFailure:
    with pytest.raises(RpcFailure) as caught:
        node().answer(method, params)
    return caught.value


def test_blocks_hash_to_what_they_say() -> None:
    for number in range(7):
        block = ask("eth_getBlockByNumber", hex(number), True)
        header = header_from_json(block)
        assert "0x" + header.hash.hex() == block["hash"]
        assert ask("eth_getBlockByHash", block["hash"], True) == block
        body = block_body_from_json(block)
        assert (
            ordered_root([item.encode() for item in body.transactions]) == header.transactions_root
        )
        receipts = receipts_from_json(ask("eth_getBlockReceipts", block["hash"]))
        assert ordered_root([item.encode() for item in receipts]) == header.receipts_root
    assert ask("eth_getBlockByNumber", "0x7", False) is None
    assert ask("eth_getBlockByNumber", "earliest", False)["number"] == "0x0"
    assert ask("eth_getBlockByNumber", "finalized", False)["number"] == "0x0"


def test_accounts_at_any_block() -> None:
    assert ask("eth_getTransactionCount", ADDRESS, "0x2") == "0x2"
    assert ask("eth_getTransactionCount", ADDRESS, "latest") == "0x6"
    assert ask("eth_getBalance", ADDRESS, "0x0") == hex(10_000 * 10**18)
    assert ask("eth_getCode", ADDRESS, "latest") == "0x"
    assert len(ask("eth_getCode", COUNTER_HEX, "latest")) > 100
    proof = ask("eth_getProof", COUNTER_HEX, ["0x0", "0x" + "00" * 31 + "09"], "0x3")
    assert [(item["key"], item["value"]) for item in proof["storageProof"]] == [
        ("0x0", "0x3"),
        ("0x" + "00" * 31 + "09", "0x0"),
    ]


def test_the_pending_count_has_what_waits() -> None:
    chain = busy_chain(1)
    rpc = ExecutionRpc(chain)
    for nonce in (1, 2, 4):
        chain.submit(sent(0, nonce))
    assert rpc.answer("eth_getTransactionCount", (ADDRESS, "pending")) == "0x3"
    assert rpc.answer("eth_getTransactionCount", (ADDRESS, "latest")) == "0x1"


def test_receipts_count_gas_and_logs_through_the_block() -> None:
    chain = busy_chain(1)
    for nonce in (1, 2, 3):
        chain.submit(sent(0, nonce))
    chain.set_head(advance(chain).hash, None)
    receipts = json.loads(
        json.dumps(ExecutionRpc(chain).answer("eth_getBlockReceipts", ("latest",)))
    )
    gas = [int(receipt["gasUsed"], 16) for receipt in receipts]
    total = [int(receipt["cumulativeGasUsed"], 16) for receipt in receipts]
    assert total == [sum(gas[: at + 1]) for at in range(3)]
    assert [receipt["logs"][0]["logIndex"] for receipt in receipts] == ["0x0", "0x1", "0x2"]


def test_logs_are_filtered() -> None:
    logs = ask("eth_getLogs", {"fromBlock": "0x1", "toBlock": "0x6"})
    assert len(logs) == 6
    topic = logs[0]["topics"][0]
    chosen = {"fromBlock": "0x2", "toBlock": "0x3", "topics": [[topic], COUNTED]}
    assert ask("eth_getLogs", chosen | {"address": [COUNTER_HEX]}) == logs[1:3]
    assert ask("eth_getLogs", {"blockHash": logs[0]["blockHash"]}) == logs[:1]
    assert ask("eth_getLogs", chosen | {"address": ADDRESS}) == []
    assert ask("eth_getLogs", chosen | {"topics": [COUNTED]}) == []
    assert ask("eth_getLogs", chosen | {"topics": [None, None, None]}) == []
    assert "hex" in str(refusal("eth_getLogs", {"address": "0xzz"}))
    assert "array" in str(refusal("eth_getLogs", {"topics": "0x00"}))


def test_calls_revert_with_their_data() -> None:
    reverted = refusal("eth_call", {"to": COUNTER_HEX, "data": "0xffffffff"}, "latest")
    assert (reverted.code, reverted.error_data) == (3, "0x")
    out_of_gas = refusal("eth_call", {"to": COUNTER_HEX, "data": "0x06661abd", "gas": "0x5"})
    assert "OutOfGas" in str(out_of_gas)


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("eth_nothing", (), -32601),
        ("eth_getBalance", ("0x12", "latest"), -32602),
        ("eth_getBalance", (ADDRESS, "0x99"), -32000),
        ("eth_getBalance", (ADDRESS, {"blockHash": "0x" + "00" * 32}), -32000),
        ("eth_sendRawTransaction", ("0x02c0",), -32000),
        ("eth_call", ({},), -32602),
        ("eth_chainId", ("0x1",), -32602),
    ],
)
def test_refusals_have_codes(method: str, params: tuple[Any, ...], code: int) -> None:
    assert refusal(method, *params).code == code


def test_messages_and_batches() -> None:
    single = json.loads(
        reply(node(), b'{"jsonrpc":"2.0","id":7,"method":"eth_chainId","params":[]}')
    )
    assert single == {"jsonrpc": "2.0", "id": 7, "result": hex(1337)}
    batch = json.loads(
        reply(
            node(),
            b'[{"jsonrpc":"2.0","id":1,"method":"net_version"},'
            b'{"jsonrpc":"2.0","id":2,"method":"eth_nothing"},{}]',
        )
    )
    assert [item.get("result") for item in batch] == ["1337", None, None]
    assert batch[1]["error"]["code"] == -32601
    assert json.loads(reply(node(), b"nonsense"))["error"]["code"] == -32700


def test_a_node_that_is_behind() -> None:
    late = ExecutionRpc(busy_chain(6), behind=2)
    assert late.answer("eth_blockNumber", ()) == "0x4"
    newest = ask("eth_getBlockByNumber", "latest", True)
    assert late.answer("eth_getBlockByHash", (newest["hash"], False)) is None
    assert late.answer("eth_getTransactionByHash", (newest["transactions"][0]["hash"],)) is None
    assert late.answer("eth_getTransactionReceipt", (newest["transactions"][0]["hash"],)) is None


def test_old_states_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("walkaway.devnet.execution.chain.STATES_KEPT", 3)
    short = ExecutionRpc(busy_chain(6))
    assert short.answer("eth_getBalance", (ADDRESS, "0x3"))
    with pytest.raises(RpcFailure, match="no longer kept"):
        short.answer("eth_getBalance", (ADDRESS, "0x2"))
    with pytest.raises(RpcFailure, match="no longer kept"):
        short.answer("eth_call", ({"to": COUNTER_HEX}, "0x2"))


def test_the_crossing_is_in_the_headers() -> None:
    assert [begins for begins, _ in CROSSING] == [0, GENESIS_TIME + 18, GENESIS_TIME + 36]
    assert "requestsHash" not in ask("eth_getBlockByNumber", "0x2", False)
    assert "requestsHash" in ask("eth_getBlockByNumber", "0x3", False)
