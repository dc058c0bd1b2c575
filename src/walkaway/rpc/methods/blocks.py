"""Whole blocks and their receipts."""

from __future__ import annotations

import asyncio

from walkaway.chain.block_id import BlockId
from walkaway.proofs import derive
from walkaway.proofs.execution.blocks import Block
from walkaway.proofs.execution.transactions import Transaction
from walkaway.rpc.ask import Ask
from walkaway.rpc.encode import (
    block_members,
    data,
    data_list,
    header_members,
    included_transaction,
    quantity,
    receipt_members,
)
from walkaway.rpc.jsonrpc import Encoded, Json, encode
from walkaway.rpc.methods.method import (
    NULL_OF_A_HASH,
    NULL_OF_A_NUMBER,
    NULL_OF_EITHER,
    Answer,
    Method,
)
from walkaway.rpc.pacing import encode_each
from walkaway.rpc.params import Params
from walkaway.sources.word import Word

__all__ = ["METHODS"]


async def get_block_by_number(ask: Ask, params: Params) -> Answer:
    block, whole = params.block_number(), params.flag("whole transactions")
    params.end()
    return await _block(ask, block, whole)


async def get_block_by_hash(ask: Ask, params: Params) -> Answer:
    block, whole = params.hash("block hash"), params.flag("whole transactions")
    params.end()
    return await _block(ask, block, whole)


async def get_header_by_number(ask: Ask, params: Params) -> Answer:
    block = params.block_number()
    params.end()
    return await _header(ask, block)


async def get_header_by_hash(ask: Ask, params: Params) -> Answer:
    block = params.hash("block hash")
    params.end()
    return await _header(ask, block)


async def count_by_number(ask: Ask, params: Params) -> Answer:
    block = params.block_number()
    params.end()
    return await _count(ask, block)


async def count_by_hash(ask: Ask, params: Params) -> Answer:
    block = params.hash("block hash")
    params.end()
    return await _count(ask, block)


async def get_block_receipts(ask: Ask, params: Params) -> Answer:
    block = params.some_block()
    params.end()
    proven = await ask.chain.receipts(block)
    if isinstance(proven, Word):
        return ask.hear(proven)
    receipts = await ask.take(proven, ("receipts",), block)
    return Encoded(await encode_each(receipts, receipt_members))


async def _header(ask: Ask, block: BlockId) -> Answer:
    proven = await ask.chain.header(block)
    if isinstance(proven, Word):
        return ask.hear(proven)
    return header_members(await ask.take(proven, ("header",), block))


async def _block(ask: Ask, block: BlockId, whole: bool) -> Answer:
    proven = await ask.chain.block(block)
    if isinstance(proven, Word):
        return ask.hear(proven)
    return await _block_text(await ask.take(proven, ("block",), block), whole)


async def _count(ask: Ask, block: BlockId) -> Answer:
    proven = await ask.chain.block(block)
    if isinstance(proven, Word):
        return ask.hear(proven)
    count = derive.transaction_count(proven)
    return quantity(await ask.take(count, ("transaction count",), block))


async def _block_text(block: Block, whole: bool) -> Encoded:
    header, body = block.header, block.body
    size = await asyncio.to_thread(lambda: block.size)
    ommers = data_list(ommer.hash for ommer in body.ommers)
    members = block_members(header, size=size, withdrawals=body.withdrawals, ommers=ommers)

    def shown(place: tuple[int, Transaction]) -> Json:
        index, transaction = place
        if not whole:
            return data(transaction.hash)
        return included_transaction(transaction, header, index)

    transactions = await encode_each(enumerate(body.transactions), shown)
    return Encoded(b'%b,"transactions":%b}' % (encode(members)[:-1], transactions))


CONTENT = "the header's transactions root and withdrawals root"
HASHED = "the header's hash"

METHODS = (
    Method(
        "eth_getBlockByNumber",
        "block number, whole transactions = false",
        CONTENT + NULL_OF_A_NUMBER,
        get_block_by_number,
    ),
    Method(
        "eth_getBlockByHash",
        "block hash, whole transactions = false",
        CONTENT + NULL_OF_A_HASH,
        get_block_by_hash,
    ),
    Method(
        "eth_getHeaderByNumber", "block number", HASHED + NULL_OF_A_NUMBER, get_header_by_number
    ),
    Method("eth_getHeaderByHash", "block hash", HASHED + NULL_OF_A_HASH, get_header_by_hash),
    Method(
        "eth_getBlockTransactionCountByNumber",
        "block number",
        CONTENT + NULL_OF_A_NUMBER,
        count_by_number,
    ),
    Method(
        "eth_getBlockTransactionCountByHash", "block hash", CONTENT + NULL_OF_A_HASH, count_by_hash
    ),
    Method(
        "eth_getBlockReceipts",
        "block",
        "the header's receipts root and transactions root" + NULL_OF_EITHER,
        get_block_receipts,
    ),
)
