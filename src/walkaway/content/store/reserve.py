"""Room that a store holds back for itself: on a full disk, it is what work begins with.

To open the file takes some room, and so does every change, also one that makes room.
Whoever fills the disk leaves none for that; so a small file stands there that can go.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

__all__ = ["Reserve"]

_SHARE = 8


class Reserve:
    """``size`` bytes in a folder, once the store's file there takes up eight times as much.

    Nothing raises: a disk that gives no room has none to hold back.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self._path = folder / "reserve"
        self._size = size

    def release_where_full(self) -> bool:
        """Give the room back if there is less on the disk; whether there is less."""
        try:
            if shutil.disk_usage(self._path.parent).free >= self._size:
                return False
            self._path.unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def fill(self, store: Path) -> None:
        """Hold room back again for a store's file."""
        with contextlib.suppress(OSError):
            if store.stat().st_size < self._size * _SHARE or self._path.exists():
                return
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(file, 0, self._size)
            except OSError:
                self._path.unlink(missing_ok=True)
            finally:
                os.close(file)
