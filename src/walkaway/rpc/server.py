"""`RpcServer`: an `Endpoint` on real sockets, started and stopped by whoever holds it."""

from __future__ import annotations

from collections.abc import Iterable

from walkaway.chain.offchain_calls import OffchainCalls
from walkaway.limits import LIMITS, Limits
from walkaway.names.ens.ens import Ens
from walkaway.rpc.chain_view import ChainView
from walkaway.rpc.dispatch import Dispatcher
from walkaway.rpc.endpoint import Endpoint
from walkaway.rpc.http_protocol import bounded_http
from walkaway.rpc.http_server import LOOPBACK_ADDRESSES, HttpServer, bound_names
from walkaway.rpc.local_surface import LocalSurface

__all__ = ["RpcServer"]


class RpcServer(HttpServer):
    """Serves a chain over HTTP and WebSocket on one port.

    ``hosts`` are addresses to bind, both loopbacks by default; ``port`` 0 takes
    a free one, the same on all. ``allowed_hosts`` and ``allowed_origins`` are the
    exceptions of `LocalSurface`; an address that is bound by name may be named
    as Host in any case. ``offchain`` follows the lookups of `eth_call`, and
    ``ens`` resolves names.

    Raises `ConfigError` for what is malformed, and as `HttpServer`.
    """

    def __init__(
        self,
        chain: ChainView,
        hosts: Iterable[str] = LOOPBACK_ADDRESSES,
        port: int = 8545,
        *,
        allowed_hosts: Iterable[str] = (),
        allowed_origins: Iterable[str] = (),
        offchain: OffchainCalls | None = None,
        ens: Ens | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        addresses = tuple(hosts)
        surface = LocalSurface(
            hosts=[*bound_names(addresses), *allowed_hosts], origins=allowed_origins
        )
        dispatcher = Dispatcher(chain, offchain=offchain, ens=ens, limits=limits)
        super().__init__(
            Endpoint(dispatcher, surface, limits=limits),
            addresses,
            port,
            http=bounded_http(limits),
            served=limits.rpc_connections,
            unread_seconds=limits.rpc_send_seconds,
            limits=limits,
        )
