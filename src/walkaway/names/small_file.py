"""Small files that lie in a folder of a person's own, among whatever else was put there."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

__all__ = ["read_small_file"]


def read_small_file(path: Path, most: int) -> bytes:
    """The bytes of a file, ``most`` of them where it has more.

    Raises `OSError` where it cannot be read, or is none.
    """
    # A pipe would keep whoever opens it waiting for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no file", str(path))
        return file.read(most)
