"""The network that `walkaway demo` brings: a chain with a past, and sources of every kind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from walkaway.devnet import ens
from walkaway.devnet.content.website import Website, website
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DEMO_SOURCES, DevnetSettings
from walkaway.devnet.sources.behaviours import Behaviour
from walkaway.names.pointer import Pointer
from walkaway.sources.defaults import ListedSource

__all__ = ["APP", "DemoNetwork", "open_demo_network"]

APP = "app.eth"
"""A name on the network, which leads to the website."""

_SLOTS_SINCE_CHECKPOINT = 64
"""One sync-committee period of the minimal preset, so that a committee has to be handed over."""


@dataclass(frozen=True, slots=True)
class DemoNetwork:
    """The running network, the root of a block that was final one period ago, and the
    website that the name `APP` leads to.
    """

    devnet: Devnet
    checkpoint: bytes
    site: Website

    @property
    def listed(self) -> tuple[ListedSource, ...]:
        """Its sources, as a person would list them."""
        return tuple(
            ListedSource(source.name, source.operator, tuple(sorted(source.kinds)), source.url)
            for source in self.devnet.sources
        )

    def balance(self, address: bytes, block_hash: bytes) -> int | None:
        """The true balance in wei after a block, or None where the network has no such block."""
        block = self.devnet.execution.block(block_hash)
        world = None if block is None else self.devnet.execution.world(block)
        return None if world is None else world.account(address).balance

    @property
    def liars_about_balances(self) -> tuple[str, ...]:
        """The names of the sources that lie about balances."""
        return self._who(Behaviour.LYING_BALANCE)

    @property
    def liars_about_storage(self) -> tuple[str, ...]:
        """The names of the sources that lie about what contracts keep, such as a resolver."""
        return self._who(Behaviour.LYING_STORAGE)

    def _who(self, behaviour: Behaviour) -> tuple[str, ...]:
        return tuple(s.name for s in self.devnet.sources if s.behaviour is behaviour)


@asynccontextmanager
async def open_demo_network() -> AsyncIterator[DemoNetwork]:
    """Build the past, open the sources, and let time pass from then on."""
    made = await asyncio.to_thread(_with_a_past, await website())
    await made.devnet.start(real_time=True)
    try:
        yield made
    finally:
        await made.devnet.stop()


def _with_a_past(site: Website) -> DemoNetwork:
    settings = DevnetSettings(sources=DEMO_SOURCES)
    past = settings.warm_slots + _SLOTS_SINCE_CHECKPOINT
    devnet = Devnet(settings, genesis_time=int(time.time()) - past * settings.seconds_per_slot)
    checkpoint = devnet.checkpoint.root
    ens.set_contenthash(devnet, APP, Pointer("ipfs", str(site.root)))
    devnet.advance(_SLOTS_SINCE_CHECKPOINT)
    return DemoNetwork(devnet, checkpoint, site)
