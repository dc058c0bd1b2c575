"""The SQLite file that past pointers are kept in, open to several processes at once.

`held` has a row for each name: what is served, what waits, and how firmly the row is kept.
`known` has one for each pointer that a name said or was held at, in the order in which they
were first seen, whatever the clock said then; `sighting` one for each stretch in which a name
said the same; `rejected` what the person refused, and `served` which pointers each web origin
of the gateway was given.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from walkaway.errors import ConfigError, ProofError, StoreFault, Unsupported
from walkaway.limits import LIMITS, Limits

__all__ = ["HistoryFile"]

T = TypeVar("T")

VERSION: Final = 3
_APPLICATION: Final = 0x77616C6E
_DAMAGED: Final = (
    "move that file away to begin anew: names are then accepted as they are first seen"
)

_TABLES: Final = """
CREATE TABLE held (
    name TEXT PRIMARY KEY, family TEXT NOT NULL, kept INTEGER NOT NULL, hold REAL NOT NULL,
    pointer TEXT NOT NULL, standing TEXT NOT NULL,
    first_seen REAL NOT NULL, seen REAL NOT NULL, pinned INTEGER NOT NULL,
    says TEXT, says_standing TEXT NOT NULL, says_since REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX held_kept ON held (kept, family);
CREATE TABLE known (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, pointer TEXT NOT NULL,
    standing TEXT NOT NULL, first_seen REAL NOT NULL, accepted INTEGER, UNIQUE (name, pointer)
);
CREATE TABLE sighting (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, pointer TEXT NOT NULL, standing TEXT NOT NULL,
    stood_on TEXT NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL
);
CREATE INDEX sighting_of ON sighting (name, id);
CREATE TABLE rejected (
    name TEXT NOT NULL, pointer TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (name, pointer)
) WITHOUT ROWID;
CREATE TABLE served (
    id INTEGER PRIMARY KEY, origin TEXT NOT NULL, family TEXT NOT NULL, name TEXT NOT NULL,
    pointer TEXT NOT NULL, place INTEGER NOT NULL, UNIQUE (origin, name, pointer)
);
CREATE INDEX served_of ON served (name, pointer)
"""

_WITH_HELD: Final = """
CREATE TRIGGER forgotten AFTER DELETE ON held BEGIN
    DELETE FROM known WHERE name = old.name;
    DELETE FROM sighting WHERE name = old.name;
    DELETE FROM rejected WHERE name = old.name;
    DELETE FROM served WHERE name = old.name;
END
"""
"""Whatever is known of a name leaves with it."""


class HistoryFile:
    """A file, made and opened when it is first needed. Work on it runs in threads."""

    def __init__(self, path: Path, limits: Limits = LIMITS) -> None:
        self.path = path
        self._limits = limits
        self._lock = threading.Lock()
        self._file: sqlite3.Connection | None = None
        self._watched: sqlite3.Connection | None = None

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work that changes nothing. Raises `StoreFault`, and `ConfigError` at the first."""
        return await asyncio.to_thread(self._run, work, is_write=False)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work as one transaction: all of it happens, or nothing. Raises as `read`."""
        return await asyncio.to_thread(self._run, work, is_write=True)

    def version(self) -> int:
        """A number that moves when any process writes; costs microseconds, and waits for nobody.

        -1 while the file has not been read, or where it cannot be.
        """
        if self._watched is None:
            return -1
        try:
            return int(self._watched.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            return -1

    def close(self) -> None:
        """Let go of the file. May be called again."""
        with self._lock:
            for file in (self._file, self._watched):
                if file is not None:
                    with contextlib.suppress(sqlite3.Error):
                        file.close()
            self._file = self._watched = None

    def _run(self, work: Callable[[sqlite3.Connection], T], *, is_write: bool) -> T:
        with self._lock:
            file = self._opened()
            try:
                return _transaction(file, work) if is_write else work(file)
            except sqlite3.Error as error:
                raise self._fault(error) from None
            except (ProofError, Unsupported, TypeError, ValueError) as error:
                # A row that holds what is never written there.
                raise StoreFault(
                    f"the pointer history in {self.path} is damaged: {error}", advice=_DAMAGED
                ) from None

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            with contextlib.ExitStack() as opened:
                try:
                    self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
                    file = self._connect(self._limits.store_wait_seconds, opened)
                    _prepare(file)
                    watched = self._connect(0, opened)
                    watched.execute("SELECT count(*) FROM rejected").fetchone()
                except (OSError, sqlite3.Error) as error:
                    said = getattr(error, "strerror", None) or str(error)
                    raise ConfigError(
                        f"the pointer history in {self.path} cannot be used: {said}",
                        advice="make room and see to its permissions, or move it away",
                    ) from None
                self._file, self._watched = file, watched
                opened.pop_all()
        return self._file

    def _connect(self, seconds: float, opened: contextlib.ExitStack) -> sqlite3.Connection:
        file = sqlite3.connect(
            self.path, timeout=seconds, isolation_level=None, check_same_thread=False
        )
        opened.callback(file.close)
        return file

    def _fault(self, error: sqlite3.Error) -> StoreFault:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return StoreFault(
                f"the pointer history in {self.path} is damaged: {error}", advice=_DAMAGED
            )
        return StoreFault(
            f"the pointer history in {self.path} failed: {error}",
            advice="make room on the disk, and try again",
        )


def _transaction(file: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    file.execute("BEGIN IMMEDIATE")
    try:
        done = work(file)
        file.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            file.execute("ROLLBACK")
        raise
    return done


def _prepare(file: sqlite3.Connection) -> None:
    """Make the tables where there are none yet, whoever comes first."""
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("BEGIN IMMEDIATE")
    try:
        version = int(file.execute("PRAGMA user_version").fetchone()[0])
        if version == 0:
            if file.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                raise ConfigError("the file of the pointer history is another program's")
            for statement in (*_TABLES.split(";"), _WITH_HELD):
                file.execute(statement)
            file.execute(f"PRAGMA application_id = {_APPLICATION}")
            file.execute(f"PRAGMA user_version = {VERSION}")
        file.execute("COMMIT")
    except BaseException:
        file.execute("ROLLBACK")
        raise
    if version not in (0, VERSION):
        age = "a newer" if version > VERSION else "an older"
        raise ConfigError(
            f"the pointer history was written by {age} walkaway",
            advice="use that one, or give this one its own --state-directory",
        )
