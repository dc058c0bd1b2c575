"""Our endpoint as a person has it, over a devnet whose sources are not all honest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from walkaway.chain.chain import ChainSettings
from walkaway.cli.node import Listen, Node, Plan, open_node
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DEMO_SOURCES, DevnetSettings
from walkaway.sources.defaults import ListedSource

__all__ = ["Endpoint", "endpoint"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The node that serves, and the devnet that knows what is true."""

    node: Node
    devnet: Devnet

    @property
    def url(self) -> str:
        """Over HTTP."""
        return self.node.server.url

    @property
    def ws_url(self) -> str:
        """Over WebSocket."""
        return self.url.replace("http://", "ws://", 1)


@asynccontextmanager
async def endpoint(state: Path, *, seconds_per_slot: int = 2) -> AsyncIterator[Endpoint]:
    """A synced node on a free port; a block every slot."""
    devnet = Devnet(DevnetSettings(seconds_per_slot=seconds_per_slot, sources=DEMO_SOURCES))
    await devnet.start(real_time=True)
    try:
        listed = [
            ListedSource(
                name=source.name,
                operator=source.operator,
                kinds=tuple(sorted(source.kinds)),
                url=source.url,
            )
            for source in devnet.sources
        ]
        plan = Plan(
            chain=ChainSettings(checkpoint=devnet.checkpoint.root, state_directory=state),
            listen=Listen(port=0),
            evidence=state / "evidence",
        )
        async with open_node(devnet.spec, listed, plan) as node:
            yield Endpoint(node, devnet)
    finally:
        await devnet.stop()
