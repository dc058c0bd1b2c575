"""An archive on this machine as a source: a CAR file, of which each block is proven like any other.

Where its blocks lie is found out once, by reading from one section's length to the
next; what lies there is read when it is asked for. An index that a CAR of version 2
brings along is not used: it says nothing that could not be wrong.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from walkaway.errors import NotKnown, ProofError, SourceFault, SourceLacks
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs import varint
from walkaway.proofs.ipfs.car import CarReader
from walkaway.proofs.ipfs.cid import read_cid
from walkaway.sources.request import Answer, BlockRequest, Request, RpcRequest

__all__ = ["BlockPlaces", "CarFileTransport", "archive_path", "block_places"]

_VARINT_BYTES = 9
_V2_PRAGMA = b"\x0a\xa1\x67version\x02"
_V2_FIELDS_AT, _V2_FIELDS_BYTES = len(_V2_PRAGMA) + 16, 16

BlockPlaces = dict[bytes, tuple[int, int]]
"""Where the data of each block lies, and its length, by its multihash."""


def archive_path(url: str) -> Path | None:
    """The file that a ``file://`` address names; None for any other address."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


class CarFileTransport:
    """Answers with the blocks of one file, which is looked through at the first question."""

    def __init__(self, source: str, path: Path, limits: Limits = LIMITS) -> None:
        self._source = source
        self._path = path
        self._limits = limits
        self._file: BinaryIO | None = None
        self._places: BlockPlaces = {}
        self._opening = asyncio.Lock()

    async def fetch(self, request: Request) -> Answer:
        """A block of the archive.

        Raises:
            NotKnown: it has none of this address.
            SourceLacks: it was asked for something else.
            SourceFault: the file cannot be read, or is no archive.
        """
        if not isinstance(request, BlockRequest):
            raise SourceLacks("an archive holds nothing but blocks", lasting=True)
        file = await self._opened()
        place = self._places.get(request.cid.multihash)
        if place is None:
            raise NotKnown("does not hold it")
        try:
            data = await asyncio.to_thread(os.pread, file.fileno(), place[1], place[0])
        except OSError as error:
            raise SourceFault(f"cannot be read: {error.strerror}") from None
        return Answer(self._source, data, content=data)

    async def fetch_batch(self, requests: Sequence[RpcRequest]) -> list[Answer | SourceFault]:
        """An archive answers no JSON-RPC."""
        return [SourceLacks("an archive holds nothing but blocks", lasting=True) for _ in requests]

    def scrub(self, text: str) -> str:
        """A path of this machine is told to nobody."""
        return text.replace(str(self._path), "(a file)")

    async def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    async def _opened(self) -> BinaryIO:
        async with self._opening:
            if self._file is None:
                opened, self._places = await asyncio.to_thread(self._look_through)
                self._file = opened
                return opened
            return self._file

    def _look_through(self) -> tuple[BinaryIO, BlockPlaces]:
        try:
            file = _opened(self._path)
        except OSError as error:
            raise SourceFault(f"cannot be read: {error.strerror}") from None
        try:
            return file, block_places(file.fileno(), self._limits.archive_blocks)
        except OSError as error:
            file.close()
            raise SourceFault(f"cannot be read: {error.strerror}") from None
        except ProofError as error:
            file.close()
            raise SourceFault(f"is no archive that can be read: {error}") from None


def block_places(descriptor: int, most: int) -> BlockPlaces:
    """Where the blocks of an open CAR file lie, of which it may hold so many.

    Raises:
        ProofError: it is no CAR that can be read, or holds more.
        OSError: the disk refused.
    """
    at, end = _sections(descriptor)
    places: BlockPlaces = {}
    while at < end:
        head = os.pread(descriptor, _VARINT_BYTES + LIMITS.cid_bytes, at)
        length, cid_at = varint.decode(head)
        cid, data_at = read_cid(head, cid_at)
        size = cid_at + length - data_at
        if not 0 <= size <= LIMITS.block_bytes:
            raise ProofError("a section of a CAR is not one of an address and a block")
        places.setdefault(cid.multihash, (at + data_at, size))
        if len(places) > most:
            raise ProofError(f"a CAR holds more than {most} blocks")
        at += cid_at + length
    if at != end:
        raise ProofError("a CAR is cut short")
    return places


def _opened(path: Path) -> BinaryIO:
    # A pipe would keep whoever opens it waiting, and whoever stops then too.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise SourceFault("is no file that can be read")


def _sections(descriptor: int) -> tuple[int, int]:
    """Where the first section begins, and where the last one ends."""
    at, end = 0, os.fstat(descriptor).st_size
    if os.pread(descriptor, len(_V2_PRAGMA), 0) == _V2_PRAGMA:
        fields = os.pread(descriptor, _V2_FIELDS_BYTES, _V2_FIELDS_AT)
        at, size = (int.from_bytes(fields[place : place + 8], "little") for place in (0, 8))
        if at < _V2_FIELDS_AT + _V2_FIELDS_BYTES or at + size > end:
            raise ProofError("the archive in a CAR of version 2 lies outside of its file")
        end = at + size
    header = os.pread(descriptor, _VARINT_BYTES + LIMITS.car_header_bytes, at)
    length, begins = varint.decode(header)
    reader = CarReader(max_blocks=0)
    reader.feed(header[: begins + length])
    reader.close()
    return at + begins + length, end
