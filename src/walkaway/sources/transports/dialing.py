"""Connections to one host over TCP, and TLS where that is wished: whichever address is first."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from aiohappyeyeballs import AddrInfoType, start_connection
from aiohttp.abc import ResolveResult

from walkaway.limits import LIMITS, Limits
from walkaway.sources.transports.name_lookups import NameLookups

__all__ = ["Connected", "Dialer"]


@dataclass(frozen=True, slots=True)
class Connected:
    """An open connection, read from and written to by streams."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def protocol(self) -> str | None:
        """The protocol that TLS agreed on (ALPN, RFC 7301), if any."""
        secured = self.writer.get_extra_info("ssl_object")
        return secured.selected_alpn_protocol() if isinstance(secured, ssl.SSLObject) else None

    def drop(self) -> None:
        """Close it at once."""
        self.writer.transport.abort()


class Dialer:
    """Connects to a host: a name or an address, and whom its certificate must name.

    ``context`` says whose certificates hold, where that is not up to the system.
    ``protocols`` are those offered within TLS, the preferred one first. Close it when done.
    """

    def __init__(
        self,
        host: str,
        port: int,
        limits: Limits = LIMITS,
        *,
        encrypted: bool = False,
        context: ssl.SSLContext | None = None,
        protocols: Sequence[str] = (),
    ) -> None:
        self._host = host
        self._port = port
        self._limits = limits
        self._encrypted = encrypted
        self._context = context
        self._protocols = protocols
        self._lookups = NameLookups(limits)

    async def connect(self) -> Connected:
        """A new connection, to whichever of its addresses takes one first (RFC 8305).

        Raises what asyncio's sockets, and the lookup of a name, raise.
        """
        context = await self._tls()
        async with asyncio.timeout(self._limits.connect_seconds):
            places = await self._lookups.resolve(self._host, self._port)
            connected = await start_connection(
                [_address_info(place) for place in places],
                happy_eyeballs_delay=self._limits.dns_address_seconds,
            )
            reader, writer = await asyncio.open_connection(sock=connected)
            if context is not None:
                await _secure(writer, context, self._host)
            return Connected(reader, writer)

    async def close(self) -> None:
        """Let go of the threads that look names up."""
        await self._lookups.close()

    async def _tls(self) -> ssl.SSLContext | None:
        if not self._encrypted:
            return None
        if self._context is None:
            # It reads all authorities of the system, which is not done in a moment.
            self._context = await asyncio.to_thread(ssl.create_default_context)
        if self._protocols:
            self._context.set_alpn_protocols(list(self._protocols))
        return self._context


async def _secure(writer: asyncio.StreamWriter, context: ssl.SSLContext, host: str) -> None:
    """Speak TLS from here on.

    What is called off meanwhile is closed at once: to end TLS in good order takes an answer
    of the other side, for which nobody is left to wait.
    """
    plain = writer.transport
    try:
        await writer.start_tls(context, server_hostname=host)
    except BaseException:
        plain.abort()
        raise


def _address_info(place: ResolveResult) -> AddrInfoType:
    address: tuple[str | int, ...] = (place["host"], place["port"])
    if place["family"] == socket.AF_INET6:
        address = (*address, 0, 0)
    return (place["family"], socket.SOCK_STREAM, place["proto"], "", address)
