"""Ranges of bytes: which are asked for, and how several go into one answer.

RFC 9110, section 14. What is malformed, overlaps without need or asks for too
many pieces is passed over, as the RFC allows, and the whole is sent.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from walkaway.limits import LIMITS, Limits

__all__ = ["ByteRange", "Multipart", "Unsatisfiable", "read_ranges"]

_RANGE = re.compile(r"(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from ``start`` up to, but without, ``end``."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.end - self.start

    def content_range(self, size: int) -> str:
        """The Content-Range header of these bytes of ``size``."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


class Unsatisfiable(Exception):
    """No range that is asked for lies in the content; caught where the answer is made."""


def read_ranges(header: str, size: int, limits: Limits = LIMITS) -> tuple[ByteRange, ...]:
    """The ranges of a Range header that lie in ``size`` bytes; none where it is passed over.

    Raises `Unsatisfiable`.
    """
    unit, equals, rest = header.partition("=")
    pieces = [piece.strip() for piece in rest.split(",")]
    if unit.strip().lower() != "bytes" or not equals or len(pieces) > limits.web_ranges:
        return ()
    found: list[ByteRange] = []
    for piece in pieces:
        match = _RANGE.fullmatch(piece)
        if (
            match is None
            or match[0] == "-"
            or (all(match.groups()) and int(match[1]) > int(match[2]))
        ):
            return ()
        placed = _placed(match[1], match[2], size)
        if placed is not None:
            found.append(placed)
    if not found:
        raise Unsatisfiable
    # More than the whole in pieces is a way to make this machine work.
    return tuple(found) if sum(each.length for each in found) <= size else ()


def _placed(first: str, last: str, size: int) -> ByteRange | None:
    if not first:
        start = max(0, size - int(last))
        return ByteRange(start, size) if start < size else None
    start = int(first)
    end = min(size, int(last) + 1) if last else size
    return ByteRange(start, end) if start < end else None


class Multipart:
    """Several ranges as one ``multipart/byteranges`` body: what stands around each part."""

    def __init__(self, ranges: Sequence[ByteRange], size: int, media_type: str) -> None:
        self._boundary = secrets.token_hex(16)
        self.ranges = tuple(ranges)
        self.heads = tuple(
            (
                f"\r\n--{self._boundary}\r\nContent-Type: {media_type}\r\n"
                f"Content-Range: {each.content_range(size)}\r\n\r\n"
            ).encode("latin-1")
            for each in ranges
        )
        self.tail = f"\r\n--{self._boundary}--\r\n".encode()

    @property
    def media_type(self) -> str:
        """The media type of the whole body."""
        return f"multipart/byteranges; boundary={self._boundary}"

    @property
    def length(self) -> int:
        """Bytes of the whole body."""
        heads = sum(len(head) for head in self.heads)
        return heads + sum(each.length for each in self.ranges) + len(self.tail)
