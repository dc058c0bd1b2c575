"""Making room: which blocks leave, and never one that a pin or a lease holds."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from walkaway.content.store.leases import oldest
from walkaway.errors import StoreFault

__all__ = ["Bounds", "Gone", "make_room", "remove_oldest"]

_AT_ONCE = 64
_TWICE = 2


@dataclass(frozen=True, slots=True)
class Gone:
    """How many blocks left the store, and how many bytes of data they had."""

    blocks: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a store keeps, and how much of its disk it leaves free; both bytes."""

    limit: int
    spare: int


def make_room(file: sqlite3.Connection, folder: Path, bounds: Bounds, coming: int) -> None:
    """Before a write of so many bytes, remove what makes the store too large with them.

    Up to twice as much as comes, so that no write waits long; what cannot leave stays, over the
    limit or not. But the disk is not filled to its end, for a collection needs some of it.

    Raises:
        StoreFault: the disk is full, and what could leave the store makes too little room.
    """
    total = int(file.execute("SELECT bytes FROM state").fetchone()[0])
    over = min(total + coming - bounds.limit, _TWICE * coming)
    is_full = shutil.disk_usage(folder).free < bounds.spare
    growth = coming - _unused(file) if is_full else 0
    if max(over, growth) <= 0:
        return
    gone = remove_oldest(file, folder, size=max(over, growth))
    if growth > gone.size:
        raise StoreFault(
            "the disk is full: nothing of this was kept, and all that was kept before is",
            advice="make room on the disk, or run: walkaway store gc",
        )


def _unused(file: sqlite3.Connection) -> int:
    """How many bytes the file has room for without growing."""
    pages = int(file.execute("PRAGMA freelist_count").fetchone()[0])
    return pages * int(file.execute("PRAGMA page_size").fetchone()[0])


def remove_oldest(file: sqlite3.Connection, folder: Path, *, size: int | None = None) -> Gone:
    """Remove blocks that nothing holds, least recently used first: ``size`` bytes, or some."""
    since = oldest(file, folder)
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
