"""500 balances in one call, through the endpoint and straight from anvil behind it.

The source of the endpoint's proofs is the same anvil, with access lists
refused. Cold is an endpoint that has proven nothing but its head; warm is the
same question again. anvil proves nothing, and runs the same engine (revm).
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from bench.figures import Figure
from bench.json_rpc import ask
from bench.load import answers_a_second
from bench.without_access_lists import without_access_lists
from tests.interop.anvil import AnvilNetwork, anvil_network
from tests.multicall import BALANCES, HOLDERS, MULTICALL, balances_call, balances_of, world
from walkaway.chain.chain import Chain, ChainSettings
from walkaway.chain.clock import FixedClock
from walkaway.devnet.execution.genesis import TOKEN
from walkaway.devnet.settings import BEACON, EXECUTION
from walkaway.evm import native
from walkaway.evm.running import RunningEngine, ThreadedEngine
from walkaway.evm.worker import ReferenceWorkers
from walkaway.rpc.server import RpcServer
from walkaway.sources.pool import Pool
from walkaway.sources.source import Source
from walkaway.sources.transports.http import HttpTransport
from walkaway.sources.transports.http_client import HttpClient

__all__ = ["multicall_figures"]

COLD_ROUNDS = 5
WARM_ROUNDS = 100
REFERENCE_ROUNDS = 2
ASKED: list[Any] = [{"to": "0x" + MULTICALL.hex(), "data": "0x" + balances_call().hex()}, "latest"]
PEER = "anvil, asked directly"


async def multicall_figures() -> list[Figure]:
    """Cold and warm of both engines, and requests a second; nothing where anvil cannot run."""
    try:
        async with anvil_network() as network, aiohttp.ClientSession() as session:
            for raw in world(network.spec.chain_id):
                network.anvil.ask("eth_sendRawTransaction", "0x" + raw.hex())
            await network.advance(3)
            async with without_access_lists(network.anvil.url) as source:
                return await _Bench(network, session, source).figures()
    except pytest.fail.Exception as absent:
        print(f"the multicall is left out: {absent}")
        return []


@dataclass(frozen=True, slots=True)
class _Bench:
    network: AnvilNetwork
    session: aiohttp.ClientSession
    source: str

    async def figures(self) -> list[Figure]:
        found: list[Figure] = []
        if native.available():
            found += await self._of_engine("", _native, COLD_ROUNDS, WARM_ROUNDS)
            found += await self._rates()
        rounds = REFERENCE_ROUNDS
        return found + await self._of_engine(", EELS", ReferenceWorkers, rounds, rounds)

    async def _of_engine(
        self, named: str, engine: Callable[[], RunningEngine], cold: int, warm: int
    ) -> list[Figure]:
        first = []
        for _ in range(cold):
            async with self._endpoint(engine()) as url:
                first.append(await self._seconds(url))
        async with self._endpoint(engine()) as url:
            await self._seconds(url)
            again = await self._least(url, warm)
        direct = await self._least(self.network.anvil.url, WARM_ROUNDS)
        return [
            Figure(f"multicall cold{named}", 1000 * min(first), "ms", PEER, 1000 * direct),
            Figure(f"multicall warm{named}", 1000 * again, "ms", PEER, 1000 * direct),
        ]

    async def _rates(self) -> list[Figure]:
        """Requests a second of small questions."""
        balance_of = "0x70a08231" + HOLDERS[0].rjust(32, b"\0").hex()
        questions: list[tuple[str, str, list[Any]]] = [
            ("warm balance", "eth_getBalance", ["0x" + HOLDERS[0].hex(), "latest"]),
            ("warm call", "eth_call", [{"to": "0x" + TOKEN.hex(), "data": balance_of}, "latest"]),
        ]
        found = []
        async with self._endpoint(_native()) as url:
            for name, method, params in questions:
                ours = await answers_a_second(url, method, params)
                theirs = await answers_a_second(self.network.anvil.url, method, params)
                found.append(Figure(f"{name}, client apart", ours, "requests/s", PEER, theirs))
        return found

    async def _least(self, url: str, rounds: int) -> float:
        return min([await self._seconds(url) for _ in range(rounds)])

    async def _seconds(self, url: str) -> float:
        began = time.perf_counter()
        output = await ask(self.session, url, "eth_call", ASKED)
        took = time.perf_counter() - began
        assert balances_of(bytes.fromhex(output[2:])) == BALANCES
        return took

    @asynccontextmanager
    async def _endpoint(self, engine: RunningEngine) -> AsyncIterator[str]:
        """The URL of an endpoint that is synced to the head, and has proven nothing else."""
        spec, beacon = self.network.spec, self.network.beacon
        clock, client = FixedClock(spec.time_of_slot(beacon.head.slot) + 1), HttpClient()
        sources = [
            Source(name, name, kinds, HttpTransport(name, url, client))
            for name, kinds, url in (
                ("anvil", EXECUTION, self.source),
                ("beacon", BEACON, self.network.beacon_url),
            )
        ]
        async with Pool(sources, clock=clock, seed=1) as pool:
            settings = ChainSettings(checkpoint=beacon.finalized.root)
            chain = Chain(spec, pool, settings, clock=clock, engine=engine)
            await chain.start(follow=False)
            async with RpcServer(chain, port=0) as server:
                yield server.url
            await chain.stop()


def _native() -> RunningEngine:
    return ThreadedEngine(native.NativeEngine())
