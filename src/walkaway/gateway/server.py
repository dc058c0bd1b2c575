"""`GatewayServer`: a `Gateway` on real sockets, beside the RPC server or alone."""

from __future__ import annotations

from collections.abc import Iterable

from walkaway.gateway.app import Gateway
from walkaway.gateway.connect_front import proxy_http
from walkaway.limits import LIMITS, Limits
from walkaway.rpc.http_server import LOOPBACK_ADDRESSES, HttpServer

__all__ = ["GatewayServer"]


class GatewayServer(HttpServer):
    """Serves a gateway over HTTP on one port, as a proxy for its own hosts as well.

    ``hosts`` are addresses to bind, both loopbacks by default; ``port`` 0 takes a
    free one, the same on all. Raises as `HttpServer`.
    """

    def __init__(
        self,
        gateway: Gateway,
        hosts: Iterable[str] = LOOPBACK_ADDRESSES,
        port: int = 8080,
        *,
        limits: Limits = LIMITS,
    ) -> None:
        super().__init__(
            gateway,
            hosts,
            port,
            http=proxy_http(gateway.serves, limits),
            served=limits.web_requests,
            unread_seconds=limits.web_unread_seconds,
            flag="--gateway-port",
            limits=limits,
        )
