"""Each method over a chain of three blocks, and what is never answered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rpc.conftest import Ask
from tests.rpc.prepared_chain import PreparedChain
from tests.rpc.tiny_chain import (
    ACCOUNT,
    ACCOUNT_NODE,
    ADDRESS,
    BALANCE,
    CODE,
    NOBODY_THERE,
    NONCE,
    RECEIPTS,
    SLOT,
    STORAGE_NODE,
    STORED,
    TRANSACTIONS,
)
from walkaway.errors import Stale, Unproven
from walkaway.proofs import Claim, Finality, Proven
from walkaway.proofs._seal import seal
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.keccak import EMPTY_HASH, keccak256
from walkaway.proofs.execution.trie import EMPTY_ROOT
from walkaway.rpc.error_codes import (
    INTERNAL,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    PROOF_FAILED,
    STALE,
    UNPROVEN,
    UNSUPPORTED,
)
from walkaway.rpc.methods import METHODS
from walkaway.rpc.methods.not_proven import NOT_PROVEN


def data(value: bytes) -> str:
    return "0x" + value.hex()


A, N, S = data(ADDRESS), data(NOBODY_THERE), data(SLOT)
EMPTY_BLOOM = "0x" + 256 * "00"


async def test_facts_of_the_chain(ask: Ask) -> None:
    assert (await ask("eth_chainId"))["result"] == "0x539"
    assert (await ask("net_version"))["result"] == "1337"
    assert (await ask("eth_blockNumber"))["result"] == "0x2"
    assert (await ask("eth_accounts"))["result"] == []
    assert (await ask("net_listening"))["result"] is True
    assert (await ask("web3_clientVersion"))["result"].startswith("walkaway/")
    assert (await ask("web3_sha3", "0x68656c6c6f"))["result"] == data(keccak256(b"hello"))


async def test_state(ask: Ask) -> None:
    assert (await ask("eth_getBalance", A))["result"] == hex(BALANCE)
    assert (await ask("eth_getBalance", A, "0x2"))["result"] == hex(BALANCE)
    assert (await ask("eth_getTransactionCount", A, "latest"))["result"] == hex(NONCE)
    assert (await ask("eth_getCode", A, {"blockNumber": "0x2"}))["result"] == data(CODE)
    stored = (await ask("eth_getStorageAt", A, "0x5", "latest"))["result"]
    assert stored == f"0x{STORED:064x}"


async def test_an_absent_account_is_proven_to_hold_nothing(ask: Ask) -> None:
    assert (await ask("eth_getBalance", N))["result"] == "0x0"
    assert (await ask("eth_getTransactionCount", N))["result"] == "0x0"
    assert (await ask("eth_getCode", N))["result"] == "0x"
    proof = (await ask("eth_getProof", N, [], "latest"))["result"]
    assert proof["codeHash"] == data(EMPTY_HASH)
    assert proof["storageHash"] == data(EMPTY_ROOT)
    assert (proof["balance"], proof["nonce"]) == ("0x0", "0x0")


@pytest.mark.parametrize(("asked", "shown"), [("0x5", "0x5"), ("0x05", "0x5"), (S, S)])
async def test_a_proof_names_its_keys_as_they_were_asked(ask: Ask, asked: str, shown: str) -> None:
    assert (await ask("eth_getProof", A, [asked], "latest"))["result"] == {
        "address": A,
        "accountProof": [data(ACCOUNT_NODE)],
        "balance": hex(BALANCE),
        "codeHash": data(keccak256(CODE)),
        "nonce": hex(NONCE),
        "storageHash": data(ACCOUNT.storage_root),
        "storageProof": [{"key": shown, "value": hex(STORED), "proof": [data(STORAGE_NODE)]}],
    }


async def test_transactions_of_every_type_have_their_own_members(ask: Ask) -> None:
    block = (await ask("eth_getBlockByNumber", "0x1", True))["result"]
    common = {
        *("blockHash", "blockNumber", "blockTimestamp", "transactionIndex", "hash", "from"),
        *("to", "type", "nonce", "gas", "gasPrice", "value", "input", "v", "r", "s"),
    }
    typed = common | {"chainId", "yParity", "accessList"}
    priced = typed | {"maxFeePerGas", "maxPriorityFeePerGas"}
    assert [set(shown) for shown in block["transactions"]] == [
        common,
        common | {"chainId"},
        typed,
        priced,
        priced | {"maxFeePerBlobGas", "blobVersionedHashes"},
        priced | {"authorizationList"},
    ]
    legacy, _, listed, market, _, delegating = block["transactions"]
    assert legacy["to"] is None
    assert legacy["gasPrice"] == hex(5 * 10**9)
    assert listed["accessList"] == [{"address": A, "storageKeys": [S]}]
    assert market["gasPrice"] == hex(2 * 10**9)
    assert delegating["authorizationList"] == [
        {"chainId": "0x539", "address": A, "nonce": "0x7", "yParity": "0x1", "r": "0xb", "s": "0xc"}
    ]
    assert block["uncles"] == []
    assert block["withdrawals"] == [
        {"index": "0x1", "validatorIndex": "0x2", "address": A, "amount": "0x3"}
    ]


async def test_receipts_are_derived_whole(ask: Ask) -> None:
    receipts = (await ask("eth_getBlockReceipts", "0x1"))["result"]
    assert [receipt["gasUsed"] for receipt in receipts] == ["0x5208"] * len(RECEIPTS)
    assert [receipt["status"] for receipt in receipts] == ["0x1", "0x0"] + ["0x1"] * 4
    assert [[log["logIndex"] for log in receipt["logs"]] for receipt in receipts] == [
        ["0x0", "0x1"],
        [],
        [],
        ["0x2", "0x3"],
        [],
        [],
    ]
    assert receipts[0]["contractAddress"] is not None
    assert {receipt["contractAddress"] for receipt in receipts[1:]} == {None}
    blob = [receipt for receipt in receipts if "blobGasPrice" in receipt]
    assert [(r["type"], r["blobGasUsed"], r["blobGasPrice"]) for r in blob] == [
        ("0x3", "0x20000", "0x1")
    ]
    assert receipts[1]["logsBloom"] == EMPTY_BLOOM != receipts[0]["logsBloom"]
    for receipt in receipts:
        alone = await ask("eth_getTransactionReceipt", receipt["transactionHash"])
        assert alone["result"] == receipt
    first = receipts[0]["logs"][0]
    assert first["topics"] == [S, S]
    assert first["removed"] is False
    assert first["transactionHash"] == data(TRANSACTIONS[0].hash)


async def test_a_header_is_the_block_without_its_contents(ask: Ask, chain: PreparedChain) -> None:
    block = (await ask("eth_getBlockByNumber", "0x1", False))["result"]
    block_hash = data(chain.blocks[1].header.hash)
    contents = {"size", "transactions", "uncles", "withdrawals"}
    bare = {name: member for name, member in block.items() if name not in contents}
    for method, named in (("eth_getHeaderByNumber", "0x1"), ("eth_getHeaderByHash", block_hash)):
        assert (await ask(method, named))["result"] == bare
        explained = (await ask("walkaway_explain", method, [named]))["result"]
        assert [one["claim"]["subject"] for one in explained["proven"]] == [["header"]]


async def test_counts_and_places(ask: Ask, chain: PreparedChain) -> None:
    block_hash = data(chain.blocks[1].header.hash)
    assert (await ask("eth_getBlockTransactionCountByHash", block_hash))["result"] == "0x6"
    assert (await ask("eth_getBlockTransactionCountByNumber", "0x1"))["result"] == "0x6"
    assert (await ask("eth_getBlockTransactionCountByNumber", "latest"))["result"] == "0x0"
    by_number = await ask("eth_getTransactionByBlockNumberAndIndex", "finalized", "0x3")
    assert by_number["result"]["hash"] == data(TRANSACTIONS[3].hash)
    beyond = await ask("eth_getTransactionByBlockNumberAndIndex", "0x1", "0x6")
    assert beyond["result"] is None
    safe, latest = [
        (await ask("eth_getBlockByNumber", tag, False))["result"]["number"]
        for tag in ("safe", "latest")
    ]
    assert (safe, latest) == ("0x1", "0x2")


UNKNOWN = "0x" + 32 * "ab"


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getBlockByHash", [UNKNOWN, False]),
        ("eth_getHeaderByHash", [UNKNOWN]),
        ("eth_getHeaderByNumber", ["0x999"]),
        ("eth_getBlockByNumber", ["0x999", False]),
        ("eth_getBlockReceipts", [UNKNOWN]),
        ("eth_getBlockTransactionCountByHash", [UNKNOWN]),
        ("eth_getTransactionByHash", [UNKNOWN]),
        ("eth_getTransactionByBlockHashAndIndex", [UNKNOWN, "0x0"]),
        ("eth_getTransactionReceipt", [UNKNOWN]),
    ],
)
async def test_what_no_source_knows_is_null_and_said_to_be_their_word(
    ask: Ask, method: str, params: list[object]
) -> None:
    reply = await ask(method, *params)
    assert "result" in reply
    assert reply["result"] is None
    explained = (await ask("walkaway_explain", method, params))["result"]
    assert explained["state"] == "somebody's word"
    assert explained["word"] == [
        {"saidBy": ["north", "south"], "asked": ["north", "south"], "dissent": []}
    ]


async def test_what_was_sent_from_here_is_pending(ask: Ask) -> None:
    sent = TRANSACTIONS[3]
    raw = sent.encode()
    fresh = raw[:-1] + bytes((raw[-1] ^ 1,))  # another s: a transaction that is in no block
    transaction_hash = (await ask("eth_sendRawTransaction", data(fresh)))["result"]
    assert transaction_hash == data(keccak256(fresh))
    pending = (await ask("eth_getTransactionByHash", transaction_hash))["result"]
    assert pending["blockHash"] is pending["blockNumber"] is pending["transactionIndex"] is None
    assert pending["gasPrice"] == hex(9 * 10**9)
    sender = pending["from"]
    assert sender.startswith("0x")
    assert (await ask("eth_getTransactionReceipt", transaction_hash))["result"] is None


async def test_pending_counts_what_was_sent_from_here(ask: Ask, chain: PreparedChain) -> None:
    assert (await ask("eth_getTransactionCount", A, "pending"))["result"] == hex(NONCE)
    chain.pending[ADDRESS] = NONCE + 2
    assert (await ask("eth_getTransactionCount", A, "pending"))["result"] == hex(NONCE + 2)
    assert (await ask("eth_getTransactionCount", A, "latest"))["result"] == hex(NONCE)


async def test_a_malformed_submission_is_the_callers_fault(ask: Ask) -> None:
    assert (await ask("eth_sendRawTransaction", "0x02c0"))["error"]["code"] == INVALID_PARAMS


@pytest.mark.parametrize("name", sorted(NOT_PROVEN))
async def test_what_cannot_be_proven_is_refused_and_never_forwarded(ask: Ask, name: str) -> None:
    error = (await ask(name, {"to": A}, "latest"))["error"]
    assert error["code"] == UNSUPPORTED
    assert error["message"].startswith(name)


def test_no_method_is_both_answered_and_refused() -> None:
    assert not METHODS.keys() & NOT_PROVEN.keys()


async def test_an_unknown_method(ask: Ask) -> None:
    for name in ("eth_makeMeRich", "eth_getBalance" * 10_000):
        error = (await ask(name))["error"]
        assert error["code"] == METHOD_NOT_FOUND
        assert len(error["message"]) < 120
        assert "advice" not in error["data"]


@pytest.mark.parametrize("name", sorted(METHODS))
async def test_too_many_parameters_are_refused(ask: Ask, name: str) -> None:
    values = ["0x" + 32 * "11"] * 9
    assert (await ask(name, *values))["error"]["code"] == INVALID_PARAMS


async def test_errors_of_the_tree_have_their_codes_and_reasons(
    ask: Ask, chain: PreparedChain
) -> None:
    unproven = (await ask("eth_getBalance", A, "0x0"))["error"]
    assert unproven["code"] == UNPROVEN
    assert unproven["data"]["sources"] == {"north": "pruned"}
    chain.fail_with = Stale("old", age=700.4, limit=180, advice="wait")
    stale = (await ask("eth_blockNumber"))["error"]
    assert stale["code"] == STALE
    assert stale["data"] == {
        "error": "Stale",
        "advice": "wait",
        "age_seconds": 700,
        "limit_seconds": 180,
    }


async def test_no_address_leaves_in_an_error(ask: Ask, chain: PreparedChain) -> None:
    secret = "https://rpc.example/v1/s3cr3t-key?x=y"
    chain.fail_with = Unproven(f"failed at {secret}", reasons={"a": f"{secret} timed out"})
    error = (await ask("eth_blockNumber"))["error"]
    assert error["code"] == UNPROVEN
    assert "s3cr3t" not in str(error)
    chain.fail_with = RuntimeError(f"cannot reach {secret}")
    error = (await ask("eth_blockNumber"))["error"]
    assert error == {"code": INTERNAL, "message": "internal error"}


def _reclaimed(claim: Claim) -> Any:
    def alter(account: Proven[Account | None]) -> Proven[Account | None]:
        return seal(account.value, claim, account.because)

    return alter


@pytest.mark.parametrize(
    ("block", "change"),
    [
        ("latest", {"chain_id": 1}),
        ("latest", {"subject": ("account", NOBODY_THERE)}),
        ("latest", {"block_hash": None}),
        ("latest", {"finality": Finality.GIVEN}),
        ("finalized", {"finality": Finality.OPTIMISTIC}),
        ("0x2", {"block_hash": bytes(32)}),
        ("0x2", {"number": 1}),
        ("hash", {"number": 1}),
        ("earliest", {"number": 2}),
    ],
)
async def test_an_answer_to_another_question_is_never_given(
    ask: Ask, chain: PreparedChain, block: str, change: dict[str, Any]
) -> None:
    """The chain misbehaves here: it gives what was proven for something else."""
    head = chain.blocks[-1].header
    facts: dict[str, Any] = {
        "chain_id": chain.spec.chain_id,
        "block_hash": head.hash,
        "subject": ("account", ADDRESS),
        "finality": Finality.FINALIZED,
    }
    if "number" in change:
        facts["block_hash"] = chain.blocks[change["number"]].header.hash
    else:
        facts |= change
    chain.alter = _reclaimed(Claim(**facts))
    chain.state_anywhere = True
    asked = {"hash": data(head.hash)}.get(block, block)
    assert (await ask("eth_getBalance", A, asked))["error"]["code"] == PROOF_FAILED


async def test_syncing_and_status(ask: Ask, chain: PreparedChain) -> None:
    assert (await ask("eth_syncing"))["result"] is False
    status = (await ask("walkaway_status"))["result"]
    assert status["isFresh"] is True
    assert status["latest"] == {
        "number": 2,
        "blockHash": data(chain.blocks[2].header.hash),
        "age": 6.0,
    }
    chain.age = 10 * chain.spec.seconds_per_slot + 180
    syncing = (await ask("eth_syncing"))["result"]
    assert syncing["startingBlock"] == "0x1"
    assert syncing["currentBlock"] == "0x2"
    assert int(syncing["highestBlock"], 16) == 2 + chain.age // chain.spec.seconds_per_slot
    assert (await ask("walkaway_status"))["result"]["isFresh"] is False


async def test_explain_shows_the_way_down_to_the_anchor(ask: Ask, chain: PreparedChain) -> None:
    explained = (await ask("walkaway_explain", "eth_getProof", [A, ["0x5"], "latest"]))["result"]
    assert explained["state"] == "proven"
    assert explained["result"] == (await ask("eth_getProof", A, ["0x5"], "latest"))["result"]
    account, slot = explained["proven"]
    assert account["claim"] == {
        "chainId": 1337,
        "blockHash": data(chain.blocks[-1].header.hash),
        "subject": ["account", A],
        "finality": "optimistic",
    }
    assert slot["because"]["because"][0] == {
        "step": account["because"]["step"],
        "rule": account["because"]["rule"],
        "again": True,
    }
    step = account["because"]
    while step["because"]:
        (step,) = step["because"]
    assert step["anchor"] is True
    assert step["rule"].startswith("checkpoint")


async def test_explain_gives_large_answers_and_what_is_known_here(ask: Ask) -> None:
    block = (await ask("eth_getBlockByNumber", "0x1", True))["result"]
    explained = (await ask("walkaway_explain", "eth_getBlockByNumber", ["0x1", True]))["result"]
    assert explained["result"] == block
    assert (await ask("walkaway_explain", "eth_chainId"))["result"]["state"] == "known here"


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("eth_sendRawTransaction", [data(TRANSACTIONS[3].encode())]),
        ("walkaway_explain", ["eth_chainId"]),
    ],
)
async def test_explain_sends_nothing(
    ask: Ask, chain: PreparedChain, name: str, params: list[object]
) -> None:
    error = (await ask("walkaway_explain", name, params))["error"]
    assert error["code"] == INVALID_PARAMS
    assert "none that can be explained" in error["message"]
    assert chain.submitted == {}


@pytest.mark.parametrize("name", ["debug_traceCall", "eth_sendTransaction", "nothing"])
async def test_explain_refuses_for_the_reason_of_the_method_itself(ask: Ask, name: str) -> None:
    error = (await ask("walkaway_explain", name))["error"]
    assert error["message"] == (await ask(name))["error"]["message"]
    assert error["code"] == (await ask(name))["error"]["code"]


async def test_explain_names_the_method_that_was_meant(ask: Ask) -> None:
    for question in (("walkaway_explain", "eth_getBallance"), ("eth_getBallance",)):
        error = (await ask(*question))["error"]
        assert error["code"] == METHOD_NOT_FOUND
        assert error["data"]["advice"] == "did you mean eth_getBalance?"
