"""Ommers ("uncles"): proven to be none in every block since the Merge, and to be these before."""

from __future__ import annotations

from walkaway.chain.block_id import BlockId
from walkaway.proofs import derive
from walkaway.proofs.execution.blocks import Block, BlockBody
from walkaway.rpc.ask import Ask
from walkaway.rpc.encode import block_members, quantity
from walkaway.rpc.methods.method import NULL_OF_A_HASH, NULL_OF_A_NUMBER, Answer, Method
from walkaway.rpc.params import Params
from walkaway.sources.word import Word

__all__ = ["METHODS"]


async def count_by_number(ask: Ask, params: Params) -> Answer:
    block = params.block_number()
    params.end()
    return await _count(ask, block)


async def count_by_hash(ask: Ask, params: Params) -> Answer:
    block = params.hash("block hash")
    params.end()
    return await _count(ask, block)


async def ommer_by_number(ask: Ask, params: Params) -> Answer:
    block, index = params.block_number(), params.quantity("index")
    params.end()
    return await _ommer(ask, block, index)


async def ommer_by_hash(ask: Ask, params: Params) -> Answer:
    block, index = params.hash("block hash"), params.quantity("index")
    params.end()
    return await _ommer(ask, block, index)


async def _count(ask: Ask, block: BlockId) -> Answer:
    ommers = await ask.chain.ommers(block)
    if isinstance(ommers, Word):
        return ask.hear(ommers)
    return quantity(await ask.take(derive.ommer_count(ommers), ("ommer count",), block))


async def _ommer(ask: Ask, block: BlockId, index: int) -> Answer:
    ommers = await ask.chain.ommers(block)
    if isinstance(ommers, Word):
        return ask.hear(ommers)
    ommer = await ask.take(derive.ommer_at(ommers, index), ("ommer at", index), block)
    if ommer is None:
        return None
    # Its body is nowhere: execution clients show it as a block that holds nothing.
    size = Block(ommer, BlockBody(())).size
    return block_members(ommer, size=size, withdrawals=None, ommers=[])


HASH = "the header's ommers hash, which since the Merge is that of none"

METHODS = (
    Method(
        "eth_getUncleCountByBlockNumber", "block number", HASH + NULL_OF_A_NUMBER, count_by_number
    ),
    Method("eth_getUncleCountByBlockHash", "block hash", HASH + NULL_OF_A_HASH, count_by_hash),
    Method(
        "eth_getUncleByBlockNumberAndIndex",
        "block number, index",
        HASH + NULL_OF_A_NUMBER,
        ommer_by_number,
    ),
    Method(
        "eth_getUncleByBlockHashAndIndex", "block hash, index", HASH + NULL_OF_A_HASH, ommer_by_hash
    ),
)
