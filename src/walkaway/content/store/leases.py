"""Leases: what is put while one lasts does not leave the store.

A lease is a locked file and a row. The system drops the lock when the process
ends, however it ends, so that a killed import holds nothing for ever.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import sqlite3
from pathlib import Path

from walkaway.content.store.clock import tick

__all__ = ["Lease", "lasting", "oldest"]

_TOKEN = re.compile("[0-9a-f]{32}")


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


def lasting(file: sqlite3.Connection, folder: Path) -> dict[object, int]:
    """When each lease on the store in a folder began that lasts, by its token."""
    entered = file.execute("SELECT token, since FROM lease").fetchall()
    return {token: int(since) for token, since in entered if _lasts(folder, token)}


def oldest(file: sqlite3.Connection, folder: Path) -> int | None:
    """When the oldest lease on the store in a folder began that lasts, None where none does.

    Those of processes that have ended are struck out. To be called while writing.
    """
    begun = lasting(file, folder)
    for (token,) in file.execute("SELECT token FROM lease").fetchall():
        if token not in begun:
            file.execute("DELETE FROM lease WHERE token = ?", (token,))
    return min(begun.values(), default=None)


def _file_of(folder: Path, token: str) -> Path:
    return folder / "leases" / token


def _lasts(folder: Path, token: object) -> bool:
    """Whether some process holds the file of a lease; one that nobody holds is removed."""
    if not isinstance(token, str) or _TOKEN.fullmatch(token) is None:
        return False
    path = _file_of(folder, token)
    try:
        handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
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
