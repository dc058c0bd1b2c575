"""A name's content and address, proven, beside viem, which believes the node that it asks.

Both ask the same anvil, 30 ms away, behind the devnet's beacon side. Cold is a chain that is
synced to the head and has proven nothing else; warm is the same question again; and at the
next head everything is proven anew, but what is asked for is known.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from bench.far_away import Asked, FarAway, far_away
from bench.figures import Figure
from bench.without_access_lists import without_access_lists
from tests.interop.anvil import AnvilNetwork, anvil_network
from tests.interop.ens.chains import SentToAnvil
from tests.interop.peers import node_package, run_client
from tests.names.ens.devnet_names import IPFS, ens_on
from walkaway.chain.chain import Chain, ChainSettings
from walkaway.chain.clock import FixedClock
from walkaway.devnet.ens import contenthash_of, set_contenthash
from walkaway.devnet.execution.accounts import NAMES_OWNER
from walkaway.devnet.execution.names import UNIVERSAL_RESOLVER
from walkaway.devnet.settings import BEACON, EXECUTION
from walkaway.evm.running import fastest_engine
from walkaway.names.ens.contenthash import ContentHash
from walkaway.names.ens.ens import Ens
from walkaway.names.ens.records import AddressRecord, ContentRecord
from walkaway.sources.pool import Pool
from walkaway.sources.source import Source
from walkaway.sources.transports.http import HttpTransport
from walkaway.sources.transports.http_client import HttpClient

__all__ = ["ens_figures"]

NAME = "app.eth"
PEER = "viem, unproven"
ROUNDS = 5
HOUSE = Path(__file__).parents[1]
VIEM = HOUSE / "tests" / "interop" / "clients" / "scripts" / "package.json"
SCRIPT = Path(__file__).parent / "scripts" / "viem_names.mjs"


@dataclass(frozen=True, slots=True)
class _Took:
    """Milliseconds from the question to the answer, and what was asked of the node for it."""

    milliseconds: float
    asked: Asked


async def ens_figures() -> list[Figure]:
    """Three figures for each way to ask: time, round trips, requests."""
    async with anvil_network() as network:
        execution = SentToAnvil(network.anvil, network.spec.chain_id)
        set_contenthash(SimpleNamespace(execution=execution), NAME, IPFS)
        await network.advance(3)
        async with (
            far_away(network.anvil.url) as node,
            without_access_lists(network.anvil.url) as bare_url,
            far_away(bare_url) as bare_node,
        ):
            theirs = await _viem(network, node)
            found = []
            for named, source in (("", node), (", no access lists", bare_node)):
                for when, ours in (await _ours(network, source)).items():
                    found += _figures(f"ENS, {when}{named}", ours, theirs)
            return found


def _figures(name: str, ours: _Took, theirs: _Took) -> list[Figure]:
    return [
        Figure(name, ours.milliseconds, "ms", PEER, theirs.milliseconds),
        Figure(name, ours.asked.round_trips, "round trips", PEER, theirs.asked.round_trips),
        Figure(name, ours.asked.requests, "requests", PEER, theirs.asked.requests),
    ]


async def _viem(network: AnvilNetwork, node: FarAway) -> _Took:
    """viem keeps nothing, so that each of its rounds is as good as cold."""
    home = await node_package(VIEM)
    script = str(shutil.copy(SCRIPT, home))
    facts: dict[str, Any] = {
        "url": node.url,
        "chainId": network.spec.chain_id,
        "universalResolver": "0x" + UNIVERSAL_RESOLVER.hex(),
        "name": NAME,
    }
    once = await run_client("node", script, facts=facts | {"rounds": 1}, cwd=home)
    asked = await node.asked()
    assert once["contenthash"] == "0x" + contenthash_of(IPFS).hex()
    assert once["address"].lower() == "0x" + NAMES_OWNER.address.hex()
    often = await run_client("node", script, facts=facts | {"rounds": ROUNDS}, cwd=home)
    await node.asked()
    return _Took(min(often["milliseconds"]), asked)


async def _ours(network: AnvilNetwork, node: FarAway) -> dict[str, _Took]:
    """The best of some rounds, by when it was asked."""
    found: dict[str, _Took] = {}
    for _ in range(ROUNDS):
        for when, took in (await _round(network, node)).items():
            if when not in found or took.milliseconds < found[when].milliseconds:
                found[when] = took
    return found


async def _round(network: AnvilNetwork, node: FarAway) -> dict[str, _Took]:
    async with _synced(network, node) as (chain, clock), _ens(chain) as ens:
        await node.asked()
        cold, warm = await _look_up(ens, node), await _look_up(ens, node)
        await network.advance()
        clock.seconds = _now(network)
        await chain.advance()
        await node.asked()
        return {"cold": cold, "warm": warm, "at the next head": await _look_up(ens, node)}


async def _look_up(ens: Ens, node: FarAway) -> _Took:
    content, address = ContentRecord(), AddressRecord()
    began = time.perf_counter()
    values = (await ens.lookup(NAME, [content, address])).values
    took = time.perf_counter() - began
    held = values[content]
    assert isinstance(held, ContentHash)
    assert (held.pointer(), values[address]) == (IPFS, NAMES_OWNER.address)
    return _Took(1000 * took, await node.asked())


@asynccontextmanager
async def _ens(chain: Chain) -> AsyncIterator[Ens]:
    with TemporaryDirectory(prefix="ens-") as folder:
        async with ens_on(chain, Path(folder)) as ens:
            yield ens


@asynccontextmanager
async def _synced(network: AnvilNetwork, node: FarAway) -> AsyncIterator[tuple[Chain, FixedClock]]:
    """A chain that is synced to the head, and its clock."""
    clock, client = FixedClock(_now(network)), HttpClient()
    sources = [
        Source(name, name, kinds, HttpTransport(name, url, client))
        for name, kinds, url in (
            ("anvil", EXECUTION, node.url),
            ("beacon", BEACON, network.beacon_url),
        )
    ]
    async with Pool(sources, clock=clock, seed=1) as pool:
        settings = ChainSettings(checkpoint=network.beacon.finalized.root)
        chain = Chain(network.spec, pool, settings, clock=clock, engine=fastest_engine())
        await chain.start(follow=False)
        yield chain, clock
        await chain.stop()


def _now(network: AnvilNetwork) -> float:
    return network.spec.time_of_slot(network.beacon.head.slot) + 1
