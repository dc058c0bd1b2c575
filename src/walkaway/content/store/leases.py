"""Leases: what is put while one lasts does not leave the store.

A lease is a locked file and a row. The system drops the lock when the process
ends, however it ends, so that a killed import holds nothing for ever.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import sqlite3
from pathlib import Path

from walkaway.content.store.clock import tick

__all__ = ["Lease", "oldest"]


class Lease:
    """One lease, from `begin` to `release`; its file is locked from the moment it is made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._token = secrets.token_hex(16)
        self._path = _file_of(folder, self._token)
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def begin(self, file: sqlite3.Connection) -> None:
        """Enter it, and strike out those that are over. Whatever is put from here on stays."""
        oldest(file, self._folder)
        file.execute("INSERT INTO lease VALUES (?, ?)", (self._token, tick(file)))

    def release(self) -> None:
        """Let go of the file: with that the lease is over, whatever its row says."""
        with contextlib.suppress(OSError):
            self._path.unlink()
        os.close(self._handle)


def oldest(file: sqlite3.Connection, folder: Path) -> int | None:
    """When the oldest lease on the store in a folder began that lasts, None where none does.

    Those of processes that have ended are struck out. To be called while writing.
    """
    lasting: list[int] = []
    for token, since in file.execute("SELECT token, since FROM lease").fetchall():
        if _lasts(_file_of(folder, str(token))):
            lasting.append(int(since))
        else:
            file.execute("DELETE FROM lease WHERE token = ?", (token,))
    return min(lasting, default=None)


def _file_of(folder: Path, token: str) -> Path:
    return folder / "leases" / token


def _lasts(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(handle)
