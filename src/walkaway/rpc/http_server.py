"""`HttpServer`: an ASGI application on real sockets, started and stopped by whoever holds it."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from walkaway.errors import ConfigError
from walkaway.limits import LIMITS, Limits
from walkaway.rpc.http_protocol import BoundedHttpProtocol, QuietWebSocketProtocol

__all__ = ["LOOPBACK_ADDRESSES", "SPARE_CONNECTIONS", "HttpServer", "bound_names", "check_port"]

LOOPBACK_ADDRESSES = ("127.0.0.1", "::1")

KEEP_ALIVE_SECONDS = 65
"""Longer than libraries keep idle connections, so that they and not we close them."""
GRACE_SECONDS = 5
WAITING_CONNECTIONS = 128
SPARE_CONNECTIONS = 64
"""Idle connections beside those that are being served; more of them make room for newcomers."""


class HttpServer:
    """Serves an application over HTTP and WebSocket on one port.

    ``hosts`` are addresses to bind; ``port`` 0 takes a free one, the same on all.
    ``served`` is how many requests the application itself takes at a time;
    ``unread_seconds`` how long a client may leave what was sent to it unread;
    ``flag`` what the person chooses the port by. It installs no signal handlers
    and touches no logging.

    Raises `ConfigError` from `start` for a port that is taken or an address that
    is not this machine's.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: Iterable[str],
        port: int,
        *,
        http: type[BoundedHttpProtocol],
        served: int,
        unread_seconds: float,
        flag: str = "--port",
        limits: Limits = LIMITS,
    ) -> None:
        self._app = app
        self._hosts = tuple(hosts)
        self._port = port
        self._http = http
        self._served = served
        self._unread_seconds = unread_seconds
        self._flag = flag
        self._limits = limits
        self._sockets: list[socket.socket] = []
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; before `start`, the one asked for."""
        return self._sockets[0].getsockname()[1] if self._sockets else self._port

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://{_in_url(self._hosts[0])}:{self.port}"

    def reserve(self) -> None:
        """Bind the port without accepting yet, to learn early that it can be had.

        Raises `ConfigError` where it cannot.
        """
        if not self._sockets:
            self._sockets = _bind(self._hosts, self._port, self._unread_seconds, self._flag)

    async def start(self) -> None:
        """Serve. Returns when connections are accepted."""
        self.reserve()
        self._listen()
        self._server = _Server(self._configuration())
        self._serving = asyncio.create_task(self._server.serve(sockets=self._sockets))
        while not self._server.started:
            if self._serving.done():
                self._serving.result()
            await asyncio.sleep(0.005)

    def _listen(self) -> None:
        for bound in self._sockets:
            try:
                bound.listen(WAITING_CONNECTIONS)
            except OSError as error:
                host, port = bound.getsockname()[:2]
                self._let_go()
                raise _cannot_listen(host, port, error, self._flag) from None

    def _let_go(self) -> None:
        for bound in self._sockets:
            bound.close()
        self._sockets = []

    async def stop(self) -> None:
        """Stop accepting, let the running calls end within a few seconds, then close."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await asyncio.wait([self._serving], timeout=GRACE_SECONDS)
            self._server.cut_off()
            await self._serving
        self._let_go()
        self._server = self._serving = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    def _configuration(self) -> uvicorn.Config:
        return uvicorn.Config(
            self._app,
            http=self._http,
            ws=QuietWebSocketProtocol,
            ws_max_size=self._limits.rpc_request_bytes,
            ws_ping_interval=self._limits.rpc_ping_seconds,
            ws_ping_timeout=self._limits.rpc_ping_seconds,
            # A few compressed bytes must not become a large message.
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            # The application refuses with a reason at its own limit; this is behind it, and only
            # connections that are being served count, since idle ones make room.
            limit_concurrency=self._served + SPARE_CONNECTIONS,
            # As many are accepted at a time, before any of them can be refused.
            backlog=WAITING_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the program, not to a part of it."""
        yield

    def cut_off(self) -> None:
        """End what did not end by itself; uvicorn would tell the log of it, as of a fault."""
        for task in list(self.server_state.tasks):
            task.cancel()
        for connection in list(self.server_state.connections):
            connection.transport.abort()


def bound_names(hosts: Iterable[str]) -> list[str]:
    """The addresses among those that are bound, as they may stand in a Host header."""
    return [_in_url(host) for host in hosts if host not in ("0.0.0.0", "::")]  # noqa: S104


def check_port(
    port: int, hosts: tuple[str, ...] = LOOPBACK_ADDRESSES, *, flag: str = "--port"
) -> None:
    """Raise `ConfigError` where a port cannot be had now, for what takes long to begin.

    ``flag`` is what the person chooses it by.
    """
    for bound in _bind(hosts, port, LIMITS.rpc_send_seconds, flag):
        bound.close()


def _bind(
    hosts: tuple[str, ...], port: int, unread_seconds: float, flag: str
) -> list[socket.socket]:
    if not hosts:
        raise ConfigError("there is no address to listen on")
    bound: list[socket.socket] = []
    try:
        for host in hosts:
            taken = bound[0].getsockname()[1] if bound else port
            try:
                bound.append(_bound(host, taken, unread_seconds, flag))
            except _NoSuchFamily:
                # A machine without IPv6 is served on IPv4 alone.
                if len(hosts) == 1:
                    raise
    except ConfigError:
        for each in bound:
            each.close()
        raise
    return bound


class _NoSuchFamily(ConfigError):
    """This machine has no such address."""


def _bound(host: str, port: int, unread_seconds: float, flag: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = None
    try:
        # Named as TCP, or asyncio leaves Nagle's delay on: 40 ms for each small answer.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # Inherited by each connection: one whose client does not read ends by itself.
            milliseconds = round(1000 * unread_seconds)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        listener.bind((host, port))
        listener.setblocking(False)
    except (OSError, OverflowError) as error:
        if listener is not None:
            listener.close()
        raise _cannot_listen(host, port, error, flag) from None
    return listener


def _cannot_listen(host: str, port: int, error: OSError | OverflowError, flag: str) -> ConfigError:
    number = error.errno if isinstance(error, OSError) else None
    where = f"port {port} on {host}"
    if number == errno.EADDRINUSE:
        return ConfigError(
            f"{where} is taken by another program",
            advice=f"end that program, or choose another port with {flag}",
        )
    if number == errno.EACCES:
        return ConfigError(f"{where} needs privileges", advice="choose a port above 1023")
    if number in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return _NoSuchFamily(f"{host} is no address of this machine")
    return ConfigError(f"cannot listen on {where}", advice="give an IP address and a free port")


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
