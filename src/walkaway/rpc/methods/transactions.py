"""Single transactions and their receipts."""

from __future__ import annotations

from walkaway.chain.block_id import BlockId
from walkaway.proofs import derive
from walkaway.proofs.proven import Proven
from walkaway.rpc.ask import Ask
from walkaway.rpc.encode import included_transaction, pending_transaction, receipt_members
from walkaway.rpc.methods.method import NULL_OF_A_HASH, NULL_OF_A_NUMBER, Answer, Method
from walkaway.rpc.params import Params
from walkaway.sources.word import Word

__all__ = ["METHODS"]


async def get_by_hash(ask: Ask, params: Params) -> Answer:
    transaction_hash = params.hash("transaction hash")
    params.end()
    found = await ask.chain.transaction(transaction_hash)
    if isinstance(found, Word):
        return ask.hear(found)
    if not isinstance(found, Proven):
        return pending_transaction(found)
    included = await ask.take(found, ("transaction", transaction_hash), None)
    return _included(included)


async def get_by_block_hash(ask: Ask, params: Params) -> Answer:
    block, index = params.hash("block hash"), params.quantity("index")
    params.end()
    return await _at(ask, block, index)


async def get_by_block_number(ask: Ask, params: Params) -> Answer:
    block, index = params.block_number(), params.quantity("index")
    params.end()
    return await _at(ask, block, index)


async def get_receipt(ask: Ask, params: Params) -> Answer:
    transaction_hash = params.hash("transaction hash")
    params.end()
    found = await ask.chain.receipt(transaction_hash)
    if isinstance(found, Word):
        return ask.hear(found)
    receipt = await ask.take(found, ("receipt", transaction_hash), None)
    return None if receipt is None else receipt_members(receipt)


async def _at(ask: Ask, block: BlockId, index: int) -> Answer:
    proven = await ask.chain.block(block)
    if isinstance(proven, Word):
        return ask.hear(proven)
    at = derive.transaction_at(proven, index)
    return _included(await ask.take(at, ("transaction at", index), block))


def _included(included: derive.IncludedTransaction | None) -> Answer:
    if included is None:
        return None
    return included_transaction(included.transaction, included.header, included.index)


IN_BLOCK = "the transactions root of its block, which is under the head"

METHODS = (
    Method("eth_getTransactionByHash", "transaction hash", IN_BLOCK + NULL_OF_A_HASH, get_by_hash),
    Method(
        "eth_getTransactionByBlockHashAndIndex",
        "block hash, index",
        IN_BLOCK + NULL_OF_A_HASH,
        get_by_block_hash,
    ),
    Method(
        "eth_getTransactionByBlockNumberAndIndex",
        "block number, index",
        IN_BLOCK + NULL_OF_A_NUMBER,
        get_by_block_number,
    ),
    Method(
        "eth_getTransactionReceipt",
        "transaction hash",
        "the receipts root and transactions root of its block" + NULL_OF_A_HASH,
        get_receipt,
    ),
)
