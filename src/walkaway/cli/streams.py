"""Standard input and output, and files that may be pipes, as bytes that nobody must wait for.

Whoever is at the other end of a pipe can keep a thread in it for ever. The loop
waits for its own threads before a command ends, and Python for what is in the
buffers of its streams: so these bytes go by threads that are left where they are
when Ctrl-C comes, and by no buffer.
"""

from __future__ import annotations

import asyncio
import select
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from io import BufferedReader, BufferedWriter
from threading import Thread
from typing import BinaryIO, Protocol, TypeVar

from walkaway.errors import Unreadable, Unwritable

__all__ = ["ByteStream", "is_screen", "standard_input", "standard_output"]

_PIECE_BYTES = 1024 * 1024

T = TypeVar("T")


class ByteStream:
    """A file or one end of a pipe, by the name that complaints know it by."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.file = file
        self.name = name
        self._raw: _Raw = file.raw if isinstance(file, BufferedReader | BufferedWriter) else file

    async def pieces(self) -> AsyncIterator[bytes]:
        """What is in it, in pieces of at most 1 MiB, as they come.

        Raises:
            Unreadable: it cannot be read.
        """
        while piece := await _unwaited(self._read):
            yield piece

    async def write(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            Unwritable: it is not taken.
            BrokenPipeError: nobody is left to take it.
        """
        await _unwaited(lambda: self._write(data))

    def _read(self) -> bytes:
        try:
            while (piece := self._raw.read(_PIECE_BYTES)) is None:
                select.select([self.file], [], [])
        except OSError as error:
            raise Unreadable(f"{self.name} cannot be read: {error.strerror}") from None
        return piece

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                taken = self._raw.write(left)
                if taken is None:
                    select.select([], [self.file], [])
                left = left[taken or 0 :]
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Unwritable(
                f"{self.name} cannot be written: {error.strerror}",
                advice="make room, or name another path",
            ) from None


def standard_input() -> ByteStream:
    """Standard input. Raises `Unreadable` where there is none."""
    if sys.stdin is None:
        raise Unreadable("standard input is closed", advice="name a file")
    return ByteStream(sys.stdin.buffer, "standard input")


def standard_output() -> ByteStream:
    """Standard output. Raises `Unwritable` where there is none."""
    if sys.stdout is None:
        raise Unwritable("standard output is closed", advice="name a file with --output")
    return ByteStream(sys.stdout.buffer, "standard output")


def is_screen() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


class _Raw(Protocol):
    """A file without a buffer; None stands for nothing now, where it does not wait itself."""

    def read(self, size: int, /) -> bytes | None: ...

    def write(self, data: memoryview, /) -> int | None: ...


async def _unwaited(work: Callable[[], T]) -> T:
    """Do it in a thread, which is left to itself where nobody wants what comes of it any more."""
    outcome: Future[T] = Future()
    outcome.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result = work()
        except Exception as error:
            outcome.set_exception(error)
        else:
            outcome.set_result(result)

    Thread(target=run, name="stream", daemon=True).start()
    return await asyncio.wrap_future(outcome)
