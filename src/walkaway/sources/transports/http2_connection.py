"""One HTTP/2 connection and all who ask over it at the same time."""

from __future__ import annotations

import asyncio

from walkaway.errors import SourceFault
from walkaway.limits import LIMITS, Limits
from walkaway.sources.transports.dialing import Connected
from walkaway.sources.transports.dns_failures import CONNECTION_ERRORS
from walkaway.sources.transports.http2 import ConnectionLost, Ended, Http2Streams
from walkaway.sources.transports.http_client import HttpQuestion, HttpReply

__all__ = ["Http2Connection"]

_READ_BYTES = 4096
"""So much is read before others have their turn: a reader whose buffer is full never waits."""


class Http2Connection:
    """Asks over a connection on which TLS agreed on HTTP/2. Drop it when done."""

    def __init__(self, connected: Connected, limits: Limits = LIMITS) -> None:
        self._connected = connected
        self._limits = limits
        self._streams = Http2Streams(limits)
        self._waiting: dict[int, asyncio.Future[Ended]] = {}
        self._news = asyncio.Event()
        self._over: SourceFault | None = None
        self._retired = False
        self._used = self._now()
        self._unheard: float | None = None
        self._reading = asyncio.create_task(self._read())

    @property
    def is_open(self) -> bool:
        """Whether anything may still come over it."""
        return self._over is None

    def takes_more(self) -> bool:
        """Whether the next question is to go over it too.

        Not where it was idle for long, or has not brought a byte for a while since it was
        asked: whoever sleeps, or changes networks, finds connections that are dead.
        """
        now, limits = self._now(), self._limits
        idle = not self._waiting and now - self._used > limits.dns_idle_seconds
        dead = self._unheard is not None and now - self._unheard > limits.connect_seconds
        return self.is_open and not (self._retired or self._streams.is_spent or idle or dead)

    async def ask(self, question: HttpQuestion) -> HttpReply:
        """Ask once; not bounded in time.

        Raises:
            ConnectionLost: it was not answered, and may be asked again.
            SourceFault: no whole answer within the bounds came back.
        """
        while self._over is None and not self._streams.has_room(question):
            self._news.clear()
            await self._news.wait()
        if self._over is not None:
            raise self._over
        stream = self._streams.begin(question)
        waiting: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._waiting[stream] = waiting
        self._unheard = self._unheard or self._now()
        self._send()
        try:
            ended = await waiting
        finally:
            self._leave(stream)
        if isinstance(ended, SourceFault):
            raise ended
        return ended

    def retire(self) -> None:
        """Put no more questions; close it once those on their way have ended."""
        self._retired = True
        if not self._waiting:
            self.drop()

    def drop(self) -> None:
        """Close it at once."""
        self._end(ConnectionLost("closed"))
        self._reading.cancel()

    async def closed(self) -> None:
        """Wait until it is closed."""
        await asyncio.wait([self._reading])

    def _leave(self, stream: int) -> None:
        self._used = self._now()
        if self._waiting.pop(stream, None) is not None and self.is_open:
            self._streams.give_up(stream)
            self._send()
        if self._retired and not self._waiting:
            self.drop()

    async def _read(self) -> None:
        fault: SourceFault = ConnectionLost("closed the connection without an answer")
        try:
            while data := await self._connected.reader.read(_READ_BYTES):
                self._unheard = None
                for stream, ended in self._streams.receive(data):
                    self._answer(stream, ended)
                self._send()
                self._news.set()
                await asyncio.sleep(0)
        except SourceFault as error:
            fault = error
        except CONNECTION_ERRORS:
            pass
        finally:
            self._end(fault)

    def _answer(self, stream: int, ended: Ended) -> None:
        waiting = self._waiting.pop(stream, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(ended)

    def _end(self, fault: SourceFault) -> None:
        if self._over is None:
            self._over = fault
        for stream in list(self._waiting):
            self._answer(stream, self._over)
        self._news.set()
        self._connected.drop()

    def _send(self) -> None:
        """Few bytes, since the questions are short and what is answered for them is bounded."""
        self._connected.writer.write(self._streams.to_send())

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
