"""The execution API's recorded exchanges, answered as go-ethereum answered them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.rpc.conformance_chain import conformance_chain, questions
from tests.rpc.prepared_chain import PreparedChain
from tests.vectors import vectors
from walkaway.rpc.dispatch import Dispatcher
from walkaway.rpc.methods import METHODS

STATE_OF = "0x7dcd17433742f4c0ca53122ab541d0ba67fc27df"
"""The account whose proof at the head is recorded: other state cannot be proven here."""

STATE_METHODS = {"eth_getBalance", "eth_getTransactionCount", "eth_getStorageAt", "eth_getProof"}
NO_STATE = {"eth_getCode", "eth_call", "eth_estimateGas", "eth_createAccessList"}
NO_RECEIPTS = {"eth_feeHistory"}
"""Its rewards need the receipts of block 27, which are not recorded."""


def answerable(chain: PreparedChain, name: str, request: Any, response: Any) -> bool:
    """Whether what is recorded is enough to prove the answer from."""
    method, result = request["method"], response.get("result")
    if method in STATE_METHODS:
        params = request.get("params", [])
        recent = len(params) < 3 or params[-1] in ("latest", "0x0")
        return params[0] == STATE_OF and "blockhash" not in name and recent
    if method == "eth_getLogs":
        return result is None  # of the blocks with logs no receipts are recorded
    if method == "eth_getTransactionReceipt" and result is not None:
        return int(result["blockNumber"], 16) in chain.receipts_of
    return method in METHODS and method not in NO_STATE | NO_RECEIPTS


async def test_answers_are_those_of_go_ethereum() -> None:
    folder = vectors("rpc-conformance")
    chain = conformance_chain(folder)
    dispatcher = Dispatcher(chain)
    compared = 0
    for name, request, response in questions(folder):
        if not answerable(chain, name, request, response):
            continue
        reply = await dispatcher.reply(json.dumps(request).encode())
        assert reply is not None
        got = json.loads(reply)
        assert got.get("result") == response.get("result"), f"{name}: {got}"
        assert got.get("error", {}).get("code") == response.get("error", {}).get("code"), name
        compared += 1
    assert compared >= 50


@pytest.mark.parametrize("number", [1, 27, 36, 39, 42, 45, 54])
async def test_a_block_shows_its_transactions_as_they_are_shown_alone(number: int) -> None:
    dispatcher = Dispatcher(conformance_chain(vectors("rpc-conformance")))

    async def ask(method: str, *params: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        reply = await dispatcher.reply(json.dumps(request).encode())
        assert reply is not None
        return json.loads(reply)["result"]

    block = await ask("eth_getBlockByNumber", hex(number), True)
    for index, shown in enumerate(block["transactions"]):
        assert await ask("eth_getTransactionByHash", shown["hash"]) == shown
        at = await ask("eth_getTransactionByBlockHashAndIndex", block["hash"], hex(index))
        assert at == shown
    hashes = [shown["hash"] for shown in block["transactions"]]
    short = await ask("eth_getBlockByHash", block["hash"])
    assert short == block | {"transactions": hashes}


async def test_a_fee_history_is_that_of_go_ethereum_but_for_the_rewards() -> None:
    folder = vectors("rpc-conformance")
    dispatcher = Dispatcher(conformance_chain(folder))
    ((_, request, response),) = [
        entry for entry in questions(folder) if entry[0] == "eth_feeHistory/fee-history"
    ]
    request["params"] = request["params"][:2]
    reply = await dispatcher.reply(json.dumps(request).encode())
    assert reply is not None
    expected = dict(response["result"])
    del expected["reward"]
    assert json.loads(reply)["result"] == expected
