"""How many logs a second are proven to be all that a block, or a range of blocks, holds.

One block alone is proven from a source's JSON, in this process, beside py-trie
rebuilding the receipts root as one would with Python's libraries. A range of
the devnet's blocks is asked for over HTTP, beside `eth_getLogs` of the same
source, which proves nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

import aiohttp

from bench.busy_block import RECORDED, BusyBlock, busy_block, recorded_block
from bench.figures import Figure, cpu_ms
from bench.json_rpc import ask
from tests.chain.devnet_chain import devnet_of, following
from walkaway.devnet.execution.genesis import TOKEN
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings
from walkaway.proofs.derive_logs import logs
from walkaway.proofs.execution.ancestry import header_from_given_hash
from walkaway.proofs.execution.blocks import (
    block_body_from_json,
    prove_block,
    prove_receipts,
    receipts_from_json,
)
from walkaway.proofs.execution.log_filter import LogFilter
from walkaway.proofs.execution.receipts import bloom_bits
from walkaway.rpc.server import RpcServer

__all__ = ["figures"]

BUSY = ((250, 2), (500, 3))
"""Synthetic blocks: transactions, and logs of each."""
DEVNET = DevnetSettings(transactions_per_block=24)
ROUNDS = 5
SOURCE = "eth_getLogs of the same source, unproven"


def figures() -> list[Figure]:
    """Logs a second of single blocks, and of a range over HTTP."""
    recorded = [_recorded()] if RECORDED.exists() else []
    return [*recorded, *(_synthetic(*size) for size in BUSY), *asyncio.run(_range())]


def _recorded() -> Figure:
    """Receipts alone: of the transactions only the hashes were recorded."""
    block = recorded_block()
    header = header_from_given_hash(1, block.header.hash, block.header)

    def proven() -> int:
        bloom_bits.cache_clear()
        receipts = prove_receipts(header, receipts_from_json(block.receipts))
        return sum(len(receipt.logs) for receipt in receipts.value)

    return _beside_py_trie(f"recorded block, {len(block.receipts)} receipts", block, proven)


def _synthetic(transactions: int, logs_each: int) -> Figure:
    """Receipts and transactions, joined: everything that a log's place says."""
    block = busy_block(transactions, logs_each)
    header = header_from_given_hash(1, block.header.hash, block.header)
    wanted = LogFilter(frozenset({TOKEN}))

    def proven() -> int:
        bloom_bits.cache_clear()
        receipts = prove_receipts(header, receipts_from_json(block.receipts))
        whole = prove_block(header, block_body_from_json(block.body))
        return len(logs(whole, receipts, wanted).value.logs)

    return _beside_py_trie(f"synthetic block, {transactions} transactions", block, proven)


def _beside_py_trie(name: str, block: BusyBlock, proven: Callable[[], int]) -> Figure:
    assert proven() == block.logs

    def rebuilt() -> None:
        assert _root_by_py_trie(block.receipts) == block.header.receipts_root

    ours, theirs = cpu_ms(proven, rounds=2 * ROUNDS), cpu_ms(rebuilt, rounds=ROUNDS)
    return Figure(
        f"{name}, {block.logs} logs",
        1000 * block.logs / ours,
        "logs/s",
        "py-trie, the receipts root alone",
        1000 * block.logs / theirs,
    )


def _root_by_py_trie(receipts: list[Any]) -> bytes:
    rlp, trie = import_module("rlp"), import_module("trie").HexaryTrie({})
    for index, receipt in enumerate(receipts):
        shown = [
            [
                _octets(log["address"]),
                [_octets(topic) for topic in log["topics"]],
                _octets(log["data"]),
            ]
            for log in receipt["logs"]
        ]
        bloom, gas = _octets(receipt["logsBloom"]), int(receipt["cumulativeGasUsed"], 16)
        content = rlp.encode([int(receipt["status"], 16), gas, bloom, shown])
        kind = int(receipt["type"], 16)
        trie[rlp.encode(index)] = bytes([kind]) + content if kind else content
    root: bytes = trie.root_hash
    return root


def _octets(text: str) -> bytes:
    return bytes.fromhex(text[2:])


async def _range() -> list[Figure]:
    async with devnet_of(settings=DEVNET) as devnet, aiohttp.ClientSession() as session:
        # The newest block is not signed yet.
        last = devnet.execution.head.number - 1
        address = "0x" + TOKEN.hex()
        asked = [{"fromBlock": "0x0", "toBlock": hex(last), "address": address}]
        source = devnet.sources[0].url
        plain = await ask(session, source, "eth_getLogs", asked)

        async def seconds(url: str) -> float:
            began = time.perf_counter()
            assert await ask(session, url, "eth_getLogs", asked) == plain
            return time.perf_counter() - began

        direct = len(plain) / await _least(lambda: seconds(source))
        cold = len(plain) / await _least(lambda: _cold(devnet, seconds))
        async with following(devnet) as chain, RpcServer(chain, port=0) as server:
            await seconds(server.url)
            warm = len(plain) / await _least(lambda: seconds(server.url))
        span = f"range of {last + 1} blocks, {len(plain)} logs"
        return [
            Figure(f"{span}, cold", cold, "logs/s", SOURCE, direct),
            Figure(f"{span}, warm", warm, "logs/s", SOURCE, direct),
        ]


async def _cold(devnet: Devnet, seconds: Callable[[str], Awaitable[float]]) -> float:
    """The time of one question to an endpoint that has proven nothing but its head."""
    async with following(devnet) as chain, RpcServer(chain, port=0) as server:
        return await seconds(server.url)


async def _least(measured: Callable[[], Awaitable[float]]) -> float:
    return min([await measured() for _ in range(ROUNDS)])
