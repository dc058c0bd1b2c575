"""Sending a transaction and waiting for its receipt, on a devnet that moves when it is told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.chain.devnet_chain import devnet_of, following
from tests.rpc.conftest import Ask as AskPrepared
from tests.rpc.tiny_chain import TRANSACTIONS
from walkaway.chain.chain import Chain
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.network import Devnet
from walkaway.errors import Unproven
from walkaway.limits import LIMITS
from walkaway.rpc.dispatch import Dispatcher
from walkaway.rpc.encode import data
from walkaway.rpc.error_codes import INVALID_PARAMS, STILL_PENDING
from walkaway.rpc.methods import sending

Ask = Callable[..., Coroutine[None, None, dict[str, Any]]]

SEND = "eth_sendRawTransactionSync"
SENDER = dev_account(1)


@asynccontextmanager
async def asked_devnet() -> AsyncIterator[tuple[Devnet, Chain, Ask]]:
    """A devnet, the chain that follows it, and a way to put questions."""
    async with devnet_of() as devnet, following(devnet) as chain:
        dispatcher = Dispatcher(chain)

        async def ask(method: str, *params: object) -> dict[str, Any]:
            call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            reply = await dispatcher.reply(json.dumps(call).encode())
            assert reply is not None
            return dict(json.loads(reply))

        yield devnet, chain, ask


def signed(devnet: Devnet, nonce: int = 0) -> str:
    fields: dict[str, int | bytes] = {
        "chainId": devnet.spec.chain_id,
        "nonce": nonce,
        "to": dev_account(2).address,
        "value": 5,
        "gas": 21_000,
        "maxFeePerGas": 10**11,
        "maxPriorityFeePerGas": 10**9,
    }
    return "0x" + SENDER.sign(fields).hex()


async def sent_from_here(chain: Chain) -> str:
    """The hash of the one transaction that was sent, once it is."""
    change = chain.next_change()
    if not chain.sent():
        await change.wait()
    (sent,) = chain.sent()
    return "0x" + sent.transaction.hash.hex()


async def included(devnet: Devnet, chain: Chain) -> None:
    """Let the transaction into a block, and that block be proven."""
    devnet.advance(2)
    await chain.advance()


async def test_the_answer_is_the_proven_receipt() -> None:
    async with asked_devnet() as (devnet, chain, ask):
        waiting = asyncio.create_task(ask(SEND, signed(devnet)))
        transaction_hash = await sent_from_here(chain)
        await chain.advance()
        assert not waiting.done()
        await included(devnet, chain)
        receipt = (await waiting)["result"]
        assert receipt == (await ask("eth_getTransactionReceipt", transaction_hash))["result"]
        assert receipt["status"] == "0x1"


async def test_whoever_waits_no_longer_is_told_the_hash() -> None:
    async with asked_devnet() as (devnet, chain, ask):
        for nonce, milliseconds in enumerate((50, hex(50))):
            error = (await ask(SEND, signed(devnet, nonce), milliseconds))["error"]
            assert error["code"] == STILL_PENDING
            assert "within 0.05 seconds" in error["message"]
            assert error["data"] == "0x" + chain.sent()[nonce].transaction.hash.hex()


async def test_no_patience_and_too_much_are_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LIMITS", replace(LIMITS, rpc_receipt_seconds=0.1))
    async with asked_devnet() as (devnet, _, ask):
        for nonce, milliseconds in enumerate((None, 0, 101)):
            error = (await ask(SEND, signed(devnet, nonce), milliseconds))["error"]
            assert error["code"] == STILL_PENDING
            assert "within 0.1 seconds" in error["message"]


async def test_what_cannot_be_seen_at_one_head_is_looked_for_at_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with asked_devnet() as (devnet, chain, ask):
        seen, blind = chain.receipt, 1

        async def receipt(transaction_hash: bytes) -> object:
            nonlocal blind
            if blind:
                blind -= 1
                raise Unproven("nobody answers", reasons={})
            return await seen(transaction_hash)

        monkeypatch.setattr(chain, "receipt", receipt)
        waiting = asyncio.create_task(ask(SEND, signed(devnet)))
        await sent_from_here(chain)
        await included(devnet, chain)
        assert (await waiting)["result"]["status"] == "0x1"
        assert not blind


async def test_what_cannot_be_sent_is_refused_at_once(ask: AskPrepared) -> None:
    whole = data(TRANSACTIONS[3].encode())
    for params in (["0x02c0"], [whole, -1], [whole, "soon"], [whole, 1, 1], []):
        assert (await ask(SEND, *params))["error"]["code"] == INVALID_PARAMS
