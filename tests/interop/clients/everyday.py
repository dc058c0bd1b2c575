"""The everyday of an app and of a wallet, whichever library they use.

Each client lives the same flows, which are named after what they do, and tells
what it saw in the same words; what it saw is held against the node that
executes, asked directly.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

import pytest
from eth_abi.abi import encode

from tests.interop.anvil import AnvilEndpoint
from tests.interop.clients.truth import Ask, Truth
from tests.interop.endpoint import Endpoint
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.execution.genesis import COUNTER
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["FLOWS", "check", "facts_of", "replace_blocks_when_asked"]

SENDER, BUSY, AUTHORITY = dev_account(0), dev_account(1), dev_account(2)
RECEIVER, REPLACING = bytes(19) + b"\x77", bytes(19) + b"\x78"
SLOT_1 = "0x" + "00" * 31 + "01"


def facts_of(serving: AnvilEndpoint | Endpoint) -> dict[str, Any]:
    """What the client is told: where to ask, whose keys to use, and what to deploy."""
    return {
        "http": serving.url,
        "ws": serving.ws_url,
        "chainId": serving.node.chain.spec.chain_id,
        "key": _hex(SENDER.key),
        "busyKey": _hex(BUSY.key),
        "authorityKey": _hex(AUTHORITY.key),
        "receiver": _hex(RECEIVER),
        "replacing": _hex(REPLACING),
        "contracts": {
            "vault": _compiled("Vault"),
            "batch": _compiled("Batch"),
            "counter": _compiled("Counter") | {"address": _hex(COUNTER)},
        },
    }


async def replace_blocks_when_asked(ask: Ask, reorg: Callable[[int], Awaitable[None]]) -> None:
    """Replace the newest blocks, once a client has said from which height on.

    It says so by a transfer to ``replacing``, whose value is the height.
    """
    first = 0
    while not first:
        await asyncio.sleep(0.1)
        first = int(ask("eth_getBalance", _hex(REPLACING), "latest"), 16)
    await reorg(first)


def check(told: dict[str, Any], ask: Ask) -> None:
    """What the client was told is what the node says when it is asked directly."""
    for flow, seen in told.items():
        FLOWS[flow](Truth(ask), seen, told)


Seen = dict[str, Any]


def _transfer(truth: Truth, seen: Seen, _told: Seen) -> None:
    sent = truth.receipt(seen)
    assert int(sent["value"], 16) == 10**18
    assert seen["again"] == seen["hash"]
    assert seen["nonces"] == {"sent": int(sent["nonce"], 16), "pending": int(sent["nonce"], 16) + 1}
    assert int(seen["confirmations"]) >= 2
    assert int(seen["balance"]) == truth.balance(_hex(RECEIVER), int(seen["block"])) == 10**18


def _deploy(truth: Truth, seen: Seen, _told: Seen) -> None:
    assert truth.receipt(seen)["to"] is None
    block = int(seen["block"])
    assert seen["code"] == truth.ask("eth_getCode", seen["contract"], hex(block))
    assert int(seen["balance"]) == truth.balance(seen["contract"], block) == 5
    assert (seen["name"], [int(held) for held in seen["held"]]) == ("savings", [5, 0])
    assert seen["owner"].lower() == _hex(SENDER.address)


def _deposit(truth: Truth, seen: Seen, told: Seen) -> None:
    sent = truth.receipt(seen)
    assert sent["to"] == told["deploy"]["contract"].lower()
    assert int(seen["estimate"]) >= int(seen["gasUsed"])
    assert int(seen["args"]["amount"]) == 7
    assert seen["args"]["note"] == "for later"
    assert seen["args"]["from"].lower() == sent["from"]
    assert int(seen["held"]) == 12


def _filters(truth: Truth, seen: Seen, told: Seen) -> None:
    truth.receipt(seen)
    block = int(seen["block"])
    deposited = truth.logs_in(block, address=told["deploy"]["contract"])
    for logs in (seen["changes"], seen["all"], seen["searched"]):
        truth.logs(logs, deposited)
    truth.logs(seen["everything"], truth.logs_in(block))
    assert seen["nothing"] == 0
    numbers = range(block - len(seen["hashes"]) + 1, block + 1)
    assert truth.block_hash(block) in seen["hashes"]
    assert len(numbers) == len(seen["hashes"])
    assert seen["pending"] == [seen["hash"]]
    assert seen["gone"] == [True, True]


def _subscriptions(truth: Truth, seen: Seen, told: Seen) -> None:
    truth.receipt(seen)
    numbers = [int(head["number"]) for head in seen["heads"]]
    assert len(numbers) > 2
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert [head["hash"] for head in seen["heads"]] == [truth.block_hash(item) for item in numbers]
    block, vault = int(seen["block"]), told["deploy"]["contract"]
    truth.logs(seen["events"], truth.logs_in(block, address=vault))
    assert seen["notes"] == ["watched"]
    assert seen["errors"] == []


def _reorganised(truth: Truth, seen: Seen, _told: Seen) -> None:
    mined, removed, again = seen["watched"]
    assert [log["removed"] for log in seen["watched"]] == [False, True, False]
    assert removed == mined | {"removed": True}
    assert again["blockHash"] != mined["blockHash"]
    assert again["transactionHash"] == mined["transactionHash"]
    receipt = truth.ask("eth_getTransactionReceipt", again["transactionHash"])
    truth.logs([again], receipt["logs"])
    assert seen["changes"] == [[mined], [removed, again]]


def _gas(truth: Truth, seen: Seen, told: Seen) -> None:
    history = seen["history"]
    oldest = int(history["oldest"])
    true = truth.ask("eth_feeHistory", "0x4", hex(oldest + 3), [25, 75])
    assert int(true["oldestBlock"], 16) == oldest
    # What anvil gives for the block after them is its own next block's, whichever was asked for.
    numbers = range(oldest, oldest + 5)
    assert [int(fee) for fee in history["baseFees"]] == [truth.base_fee(item) for item in numbers]
    assert history["ratios"] == pytest.approx(true["gasUsedRatio"])
    rewards = [[int(fee, 16) for fee in block] for block in true["reward"]]
    assert [[int(fee) for fee in block] for block in history["rewards"]] == rewards
    request = {
        "from": _hex(SENDER.address),
        "to": told["deploy"]["contract"],
        "value": "0x3",
        "data": seen["data"],
    }
    enough = int(truth.ask("eth_estimateGas", request, hex(oldest + 3)), 16)
    assert enough <= int(seen["estimate"]) <= enough * 1.05
    touched = truth.ask("eth_createAccessList", request, hex(oldest + 3))
    assert _access_list(seen["accessList"]) == _access_list(touched["accessList"])
    assert int(seen["gasUsed"]) == int(touched["gasUsed"], 16)
    assert int(seen["tip"]) > 0
    assert int(seen["price"]) >= truth.base_fee(oldest + 3)
    assert int(seen["blobBaseFee"]) == int(truth.ask("eth_blobBaseFee"), 16)


def _types(truth: Truth, seen: list[Seen], told: Seen) -> None:
    legacy, listed, dynamic = [truth.receipt(receipt) for receipt in seen]
    assert [sent["type"] for sent in (legacy, listed, dynamic)] == ["0x0", "0x1", "0x2"]
    access = [{"address": told["deploy"]["contract"].lower(), "storageKeys": [SLOT_1]}]
    assert listed["accessList"] == dynamic["accessList"] == access
    assert int(dynamic["maxPriorityFeePerGas"], 16) == 2 * 10**9


def _delegated(truth: Truth, seen: Seen, told: Seen) -> None:
    sent = truth.receipt(seen)
    assert sent["type"] == "0x4"
    assert sent["authorizationList"][0]["address"] == seen["delegate"].lower()
    account = _hex(AUTHORITY.address)
    assert sent["from"] == sent["to"] == account
    assert seen["delegation"] == truth.ask("eth_getCode", account, hex(int(seen["block"])))
    assert seen["delegation"] == "0xef0100" + seen["delegate"][2:].lower()
    assert int(seen["calls"]) == 2
    vault = told["deploy"]["contract"]
    assert len(truth.logs_in(int(seen["block"]), address=vault)) == 2
    undone = truth.receipt(seen["undone"])
    assert (undone["type"], undone["from"]) == ("0x4", _hex(SENDER.address))
    after = truth.ask("eth_getCode", account, hex(int(seen["undone"]["block"])))
    assert seen["after"] == after == "0x"


def _refusals(truth: Truth, seen: Seen, told: Seen) -> None:
    name, asked, held = seen["custom"]
    assert (name, int(asked)) == ("TooMuch", 10**30)
    assert int(held) == _held(told)
    assert seen["estimate"] == seen["custom"]
    assert seen["reason"] == ["Error", "nothing to deposit"]
    assert [seen["stranger"][0], seen["stranger"][1].lower()] == ["NotOwner", _hex(RECEIVER)]
    assert [seen["panic"][0], int(seen["panic"][1])] == ["Panic", 0x12]
    assert seen["poor"] == "refused"
    truth.receipt(seen["mined"], "reverted")


def _overrides(_truth: Truth, seen: Seen, _told: Seen) -> None:
    values = {name: int(value) for name, value in seen.items()}
    assert values.pop("deployless", 0) == 0
    assert values == {"balance": 1234, "slot": 77, "code": 5}


def _simulated(truth: Truth, seen: Seen, told: Seen) -> None:
    assert int(seen["held"]) == _held(told) + 4
    assert seen["topics"] == told["deposit"]["logs"][0]["topics"]
    assert seen["refused"] == _hex(keccak256(b"TooMuch(uint256,uint256)")[:4])
    request = {"blockStateCalls": [{"calls": _calls_like(told)}]}
    (block,) = truth.ask("eth_simulateV1", request, hex(int(seen["on"])))
    assert [int(gas) for gas in seen["gasUsed"]] == [
        int(call["gasUsed"], 16) for call in block["calls"]
    ]


def _reads(truth: Truth, seen: Seen, told: Seen) -> None:
    name, held, *failed = seen["together"]
    assert (name, int(held)) == ("savings", _held(told))
    assert failed in ([], ["failure"])
    number, vault = int(seen["number"]), told["deploy"]["contract"]
    for tag, found in seen["tags"].items():
        if tag != "earliest":
            assert found["hash"] == truth.block_hash(int(found["number"])), tag
    numbers = {tag: int(found["number"]) for tag, found in seen["tags"].items()}
    assert numbers["earliest"] == 0 < numbers["finalized"] == numbers["safe"] < numbers["latest"]
    assert numbers["pending"] >= numbers["latest"]
    block = truth.ask("eth_getBlockByNumber", hex(number), False)
    assert int(seen["count"]) == len(block["transactions"])
    stored = truth.ask("eth_getStorageAt", vault, "0x0", hex(number))
    assert seen["stored"] == stored
    assert [int(value) for value in seen["slots"]] == [int(stored, 16), 0]
    assert seen["unknown"] == "unknown"
    if "past" in seen:
        wanted = {"address": vault, "fromBlock": "0x0", "toBlock": hex(number)}
        truth.logs(seen["past"], truth.ask("eth_getLogs", wanted | {"topics": [seen["topic"]]}))
    assert seen.get("verified", [True, False]) == [True, False]


def _quickly(truth: Truth, seen: list[Seen], _told: Seen) -> None:
    sent = [truth.receipt(receipt) for receipt in seen]
    assert [int(transaction["nonce"], 16) for transaction in sent] == list(range(5))
    assert {transaction["from"] for transaction in sent} == {_hex(BUSY.address)}


FLOWS: dict[str, Callable[[Truth, Any, Seen], None]] = {
    "transfer": _transfer,
    "deploy": _deploy,
    "deposit": _deposit,
    "filters": _filters,
    "subscriptions": _subscriptions,
    "reorganised": _reorganised,
    "gas": _gas,
    "types": _types,
    "delegated": _delegated,
    "refusals": _refusals,
    "overrides": _overrides,
    "simulated": _simulated,
    "reads": _reads,
    "quickly": _quickly,
}
"""What to hold each flow's words against, by its name."""


