"""A piece on its way: written down and hashed as it comes, and handed on when it is whole.

Nothing of it is proven before its end has come.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final, final

from walkaway.errors import SourceLacks
from walkaway.proofs.filecoin.piece import Piece, PieceProof
from walkaway.proofs.proven import Proven

__all__ = ["ReceivedPiece"]

_UNFINISHED: Final = "unfinished-"
_AT_ONCE: Final = 1024 * 1024
_EVIDENCE_BYTES: Final = 64 * 1024


@final
class ReceivedPiece:
    """One provider's answer. Implements `walkaway.sources.request.Receives`.

    ``folder`` is there; `discard` when nothing more is to come of it. ``fault`` says why this
    machine could not take it, or is empty.
    """

    def __init__(self, proof: PieceProof, folder: Path) -> None:
        self._proof = proof
        self._folder = folder
        self._unwritten = bytearray()
        self._file: tuple[int, Path] | None = None
        self._size = 0
        self._beginning = b""
        self._is_gone = False
        self._turn = threading.Lock()
        self.fault = ""

    @property
    def beginning(self) -> bytes:
        """The first of its bytes."""
        return self._beginning

    async def take(self, piece: bytes) -> None:
        """Take the next bytes. Raises `SourceLacks` where the disk refuses: no source's fault."""
        self._unwritten += piece
        if len(self._unwritten) >= _AT_ONCE:
            await asyncio.to_thread(self._write)

    def finish(self) -> Proven[Piece]:
        """The proof of what came. Blocks.

        Raises:
            ProofError: it is not the payload of the piece.
            SourceLacks: the disk refuses.
        """
        self._write()
        return self._proof.finish()

    def hand_over(self) -> tuple[int, Path]:
        """A descriptor of the file, which is the caller's to close, and where it lies.

        It is gone from there with `discard`, where it was not renamed. Raises `OSError`.
        """
        with self._turn:
            file, path = self._open()
            return os.dup(file), path

    def discard(self) -> None:
        """Take no more, and let go of what came. Blocks."""
        with self._turn:
            self._is_gone = True
            if self._file is None:
                return
            file, path = self._file
            self._file = None
            os.close(file)
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _write(self) -> None:
        """Write down and hash what has come. Whoever stopped waiting may have let go of it."""
        with self._turn:
            payload = bytes(self._unwritten)
            self._unwritten.clear()
            self._beginning = self._beginning or payload[:_EVIDENCE_BYTES]
            if not self._is_gone:
                self._append(payload)
                self._proof.update(payload)

    def _append(self, payload: bytes) -> None:
        view = memoryview(payload)
        try:
            file, _ = self._open()
            while view:
                written = os.pwrite(file, view, self._size)
                self._size += written
                view = view[written:]
        except OSError as error:
            self.fault = f"no room for a piece: {error.strerror}"
            raise SourceLacks(f"there is no room here for what it has: {error.strerror}") from None

    def _open(self) -> tuple[int, Path]:
        if self._file is None:
            file, name = tempfile.mkstemp(dir=self._folder, prefix=_UNFINISHED)
            self._file = (file, Path(name))
        return self._file
