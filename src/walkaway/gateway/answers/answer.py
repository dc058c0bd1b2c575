"""An answer, whatever it holds, and how it is sent: bytes at once, or as they are proven."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, aclosing
from dataclasses import dataclass, field
from functools import partial

from starlette.types import Message, Send

from walkaway.content.open import NameStep
from walkaway.content.store.assembled_file import AssembledFile
from walkaway.errors import WalkawayError
from walkaway.gateway.answers.pieces import PiecesInHand, nobody
from walkaway.limits import LIMITS, Limits
from walkaway.rpc.http_protocol import AnswerCutShort, CutOff, SendFile

__all__ = [
    "PIECE_BYTES",
    "READY_BYTES",
    "Answer",
    "Body",
    "FilePart",
    "RawHeaders",
    "raw_headers",
    "send_answer",
    "send_ready",
]

PIECE_BYTES = 1024 * 1024
"""Bytes that are handed to the web server at a time, which waits before each for its client."""

_WRITE_BYTES = 64 * 1024
"""How much of what is at hand is written at a time: the web server has a copy of what is unread."""

READY_BYTES = 256 * 1024
"""How long a whole answer may be for all of it to be written at once, copy and all."""

RawHeaders = list[tuple[bytes, bytes]]
"""Headers as ASGI takes them: lower-case names."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """The bytes of an assembled file from ``start`` up to but without ``end``."""

    file: AssembledFile
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def pieces(self) -> Iterator[bytes | memoryview]:
        """The bytes, as much at a time as is worth a write. Raises `AnswerCutShort`."""
        for at in range(self.start, self.end, PIECE_BYTES):
            end = min(at + PIECE_BYTES, self.end)
            piece = self.file.slice(at, end)
            if len(piece) != end - at:
                raise AnswerCutShort("an assembled file is not as long as it was")
            yield piece


Body = bytes | FilePart | AsyncGenerator[bytes, None]


@dataclass(slots=True)
class Answer:
    """A status, headers and a body.

    ``length`` is the body's bytes where they are known ahead, of a body that is not sent as well.
    ``ready_seconds`` is how long the same answer may be given again to whoever asks the same.
    ``steps`` are the names by which the content was come to, ``made`` when that was, by the
    clock of `time.monotonic`.
    A body that comes piece by piece is closed by whoever sends it, or by `drop`.
    """

    status: int
    headers: RawHeaders = field(default_factory=list)
    body: Body = b""
    length: int | None = None
    ready_seconds: float = 0.0
    steps: tuple[NameStep, ...] = ()
    made: float = field(default_factory=time.monotonic)

    @property
    def start(self) -> Message:
        """The ASGI message that opens the answer."""
        headers = self.headers
        length = self.length
        if length is None and not isinstance(self.body, AsyncGenerator):
            length = len(self.body)
        if length is not None and self.status not in (204, 304):
            headers = [*headers, (b"content-length", str(length).encode())]
        return {"type": "http.response.start", "status": self.status, "headers": headers}

    @property
    def is_ready(self) -> bool:
        """Whether the body is at hand."""
        return not isinstance(self.body, AsyncGenerator)

    async def drop(self) -> None:
        """Let go of a body that nobody will read."""
        if isinstance(self.body, AsyncGenerator):
            await self.body.aclose()


def raw_headers(told: Iterable[tuple[str, str]]) -> RawHeaders:
    """Headers from text; what no header can hold is left out of it."""
    return [(name.encode(), _clean(value).encode("latin-1", "replace")) for name, value in told]


async def send_answer(
    answer: Answer,
    send: Send,
    *,
    with_body: bool = True,
    send_file: SendFile | None = None,
    cut_off: CutOff = nobody,
    pieces: PiecesInHand | None = None,
    limits: Limits = LIMITS,
) -> None:
    """Send an answer as fast as its client reads it.

    ``pieces`` counts what waits to be read, and ``cut_off`` makes room for it.

    Raises `AnswerCutShort` where the rest of the body is not to be had: the connection is
    then cut, so that nobody takes the beginning for the whole.
    """
    if not with_body:
        await answer.drop()
        await send(answer.start)
        await send(_last(b""))
    elif isinstance(answer.body, AsyncGenerator):
        await send(answer.start)
        held = PiecesInHand(limits) if pieces is None else pieces
        await _send_stream(answer.body, send, partial(held.hold, cut_off=cut_off), limits)
    else:
        await send_ready(answer.start, answer.body, send, send_file)


async def send_ready(
    start: Message, body: bytes | FilePart, send: Send, send_file: SendFile | None = None
) -> None:
    """Send an answer whose body is at hand; ``send_file`` is what the web server has for files.

    Raises `AnswerCutShort`, as `send_answer`.
    """
    await send(start)
    if isinstance(body, bytes):
        if len(body) <= READY_BYTES:
            await send(_last(body))
            return
        *most, rest = _writes(body)
        for part in most:
            await send(_more(part))
        await send(_last(rest))
        return
    if send_file is not None and body.file.fd is not None:
        await send_file(body.file.fd, body.start, len(body))
    else:
        for piece in body.pieces():
            await send(_more(piece))
            # Others have their turn, and that the client has gone is heard of.
            await asyncio.sleep(0)
    await send(_last(b""))


async def _send_stream(
    body: AsyncGenerator[bytes, None],
    send: Send,
    hold: Callable[[int], AbstractContextManager[None]],
    limits: Limits,
) -> None:
    """Send pieces as they come. Each has its time; so has the whole."""
    try:
        async with asyncio.timeout(limits.web_request_seconds), aclosing(body):
            while (piece := await _next(body, limits)) is not None:
                with hold(len(piece)):
                    for part in _writes(piece):
                        await send(_more(bytes(part)))
                    del part, piece
    except (WalkawayError, TimeoutError) as error:
        raise AnswerCutShort(type(error).__name__) from None
    await send(_last(b""))


async def _next(body: AsyncGenerator[bytes, None], limits: Limits) -> bytes | None:
    async with asyncio.timeout(limits.web_stall_seconds):
        return await anext(body, None)


def _writes(body: bytes) -> Iterator[memoryview]:
    """The bytes, as much at a time as is written; one empty part of nothing."""
    view = memoryview(body)
    for at in range(0, max(len(body), 1), _WRITE_BYTES):
        yield view[at : at + _WRITE_BYTES]


def _more(piece: bytes | memoryview) -> Message:
    return {"type": "http.response.body", "body": piece, "more_body": True}


def _last(piece: bytes | memoryview) -> Message:
    return {"type": "http.response.body", "body": piece, "more_body": False}


def _clean(value: str) -> str:
    return value if value.isprintable() else "".join(c for c in value if c.isprintable())
