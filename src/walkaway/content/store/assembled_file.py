"""One assembled file while it is in use: in memory where it is small, else as a descriptor."""

from __future__ import annotations

import os
import weakref
from pathlib import Path

__all__ = ["AssembledFile"]


class AssembledFile:
    """All of a file. ``data`` has the bytes of a small one, ``fd`` the descriptor of a large one.

    The descriptor is for reading, and stays open as long as this object lives, also where the
    file leaves the cache meanwhile. Use `os.sendfile` and `os.pread` on it, which leave its
    position alone.
    """

    __slots__ = ("__weakref__", "_sign", "data", "fd", "path", "size")

    def __init__(self, path: Path, size: int, *, data: bytes | None, fd: int | None) -> None:
        self.path = path
        self.size = size
        self.data = data
        self.fd = fd
        self._sign = None if fd is None else _sign(fd)
        if fd is not None:
            weakref.finalize(self, os.close, fd)

    def slice(self, start: int = 0, end: int | None = None) -> bytes | memoryview:
        """The bytes from ``start`` up to ``end``, which is the file's end where it is None.

        Fewer, where the disk fails.
        """
        stop = self.size if end is None else min(end, self.size)
        if self.data is not None:
            return memoryview(self.data)[start:stop]
        return b"" if self.fd is None else _read(self.fd, start, stop)

    def read(self, start: int, end: int) -> bytes:
        """As `slice`, always as bytes of its own."""
        return bytes(self.slice(start, end))

    def is_unchanged(self) -> bool:
        """Whether the system says that nobody wrote to it since it was opened here."""
        return self.fd is None or _sign(self.fd) == self._sign


def _sign(fd: int) -> tuple[int, ...]:
    told = os.fstat(fd)
    return (told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns)


def _read(fd: int, start: int, stop: int) -> bytes:
    pieces: list[bytes] = []
    while start < stop:
        try:
            piece = os.pread(fd, stop - start, start)
        except OSError:
            break
        if not piece:
            break
        pieces.append(piece)
        start += len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
