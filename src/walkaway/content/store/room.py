"""Making room: which blocks leave, and never one that a pin or a lease holds."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from walkaway.content.store.leases import oldest

__all__ = ["Gone", "make_room", "remove_oldest"]

_AT_ONCE = 64
_TWICE = 2


@dataclass(frozen=True, slots=True)
class Gone:
    """How many blocks left the store, and how many bytes of data they had."""

    blocks: int = 0
    size: int = 0


def make_room(file: sqlite3.Connection, leases: Path, limit: int, written: int) -> None:
    """After a write of so many bytes, remove up to twice as many where the store is over its limit.

    Little by little, so that no write waits long; what cannot leave stays, over the limit or not.
    """
    total = int(file.execute("SELECT bytes FROM state").fetchone()[0])
    if total > limit:
        remove_oldest(file, leases, size=min(total - limit, _TWICE * written))


def remove_oldest(file: sqlite3.Connection, leases: Path, *, size: int | None = None) -> Gone:
    """Remove blocks that nothing holds, least recently used first: ``size`` bytes, or some."""
    since = oldest(file, leases)
    query = "SELECT id, coalesce(size, 0) FROM block WHERE pins = 0 AND used < ? ORDER BY used"
    before = since if since is not None else 2**62
    leaving: list[tuple[int]] = []
    freed = 0
    with_limit = -1 if size is not None else _AT_ONCE
    for block, block_size in file.execute(f"{query} LIMIT {with_limit}", (before,)):
        if size is not None and freed >= size:
            break
        leaving.append((block,))
        freed += block_size
    file.executemany("DELETE FROM block WHERE id = ?", leaving)
    return Gone(len(leaving), freed)
