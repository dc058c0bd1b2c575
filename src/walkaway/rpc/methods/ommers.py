"""Ommers ("uncles"): proven to be none, in every block since the Merge."""

from __future__ import annotations

from walkaway.chain.block_id import BlockId
from walkaway.proofs import derive
from walkaway.rpc.ask import Ask
from walkaway.rpc.encode import quantity
from walkaway.rpc.methods.method import Answer, Method
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
    block = params.block_number()
    params.quantity("index")
    params.end()
    await _count(ask, block)
    return None


async def ommer_by_hash(ask: Ask, params: Params) -> Answer:
    block = params.hash("block hash")
    params.quantity("index")
    params.end()
    await _count(ask, block)
    return None


async def _count(ask: Ask, block: BlockId) -> Answer:
    header = await ask.chain.header(block)
    if isinstance(header, Word):
        return ask.hear(header)
    count = derive.no_ommers(header)
    return quantity(await ask.take(count, ("ommer count",), block))


NONE = "the header's ommers hash, which is that of none; refused where a block has some"

METHODS = (
    Method("eth_getUncleCountByBlockNumber", "block number", NONE, count_by_number),
    Method("eth_getUncleCountByBlockHash", "block hash", NONE, count_by_hash),
    Method("eth_getUncleByBlockNumberAndIndex", "block number, index", NONE, ommer_by_number),
    Method("eth_getUncleByBlockHashAndIndex", "block hash, index", NONE, ommer_by_hash),
)
