"""A resolver on this machine for tests: over UDP, TCP and TLS, saying what a function says."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.rrset

__all__ = ["Resolver", "Say", "answered", "resolver"]

Say = Callable[[bytes], bytes | None]
"""From a query to the message that answers it; None answers nothing."""


def answered(query: bytes, *, text: str = "dnslink=/ipfs/x", flags: int = 0) -> bytes:
    """The answer to a query for TXT records, of one record."""
    asked = dns.message.from_wire(query)
    reply = dns.message.make_response(asked, recursion_available=True)
    name = asked.question[0].name
    reply.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", f'"{text}"'))
    reply.flags |= flags
    return reply.to_wire(max_size=65_535)


@dataclass
class Resolver:
    """Where it listens, and what it was asked: queries, and connections that were opened."""

    port: int
    queries: list[bytes] = field(default_factory=list)
    connections: int = 0


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, say: Say, seen: list[bytes]) -> None:
        self._say, self._seen = say, seen
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._seen.append(data)
        said = self._say(data)
        if said is not None and self._transport is not None:
            self._transport.sendto(said, addr)


@asynccontextmanager
async def resolver(
    *,
    stream: Say = answered,
    datagrams: Say | None = None,
    context: ssl.SSLContext | None = None,
    closes: bool = False,
) -> AsyncIterator[Resolver]:
    """One that listens, over UDP too where ``datagrams`` is given.

    ``closes`` ends each connection after one answer.
    """
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        here.connections += 1
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                query = await reader.readexactly(length)
                here.queries.append(query)
                said = stream(query)
                if said is not None:
                    writer.write(len(said).to_bytes(2, "big") + said)
                    await writer.drain()
                if closes:
                    return
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            running.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    here = Resolver(server.sockets[0].getsockname()[1])
    udp: asyncio.BaseTransport | None = None
    if datagrams is not None:
        say = datagrams
        udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(say, here.queries), local_addr=("127.0.0.1", here.port)
        )
    try:
        yield here
    finally:
        if udp is not None:
            udp.close()
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await server.wait_closed()
