"""Names for commands that end: a chain is followed only if a name stands on one.

Where another walkaway follows this network with the same state, the chain is followed
beside it, from what that has kept, and nothing is written: what a command says is proven
by the command itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from walkaway.anchors.load import chain_spec
from walkaway.chain.follower import SyncProgress
from walkaway.chain.kept import in_use
from walkaway.cli.config import Settings
from walkaway.cli.names import names_plan, open_names
from walkaway.cli.network_check import require_network
from walkaway.cli.node import Node, open_node, plan
from walkaway.content.service import Content
from walkaway.names.dns.lookup import DnsLookup
from walkaway.names.ens.ens import Ens, EnsAnswer
from walkaway.names.ens.records import EnsRecord
from walkaway.names.resolution import Names, Resolution
from walkaway.sources.defaults import CHAIN_KINDS

__all__ = ["EnsOnDemand", "names_of"]


class EnsOnDemand:
    """ENS by a chain that is followed from the first question on. Implements `ResolvesEns`.

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
        self._node: Node | None = None
        self._opening = asyncio.Lock()

    async def resolve(self, name: str) -> Resolution:
        """As `Ens.resolve`. Raises also what keeps the chain from being followed."""
        return await (await self.ens()).resolve(name)

    @property
    def chain_id(self) -> int:
        """The chain that is followed, or would be."""
        return chain_spec(self._settings.network).chain_id

    async def lookup(self, name: str, wanted: Sequence[EnsRecord]) -> EnsAnswer:
        """As `Ens.lookup`. Raises also what keeps the chain from being followed."""
        return await (await self.ens()).lookup(name, wanted)

    async def ens(self) -> Ens:
        """ENS, once the chain is followed. Raises `WalkawayError` where it cannot be."""
        return (await self.node()).ens

    async def node(self) -> Node:
        """The node that follows the chain. Raises `WalkawayError` where it cannot."""
        async with self._opening:
            if self._node is None:
                self._node = await self._follow()
            return self._node

    async def _follow(self) -> Node:
        settings = self._settings
        listed = [source for source in settings.sources if CHAIN_KINDS.intersection(source.kinds)]
        await asyncio.to_thread(require_network, listed)
        spec, made = chain_spec(settings.network), plan(settings)
        beside = await asyncio.to_thread(in_use, settings.state_directory, spec.network)
        chain = replace(made.chain, only_reads=beside)
        return await self._opened.enter_async_context(
            open_node(
                spec,
                listed,
                replace(made, chain=chain, serves_endpoint=False),
                dns=self._dns,
                tell=self._tell,
                progress=self._progress,
            )
        )


@asynccontextmanager
async def names_of(
    settings: Settings,
    content: Content,
    *,
    offline: bool = False,
    for_contract: bool = False,
    tell: Callable[[str], None] = lambda _: None,
    progress: Callable[[SyncProgress], None] = lambda _: None,
) -> AsyncIterator[Names]:
    """Names of every kind, as a person's settings have them. Raises `ConfigError`.

    ``for_contract`` follows the chain at once, and has ``content`` give pages of contracts by
    it. Raises then what keeps it from being followed.
    """
    made = names_plan(settings, offline=offline)
    async with AsyncExitStack() as opened:
        names = await opened.enter_async_context(open_names(made, content))
        if not made.without_chain:
            ens = EnsOnDemand(settings, opened, names.dns, tell=tell, progress=progress)
            opened.enter_context(names.ens.led_by(ens))
            if for_contract:
                node = await ens.node()
                opened.enter_context(content.by_chain(node.chain, node.ens))
        yield names.names
