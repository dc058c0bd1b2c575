"""A file on its way into the cache of assembled files: aside, until all of it is there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from walkaway.content.store.assembled_file import AssembledFile

__all__ = ["AssembledWriter", "Place", "sweep"]

Place: TypeAlias = Callable[[Path], AssembledFile | None]
"""Gives a whole file, written aside, its place."""


class AssembledWriter:
    """Takes the bytes of one file in order, as they are proven.

    Nothing raises: a disk that fails makes nothing of this but a file that is not kept. Its
    file is locked while it is written, so that others tell it from what a kill left behind.
    ``place`` gives a whole one its name, and ``ended`` is told when nothing lies aside any more.
    May be used from threads: a commit in one, and an abort where its request is given up.
    """

    def __init__(self, folder: Path, size: int, place: Place, ended: Callable[[], None]) -> None:
        self._path = folder / secrets.token_hex(16)
        self._left = size
        self._turn = threading.RLock()
        self._place = place
        self._ended = ended
        self._fd: int | None = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes; beyond the file's size, it is given up."""
        with self._turn:
            if self._fd is None:
                return
            self._left -= len(data)
            if self._left < 0:
                self.abort()
                return
            rest = memoryview(data)
            try:
                while rest:
                    rest = rest[os.write(self._fd, rest) :]
            except OSError:
                self.abort()

    def commit(self) -> AssembledFile | None:
        """Keep the file, if all of it was written. To be called once; gives the file, or None."""
        with self._turn:
            try:
                whole = self._fd is not None and not self._left
                return self._place(self._path) if whole else None
            except OSError:
                return None
            finally:
                self.abort()

    def abort(self) -> None:
        """Keep nothing of what was not committed. May be called again."""
        with self._turn:
            if self._fd is not None:
                with contextlib.suppress(OSError):
                    self._path.unlink(missing_ok=True)
                os.close(self._fd)
                self._fd = None
                self._ended()


def sweep(folder: Path) -> None:
    """Remove what writers of processes that have ended left behind."""
    for path in list(folder.iterdir()):
        with contextlib.suppress(OSError):
            left = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(left)
