"""DNS over HTTPS (RFC 8484): by HTTP/2 where the resolver speaks it, else by HTTP/1.1.

HTTP/2 is what RFC 8484, section 5.2, recommends as the least, and many resolvers speak
nothing else. Which one it is TLS tells (ALPN), and is remembered. All questions share one
connection.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence

from yarl import URL

from walkaway.errors import SourceFault
from walkaway.sources.request import Answer, DnsRequest, Request, RpcRequest
from walkaway.sources.transports.dialing import Dialer
from walkaway.sources.transports.dns_failures import CONNECTION_ERRORS, connection_fault
from walkaway.sources.transports.dns_http import dns_answer, dns_question
from walkaway.sources.transports.http import HttpTransport
from walkaway.sources.transports.http2 import ConnectionLost
from walkaway.sources.transports.http2_connection import Http2Connection
from walkaway.sources.transports.http_client import HttpClient, HttpQuestion, HttpReply

__all__ = ["DnsHttpsTransport"]

_HTTP_2, _HTTP_1 = "h2", "http/1.1"


class DnsHttpsTransport:
    """A resolver at an https address. ``client`` asks it where it speaks HTTP/1.1 alone.

    ``context`` says whose certificates hold over HTTP/2, where that is not up to the system.

    Raises:
        ConfigError: the URL cannot be read.
    """

    def __init__(
        self,
        source: str,
        url: str,
        client: HttpClient,
        *,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._by_http_1 = HttpTransport(source, url, client)
        self._source = source
        self._url = URL(url)
        self._limits = client.limits
        self._dialer = Dialer(
            self._url.host or "",
            self._url.port or 0,
            client.limits,
            encrypted=True,
            context=context,
            protocols=(_HTTP_2, _HTTP_1),
        )
        self._dialing = asyncio.Lock()
        self._connections: list[Http2Connection] = []
        self._http_1_until = 0.0
        self._closed = False

    async def fetch(self, request: Request) -> Answer:
        """Ask once.

        Raises:
            SourceFault: no whole answer to the question came back.
        """
        if not isinstance(request, DnsRequest) or time.monotonic() < self._http_1_until:
            return await self._by_http_1.fetch(request)
        question, query = dns_question(self._url, request)
        try:
            async with asyncio.timeout(self._limits.request_seconds):
                reply = await self._ask(question)
        except CONNECTION_ERRORS as error:
            raise connection_fault(error) from None
        if reply is None:
            return await self._by_http_1.fetch(request)
        return dns_answer(reply, query, self._source)

    async def fetch_batch(self, requests: Sequence[RpcRequest]) -> list[Answer | SourceFault]:
        """As over HTTP/1.1, of which JSON-RPC is asked."""
        return await self._by_http_1.fetch_batch(requests)

    def scrub(self, text: str) -> str:
        """The text without anything secret of this source's address."""
        return self._by_http_1.scrub(text)

    async def close(self) -> None:
        """Let go of the connections."""
        self._closed = True
        for connection in self._connections:
            connection.drop()
        for connection in self._connections:
            await connection.closed()
        self._connections.clear()
        await self._dialer.close()
        await self._by_http_1.close()

    async def _ask(self, question: HttpQuestion) -> HttpReply | None:
        """The reply; None where the resolver speaks no HTTP/2.

        What a resolver closes meanwhile, as it may at any time, is opened anew, once.
        """
        connection = await self._connection()
        if connection is None:
            return None
        try:
            return await connection.ask(question)
        except ConnectionLost:
            connection.retire()
        again = await self._connection()
        return await again.ask(question) if again is not None else None

    async def _connection(self) -> Http2Connection | None:
        """The one that takes questions; a new one where there is none."""
        async with self._dialing:
            if self._closed:
                raise SourceFault("closed")
            self._connections = [each for each in self._connections if each.is_open]
            if self._connections and self._connections[-1].takes_more():
                return self._connections[-1]
            for each in self._connections:
                each.retire()
            connected = await self._dialer.connect()
            if connected.protocol != _HTTP_2:
                connected.drop()
                self._http_1_until = time.monotonic() + self._limits.capability_seconds
                return None
            self._connections.append(Http2Connection(connected, self._limits))
            return self._connections[-1]
