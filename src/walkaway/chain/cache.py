"""What was fetched once, kept on disk: headers, blocks, receipts and code, as bytes by hash.

Nothing in here is believed. Whoever reads an entry proves it again, against the
same hash as when it came from a source, so that a damaged or a tampered cache
costs a question and never an answer. That also settles what becomes of a
block that a reorg removed: nobody asks for its hash any more.

- Entries of final blocks stay while there is room. Where there is none, those
  that were not final when last used go first, then the least recently used.
- The head's own entries are read from memory, by those who keep them.
- One process at a time holds the file, by SQLite's own lock; another goes without.
- SQLite in write-ahead mode keeps the file whole through a kill at any moment;
  a file that is damaged all the same is thrown away and begun anew.

All work is done by one thread. No method raises: a cache that fails has nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, TypeVar

__all__ = ["DiskCache", "Kind"]

log = logging.getLogger("walkaway.chain")

T = TypeVar("T")

Kind = Literal["header", "block", "receipts", "code"]
"""What an entry is. All but code are named by the block's hash, code by its own."""

_TABLE = """
CREATE TABLE IF NOT EXISTS entry (
    kind TEXT NOT NULL, name BLOB NOT NULL, final INTEGER NOT NULL, used INTEGER NOT NULL,
    size INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (kind, name)
);
CREATE INDEX IF NOT EXISTS leaving ON entry (final, used);
"""
_PAGES_KIB = 512
"""How much of the file SQLite may hold in memory: the system holds the rest of it as well."""
_ROOM_AFTER = 0.9
"""To which share of the limit the entries are reduced where they exceed it."""
_MAY_PASS = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
}
"""Result codes that say nothing against the file's content."""
_DEFECTS = 3
"""How often a run throws a damaged file away before it goes without."""


class DiskCache:
    """Bytes by kind and 32-byte name, at most ``limit`` of them in one SQLite file."""

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self._limit = limit
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="walkaway-cache")
        self._file: sqlite3.Connection | None = None
        self._content = 0
        self._clock = 0
        self._defects = 0
        self._closed = False

    async def get(self, kind: Kind, name: bytes, *, final: bool = False) -> bytes | None:
        """The bytes, which prove nothing; None where there are none.

        ``final`` says that the block is final by now.
        """
        return await self._run(lambda file: self._get(file, kind, name, final))

    async def put(self, kind: Kind, name: bytes, content: bytes, *, final: bool = False) -> None:
        """Keep these bytes, unless they would take up more than an eighth of the room."""
        if len(content) <= self._limit // 8:
            await self._run(lambda file: self._put(file, kind, name, content, final))

    async def drop(self, kind: Kind, name: bytes) -> None:
        """Forget an entry that turned out not to prove what it should."""
        await self._run(lambda file: self._drop(file, kind, name))

    async def close(self) -> None:
        """Let go of the file. Afterwards nothing is there."""
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._worker, self._let_go)
        self._worker.shutdown()

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        if self._closed:
            return None
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, self._guarded, work)

    def _guarded(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do the work; a failure of the file is noted, and counts as an empty cache."""
        try:
            file = self._open()
            if file is None:
                return None
            with file:
                return work(file)
        except (sqlite3.Error, TypeError, ValueError, OverflowError) as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _MAY_PASS:
                log.warning("the cache cannot be used now: %s", error)
            else:
                log.warning("the cache is damaged and begun anew: %s", error)
                self._begin_anew()
        except OSError as error:
            log.warning("the cache cannot be used: %s", error.strerror)
            self._defects = _DEFECTS
        return None

    def _open(self) -> sqlite3.Connection | None:
        if self._file is not None or self._defects >= _DEFECTS:
            return self._file
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        file = sqlite3.connect(self.path, timeout=0, check_same_thread=False)
        try:
            file.execute("PRAGMA locking_mode = EXCLUSIVE")
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("PRAGMA synchronous = NORMAL")
            file.execute(f"PRAGMA cache_size = -{_PAGES_KIB}")
            file.executescript(_TABLE)
            sums = "SELECT coalesce(sum(size), 0), coalesce(max(used), 0) FROM entry"
            content, clock = file.execute(sums).fetchone()
            self._content, self._clock = int(content), int(clock)
        except BaseException:
            file.close()
            raise
        self._file = file
        return file

    def _get(self, file: sqlite3.Connection, kind: Kind, name: bytes, final: bool) -> bytes | None:
        query = "SELECT content FROM entry WHERE kind = ? AND name = ?"
        row = file.execute(query, (kind, name)).fetchone()
        if row is None or not isinstance(row[0], bytes):
            return None
        self._clock += 1
        used = "UPDATE entry SET used = ?, final = max(final, ?) WHERE kind = ? AND name = ?"
        file.execute(used, (self._clock, final, kind, name))
        return row[0]

    def _put(
        self, file: sqlite3.Connection, kind: Kind, name: bytes, content: bytes, final: bool
    ) -> None:
        self._drop(file, kind, name)
        self._clock += 1
        row = (kind, name, final, self._clock, len(content), content)
        file.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", row)
        self._content += len(content)
        if self._content > self._limit:
            self._make_room(file)

    def _make_room(self, file: sqlite3.Connection) -> None:
        leaving: list[tuple[int]] = []
        query = "SELECT rowid, size FROM entry ORDER BY final, used"
        for row, size in file.execute(query):
            if self._content <= self._limit * _ROOM_AFTER:
                break
            leaving.append((row,))
            self._content -= size
        file.executemany("DELETE FROM entry WHERE rowid = ?", leaving)

    def _drop(self, file: sqlite3.Connection, kind: Kind, name: bytes) -> None:
        query = "DELETE FROM entry WHERE kind = ? AND name = ? RETURNING size"
        for (size,) in file.execute(query, (kind, name)).fetchall():
            self._content -= size

    def _begin_anew(self) -> None:
        self._defects += 1
        if self._file is not None:
            with contextlib.suppress(sqlite3.Error):
                self._file.close()
            self._file = None
        for end in ("", "-wal", "-shm", "-journal"):
            with contextlib.suppress(OSError):
                self.path.with_name(self.path.name + end).unlink()

    def _let_go(self) -> None:
        if self._file is not None:
            with contextlib.suppress(sqlite3.Error):
                self._file.close()
            self._file = None
