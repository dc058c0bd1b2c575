"""Calls through the endpoint, in the forms that wallets and libraries know from go-ethereum."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from coincurve import PrivateKey

from tests.chain.devnet_chain import devnet_of
from tests.chain.test_calls import BALANCE_OF, RICH, TRANSFER, calling
from tests.rpc.conftest import Ask
from walkaway.chain.block_id import Tag
from walkaway.devnet.execution.genesis import COUNTER, TOKEN
from walkaway.errors import RanTooLong, Unproven
from walkaway.evm.engine import Outcome
from walkaway.evm.proven_call import AskedCall
from walkaway.evm.running import ThreadedEngine
from walkaway.proofs import Proven
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import keccak256
from walkaway.rpc.dispatch import Dispatcher
from walkaway.rpc.error_codes import CALL_FAILED, INVALID_PARAMS, REVERTED, UNPROVEN, UNSUPPORTED
from walkaway.rpc.reverts import failure_of, revert_reason

HERE = "0x" + "11" * 20

one_loop = pytest.mark.asyncio(loop_scope="module")
"""The devnet and the chain live as long as the module, and so on its loop."""


def hexed(value: bytes) -> str:
    return "0x" + value.hex()


TOKEN_CALL = {"to": hexed(TOKEN), "data": hexed(BALANCE_OF)}
SEND = {"from": hexed(RICH), "to": hexed(TOKEN), "input": hexed(TRANSFER)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def put() -> AsyncIterator[Ask]:
    async with calling(devnet_of()) as chain:
        dispatcher = Dispatcher(chain)

        async def ask(method: str, *params: object) -> Any:
            request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            reply = await dispatcher.reply(json.dumps(request).encode())
            assert reply is not None
            return json.loads(reply)

        yield ask


async def result(put: Ask, method: str, *params: object) -> Any:
    reply = await put(method, *params)
    assert "result" in reply, reply
    return reply["result"]


async def error(put: Ask, method: str, *params: object) -> dict[str, Any]:
    reply = await put(method, *params)
    assert "error" in reply, reply
    return dict(reply["error"])


def showing(code: str) -> dict[str, Any]:
    """State overrides that put code at `HERE`, which returns the word on the stack."""
    return {HERE: {"code": "0x" + code + "60005260206000f3"}}


@one_loop
async def test_a_call_at_a_tag_a_number_and_a_hash(put: Ask) -> None:
    head = await result(put, "eth_getBlockByNumber", "latest", False)
    answers = [
        await result(put, "eth_call", TOKEN_CALL, *block)
        for block in ([], ["latest"], [head["number"]], [{"blockHash": head["hash"]}])
    ]
    assert len(set(answers)) == 1
    assert int(answers[0], 16) > 0


@one_loop
async def test_input_and_data_are_one_and_may_not_differ(put: Ask) -> None:
    both = TOKEN_CALL | {"input": TOKEN_CALL["data"]}
    assert await result(put, "eth_call", both) == await result(put, "eth_call", TOKEN_CALL)
    refused = await error(put, "eth_call", TOKEN_CALL | {"input": "0x00"})
    assert refused["code"] == INVALID_PARAMS
    assert "not equal" in refused["message"]


@one_loop
async def test_the_environment_of_a_call(put: Ask) -> None:
    head = await result(put, "eth_getBlockByNumber", "latest", False)
    shows = {
        "33": 0,  # the caller is nobody by default
        "48": 0,  # no base fee is seen where no price is offered
        "3a": 0,
        "5a": 50_000_000 - 21_000 - 2,  # the default gas, less what it takes to ask
        "43": int(head["number"], 16),
        "46": int(await result(put, "eth_chainId"), 16),
    }
    for code, value in shows.items():
        shown = await result(put, "eth_call", {"to": HERE}, head["number"], showing(code))
        assert int(shown, 16) == value, code
    base_fee = int(head["baseFeePerGas"], 16)
    priced = {"to": HERE, "from": hexed(RICH), "gas": "0x186a0", "maxPriorityFeePerGas": "0x3"}
    priced |= {"maxFeePerGas": hex(2 * base_fee)}
    for code, value in (("48", base_fee), ("3a", base_fee + 3)):
        shown = await result(put, "eth_call", priced, head["number"], showing(code))
        assert int(shown, 16) == value


@one_loop
async def test_whatever_is_overridden_of_a_precompile_takes_its_place(put: Ask) -> None:
    sha256 = "0x" + "2".rjust(40, "0")
    asked = {"to": sha256, "data": "0x01"}
    code = {sha256: {"code": showing("60ff")[HERE]["code"]}}
    assert int(await result(put, "eth_call", asked, "latest", code), 16) == 0xFF
    assert len(await result(put, "eth_call", asked, "latest")) == 66
    rich = {sha256: {"balance": "0x1"}}
    assert await result(put, "eth_call", asked, "latest", rich) == "0x"


@one_loop
async def test_overrides_of_the_block(put: Ask) -> None:
    shows = {
        "43": ("number", "0x7", 7),
        "45": ("gasLimit", "0x99", 0x99),
        "41": ("feeRecipient", "0x" + "ab" * 20, int("ab" * 20, 16)),
        "44": ("prevRandao", "0x" + "cd" * 32, int("cd" * 32, 16)),
        "4a": ("blobBaseFee", "0x5", 5),
    }
    for code, (name, value, number) in shows.items():
        shown = await result(put, "eth_call", {"to": HERE}, "latest", showing(code), {name: value})
        assert int(shown, 16) == number, name
    refused = await error(put, "eth_call", {"to": HERE}, "latest", {}, {"beaconRoot": "0x00"})
    assert refused["code"] == INVALID_PARAMS


@one_loop
async def test_a_revert_comes_with_code_3_its_reason_and_its_data(put: Ask) -> None:
    # What the token says to a sender without tokens, and a bare revert.
    poor = SEND | {"from": "0x" + "77" * 20}
    for method in ("eth_call", "eth_estimateGas"):
        reverted = await error(put, method, poor)
        assert reverted["code"] == REVERTED
        assert reverted["message"].startswith("execution reverted")
        assert reverted["data"].startswith("0x")
    bare = {HERE: {"code": "0x60aa60005360016000fd"}}
    assert await error(put, "eth_call", {"to": HERE}, "latest", bare) == {
        "code": REVERTED,
        "message": "execution reverted",
        "data": "0xaa",
    }


@one_loop
async def test_what_cannot_be_paid_for_or_halts_fails_without_data(put: Ask) -> None:
    cases = [
        ({"to": HERE, "value": "0x1", "from": "0x" + "77" * 20}, {}, "insufficient funds"),
        ({"to": HERE, "gas": "0x5207"}, {}, "intrinsic gas too low"),
        ({"to": HERE, "gasPrice": "0x1", "gas": "0x5208"}, {}, "less than block base fee"),
        ({"to": HERE}, {HERE: {"code": "0xfe"}}, "invalid opcode"),
    ]
    for asked, state, reason in cases:
        failed = await error(put, "eth_call", asked, "latest", state)
        assert failed["code"] == CALL_FAILED
        assert reason in failed["message"]
        assert "data" not in failed


@one_loop
@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"to": "0x00"}, "call.to"),
        ({"to": HERE, "gasPrice": "0x1", "maxFeePerGas": "0x1"}, "both gasPrice"),
        ({"to": HERE, "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2"}, "maxFeePerGas"),
        ({"to": HERE, "chainId": "0x2"}, "chainId"),
        ({"to": HERE, "gasPrice": hex(2**128)}, "call.gasPrice: larger than 128 bits"),
        ({"to": HERE, "maxFeePerGas": hex(2**128)}, "call.maxFeePerGas: larger than 128 bits"),
        ({"to": HERE, "maxFeePerBlobGas": hex(2**128)}, "maxFeePerBlobGas: larger than 128"),
        ({"to": HERE, "accessList": [{"storageKeys": []}]}, "missing"),
        ({"to": HERE, "accessList": [5]}, "object"),
        ("0x", "object"),
    ],
)
async def test_malformed_calls_are_refused(put: Ask, asked: object, reason: str) -> None:
    refused = await error(put, "eth_call", asked)
    assert refused["code"] == INVALID_PARAMS
    assert reason in refused["message"]


@one_loop
@pytest.mark.parametrize(
    "state",
    [
        {HERE: {"state": {}, "stateDiff": {}}},
        {HERE: {"movePrecompileToAddress": HERE}},
        {HERE: {"balance": "1"}},
        {"0x11": {}},
        {HERE: {"state": {"0x1": "0x" + "ff" * 33}}},
    ],
)
async def test_malformed_overrides_are_refused(put: Ask, state: object) -> None:
    refused = await error(put, "eth_call", {"to": HERE}, "latest", state)
    assert refused["code"] == INVALID_PARAMS


@one_loop
async def test_estimates(put: Ask) -> None:
    transfer = {"from": hexed(RICH), "to": "0x" + "99" * 20, "value": "0x1"}
    assert await result(put, "eth_estimateGas", transfer) == "0x5208"
    assert await result(put, "eth_estimateGas", transfer, "latest") == "0x5208"
    needed = int(await result(put, "eth_estimateGas", SEND), 16)
    assert 30_000 < needed < 60_000
    await result(put, "eth_call", SEND | {"gas": hex(needed)})
    assert "allowance" in (await error(put, "eth_estimateGas", SEND | {"gas": "0x7000"}))["message"]
    poor = transfer | {"value": hex(10**30), "maxFeePerGas": hex(10**12)}
    assert "insufficient funds" in (await error(put, "eth_estimateGas", poor))["message"]


@one_loop
async def test_access_lists_name_what_is_touched_and_not_what_is_warm(put: Ask) -> None:
    plain = {"from": hexed(RICH), "to": "0x" + "99" * 20, "value": "0x1"}
    assert await result(put, "eth_createAccessList", plain) == {
        "accessList": [],
        "gasUsed": "0x5208",
    }
    listed = await result(put, "eth_createAccessList", SEND)
    (entry,) = listed["accessList"]
    assert entry["address"] == hexed(TOKEN)
    assert len(entry["storageKeys"]) == 2
    assert "error" not in listed
    again = SEND | {"accessList": listed["accessList"]}
    assert (await result(put, "eth_createAccessList", again)) == listed
    # What the caller lists stays, but for what is warm anyway and has no keys.
    keys = ["0x" + 31 * "00" + "07", "0x" + 31 * "00" + "08"]
    given = [
        {"address": HERE, "storageKeys": keys[1:]},
        {"address": HERE, "storageKeys": keys},
        {"address": hexed(TOKEN), "storageKeys": keys[:1]},
        {"address": hexed(RICH), "storageKeys": []},
        {"address": "0x" + 19 * "00" + "02", "storageKeys": []},
    ]
    more = await result(put, "eth_createAccessList", SEND | {"accessList": given})
    assert {item["address"]: item["storageKeys"] for item in more["accessList"]} == {
        HERE: keys,
        hexed(TOKEN): sorted([keys[0], *entry["storageKeys"]]),
    }
    added = 2400 + 3 * 1900
    assert int(more["gasUsed"], 16) == int(listed["gasUsed"], 16) + added
    # It calls COUNTER and SHA-256, and reverts.
    called = ("73" + COUNTER.hex(), "6002")
    calls = "".join("60006000600060006000" + to + "61c350f1" for to in called) + "60006000fd"
    reverted = await result(
        put, "eth_createAccessList", {"to": HERE}, "latest", {HERE: {"code": "0x" + calls}}
    )
    assert reverted["error"] == "execution reverted"
    assert [item["address"] for item in reverted["accessList"]] == [hexed(COUNTER)]


@one_loop
async def test_who_delegates_is_warm_and_so_not_in_the_access_list(put: Ask) -> None:
    chain_id = int(await result(put, "eth_chainId"), 16)
    key = PrivateKey(b"\x07" * 32)

    def signed(chain: int, nonce: int) -> dict[str, str]:
        digest = keccak256(b"\x05" + rlp.encode([chain, TOKEN, nonce]))
        signature = key.sign_recoverable(digest, hasher=None)
        return {
            "chainId": hex(chain),
            "address": hexed(TOKEN),
            "nonce": hex(nonce),
            "yParity": hex(signature[64]),
            "r": hexed(signature[:32]),
            "s": hexed(signature[32:64]),
        }

    authority = hexed(keccak256(key.public_key.format(compressed=False)[1:])[12:])
    state = {HERE: {"code": "0x73" + authority[2:] + "31"}}
    for delegation, is_listed in (
        (signed(chain_id, 0), False),
        (signed(0, 0), False),
        (signed(chain_id + 1, 0), True),
        (signed(0, 2**64 - 1), True),
        (signed(0, 0) | {"r": "0x0"}, True),
    ):
        asked = {"to": HERE, "authorizationList": [delegation]}
        listed = await result(put, "eth_createAccessList", asked, "latest", state)
        found = [entry["address"] for entry in listed["accessList"]]
        assert found == [authority] * is_listed, delegation


@one_loop
async def test_a_call_is_explained_down_to_the_checkpoint(put: Ask) -> None:
    explanation = await result(put, "walkaway_explain", "eth_call", [TOKEN_CALL])
    (_, ran) = explanation["proven"]
    assert "checkpoint" in json.dumps(explanation)
    _, engine, *pieces = ran["because"]["because"]
    assert engine["anchor"] is True
    assert "executable specification" in engine["facts"]["engine"]
    facts = ran["because"]["facts"]
    assert facts["accounts_read"] + facts["slots_read"] == len(pieces) - 1  # and its code
    rules = [piece["rule"] for piece in pieces]
    assert hexed(TOKEN) in [piece.get("facts", {}).get("address") for piece in pieces]
    for part in ("the header's state root", "code hash", "the account's storage root"):
        assert any(part in rule for rule in rules), part


@one_loop
async def test_a_call_that_was_stopped_is_not_explained(
    put: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, run = 0, ThreadedEngine.run

    async def stopped(engine: ThreadedEngine, *asked: Any) -> object:
        nonlocal runs
        runs += 1
        if runs > 1:
            raise RanTooLong("execution aborted")
        return await run(engine, *asked)

    await result(put, "eth_call", TOKEN_CALL)  # so that all is known
    monkeypatch.setattr(ThreadedEngine, "run", stopped)
    told = await error(put, "walkaway_explain", "eth_estimateGas", [TOKEN_CALL])
    assert (told["code"], told["message"]) == (CALL_FAILED, "execution aborted")
    assert runs == 2


@one_loop
async def test_a_call_that_fails_is_explained_with_what_it_gave_back(put: Ask) -> None:
    for code, failed in (("0x602a60005260206000fd", REVERTED), ("0xfe", CALL_FAILED)):
        asked = [{"to": HERE}, "latest", {HERE: {"code": code}}]
        refused = await error(put, "eth_call", *asked)
        explanation = await result(put, "walkaway_explain", "eth_call", asked)
        assert explanation["failure"] == refused
        assert refused["code"] == failed
        assert explanation["result"] is None
        assert explanation["state"] == "proven"
        assert [p["claim"]["subject"][0] for p in explanation["proven"]] == ["header", "call"]


@one_loop
async def test_of_a_block_above_the_head_nobody_was_asked(put: Ask) -> None:
    asked = ["0xffffff", False]
    explanation = await result(put, "walkaway_explain", "eth_getBlockByNumber", asked)
    assert explanation["result"] is None
    assert explanation["state"] == "above the proven head"
    assert explanation["word"][0]["saidBy"] == []


@one_loop
async def test_a_time_of_before_the_merge_is_refused_in_the_callers_words(put: Ask) -> None:
    told = await error(put, "eth_call", TOKEN_CALL, "latest", {}, {"time": "0x1"})
    assert told["code"] == UNSUPPORTED
    assert told["message"] == "calls are not run before the Merge: the time is 1"


@one_loop
async def test_what_was_never_run_has_no_explanation(put: Ask) -> None:
    asked = [{"from": HERE, "to": HERE, "value": "0x1"}]
    told = await error(put, "walkaway_explain", "eth_call", asked)
    assert told["code"] == CALL_FAILED
    assert "insufficient funds" in told["message"]


@one_loop
async def test_a_block_that_nobody_knows_and_calls_in_a_row_are_refused(put: Ask) -> None:
    assert (await error(put, "eth_call", TOKEN_CALL, "0xffffff"))["code"] == UNPROVEN
    assert (await error(put, "eth_callMany", {}, "latest"))["code"] == UNSUPPORTED


@one_loop
@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas", "eth_createAccessList"])
async def test_where_the_head_moves_on_meanwhile_the_call_runs_on_the_new_one(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    devnet = devnet_of()
    async with calling(devnet) as chain:
        before, run = chain.head(Tag.LATEST).value.hash, chain.calls.run
        refused: list[bytes] = []

        async def gone(header: Proven[Header], asked: AskedCall) -> Proven[Outcome]:
            if header.value.hash == before:
                refused.append(before)
                devnet.advance()
                await chain.advance()
                raise Unproven("the block is gone", reasons={})
            return await run(header, asked)

        monkeypatch.setattr(chain.calls, "run", gone)
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": [TOKEN_CALL]}
        reply = await Dispatcher(chain).reply(json.dumps(request).encode())
        assert b"result" in (reply or b"")
        assert refused == [before]
        before = chain.head(Tag.LATEST).value.hash
        monkeypatch.setattr(devnet, "advance", lambda: None)
        reply = await Dispatcher(chain).reply(json.dumps(request).encode())
        assert json.loads(reply or b"")["error"]["code"] == UNPROVEN


PANIC = "4e487b71"
TEXT = f"{0x20:064x}{4:064x}" + b"oops".hex().ljust(64, "0")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("08c379a0" + TEXT, "oops"),
        (PANIC + f"{0x11:064x}", "arithmetic underflow or overflow"),
        (PANIC + f"{0x99:064x}", "unknown panic code: 0x99"),
        ("", None),
        ("08c379a0", None),
        ("08c379a0" + f"{2**255:064x}" + "00" * 32, None),
        ("08c379a0" + f"{0x20:064x}{2**255:064x}", None),
        (PANIC, None),
        ("deadbeef" + TEXT, None),
    ],
)
def test_reasons_are_read_from_well_formed_data_alone(data: str, reason: str | None) -> None:
    assert revert_reason(bytes.fromhex(data)) == reason


def test_a_halt_is_its_own_reason() -> None:
    assert str(failure_of(Outcome(False, b"", 1, halt="out of gas"))) == "out of gas"
