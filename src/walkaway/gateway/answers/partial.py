"""Content that can be read from anywhere within it: the whole, one range, or several."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from walkaway.gateway.answers.answer import Answer, Body, FilePart, RawHeaders, raw_headers
from walkaway.gateway.request.asked import Wish
from walkaway.gateway.request.conditions import range_applies
from walkaway.gateway.request.ranges import ByteRange, Multipart, Unsatisfiable, read_ranges
from walkaway.limits import LIMITS, Limits

__all__ = ["Content", "partial_answer", "read_bytes"]

Read = Callable[[int, int], Awaitable[Body]]
"""The bytes from the one offset up to but without the other."""


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes of a known length: how to read them, and what a range has to be held against."""

    size: int
    read: Read
    media_type: str
    etag: str


def read_bytes(data: bytes) -> Read:
    """A way to read bytes that are there."""

    async def read(start: int, end: int) -> Body:
        return data[start:end]

    return read


async def partial_answer(
    wish: Wish, content: Content, headers: RawHeaders, limits: Limits = LIMITS
) -> Answer:
    """What is asked of the content, or the whole of it. Raises as ``content.read``."""
    headers = [*headers, (b"accept-ranges", b"bytes")]
    try:
        ranges = _ranges(wish, content, limits)
    except Unsatisfiable:
        told = raw_headers([("content-range", f"bytes */{content.size}")])
        return Answer(416, [*headers, *told])
    if not ranges:
        typed = raw_headers([("content-type", content.media_type)])
        body = await _read(wish, content, ByteRange(0, content.size))
        return Answer(200, [*headers, *typed], body, content.size)
    if len(ranges) == 1:
        typed = raw_headers(
            [
                ("content-type", content.media_type),
                ("content-range", ranges[0].content_range(content.size)),
            ]
        )
        body = await _read(wish, content, ranges[0])
        return Answer(206, [*headers, *typed], body, ranges[0].length)
    parts = Multipart(ranges, content.size, content.media_type)
    typed = raw_headers([("content-type", parts.media_type)])
    return Answer(206, [*headers, *typed], _joined(parts, content.read), parts.length)


def _ranges(wish: Wish, content: Content, limits: Limits) -> tuple[ByteRange, ...]:
    asked = wish.headers.get("range", "")
    if (
        not asked
        or wish.method != "GET"
        or not range_applies(wish.headers.get("if-range", ""), content.etag)
    ):
        return ()
    return read_ranges(asked, content.size, limits)


async def _read(wish: Wish, content: Content, part: ByteRange) -> Body:
    """The body; nothing is read for whoever asks for the head alone."""
    return b"" if wish.method == "HEAD" else await content.read(part.start, part.end)


async def _joined(parts: Multipart, read: Read) -> AsyncGenerator[bytes, None]:
    for head, part in zip(parts.heads, parts.ranges, strict=True):
        yield head
        body = await read(part.start, part.end)
        if isinstance(body, FilePart):
            for piece in body.pieces():
                yield bytes(piece)
        elif isinstance(body, bytes):
            yield body
        else:
            async with aclosing(body):
                async for piece in body:
                    yield piece
    yield parts.tail