def _calls_like(told: Seen) -> list[dict[str, str]]:
    """The calls of the simulation, encoded once more."""
    to, sender = told["deploy"]["contract"], _hex(SENDER.address)
    signatures = ("deposit(string)", "deposits(address)", "withdraw(uint256)")
    values: tuple[list[object], ...] = (["never"], [sender], [10**30])
    calls = []
    for signature, given in zip(signatures, values, strict=True):
        kinds = signature[signature.index("(") + 1 : -1].split(",")
        data = _hex(keccak256(signature.encode())[:4] + encode(kinds, given))
        calls.append({"from": sender, "to": to, "data": data})
    calls[0]["value"] = "0x4"
    return calls


def _held(told: Seen) -> int:
    """What the sender has brought to the vault by the flows that it lived, in wei."""
    brought = {"deploy": 5, "deposit": 7, "filters": 1, "subscriptions": 2, "reorganised": 1}
    return sum(value for flow, value in brought.items() if flow in told)


def _compiled(name: str) -> dict[str, Any]:
    text = files("walkaway.devnet.execution").joinpath("contracts.json").read_bytes()
    found: dict[str, Any] = json.loads(text)["contracts"][name]
    return found


def _access_list(entries: list[dict[str, Any]]) -> dict[str, set[str]]:
    return {entry["address"].lower(): set(entry["storageKeys"]) for entry in entries}


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
