"""Puts the gateway together: content, the names that are held, and a server in front."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from walkaway.chain.clock import SystemClock
from walkaway.cli.config import Settings
from walkaway.cli.content import content_plan
from walkaway.cli.names import NamesPlan, OpenNames, names_plan, open_names
from walkaway.cli.node import Listen, Node, listen_addresses
from walkaway.cli.open_files import fitting, raise_open_files
from walkaway.content.service import Content, ContentPlan, open_content
from walkaway.content.store.assembled import AssembledFiles
from walkaway.errors import ConfigError
from walkaway.gateway.answers.explanation import Explanations
from walkaway.gateway.app import Gateway
from walkaway.gateway.origins.name_origins import NameOrigins
from walkaway.gateway.pages.own_pages import OwnPages
from walkaway.gateway.request.hosts import GatewaySettings
from walkaway.gateway.routing.peer_key import open_peer_key, peer_id
from walkaway.gateway.routing.routing_v1 import RoutingV1
from walkaway.gateway.safety.denylist import Denylist
from walkaway.gateway.server import GatewayServer
from walkaway.limits import Limits
from walkaway.rpc.http_server import bound_names
from walkaway.sources.standing import SourceStatus

__all__ = ["GatewayPlan", "OpenGateway", "gateway_plan", "open_gateway"]

_HOST: Final = re.compile(r"[a-z0-9_.-]+", re.ASCII)
"""What of the person's own names can be a host; others are found by path."""


@dataclass(frozen=True, slots=True)
class GatewayPlan:
    """What a gateway is made of: its content, its names, and where it listens.

    ``peer_key`` is the file of the key that this node is known by, made where there is none;
    ``serves_endpoint`` says that the same program is to serve the RPC endpoint too.
    """

    content: ContentPlan
    names: NamesPlan
    listen: Listen
    peer_key: Path
    subdomain_hosts: tuple[str, ...] = ("localhost",)
    proxied_names: tuple[str, ...] = ()
    denylist: Path | None = None
    serves_endpoint: bool = False


@dataclass(frozen=True, slots=True)
class OpenGateway:
    """A gateway that serves, the names that it resolves and the content behind it."""

    server: GatewayServer
    names: OpenNames
    content: Content

    @contextmanager
    def by_chain(self, node: Node) -> Iterator[None]:
        """Inside, names of ENS and pages of contracts are had by the chain that is followed."""
        with (
            self.names.by_chain(node.ens, node.pool),
            self.content.by_chain(node.chain, node.ens),
        ):
            yield

    def chain_is_away(self, why: str) -> None:
        """Say from now on why neither is to be had."""
        self.names.chain_is_away(why)
        self.content.contracts.reason = self.names.ens.reason


def gateway_plan(settings: Settings, *, offline: bool = False) -> GatewayPlan:
    """The plan that a person's settings make. Raises `ConfigError`."""
    return GatewayPlan(
        content=content_plan(settings, offline=offline),
        names=names_plan(settings, offline=offline, decides=True),
        listen=Listen(
            listen_addresses(settings),
            settings.gateway_port,
            settings.allowed_hosts,
            settings.allowed_origins,
        ),
        peer_key=settings.state_directory / "peer.key",
        subdomain_hosts=settings.subdomain_hosts,
        proxied_names=_proxied(settings),
        denylist=settings.denylist,
        serves_endpoint="rpc" in settings.serve,
    )


@asynccontextmanager
async def open_gateway(plan: GatewayPlan) -> AsyncIterator[OpenGateway]:
    """A gateway that serves; everything is closed on the way out.

    Raises:
        ConfigError: a folder, a file or the port cannot be used.
    """
    listen = plan.listen
    limits = fitting(raise_open_files())
    async with AsyncExitStack() as stack:
        content = await stack.enter_async_context(open_content(plan.content, clock=SystemClock()))
        names = await stack.enter_async_context(open_names(plan.names, content))
        assembled = AssembledFiles(plan.content.folder / "assembled", limits, blocks=content.store)
        stack.callback(assembled.close)
        denylist = Denylist(plan.denylist)
        await asyncio.to_thread(denylist.load)
        origins = NameOrigins(names.history, plan.names.holds, SystemClock(), limits=limits)
        gateway = Gateway(
            content.blocks,
            content.store,
            names.names,
            others=content.networks.others,
            mirrors=content.networks.mirrors,
            settings=GatewaySettings(
                plan.subdomain_hosts,
                listen.allowed_hosts,
                listen.allowed_origins,
                plan.proxied_names,
            ),
            bound=bound_names(listen.hosts),
            relayed=content.blocks.relayed,
            held=names.held,
            assembled=assembled,
            denylist=denylist,
            origins=origins,
            limits=limits,
        )
        server = _reserved(gateway, listen, limits)
        stack.push_async_callback(server.stop)
        key = await asyncio.to_thread(open_peer_key, plan.peer_key)
        addresses = [_multiaddr(host, server.port) for host in listen.hosts]
        gateway.routing = RoutingV1(
            content.store, names.held, peer_id(key), addresses, denylist=denylist
        )
        gateway.own_pages = OwnPages(
            content.status,
            serves_endpoint=plan.serves_endpoint,
            proxied_names=plan.proxied_names,
            names=origins.section,
            asked_about_names=lambda: (names.resolvers(), names.ens.why_not),
        )
        gateway.explanations = Explanations(
            content.blocks,
            names.names,
            others=content.networks.others,
            mirrors=content.networks.mirrors,
            supply=content.blocks.supply,
            supplied=content.suppliers.of,
            sources=lambda: _sources(content, names),
            pdp=content.pdp,
            denylist=denylist,
            limits=limits,
        )
        await stack.enter_async_context(_watched(denylist))
        await stack.enter_async_context(server)
        yield OpenGateway(server, names, content)


def _proxied(settings: Settings) -> tuple[str, ...]:
    """The DNS names that browsers are to open here: those listed, and the person's own."""
    own = (entry.partition("=")[0].removesuffix(".") for entry in settings.dnslinks)
    named = (name.lower() for name in (*settings.proxied_names, *own))
    return tuple(dict.fromkeys(filter(_HOST.fullmatch, named)))


def _sources(content: Content, names: OpenNames) -> list[SourceStatus]:
    """All who are asked, for content or about names."""
    pools = (content.pool, content.found, content.routers, *content.others)
    return [status for pool in pools for status in pool.status()] + [*names.sources()]


def _reserved(gateway: Gateway, listen: Listen, limits: Limits) -> GatewayServer:
    """A server that has its port already."""

    def server(port: int) -> GatewayServer:
        made = GatewayServer(gateway, listen.hosts, port, limits=limits)
        made.reserve()
        return made

    try:
        return server(listen.port)
    except ConfigError:
        if not listen.or_any_port:
            raise
        return server(0)


@asynccontextmanager
async def _watched(denylist: Denylist) -> AsyncIterator[None]:
    watching = asyncio.create_task(denylist.watch())
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


def _multiaddr(host: str, port: int) -> str:
    return f"/{'ip6' if ':' in host else 'ip4'}/{host}/tcp/{port}/http"
