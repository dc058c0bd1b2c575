"""DNS over UDP (RFC 1035, section 4.2.1), and over TCP what does not fit.

Whoever guesses port and number could answer in the resolver's place; that costs time and
no more, since all of it is proven. So what answers something else is passed over.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence

from walkaway.errors import SourceFault, SourceLacks
from walkaway.limits import LIMITS, Limits
from walkaway.sources.request import Answer, DnsRequest, Request, RpcRequest
from walkaway.sources.transports.dns_failures import CONNECTION_ERRORS, connection_fault
from walkaway.sources.transports.dns_message import DnsQuery, Truncated, dns_query
from walkaway.sources.transports.dns_stream import DnsStreamTransport
from walkaway.sources.transports.name_lookups import NameLookups

__all__ = ["DnsUdpTransport"]

_NUMBERS = 1 << 16


class DnsUdpTransport:
    """A resolver that is asked by datagrams, each from a port that the system chooses anew."""

    def __init__(self, source: str, host: str, port: int, limits: Limits = LIMITS) -> None:
        self._source = source
        self._host = host
        self._port = port
        self._limits = limits
        self._lookups = NameLookups(limits)
        self._stream = DnsStreamTransport(source, host, port, limits)

    async def fetch(self, request: Request) -> Answer:
        """Ask once; a datagram that is lost is sent again.

        Raises:
            SourceLacks: it was asked for something else than DNS records.
            SourceFault: no whole answer to the question came back.
        """
        if not isinstance(request, DnsRequest):
            raise SourceLacks("a resolver knows nothing but names", lasting=True)
        query = dns_query(request, number=secrets.randbelow(_NUMBERS), padded=False)
        try:
            async with asyncio.timeout(self._limits.request_seconds):
                message = await self._ask(query)
        except Truncated:
            return await self._stream.fetch(request)
        except CONNECTION_ERRORS as error:
            raise connection_fault(error) from None
        return Answer(self._source, message, content=message)

    async def fetch_batch(self, requests: Sequence[RpcRequest]) -> list[Answer | SourceFault]:
        """A resolver answers no JSON-RPC."""
        return await self._stream.fetch_batch(requests)

    def scrub(self, text: str) -> str:
        """The address of a resolver is no secret, but nobody's business either."""
        return self._stream.scrub(text)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._lookups.close()
        await self._stream.close()

    async def _ask(self, query: DnsQuery) -> bytes:
        place = (await self._lookups.resolve(self._host, self._port))[0]
        transport, heard = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(self._limits.dns_strays), remote_addr=(place["host"], self._port)
        )
        try:
            sender = asyncio.ensure_future(self._send(transport, query.message))
            try:
                return await self._answer(heard, query)
            finally:
                sender.cancel()
        finally:
            transport.abort()

    async def _send(self, transport: asyncio.DatagramTransport, message: bytes) -> None:
        while True:
            transport.sendto(message)
            await asyncio.sleep(self._limits.dns_resend_seconds)

    async def _answer(self, heard: _Datagrams, query: DnsQuery) -> bytes:
        """The first datagram that has the query's number. Raises what it fails at."""
        for _ in range(self._limits.dns_strays):
            message = await heard.next()
            if message[:2] == query.message[:2]:
                query.check(message)
                return message
        raise SourceFault("sends answers to other questions")


class _Datagrams(asyncio.DatagramProtocol):
    """What came to a socket, in order, as much of it as is looked at."""

    def __init__(self, most: int) -> None:
        self._heard: asyncio.Queue[bytes | Exception] = asyncio.Queue(most)

    async def next(self) -> bytes:
        heard = await self._heard.get()
        if isinstance(heard, Exception):
            raise heard
        return heard

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002
        self._put(data)

    def error_received(self, exc: Exception) -> None:
        self._put(exc)

    def _put(self, heard: bytes | Exception) -> None:
        if not self._heard.full():
            self._heard.put_nowait(heard)
