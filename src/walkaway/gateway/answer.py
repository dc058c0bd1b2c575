"""An answer, whatever it holds, and how it is sent: bytes at once, or as they are proven."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from dataclasses import dataclass, field

from starlette.types import Send

from walkaway.errors import WalkawayError
from walkaway.limits import LIMITS, Limits
from walkaway.rpc.http_protocol import AnswerCutShort

__all__ = ["PIECE_BYTES", "Answer", "Body", "RawHeaders", "raw_headers", "send_answer"]

PIECE_BYTES = 1024 * 1024
"""Bytes that are handed to the web server at a time, which waits before each for its client."""

RawHeaders = list[tuple[bytes, bytes]]
"""Headers as ASGI takes them: lower-case names."""

Body = bytes | memoryview | AsyncIterator[bytes]


@dataclass(slots=True)
class Answer:
    """A status, headers and a body. ``length`` is the body's bytes where they are known ahead.

    A body that comes piece by piece is closed by whoever sends it, or by `drop`.
    """

    status: int
    headers: RawHeaders = field(default_factory=list)
    body: Body = b""
    length: int | None = None

    @property
    def start(self) -> dict[str, object]:
        """The ASGI message that opens the answer."""
        headers = self.headers
        length = self.length if isinstance(self.body, AsyncIterator) else len(self.body)
        if length is not None and self.status not in (204, 304):
            headers = [*headers, (b"content-length", str(length).encode())]
        return {"type": "http.response.start", "status": self.status, "headers": headers}

    async def drop(self) -> None:
        """Let go of a body that nobody will read."""
        await _close(self.body)


def raw_headers(told: Iterable[tuple[str, str]]) -> RawHeaders:
    """Headers from text; what no header can hold is left out of it."""
    return [(name.encode(), _clean(value).encode("latin-1", "replace")) for name, value in told]


async def send_answer(
    answer: Answer, send: Send, *, with_body: bool = True, limits: Limits = LIMITS
) -> None:
    """Send an answer as fast as its client reads it.

    Raises `AnswerCutShort` where the rest of the body is not to be had: the connection is
    then cut, so that nobody takes the beginning for the whole.
    """
    await send(answer.start)
    if not with_body:
        await answer.drop()
        await send(_last(b""))
    elif isinstance(answer.body, AsyncIterator):
        await _send_stream(answer.body, send, limits)
    else:
        await _send_bytes(answer.body, send)


async def _send_bytes(body: bytes | memoryview, send: Send) -> None:
    end = max(0, len(body) - PIECE_BYTES)
    for at in range(0, end, PIECE_BYTES):
        await send(_more(body[at : at + PIECE_BYTES]))
    await send(_last(body[-(-end // PIECE_BYTES) * PIECE_BYTES :]))


async def _send_stream(body: AsyncIterator[bytes], send: Send, limits: Limits) -> None:
    """Send pieces as they come. Each has its time; so has the whole."""
    try:
        async with asyncio.timeout(limits.web_request_seconds):
            while (piece := await _next(body, limits)) is not None:
                await send(_more(piece))
    except (WalkawayError, TimeoutError) as error:
        raise AnswerCutShort(type(error).__name__) from None
    finally:
        await _close(body)
    await send(_last(b""))


async def _next(body: AsyncIterator[bytes], limits: Limits) -> bytes | None:
    async with asyncio.timeout(limits.web_stall_seconds):
        return await anext(body, None)


async def _close(body: Body) -> None:
    if isinstance(body, AsyncGenerator):
        await body.aclose()


def _more(piece: bytes | memoryview) -> dict[str, object]:
    return {"type": "http.response.body", "body": piece, "more_body": True}


def _last(piece: bytes | memoryview) -> dict[str, object]:
    return {"type": "http.response.body", "body": piece, "more_body": False}


def _clean(value: str) -> str:
    return value if value.isprintable() else "".join(c for c in value if c.isprintable())
