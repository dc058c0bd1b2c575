"""What a proven answer costs: state proofs alone, and requests a second over HTTP.

Requests go to an endpoint over a devnet and, in the same run, straight to the
source behind it, which proves nothing; calls over many balances, and small
questions, to one over anvil (`multicall.py`).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from unittest import mock

import aiohttp

from bench.figures import Figure
from bench.json_rpc import ask as call
from bench.multicall import multicall_figures
from bench.state_proofs import state_proof_figures
from tests.chain.devnet_chain import devnet_of, following
from tests.rpc.recorded_mainnet import colibri_recording
from tests.rpc.test_recordings import served
from tests.vectors import ROOT
from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.network import Devnet
from walkaway.evm.running import fastest_engine
from walkaway.rpc.server import RpcServer

__all__ = ["figures"]

BUSY_BLOCK = ROOT / "mainnet-recordings" / "eth_getTransactionReceipt1"
CONNECTIONS = 16
SECONDS = 3.0
STRANGERS = 100_000
"""Addresses that nobody asked for before, so that each answer is proven anew."""


def figures() -> list[Figure]:
    """State proofs, requests a second, calls, and how long the loop is held."""
    held = [asyncio.run(_loop_held())] if BUSY_BLOCK.exists() else []
    over_anvil = asyncio.run(multicall_figures())
    return [*state_proof_figures(), *asyncio.run(_requests()), *over_anvil, *held]


async def _loop_held() -> Figure:
    """The longest that one step holds the event loop while a busy block's receipts are proven."""
    recording = colibri_recording(BUSY_BLOCK)
    (answer,) = BUSY_BLOCK.glob("eth_getBlockReceipts_*.json")
    receipts = json.loads(answer.read_text())["result"]
    block_hash = "0x" + recording.head.header.hash.hex()
    recording.rpc_answer("eth_getBlockReceipts", (block_hash,), receipts)
    steps: list[float] = []
    run = asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        steps.append(time.thread_time() - began)

    async with served(recording, fastest_engine()) as endpoint:
        await endpoint.call("eth_chainId")
        with mock.patch.object(asyncio.Handle, "_run", measured):
            for receipt in receipts[-3:]:
                if receipt["type"] != "0x3":
                    await endpoint.call("eth_getTransactionReceipt", receipt["transactionHash"])
            await endpoint.call("eth_getBlockByNumber", "latest", True)
    name = f"loop held at most, {len(receipts)} receipts proven"
    return Figure(name, 1000 * max(steps), "ms CPU", "the design's aim", 5.0)


async def _requests() -> list[Figure]:
    async with (
        devnet_of() as devnet,
        following(devnet) as chain,
        RpcServer(chain, port=0) as server,
        aiohttp.ClientSession() as session,
    ):
        return [
            await _rate("warm balance", _known_balance, session, devnet, server),
            await _rate("cold balance", _new_balance(), session, devnet, server),
            await _rate("warm block", _block(chain), session, devnet, server),
        ]


Question = Callable[[], tuple[str, list[object]]]


def _known_balance() -> tuple[str, list[object]]:
    return "eth_getBalance", ["0x" + dev_account(0).address.hex(), "latest"]


def _new_balance() -> Question:
    asked = iter(range(1, STRANGERS))

    def question() -> tuple[str, list[object]]:
        return "eth_getBalance", [f"0x{next(asked):040x}", "latest"]

    return question


def _block(chain: Chain) -> Question:
    number = hex(chain.head(Tag.LATEST).value.number)
    return lambda: ("eth_getBlockByNumber", [number, True])


async def _rate(
    name: str,
    question: Question,
    session: aiohttp.ClientSession,
    devnet: Devnet,
    server: RpcServer,
) -> Figure:
    async def ask(url: str) -> None:
        await call(session, url, *question())

    ours = await _a_second(lambda: ask(server.url))
    theirs = await _a_second(lambda: ask(devnet.sources[0].url))
    return Figure(name, ours, "requests/s", "the same source asked directly", theirs)


async def _a_second(ask: Callable[[], Awaitable[None]]) -> float:
    """How many times ``ask`` ends in a second, over some connections at once."""
    await ask()
    began = time.perf_counter()

    async def repeat() -> int:
        done = 0
        while time.perf_counter() < began + SECONDS:
            await ask()
            done += 1
        return done

    done = sum(await asyncio.gather(*(repeat() for _ in range(CONNECTIONS))))
    return done / (time.perf_counter() - began)
