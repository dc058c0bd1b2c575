"""A piece that is here, whole and proven."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

from walkaway.content.store.assembled_file import AssembledFile
from walkaway.errors import StoreFault
from walkaway.proofs.filecoin.piece import Piece
from walkaway.proofs.filecoin.piece_cid import PieceCid
from walkaway.proofs.proven import Proven

__all__ = ["HeldPiece", "WantedPiece"]

_READ_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class WantedPiece:
    """A piece by its CID and, where that is of version 1, by its padded size in bytes."""

    cid: PieceCid
    piece_bytes: int | None = None

    def __str__(self) -> str:
        return str(self.cid) if self.piece_bytes is None else f"{self.cid}:{self.piece_bytes}"


@dataclass(frozen=True, slots=True)
class HeldPiece:
    """The payload in a file, and its proof. ``source`` gave it, or nobody now: it was kept.

    The file stays readable as long as this lives, also where its folder lets go of it.
    """

    wanted: WantedPiece
    proven: Proven[Piece]
    file: AssembledFile
    source: str = ""

    async def stream(self, start: int, end: int | None) -> AsyncGenerator[bytes, None]:
        """The bytes from the one offset up to but without the other. Raises `StoreFault`."""
        stop = self.file.size if end is None else min(end, self.file.size)
        while start < stop:
            piece = await asyncio.to_thread(self.read, start, min(start + _READ_BYTES, stop))
            yield piece
            start += len(piece)

    def read(self, start: int, end: int) -> bytes:
        """The bytes of a part that lies within the payload. Raises `StoreFault`."""
        piece = self.file.read(start, end)
        if len(piece) != end - start:
            raise StoreFault("a piece is not to be read again where it is kept")
        return piece
