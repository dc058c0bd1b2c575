"""A chain that follows a devnet over real sockets, in the devnet's own time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from walkaway.chain.chain import Chain, ChainSettings
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import BEACON, EXECUTION, DevnetSettings, SourcePlan
from walkaway.devnet.sources.behaviours import Behaviour
from walkaway.sources.evidence import EvidenceStore
from walkaway.sources.pool import Pool
from walkaway.sources.source import Source
from walkaway.sources.transports.http import HttpClient, HttpTransport

__all__ = ["BEACON", "EXECUTION", "Behaviour", "SourcePlan", "devnet_of", "following", "pool_of"]


def devnet_of(*plans: SourcePlan, settings: DevnetSettings | None = None) -> Devnet:
    """A devnet with these sources, by default one honest one."""
    return Devnet(replace(settings or DevnetSettings(), sources=plans or (SourcePlan("alder"),)))


@asynccontextmanager
async def pool_of(devnet: Devnet, evidence: Path | None = None) -> AsyncIterator[Pool]:
    """A pool over the devnet's sources, each by its own URL."""
    client = HttpClient()
    sources: Iterable[Source] = [
        Source(s.name, s.operator, s.kinds, HttpTransport(s.name, s.url, client))
        for s in devnet.sources
    ]
    store = None if evidence is None else EvidenceStore(evidence)
    async with Pool(list(sources), clock=devnet, evidence=store, seed=7) as pool:
        yield pool


@asynccontextmanager
async def following(
    devnet: Devnet, settings: ChainSettings | None = None, evidence: Path | None = None
) -> AsyncIterator[Chain]:
    """A chain synced to the devnet's head; it moves when `Chain.advance` is called."""
    settings = settings or ChainSettings(checkpoint=devnet.checkpoint.root)
    async with pool_of(devnet, evidence) as pool:
        chain = Chain(devnet.spec, pool, settings, clock=devnet)
        await chain.start(follow=False)
        yield chain
        await chain.stop()
