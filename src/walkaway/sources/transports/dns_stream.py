"""DNS over TCP (RFC 7766) and over TLS (RFC 7858): a length, then a message, both ways.

A connection carries one question at a time and is kept for a moment for the next one,
since many come together. What a resolver closes meanwhile is opened anew, once.
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
import time
from collections import deque
from collections.abc import Sequence

from walkaway.errors import SourceFault, SourceLacks
from walkaway.limits import LIMITS, Limits
from walkaway.sources.request import Answer, DnsRequest, Request, RpcRequest
from walkaway.sources.transports.dialing import Connected, Dialer
from walkaway.sources.transports.dns_failures import CONNECTION_ERRORS, connection_fault
from walkaway.sources.transports.dns_message import DnsQuery, dns_query

__all__ = ["DnsStreamTransport"]

_NUMBERS = 1 << 16


class DnsStreamTransport:
    """A resolver that is asked over TCP, or over TLS where ``encrypted``.

    ``host`` is a name or an address, and whom its certificate must name.
    ``context`` says whose certificates hold, where that is not up to the system.
    """

    def __init__(
        self,
        source: str,
        host: str,
        port: int,
        limits: Limits = LIMITS,
        *,
        encrypted: bool = False,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._source = source
        self._host = host
        self._limits = limits
        self._encrypted = encrypted
        self._dialer = Dialer(host, port, limits, encrypted=encrypted, context=context)
        self._idle: deque[tuple[float, Connected]] = deque()
        self._closed = False

    async def fetch(self, request: Request) -> Answer:
        """Ask once.

        Raises:
            SourceLacks: it was asked for something else than DNS records.
            SourceFault: no whole answer to the question came back.
        """
        if not isinstance(request, DnsRequest):
            raise SourceLacks("a resolver knows nothing but names", lasting=True)
        number = secrets.randbelow(_NUMBERS)
        query = dns_query(request, number=number, padded=self._encrypted)
        try:
            async with asyncio.timeout(self._limits.request_seconds):
                message = await self._ask(query)
        except CONNECTION_ERRORS as error:
            raise connection_fault(error) from None
        return Answer(self._source, message, content=message)

    async def fetch_batch(self, requests: Sequence[RpcRequest]) -> list[Answer | SourceFault]:
        """A resolver answers no JSON-RPC."""
        lacks = SourceLacks("a resolver knows nothing but names", lasting=True)
        return [lacks for _ in requests]

    def scrub(self, text: str) -> str:
        """The address of a resolver is no secret, but nobody's business either."""
        return text.replace(self._host, "(a resolver)")

    async def close(self) -> None:
        """Let go of the connections."""
        self._closed = True
        while self._idle:
            self._idle.pop()[1].drop()
        await self._dialer.close()

    async def _ask(self, query: DnsQuery) -> bytes:
        kept = self._take_idle()
        if kept is not None:
            try:
                return await self._over(kept, query)
            except CONNECTION_ERRORS:
                pass  # It was closed meanwhile, as a resolver may at any time.
        return await self._over(await self._dialer.connect(), query)

    async def _over(self, connection: Connected, query: DnsQuery) -> bytes:
        in_order = False
        try:
            message = await _exchange(connection, query.message)
            query.check(message)
            in_order = True
        finally:
            if in_order and not self._closed:
                self._keep(connection)
            else:
                connection.drop()
        return message

    def _take_idle(self) -> Connected | None:
        """The connection that was used last, unless that is too long ago."""
        while self._idle:
            since, connection = self._idle.pop()
            if time.monotonic() - since < self._limits.dns_idle_seconds:
                return connection
            connection.drop()
        return None

    def _keep(self, connection: Connected) -> None:
        self._idle.append((time.monotonic(), connection))
        while len(self._idle) > self._limits.dns_idle_connections:
            self._idle.popleft()[1].drop()


async def _exchange(connection: Connected, message: bytes) -> bytes:
    connection.writer.write(len(message).to_bytes(2, "big") + message)
    await connection.writer.drain()
    length = int.from_bytes(await connection.reader.readexactly(2), "big")
    return await connection.reader.readexactly(length)
