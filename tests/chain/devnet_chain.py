"""A chain that follows a devnet over real sockets, in the devnet's own time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from walkaway.chain.chain import Chain, ChainSettings
from walkaway.devnet.network import Devnet, DevnetSource
from walkaway.devnet.settings import BEACON, EXECUTION, DevnetSettings, SourcePlan
from walkaway.devnet.sources.behaviours import Behaviour
from walkaway.errors import SourceFault, SourceLacks
from walkaway.sources.evidence import EvidenceStore
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, Request, RpcRequest
from walkaway.sources.source import Source, Transport
from walkaway.sources.transports.http import HttpTransport
from walkaway.sources.transports.http_client import HttpClient

__all__ = ["BEACON", "EXECUTION", "Behaviour", "SourcePlan", "devnet_of", "following", "pool_of"]


def devnet_of(*plans: SourcePlan, settings: DevnetSettings | None = None) -> Devnet:
    """A devnet with these sources, by default one honest one."""
    return Devnet(replace(settings or DevnetSettings(), sources=plans or (SourcePlan("alder"),)))


Twist = Callable[[Request, Answer], Answer]
"""What a source makes of an honest answer; it may raise a fault instead."""


class TwistedTransport:
    """An honest source's transport, with every answer twisted on the way."""

    def __init__(self, inner: Transport, twist: Twist) -> None:
        self._inner = inner
        self._twist = twist

    async def fetch(self, request: Request) -> Answer:
        """See `Transport`."""
        return self._twist(request, await self._inner.fetch(request))

    async def fetch_batch(self, requests: Sequence[RpcRequest]) -> list[Answer | SourceFault]:
        """See `Transport`; batches are refused, so that each answer is twisted alone."""
        raise SourceLacks("takes no batches", lasting=True)

    def scrub(self, text: str) -> str:
        """See `Transport`."""
        return self._inner.scrub(text)

    async def close(self) -> None:
        """See `Transport`."""
        await self._inner.close()


@asynccontextmanager
async def pool_of(
    devnet: Devnet, evidence: Path | None = None, twists: Mapping[str, Twist] | None = None
) -> AsyncIterator[Pool]:
    """A pool over the devnet's sources, each by its own URL; some twist what they say."""
    client = HttpClient()

    def transport(source: DevnetSource) -> Transport:
        honest = HttpTransport(source.name, source.url, client)
        twist = (twists or {}).get(source.name)
        return honest if twist is None else TwistedTransport(honest, twist)

    sources = [Source(s.name, s.operator, s.kinds, transport(s)) for s in devnet.sources]
    store = None if evidence is None else EvidenceStore(evidence)
    async with Pool(sources, clock=devnet, evidence=store, seed=7) as pool:
        yield pool


@asynccontextmanager
async def following(
    devnet: Devnet,
    settings: ChainSettings | None = None,
    evidence: Path | None = None,
    twists: Mapping[str, Twist] | None = None,
) -> AsyncIterator[Chain]:
    """A chain synced to the devnet's head; it moves when `Chain.advance` is called."""
    settings = settings or ChainSettings(checkpoint=devnet.checkpoint.root)
    async with pool_of(devnet, evidence, twists) as pool:
        chain = Chain(devnet.spec, pool, settings, clock=devnet)
        await chain.start(follow=False)
        yield chain
        await chain.stop()
