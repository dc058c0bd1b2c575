"""Proven things in the bytes that were hashed to prove them: RLP, or EIP-2718's envelope."""

from __future__ import annotations

import asyncio

from walkaway.proofs.proven import Proven
from walkaway.rpc.ask import Ask
from walkaway.rpc.encode import data
from walkaway.rpc.jsonrpc import Encoded
from walkaway.rpc.methods.method import NULL_OF_A_HASH, NULL_OF_EITHER, Answer, Method
from walkaway.rpc.pacing import encode_each
from walkaway.rpc.params import Params
from walkaway.sources.word import Word

__all__ = ["METHODS"]


async def raw_header(ask: Ask, params: Params) -> Answer:
    block = params.some_block()
    params.end()
    proven = await ask.chain.header(block)
    if isinstance(proven, Word):
        return ask.hear(proven)
    header = await ask.take(proven, ("header",), block)
    return data(header.rlp())


async def raw_block(ask: Ask, params: Params) -> Answer:
    block = params.some_block()
    params.end()
    proven = await ask.chain.block(block)
    if isinstance(proven, Word):
        return ask.hear(proven)
    whole = await ask.take(proven, ("block",), block)
    return data(await asyncio.to_thread(whole.encode))


async def raw_receipts(ask: Ask, params: Params) -> Answer:
    block = params.some_block()
    params.end()
    proven = await ask.chain.receipts(block)
    if isinstance(proven, Word):
        return ask.hear(proven)
    receipts = await ask.take(proven, ("receipts",), block)
    return Encoded(await encode_each(receipts, lambda item: data(item.receipt.encode())))


async def raw_transaction(ask: Ask, params: Params) -> Answer:
    transaction_hash = params.hash("transaction hash")
    params.end()
    found = await ask.chain.transaction(transaction_hash)
    if isinstance(found, Word):
        return ask.hear(found)
    if not isinstance(found, Proven):
        return data(found.encode())
    included = await ask.take(found, ("transaction", transaction_hash), None)
    return None if included is None else data(included.transaction.encode())


IN_BLOCK = "the transactions root of its block, which is under the head" + NULL_OF_A_HASH

METHODS = (
    Method("debug_getRawHeader", "block", "the header's hash" + NULL_OF_EITHER, raw_header),
    Method(
        "debug_getRawBlock",
        "block",
        "the header's transactions root and withdrawals root" + NULL_OF_EITHER,
        raw_block,
    ),
    Method(
        "debug_getRawReceipts",
        "block",
        "the header's receipts root and transactions root" + NULL_OF_EITHER,
        raw_receipts,
    ),
    Method("debug_getRawTransaction", "transaction hash", IN_BLOCK, raw_transaction),
    Method("eth_getRawTransactionByHash", "transaction hash", IN_BLOCK, raw_transaction),
)
