"""Proven things as bytes, and many slots at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rpc.conftest import Ask
from tests.rpc.prepared_chain import PreparedChain
from tests.rpc.tiny_chain import ADDRESS, RECEIPTS, STORED, TRANSACTIONS
from walkaway.limits import LIMITS
from walkaway.proofs.execution.block_forms import decode_block
from walkaway.proofs.execution.header import decode_header
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.transaction_forms import decode_transaction
from walkaway.rpc.encode import data
from walkaway.rpc.error_codes import INVALID_PARAMS, UNPROVEN

UNKNOWN = "0x" + "de" * 32
A = data(ADDRESS)
STORED_WORD = f"0x{STORED:064x}"


def octets(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


@pytest.mark.parametrize("number", [0, 1, 2])
async def test_a_header_and_a_block_are_given_as_they_were_hashed(
    ask: Ask, chain: PreparedChain, number: int
) -> None:
    block = chain.blocks[number]
    for name in (hex(number), data(block.header.hash)):
        header = octets((await ask("debug_getRawHeader", name))["result"])
        assert (keccak256(header), decode_header(header)) == (block.header.hash, block.header)
        whole = octets((await ask("debug_getRawBlock", name))["result"])
        assert decode_block(whole) == block


async def test_receipts_are_given_as_the_trie_holds_them(ask: Ask) -> None:
    raw = (await ask("debug_getRawReceipts", "0x1"))["result"]
    assert [octets(item) for item in raw] == [receipt.encode() for receipt in RECEIPTS]
    assert (await ask("debug_getRawReceipts", "latest"))["result"] == []


@pytest.mark.parametrize("method", ["debug_getRawTransaction", "eth_getRawTransactionByHash"])
async def test_a_transaction_is_given_as_it_was_signed(
    ask: Ask, chain: PreparedChain, method: str
) -> None:
    for transaction in TRANSACTIONS:
        raw = octets((await ask(method, data(transaction.hash)))["result"])
        assert decode_transaction(raw) == transaction
        assert keccak256(raw) == transaction.hash
    chain.blocks, chain.finalized = chain.blocks[:1], 0
    chain.submitted[TRANSACTIONS[0].hash] = TRANSACTIONS[0]
    waiting = (await ask(method, data(TRANSACTIONS[0].hash)))["result"]
    assert octets(waiting) == TRANSACTIONS[0].encode()


@pytest.mark.parametrize(
    "method",
    [
        "debug_getRawHeader",
        "debug_getRawBlock",
        "debug_getRawReceipts",
        "debug_getRawTransaction",
        "eth_getRawTransactionByHash",
    ],
)
async def test_what_nobody_knows_is_null_and_somebodys_word(ask: Ask, method: str) -> None:
    assert (await ask(method, UNKNOWN))["result"] is None
    explained = (await ask("walkaway_explain", method, [UNKNOWN]))["result"]
    assert explained["state"] == "somebody's word"
    for params in ((), ("2",), ("0x1", "0x1")):
        assert (await ask(method, *params))["error"]["code"] == INVALID_PARAMS


async def test_many_slots_are_given_by_address(ask: Ask) -> None:
    for block in ((), ("latest",), ("0x2",)):
        values = (await ask("eth_getStorageValues", {A: ["0x5", "0x05"]}, *block))["result"]
        assert values == {A: [STORED_WORD, STORED_WORD]}
    mixed = {A: ["0x5"], A.upper().replace("X", "x"): ["0x5"]}
    assert (await ask("eth_getStorageValues", mixed))["result"] == {A: [STORED_WORD] * 2}


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        [],
        {},
        {A: []},
        {A: None},
        {A: "0x5"},
        {"0x12": ["0x5"]},
        {A: ["0x" + "0" * 65]},
        {A: ["0x5"] * (LIMITS.proof_slots + 1)},
        {A: ["0x5"] * LIMITS.proof_slots, A.upper().replace("X", "x"): ["0x5"]},
    ],
)
async def test_no_slots_and_too_many_are_refused(ask: Ask, wanted: Any) -> None:
    assert (await ask("eth_getStorageValues", wanted))["error"]["code"] == INVALID_PARAMS


async def test_slots_of_an_unknown_block_are_unproven(ask: Ask) -> None:
    refused = (await ask("eth_getStorageValues", {A: ["0x5"]}, {"blockHash": UNKNOWN}))["error"]
    assert refused["code"] == UNPROVEN
    assert "is not known" in refused["message"]
