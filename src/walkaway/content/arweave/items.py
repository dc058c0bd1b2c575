"""Data items, each proven whole before any byte of it is handed on.

One that fits into an answer comes as such. A larger one is read out of its root
transaction, chunk by chunk, into a file without a name, which is gone when nobody reads it.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import weakref
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Final, final

from walkaway.content.arweave.found import Found, held_stream
from walkaway.content.proven_file import Stream
from walkaway.errors import StoreFault
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.data_item import DataItem, ItemProof, prove_item
from walkaway.proofs.proven import Proven

__all__ = ["found_item", "read_large_item"]

_READ_BYTES: Final = 256 * 1024


def found_item(item_id: ArweaveId, data: bytes) -> Found:
    """An item whose bytes are all here. Raises `ProofError`, `Unsupported`."""
    item = prove_item(item_id, data)
    return _found(item, held_stream(data[item.value.payload_at :]))


async def read_large_item(
    item_id: ArweaveId, pieces: AsyncGenerator[bytes, None], folder: Path
) -> Found:
    """An item whose bytes come in ``pieces``, which are closed; ``folder`` has room for it.

    Raises:
        ProofError: they are no item of this id.
        Unsupported: it is signed in a way that is not known.
        StoreFault: there is no room for it.
    """
    proof = ItemProof(item_id)
    async with aclosing(pieces):
        spool = await asyncio.to_thread(_Spool, folder)
        async for piece in pieces:
            await asyncio.to_thread(_take, proof, spool, piece)
    item = await asyncio.to_thread(proof.finish)
    return _found(item, spool.stream(item.value.payload_at))


def _take(proof: ItemProof, spool: _Spool, piece: bytes) -> None:
    proof.update(piece)
    spool.append(piece)


def _found(item: Proven[DataItem], stream: Stream) -> Found:
    value = item.value
    return Found(value.id, value.owner, value.size, value.tags, stream, item.because)


@final
class _Spool:
    """Bytes in a file without a name, closed with its last reader.

    Raises:
        StoreFault: the folder takes no file.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file, name = tempfile.mkstemp(dir=folder)
            Path(name).unlink()
        except OSError as error:
            raise StoreFault(f"no room for a data item: {error.strerror}") from None
        weakref.finalize(self, os.close, self._file)
        self._size = 0

    def append(self, piece: bytes) -> None:
        """Put bytes at the end. Raises `StoreFault`."""
        view = memoryview(piece)
        try:
            while view:
                written = os.pwrite(self._file, view, self._size)
                self._size += written
                view = view[written:]
        except OSError as error:
            raise StoreFault(f"no room for a data item: {error.strerror}") from None

    def stream(self, begin: int) -> Stream:
        """Gives what stands from byte ``begin`` on."""

        async def stream(start: int, end: int | None) -> AsyncGenerator[bytes, None]:
            at = begin + start
            last = self._size if end is None else min(begin + end, self._size)
            while at < last:
                piece = await asyncio.to_thread(self._read, at, last)
                yield piece
                at += len(piece)

        return stream

    def _read(self, at: int, last: int) -> bytes:
        try:
            piece = os.pread(self._file, min(_READ_BYTES, last - at), at)
        except OSError as error:
            raise StoreFault(f"a data item is not to be read again: {error.strerror}") from None
        if not piece:
            raise StoreFault("a data item was cut short where it was kept")
        return piece
