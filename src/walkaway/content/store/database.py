"""The store's SQLite file: reads side by side in threads, writes one after another.

Write-ahead mode keeps the file whole through a kill at any moment, and lets several
processes read while one writes. Nothing here runs on the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from walkaway.content.store.schema import prepare
from walkaway.errors import ConfigError, StoreFault
from walkaway.limits import Limits

__all__ = ["Database"]

T = TypeVar("T")

_JOURNAL_BYTES = 64 * 1024 * 1024
"""To which size the write-ahead log is cut back where a large transaction made it longer."""
_FULL = "the disk is full, or fails: nothing of this was kept, and all that was kept before is"
_DAMAGED = "move that folder away to begin anew; content can be fetched or added again"


class Database:
    """The file ``blocks.sqlite`` in a folder, made where there is none.

    Raises `ConfigError` where it cannot be used, `StoreFault` where work on it fails.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.path = folder / "blocks.sqlite"
        self._limits = limits
        self._readers = ThreadPoolExecutor(limits.store_threads, thread_name_prefix="store-read")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        self._own = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._closed = False
        try:
            with _alone(folder):
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
                file = self._connect()
                prepare(file)
        except OSError as error:
            raise _unusable(folder, error.strerror or type(error).__name__) from None
        except sqlite3.Error as error:
            self.close()
            raise _unusable(folder, str(error)) from None
        except ConfigError:
            self.close()
            raise

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work that changes nothing, beside other such work."""
        return await self._run(self._readers, lambda: work(self._mine()))

    async def write(self, work: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> T:
        """Run work as one transaction: all of it happens, or nothing.

        ``durable`` says that it, and all before it, is to survive a loss of power as well.
        """
        return await self._run(self._writer, lambda: self._transaction(work, durable))

    async def alone(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work on the writer's connection, but in no transaction."""
        return await self._run(self._writer, lambda: work(self._mine()))

    def size(self) -> int:
        """How many bytes the file and its log take up."""
        files = [self.path, self.path.with_name(self.path.name + "-wal")]
        return sum([file.stat().st_size for file in files if file.exists()])

    def close(self) -> None:
        """Let go of the file, once what runs has ended. May be called again."""
        self._closed = True
        self._readers.shutdown()
        self._writer.shutdown()
        while self._open:
            with contextlib.suppress(sqlite3.Error):
                self._open.pop().close()

    async def _run(self, threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        if self._closed:
            raise StoreFault("the block store is closed")
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, work)
        except sqlite3.Error as error:
            raise _fault(error, self.path.parent) from None
        except (TypeError, ValueError, OverflowError) as error:
            # A row that holds what walkaway never writes there.
            raise StoreFault(
                f"the block store in {self.path.parent} is damaged: {error}", advice=_DAMAGED
            ) from None

    def _transaction(self, work: Callable[[sqlite3.Connection], T], durable: bool) -> T:
        file = self._mine()
        file.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        file.execute("BEGIN IMMEDIATE")
        try:
            done = work(file)
            file.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                file.execute("ROLLBACK")
            raise
        return done

    def _mine(self) -> sqlite3.Connection:
        """This thread's own connection."""
        file: sqlite3.Connection | None = getattr(self._own, "file", None)
        if file is None:
            file = self._connect()
            self._own.file = file
        return file

    def _connect(self) -> sqlite3.Connection:
        file = sqlite3.connect(
            self.path,
            timeout=self._limits.store_wait_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        self._open.append(file)
        file.execute(f"PRAGMA journal_size_limit = {_JOURNAL_BYTES}")
        return file


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Make the folder, and hold off other processes that open the store."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / "opening.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _unusable(folder: Path, reason: str) -> ConfigError:
    return ConfigError(
        f"the block store in {folder} cannot be used: {reason}",
        advice="make room and see to its permissions, or name another with --state-directory",
    )


def _fault(error: sqlite3.Error, folder: Path) -> StoreFault:
    exactly = getattr(error, "sqlite_errorcode", 0)
    code = exactly & 0xFF
    if code == sqlite3.SQLITE_FULL or exactly == sqlite3.SQLITE_IOERR_WRITE:
        return StoreFault(_FULL, advice="make room on the disk, then run: walkaway store gc")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreFault(
            "another process holds the block store for too long",
            advice="try again once it has ended",
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreFault(f"the block store in {folder} is damaged: {error}", advice=_DAMAGED)
    return StoreFault(f"the block store in {folder} failed: {error}")
