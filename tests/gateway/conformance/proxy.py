"""The group of the proxy: the gateway asked as an HTTP proxy, by whole URLs and in tunnels."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Iterator

from tests.gateway.conformance.exchange import (
    SUBDOMAINS,
    Exchange,
    Reply,
    equals,
    exactly,
    has,
)
from tests.gateway.conformance.fixture import Fixture
from walkaway.gateway.app import Gateway
from walkaway.gateway.server import GatewayServer

__all__ = ["ask_at", "ask_by_proxy", "proxy_exchanges"]

WHOLE, TUNNEL = "proxy, whole URLs", "proxy, CONNECT"
SECONDS = 30


def proxy_exchanges() -> Iterator[Exchange]:
    """All of them."""
    fixture = Fixture("subdomain_gateway/fixtures.car")
    v1, v0, v0_to_1 = (fixture.cid(f"hello-CIDv{kind}") for kind in ("1", "0", "0to1"))
    inside = f"{fixture.cid('testdirlisting')}.ipfs.{SUBDOMAINS}"
    moved = equals("location", f"http://{v0_to_1}.ipfs.{SUBDOMAINS}/")
    for group in (WHOLE, TUNNEL):
        host = f"{v1}.ipfs.{SUBDOMAINS}"
        yield Exchange(group, "a file", "/", [exactly(b"hello\n")], host=host)
        yield Exchange(group, "sent to its host", f"/ipfs/{v0}/", [moved], 301, host=SUBDOMAINS)
        text = [has("body", "I am a txt file")]
        yield Exchange(group, "a folder called ipfs", "/ipfs/file.txt", text, host=inside)


async def ask_by_proxy(gateway: Gateway, exchange: Exchange) -> Reply:
    """What a client gets for which the gateway is the proxy."""
    async with GatewayServer(gateway, ["127.0.0.1"], 0) as server:
        return await asyncio.to_thread(
            ask_at,
            server.port,
            exchange,
            tunnel=exchange.group == TUNNEL,
            whole=exchange.group == WHOLE,
        )


def ask_at(port: int, exchange: Exchange, *, tunnel: bool = False, whole: bool = False) -> Reply:
    """What is answered over a connection to this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        if tunnel:
            connection.set_tunnel("127.0.0.1", port)
        target = f"http://{exchange.host}{exchange.target}" if whole else exchange.target
        connection.putrequest(exchange.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in {"host": exchange.host, **exchange.headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        told: dict[str, str] = {}
        for name, value in response.getheaders():
            key = name.lower()
            told[key] = f"{told[key]},{value}" if key in told else value
        return Reply(response.status, told, response.read())
    finally:
        connection.close()
