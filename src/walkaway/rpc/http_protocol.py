"""uvicorn's protocols, with the limits on heads and idleness that they do not have.

A connection is *idle* while no request of it is being answered: before its
first byte, inside a head, and between requests. Idle connections cost the
others nothing: a head has its time, and when connections are full, the one
that has been idle longest makes room for a newcomer, or else the one whose
client has left what was sent to it unread for longest.

What uvicorn tells its log about strangers is not passed on; faults of this
program are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, TYPE_CHECKING, Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from walkaway.limits import LIMITS, Limits

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

__all__ = [
    "CUT_OFF",
    "SEND_FILE",
    "SEND_WHOLE",
    "AnswerCutShort",
    "BoundedHttpProtocol",
    "CutOff",
    "QuietWebSocketProtocol",
    "SendFile",
    "SendWhole",
    "bounded_http",
    "joined_head",
]


class AnswerCutShort(Exception):
    """Raised to the web server where the rest of a body is not to be had.

    It then closes the connection, so that nobody takes the beginning for the whole.
    """


def _is_our_fault(record: logging.LogRecord) -> bool:
    """Whether no stranger can bring about this record at will."""
    kind = record.exc_info[0] if record.exc_info else None
    by_strangers = kind is not None and issubclass(
        # Text that is not UTF-8, what a stop cuts off, and content that nobody has.
        kind,
        (UnicodeDecodeError, asyncio.CancelledError, AnswerCutShort),
    )
    return record.levelno >= logging.ERROR and not by_strangers


log = logging.getLogger(__name__)
log.addFilter(_is_our_fault)


SEND_FILE = "walkaway.send_file"
"""The ASGI extension that has the system send part of a file: its ``send`` is a `SendFile`."""

SendFile = Callable[[int, int, int], Awaitable[None]]
"""Takes an open file's descriptor, where to begin and how many bytes."""

SEND_WHOLE = "walkaway.send_whole"
"""The ASGI extension that answers a request at once: its ``send`` is a `SendWhole`."""

SendWhole = Callable[[bytes, bytes], bool]
"""Takes a head of `joined_head` and all of the body; whether they were sent. They are not
where the client still has to read what was sent to it before: then wait, as `send` does."""

CUT_OFF = "walkaway.cut_off"
"""The ASGI extension that makes room for others: its ``slowest`` is a `CutOff`."""

CutOff = Callable[[], bool]
"""Ends the connection whose client has read nothing for longest; whether one had for too long."""

_FILE_PART_BYTES = 1024 * 1024
"""How much of a file is sent for the client to be seen reading."""


class _OpenFile:
    """A descriptor, as `loop.sendfile` wants it."""

    mode = "rb"

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor


async def _send_file(
    protocol: BoundedHttpProtocol,
    cycle: RequestResponseCycle,
    descriptor: int,
    start: int,
    count: int,
) -> None:
    """Send bytes of a file as a part of the body, without reading them into this process.

    Raises `AnswerCutShort` where the file has fewer.
    """
    await cycle.flow.drain()
    if cycle.disconnected:
        return
    end = start + count
    for at in range(start, end, _FILE_PART_BYTES):
        part = min(_FILE_PART_BYTES, end - at)
        with protocol.sending():
            sent = await _sent(cycle, descriptor, at, part)
        if sent != part:
            raise AnswerCutShort("a file was not sent to its end")
    cycle.expected_content_length -= count


async def _sent(cycle: RequestResponseCycle, descriptor: int, start: int, count: int) -> int:
    """How many bytes of a file were sent: none where the client is gone."""
    file = cast("IO[bytes]", _OpenFile(descriptor))
    try:
        return await asyncio.get_running_loop().sendfile(
            cycle.transport, file, start, count, fallback=False
        )
    except (OSError, RuntimeError):
        # The client is gone, or is being cut off.
        return 0


