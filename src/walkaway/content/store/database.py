"""The store's SQLite file: reads side by side in threads, writes one after another.

Write-ahead mode keeps the file whole through a kill at any moment, and lets several
processes read while one writes. Nothing here runs on the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from walkaway.content.store.reserve import Reserve
from walkaway.content.store.schema import prepare
from walkaway.errors import ConfigError, StoreFault
from walkaway.limits import Limits

__all__ = ["Database"]

T = TypeVar("T")

_JOURNAL_BYTES = 64 * 1024 * 1024
"""To which size the write-ahead log is cut back where a large transaction made it longer."""
_LOG_INDEX_BYTES = 32 * 1024
"""The least that the index of the log takes up beside the file while it is open."""
_FULL = "the disk is full, or fails: nothing of this was kept, and all that was kept before is"
_DAMAGED = "move that folder away to begin anew; content can be fetched or added again"


class Database:
    """The file ``blocks.sqlite`` in a folder, made where there is none.

    Where the disk takes nothing more, or nothing at all, it can still be read. ``is_full``
    says that the disk was full when it was opened, and that writes are to be small.
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
        self._reserve = Reserve(folder, limits.store_reserve_bytes)
        self.is_full = False
        self._only_read: str | None = None
        try:
            self._begin(folder)
        except BaseException:
            self.close()
            raise

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work that changes nothing, beside other such work."""
        return await self._run(self._readers, lambda: work(self._mine()))

    async def write(self, work: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> T:
        """Run work as one transaction: all of it happens, or nothing.

        ``durable`` says that it, and all before it, is to survive a loss of power as well.
        """
        self._be_writable()
        return await self._run(self._writer, lambda: self._transaction(work, durable))

    async def alone(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work on the writer's connection, but in no transaction."""
        self._be_writable()
        return await self._run(self._writer, lambda: work(self._mine()))

    def size(self) -> int:
        """How many bytes the file and its log take up."""
        return _size_of(self.path) + _size_of(self.path.with_name(self.path.name + "-wal"))

    def close(self) -> None:
        """Let go of the file, once what runs has ended. May be called again."""
        self._closed = True
        self._readers.shutdown()
        self._writer.shutdown()
        self._disconnect()
        if self._only_read is None:
            self._reserve.fill(self.path)

    def _begin(self, folder: Path) -> None:
        try:
            with _alone(folder):
                self.is_full = self._reserve.release_where_full()
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
                prepare(self._connect())
        except (OSError, sqlite3.Error) as error:
            self._disconnect()
            said = getattr(error, "strerror", None) or str(error)
            if not (_takes_nothing(error) and self._is_at_rest()):
                raise _unusable(folder, said, damaged=_is_damage(error)) from None
            self._only_read = said
            try:
                prepare(self._connect())
            except sqlite3.Error:
                raise _unusable(folder, said) from None

    def _is_at_rest(self) -> bool:
        """Whether the file is all there is: no process has it open, or left work in its log."""
        log, index = [self.path.with_name(self.path.name + end) for end in ("-wal", "-shm")]
        alone = not _size_of(log) and _size_of(index) < _LOG_INDEX_BYTES
        # A pipe would keep whoever opens it for reading waiting.
        return alone and self.path.is_file()

    def _be_writable(self) -> None:
        if self._only_read is not None and not self._closed:
            raise StoreFault(
                f"the block store in {self.path.parent} can only be read: {self._only_read}",
                advice="make room on its disk, or have it mounted for writing",
            )

    def _disconnect(self) -> None:
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
        # What nobody can write to needs no log, and no room for one.
        how = "mode=rw" if self._only_read is None else "mode=ro&immutable=1"
        file = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{how}",
            timeout=self._limits.store_wait_seconds,
            isolation_level=None,
            check_same_thread=False,
            uri=True,
        )
        self._open.append(file)
        file.execute(f"PRAGMA journal_size_limit = {_JOURNAL_BYTES}")
        # Else what leaves is overwritten first, at the room and the time that it took to come.
        file.execute("PRAGMA secure_delete = OFF")
        if self.is_full:
            # Each transaction leaves the log at once, so that it stays within the reserve.
            file.execute("PRAGMA wal_autocheckpoint = 1")
        return file


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


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


def _takes_nothing(error: OSError | sqlite3.Error) -> bool:
    """Whether this is what a disk says that is full, or mounted for reading alone."""
    if isinstance(error, OSError):
        return error.errno in (errno.EROFS, errno.ENOSPC, errno.EDQUOT)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)


def _is_damage(error: OSError | sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _unusable(folder: Path, reason: str, *, damaged: bool = False) -> ConfigError:
    if damaged:
        return ConfigError(f"the block store in {folder} is damaged: {reason}", advice=_DAMAGED)
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
    if _is_damage(error):
        return StoreFault(f"the block store in {folder} is damaged: {error}", advice=_DAMAGED)
    return StoreFault(f"the block store in {folder} failed: {error}")
