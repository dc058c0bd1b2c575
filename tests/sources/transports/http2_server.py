"""A resolver over HTTP/2 on this machine for tests, which may break every rule of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import H2Error

from tests.sources.transports.resolver import answered

__all__ = ["Asked", "Http2Resolver", "Serve", "frame", "http2_resolver", "serve_answer"]


@dataclass
class Asked:
    """One request: its stream, and what came of it."""

    stream: int
    headers: dict[str, str]
    body: bytes = b""


Serve = Callable[[H2Connection, Asked], bytes | None]
"""Answers a request on a connection; the bytes, if any, are sent as they are, behind that."""


def serve_answer(connection: H2Connection, asked: Asked) -> None:
    """The answer to a query for TXT records, as a resolver should."""
    reply(connection, asked.stream, answered(asked.body))


def reply(connection: H2Connection, stream: int, body: bytes, **headers: str) -> None:
    """A reply of a DNS message; ``headers`` with underscores, status among them."""
    fields = {"status": "200", "content_type": "application/dns-message"} | headers
    named = [(name.replace("_", "-"), value) for name, value in fields.items()]
    status = [(f":{name}", value) for name, value in named if name == "status"]
    connection.send_headers(stream, [*status, *(each for each in named if each[0] != "status")])
    connection.send_data(stream, body, end_stream=True)


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, stream: int = 0) -> bytes:
    """One frame, of whatever is wished (RFC 9113, 4.1)."""
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags])
    return head + stream.to_bytes(4, "big") + payload


@dataclass
class Http2Resolver:
    """Where it listens, and what it was asked."""

    port: int
    asked: list[Asked] = field(default_factory=list)
    resets: list[int] = field(default_factory=list)
    connections: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)


class _Serving:
    """One connection."""

    def __init__(
        self, writer: asyncio.StreamWriter, here: Http2Resolver, serve: Serve, first: Serve | None
    ) -> None:
        self._writer, self._here, self._serve = writer, here, serve
        self._connection = H2Connection(H2Configuration(client_side=False, header_encoding="ascii"))
        self._connection.initiate_connection()
        self._open: dict[int, Asked] = {}
        self._send(first(self._connection, Asked(0, {})) if first is not None else None)

    def take(self, data: bytes) -> None:
        for event in self._connection.receive_data(data):
            self._heard(event)
        self._send(None)

    def _heard(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            headers = {str(name): str(value) for name, value in event.headers}
            self._open[event.stream_id] = Asked(event.stream_id, headers)
        elif isinstance(event, DataReceived):
            self._open[event.stream_id].body += event.data
        elif isinstance(event, StreamReset):
            self._here.resets.append(event.stream_id)
            self._here.heard.set()
        elif isinstance(event, StreamEnded):
            asked = self._open.pop(event.stream_id)
            self._here.asked.append(asked)
            self._here.heard.set()
            self._send(self._serve(self._connection, asked))

    def _send(self, more: bytes | None) -> None:
        self._writer.write(self._connection.data_to_send() + (more or b""))


@asynccontextmanager
async def http2_resolver(
    context: ssl.SSLContext,
    serve: Serve = serve_answer,
    *,
    first: Serve | None = None,
    closes: bool = False,
    protocols: Iterable[str] = ("h2",),
) -> AsyncIterator[Http2Resolver]:
    """One that listens. ``first`` is sent when a connection begins; ``closes`` ends each one
    after an answer.
    """
    context.set_alpn_protocols(list(protocols))
    running: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        here.connections += 1
        serving, before = _Serving(writer, here, serve, first), len(here.asked)
        try:
            while data := await reader.read(65_536):
                serving.take(data)
                await writer.drain()
                if closes and len(here.asked) > before:
                    return
        except (OSError, H2Error, asyncio.CancelledError):
            pass
        finally:
            running.discard(task)
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    here = Http2Resolver(server.sockets[0].getsockname()[1])
    try:
        yield here
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await server.wait_closed()
