"""Reading files in chunks of one size, and noticing when they change meanwhile."""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Generator, Iterator
from pathlib import Path
from threading import Event

from walkaway.content.importer.tree import RegularFile, readable, shown_path
from walkaway.errors import Unreadable

__all__ = ["chunks_of_file", "chunks_of_stream"]

_LOOK_SECONDS = 0.2


def chunks_of_file(file: RegularFile, size: int) -> Generator[bytes, None, None]:
    """The chunks of a file, each of ``size`` bytes but the last.

    Raises:
        Unreadable: it cannot be read, is another file by now, or changed while it was read.
    """
    with readable(file.path):
        # A pipe that has taken the file's place would keep whoever opens it waiting.
        descriptor = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise _changed(file)
        left = file.size
        while chunk := _chunk(file.path, descriptor, size):
            left -= len(chunk)
            if left < 0:
                raise _changed(file)
            yield chunk
        after = os.fstat(descriptor)
        if left > 0 or after.st_mtime_ns != before.st_mtime_ns:
            raise _changed(file)
    finally:
        os.close(descriptor)


def chunks_of_stream(descriptor: int, size: int, stopped: Event) -> Iterator[bytes]:
    """The chunks of what comes through a pipe or a terminal, until its end or until stopped.

    Raises `Unreadable`.
    """
    name = "standard input"
    parts: list[bytes] = []
    missing = size
    while not stopped.is_set():
        with readable(name):
            if not select.select([descriptor], [], [], _LOOK_SECONDS)[0]:
                continue
            part = os.read(descriptor, missing)
        parts.append(part)
        missing -= len(part)
        if missing and part:
            continue
        if chunk := b"".join(parts):
            yield chunk
        if not part:
            return
        parts, missing = [], size


def _chunk(path: Path, descriptor: int, size: int) -> bytes:
    """The next bytes, fewer than ``size`` only at the end."""
    with readable(path):
        chunk = os.read(descriptor, size)
        while 0 < len(chunk) < size and (more := os.read(descriptor, size - len(chunk))):
            chunk += more
    return chunk


def _changed(file: RegularFile) -> Unreadable:
    return Unreadable(
        f"{shown_path(file.path)} changed while it was read",
        advice="import it again when nothing writes to it",
    )
