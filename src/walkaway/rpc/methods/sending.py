"""Sending a signed transaction, and waiting for its proven receipt (EIP-7966)."""

from __future__ import annotations

import asyncio

from walkaway.errors import Stale, StillPending, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs.derive import IncludedReceipt
from walkaway.rpc.ask import Ask
from walkaway.rpc.encode import data, receipt_members
from walkaway.rpc.methods.method import Answer, Method
from walkaway.rpc.params import Params
from walkaway.sources.word import Word

__all__ = ["METHODS"]


async def send_raw(ask: Ask, params: Params) -> Answer:
    raw = params.data("signed transaction", at_most=LIMITS.rpc_request_bytes)
    params.end()
    return data(await ask.chain.submit(raw))


async def send_raw_and_wait(ask: Ask, params: Params) -> Answer:
    raw = params.data("signed transaction", at_most=LIMITS.rpc_request_bytes)
    seconds = _patience(params.some_count("milliseconds"))
    params.end()
    transaction_hash = await ask.chain.submit(raw)
    try:
        async with asyncio.timeout(seconds):
            return receipt_members(await _receipt(ask, transaction_hash))
    except TimeoutError:
        raise StillPending(
            f"sent, but in no proven block within {seconds:g} seconds", transaction_hash
        ) from None


async def _receipt(ask: Ask, transaction_hash: bytes) -> IncludedReceipt:
    """The receipt, as soon as it is proven; looked for at each new head."""
    while True:
        change = ask.chain.next_change()
        try:
            found = await ask.chain.receipt(transaction_hash)
        except (Unproven, Stale):
            # It was sent: what cannot be seen now may be at the next head.
            found = None
        if found is not None and not isinstance(found, Word):
            receipt = await ask.take(found, ("receipt", transaction_hash), None)
            if receipt is not None:
                return receipt
        await change.wait()


def _patience(milliseconds: int | None) -> float:
    """How many seconds to wait: the limit, where nothing that it allows was asked for."""
    limit = LIMITS.rpc_receipt_seconds
    return milliseconds / 1000 if milliseconds and milliseconds <= limit * 1000 else limit


METHODS = (
    Method(
        "eth_sendRawTransaction",
        "signed transaction",
        "the hash is computed here; it goes to the sources on the submit list and nowhere else",
        send_raw,
        repeatable=False,
    ),
    Method(
        "eth_sendRawTransactionSync",
        "signed transaction, milliseconds",
        "sent as by `eth_sendRawTransaction`; the answer is its receipt, proven as any",
        send_raw_and_wait,
        repeatable=False,
    ),
)
