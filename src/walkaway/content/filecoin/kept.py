"""Pieces that were proven, kept on this machine: one file for each, by its CID, and no index.

Whatever is found there is proven again, whole, before it is read. The ones that were not
opened for longest make room. A piece under a CID of version 1 is not kept: how many zeros
it ends with is the word of whoever gave it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from walkaway.content.filecoin.held import HeldPiece, WantedPiece
from walkaway.content.filecoin.received import ReceivedPiece
from walkaway.content.store.assembled_file import AssembledFile
from walkaway.content.store.oldest_first import let_oldest_go
from walkaway.errors import ProofError, StoreFault
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.filecoin.piece import Piece, PieceProof
from walkaway.proofs.proven import Proven

__all__ = ["KeptPieces"]

_READ_BYTES: Final = 1024 * 1024
_ENDING: Final = ".piece"


class KeptPieces:
    """A folder, of mode 0700, of at most ``piece_kept_bytes``. All of its methods block."""

    def __init__(self, folder: Path, limits: Limits = LIMITS) -> None:
        self._folder = folder
        self._limits = limits

    def receive(self, proof: PieceProof) -> ReceivedPiece:
        """Room for a piece that is about to come."""
        return ReceivedPiece(proof, self._folder)

    def prepare(self) -> None:
        """See that the folder is there. Raises `StoreFault`."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreFault(f"no room for a piece: {error.strerror}") from None

    def open(self, wanted: WantedPiece) -> HeldPiece | None:
        """A piece that was kept, proven again; None where it was not. What does not hold goes."""
        if wanted.cid.version == 1:
            return None
        path = self._path(wanted)
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            proven = _prove(wanted, file)
            os.utime(path)
        except (OSError, ProofError):
            os.close(file)
            with suppress(OSError):
                path.unlink()
            return None
        return _held(wanted, proven, path, file)

    def keep(
        self, wanted: WantedPiece, proven: Proven[Piece], received: ReceivedPiece, source: str
    ) -> HeldPiece:
        """A piece that has come, from now on in its place. Raises `StoreFault`."""
        try:
            file, path = received.hand_over()
        except OSError as error:
            raise StoreFault(f"no room for a piece: {error.strerror}") from None
        # Where the disk refuses, it is read as long as it is open, and not kept.
        with suppress(OSError):
            if wanted.cid.version == 1:
                path.unlink()
            else:
                path.replace(self._path(wanted))
                # Those that were never finished are among what goes.
                let_oldest_go(self._folder, self._limits.piece_kept_bytes)
        return _held(wanted, proven, path, file, source)

    def _path(self, wanted: WantedPiece) -> Path:
        return self._folder / f"{wanted.cid}{_ENDING}"


def _prove(wanted: WantedPiece, file: int) -> Proven[Piece]:
    proof = PieceProof(wanted.cid, piece_bytes=wanted.piece_bytes)
    at = 0
    while part := os.pread(file, _READ_BYTES, at):
        proof.update(part)
        at += len(part)
    return proof.finish()


def _held(
    wanted: WantedPiece, proven: Proven[Piece], path: Path, file: int, source: str = ""
) -> HeldPiece:
    """The piece in an open file, as the system tells of it after what was done to it here."""
    whole = AssembledFile(path, proven.value.payload_bytes, data=None, fd=file)
    return HeldPiece(wanted, proven, whole, source)
