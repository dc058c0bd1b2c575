"""Content codings of what contracts give (ERC-7618), undone piece by piece and within bounds."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final, Protocol

import brotli

from walkaway.errors import ProofError, TooMuch, Unsupported
from walkaway.limits import LIMITS, Limits

__all__ = ["Decoder", "decoder_of"]

_PIECE: Final = 256 * 1024
_GZIP_WINDOW: Final = 31
"""What zlib takes for the format of gzip, with the largest window."""


class Decoder(Protocol):
    """Undoes a coding."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What these bytes, which follow on those before, come to.

        Raises:
            ProofError: they are not of the coding.
            TooMuch: all together comes to more than is decoded.
        """
        ...

    def end(self) -> None:
        """Nothing follows. Raises `ProofError` where something had to."""
        ...


def decoder_of(encoding: str | None, limits: Limits = LIMITS) -> Decoder:
    """What undoes a coding by its name. Raises `Unsupported` for one that is not known."""
    match encoding:
        case None:
            return _Plain(limits)
        case "gzip" | "x-gzip":
            return _Gzip(limits)
        case "br":
            return _Brotli(limits)
    raise Unsupported(f"the content coding {encoding[:100]!r} is not read: gzip and br are")


class _Room:
    """How much may come of it all."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._left = most

    def take(self, piece: bytes) -> bytes:
        self._left -= len(piece)
        if self._left < 0:
            raise TooMuch(f"the contract's page is over {self._most} bytes")
        return piece


class _Plain:
    """No coding."""

    def __init__(self, limits: Limits) -> None:
        self._room = _Room(limits.web3_page_bytes)

    def feed(self, data: bytes) -> Iterator[bytes]:
        if data:
            yield self._room.take(data)

    def end(self) -> None:
        return


class _Gzip:
    """One gzip member after another (RFC 1952)."""

    def __init__(self, limits: Limits) -> None:
        self._room = _Room(limits.web3_decoded_bytes)
        self._inner = zlib.decompressobj(_GZIP_WINDOW)
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._begun |= bool(data)
        while data:
            if self._inner.eof:
                self._inner = zlib.decompressobj(_GZIP_WINDOW)
            try:
                piece = self._inner.decompress(data, _PIECE)
            except zlib.error:
                raise ProofError("the contract's page is no gzip") from None
            data = self._inner.unused_data or self._inner.unconsumed_tail
            if piece:
                yield self._room.take(piece)

    def end(self) -> None:
        if not self._begun or not self._inner.eof:
            raise ProofError("the contract's gzip is cut short")


class _Brotli:
    """Brotli (RFC 7932)."""

    def __init__(self, limits: Limits) -> None:
        self._room = _Room(limits.web3_decoded_bytes)
        self._inner = brotli.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        has_more = bool(data)
        # What is behind a piece comes without further input, until there is none.
        while has_more:
            try:
                piece = self._inner.process(data, output_buffer_limit=_PIECE)
            except brotli.error:
                raise ProofError("the contract's page is no brotli") from None
            data = b""
            has_more = bool(piece) and not self._inner.is_finished()
            if piece:
                yield self._room.take(piece)

    def end(self) -> None:
        if not self._inner.is_finished():
            raise ProofError("the contract's brotli is cut short")
