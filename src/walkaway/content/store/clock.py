"""The order of uses: a number that every transaction that writes moves on."""

from __future__ import annotations

import sqlite3

__all__ = ["tick"]


def tick(file: sqlite3.Connection) -> int:
    """Move the clock on; what is used from now on bears this number or a higher one."""
    row = file.execute("UPDATE state SET clock = clock + 1 RETURNING clock").fetchone()
    return int(row[0])
