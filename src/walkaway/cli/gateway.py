"""Puts the gateway together: content, the names that are held, and a server in front."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from walkaway.chain.clock import SystemClock
from walkaway.cli.config import Settings
from walkaway.cli.content import content_plan, held_names
from walkaway.cli.node import listen_addresses
from walkaway.content.opening import Content, open_content
from walkaway.content.store.assembled import AssembledFiles
from walkaway.gateway.app import Gateway
from walkaway.gateway.denylist import Denylist
from walkaway.gateway.hosts import GatewaySettings
from walkaway.gateway.peer_key import open_peer_key, peer_id
from walkaway.gateway.routing_v1 import RoutingV1
from walkaway.gateway.server import GatewayServer
from walkaway.names.held import HeldNames
from walkaway.rpc.http_server import bound_names

__all__ = ["OpenGateway", "browser_url", "open_gateway"]


@dataclass(frozen=True, slots=True)
class OpenGateway:
    """A gateway that serves, the names that it holds and the content behind it."""

    server: GatewayServer
    names: HeldNames
    content: Content


@asynccontextmanager
async def open_gateway(settings: Settings, *, offline: bool = False) -> AsyncIterator[OpenGateway]:
    """A gateway by a person's settings; everything is closed on the way out.

    Raises:
        ConfigError: a folder, a file or the port cannot be used.
    """
    clock = SystemClock()
    hosts = listen_addresses(settings)
    async with AsyncExitStack() as stack:
        plan = content_plan(settings, offline=offline)
        content = await stack.enter_async_context(open_content(plan, clock=clock))
        assembled = AssembledFiles(settings.store_folder / "assembled", blocks=content.store)
        stack.callback(assembled.close)
        denylist = Denylist(settings.denylist)
        await asyncio.to_thread(denylist.load)
        names = held_names(settings)
        gateway = Gateway(
            content.blocks,
            content.store,
            names,
            settings=GatewaySettings(
                settings.subdomain_hosts, settings.allowed_hosts, settings.allowed_origins
            ),
            bound=bound_names(hosts),
            assembled=assembled,
            denylist=denylist,
        )
        server = GatewayServer(gateway, hosts, settings.gateway_port)
        server.reserve()
        stack.push_async_callback(server.stop)
        key = await asyncio.to_thread(open_peer_key, settings.state_directory / "peer.key")
        addresses = [_multiaddr(host, server.port) for host in hosts]
        gateway.routing = RoutingV1(
            content.store, names, peer_id(key), addresses, denylist=denylist
        )
        await stack.enter_async_context(_watched(denylist))
        await stack.enter_async_context(server)
        yield OpenGateway(server, names, content)


def browser_url(port: int) -> str:
    """Where a browser finds the gateway: below this name each content has its own origin."""
    return f"http://localhost:{port}"


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