def joined_head(status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The head of an answer to a GET, without its end; ``headers`` have the body's length.

    Nothing in them is looked at: only what was sent before, and so is well formed, may be
    joined, to be sent again.
    """
    return STATUS_LINE[status] + _lines(headers)


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])


def _send_whole(cycle: RequestResponseCycle, head: bytes, body: bytes) -> bool:
    """As `RequestResponseCycle.send` does for the two messages of such an answer."""
    if cycle.flow.write_paused or cycle.response_started:
        return False
    if cycle.disconnected:
        return True
    ends = b"" if cycle.keep_alive else b"connection: close\r\n"
    cycle.transport.write(b"".join((head, _lines(cycle.default_headers), ends, b"\r\n", body)))
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


class QuietWebSocketProtocol(WebSocketsSansIOProtocol):
    """Tells nothing of what strangers send."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.logger = self.conn.logger = log

    async def send(self, message: ASGISendEvent) -> None:
        """A refusal ends the handshake like an acceptance, which uvicorn misses."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes a connection whose head outgrows `rpc_head_bytes` or `rpc_head_seconds`.

    A head is the request line with the headers, or the trailers behind a body.
    """

    _limits = LIMITS
    _head_bytes = 0
    _unfinished = 0
    _has_yielded = False
    _is_in_body = False
    _idle_since = 0.0
    _head_due: asyncio.TimerHandle | None = None
    _unread_since: float | None = None
    _sender: asyncio.Task[object] | None = None

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.logger = log
        self._room: dict[object, object] = {"slowest": self._cut_off_slowest}

    @property
    def is_idle(self) -> bool:
        """Whether closing the connection cuts off no answer."""
        newest = cast("RequestResponseCycle | None", self.cycle)
        return (
            (newest is None or newest.response_complete)
            and self.transport.get_write_buffer_size() == 0
            and not self.transport.is_closing()
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A newcomer: its first head has its time from now on."""
        most = self.limit_concurrency
        # uvicorn refuses as soon as as many are there, itself among them.
        if most is not None and len(self.connections) + 1 >= most:
            self._make_room()
        super().connection_made(cast("asyncio.Transport", transport))
        self._idle_since = self.loop.time()
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is expected any more."""
        self._head_arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; bytes that yielded nothing yet count until they do."""
        self._has_yielded = False
        super().data_received(data)
        if self._has_yielded or self._is_in_body:
            self._unfinished = 0
        else:
            self._unfinished += len(data)
        if self._head_bytes + self._unfinished > self._limits.rpc_head_bytes:
            self._refuse()
        # Any byte ends uvicorn's wait for the next request, so ours begins, once for all
        # bytes until a head is whole. An upgraded connection is another protocol's.
        elif self._head_due is None and self.is_idle and self in self.connections:
            self._expect_head()

    def on_message_begin(self) -> None:
        """A new request: count anew."""
        self._head_bytes = self._unfinished = 0
        self._is_in_body = False
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the request line."""
        self._has_yielded = True
        self._head_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or a trailer behind a chunked body."""
        self._has_yielded = True
        self._head_bytes += len(name) + len(value)
        if self._head_bytes <= self._limits.rpc_head_bytes:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """What follows is the body, which is counted and timed where it is read."""
        self._is_in_body = True
        self._head_arrived()
        super().on_headers_complete()
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is not None:
            # The application runs later, and finds it in its scope.
            cycle.scope["extensions"] = {
                SEND_FILE: {"send": partial(_send_file, self, cycle)},
                SEND_WHOLE: {"send": partial(_send_whole, cycle)},
                CUT_OFF: self._room,
            }

    def on_message_complete(self) -> None:
        """The next byte is another request's."""
        self._has_yielded = True
        self._is_in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The connection is idle again, unless more requests are waiting."""
        self._idle_since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client leaves unread what was sent to it."""
        self._unread_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """The client has read on."""
        self._unread_since = None
        super().resume_writing()

    @contextmanager
    def sending(self) -> Iterator[None]:
        """While the system sends part of a file, in this task: until it is, it is unread."""
        self._unread_since = self.loop.time()
        self._sender = asyncio.current_task()
        try:
            yield
        finally:
            self._unread_since = self._sender = None

    def _expect_head(self) -> None:
        self._head_due = self.loop.call_later(self._limits.rpc_head_seconds, self._give_up)

    def _head_arrived(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _give_up(self) -> None:
        self._head_due = None
        self.transport.close()

    def _make_room(self) -> None:
        idle = [other for other in self._others() if other.is_idle]
        if idle:
            min(idle, key=lambda other: other._idle_since).transport.close()
        else:
            self._cut_off_slowest()

    def _cut_off_slowest(self) -> bool:
        last = self.loop.time() - self._limits.rpc_slow_seconds
        waiting = [(other._unread_since, other) for other in self._others()]
        slow = [(since, other) for since, other in waiting if since is not None and since <= last]
        if not slow:
            return False
        _, slowest = min(slow, key=lambda each: each[0])
        slowest._cut_off()
        return True

    def _cut_off(self) -> None:
        """End the connection at once, whatever is still unread."""
        self._unread_since = None
        if self._sender is not None:
            # Or the loop would go on watching a descriptor that is soon another's.
            self._sender.cancel()
        self.transport.abort()

    def _others(self) -> list[BoundedHttpProtocol]:
        return [other for other in self.connections if isinstance(other, BoundedHttpProtocol)]

    def _refuse(self) -> None:
        if not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")


def bounded_http(limits: Limits) -> type[BoundedHttpProtocol]:
    """The protocol with these limits, as uvicorn wants it: a class of its own."""

    class Bounded(BoundedHttpProtocol):
        _limits = limits

    return Bounded
