"""Names for commands that end: a chain is followed only if a name stands on one.

Where another walkaway follows this network with the same state, the chain is followed
beside it, from what that has kept, and nothing is written: what a command says is proven
by the command itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from walkaway.anchors.load import chain_spec
from walkaway.chain.follower import SyncProgress
from walkaway.chain.kept import in_use
from walkaway.cli.config import Settings
from walkaway.cli.names import names_plan, open_names
from walkaway.cli.network_check import require_network
from walkaway.cli.node import open_node, plan
from walkaway.content.service import Content
from walkaway.names.dns.lookup import DnsLookup
from walkaway.names.ens.ens import Ens
from walkaway.names.resolution import Names, Resolution
from walkaway.sources.defaults import CHAIN_KINDS

__all__ = ["EnsOnDemand", "names_of"]


class EnsOnDemand:
    """ENS by a chain that is followed from the first question on. Implements `Names`.

    Whatever is opened for it is closed with ``opened``; ``tell`` and ``progress`` hear
    of the sync.
    """

    def __init__(
        self,
        settings: Settings,
        opened: AsyncExitStack,
        dns: DnsLookup | None = None,
        *,
        tell: Callable[[str], None] = lambda _: None,
        progress: Callable[[SyncProgress], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._opened = opened
        self._dns = dns
        self._tell = tell
        self._progress = progress
        self._ens: Ens | None = None
        self._opening = asyncio.Lock()

    async def resolve(self, name: str) -> Resolution:
        """As `Ens.resolve`. Raises also what keeps the chain from being followed."""
        return await (await self.ens()).resolve(name)

    async def ens(self) -> Ens:
        """ENS, once the chain is followed. Raises `WalkawayError` where it cannot be."""
        async with self._opening:
            if self._ens is None:
                self._ens = await self._follow()
            return self._ens

    async def _follow(self) -> Ens:
        settings = self._settings
        listed = [source for source in settings.sources if CHAIN_KINDS.intersection(source.kinds)]
        await asyncio.to_thread(require_network, listed)
        spec, made = chain_spec(settings.network), plan(settings)
        beside = await asyncio.to_thread(in_use, settings.state_directory, spec.network)
        chain = replace(made.chain, only_reads=beside)
        node = await self._opened.enter_async_context(
            open_node(
                spec,
                listed,
                replace(made, chain=chain, serves_endpoint=False),
                dns=self._dns,
                tell=self._tell,
                progress=self._progress,
            )
        )
        return node.ens


@asynccontextmanager
async def names_of(
    settings: Settings,
    content: Content,
    *,
    offline: bool = False,
    tell: Callable[[str], None] = lambda _: None,
    progress: Callable[[SyncProgress], None] = lambda _: None,
) -> AsyncIterator[Names]:
    """Names of every kind, as a person's settings have them. Raises `ConfigError`."""
    made = names_plan(settings, offline=offline)
    async with AsyncExitStack() as opened:
        names = await opened.enter_async_context(open_names(made, content))
        if not made.without_chain:
            ens = EnsOnDemand(settings, opened, names.dns, tell=tell, progress=progress)
            opened.enter_context(names.ens.led_by(ens))
        yield names.names
