"""Blocks as rows: what is done to the tables of `schema.py`, and what they hold together."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from walkaway.content.store.clock import tick
from walkaway.errors import ProofError
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven

__all__ = ["Stat", "count", "drop_damaged", "holds", "insert", "note_uses", "prove", "shrink"]

_PAGES = 2048
"""How many free pages of the file are given back at a time, so that others may write between."""
_PAGES_WHERE_FULL = 32
"""As many as the log has room for, where the disk has none."""


@dataclass(frozen=True, slots=True)
class Stat:
    """What a store holds: blocks, the bytes of their data, and how much of both is pinned.

    ``limit`` is how many bytes of data it keeps, ``file_size`` what its file takes up.
    """

    blocks: int
    size: int
    pinned_blocks: int
    pinned_size: int
    pins: int
    leases: int
    limit: int
    file_size: int


def prove(file: sqlite3.Connection, cid: Cid) -> tuple[int, Proven[bytes] | None] | None:
    """The row's number and the block; None for it where the bytes are not the block's."""
    query = "SELECT id, data FROM block JOIN content USING (id) WHERE name = ?"
    row = file.execute(query, (cid.multihash,)).fetchone()
    if row is None:
        return None
    block, data = row
    if not isinstance(data, bytes):
        return block, None
    try:
        return block, prove_block(cid, data)
    except ProofError:
        return block, None


def holds(file: sqlite3.Connection, cid: Cid) -> bool:
    """Whether there are bytes for a block, right or wrong."""
    query = "SELECT 1 FROM block WHERE name = ? AND size IS NOT NULL"
    return file.execute(query, (cid.multihash,)).fetchone() is not None


def insert(file: sqlite3.Connection, named: Iterable[tuple[bytes, bytes]]) -> None:
    """Keep bytes by their multihash; what is there already was used now, and is mended."""
    now = tick(file)
    query = """
        INSERT INTO block (name, size, used) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE
        SET used = excluded.used, size = coalesce(size, excluded.size) RETURNING id
    """
    filling = """
        INSERT INTO content VALUES (?, ?) ON CONFLICT (id) DO UPDATE
        SET data = excluded.data WHERE data IS NOT excluded.data
    """
    for name, data in named:
        block = file.execute(query, (name, len(data), now)).fetchone()[0]
        file.execute(filling, (block, data))


def note_uses(file: sqlite3.Connection, blocks: set[int]) -> None:
    """Note that blocks were used just now."""
    if blocks:
        now = tick(file)
        query = "UPDATE block SET used = ? WHERE id = ?"
        file.executemany(query, [(now, block) for block in blocks])


def drop_damaged(file: sqlite3.Connection, cid: Cid) -> None:
    """Forget the bytes of a block, unless they are right by now.

    Where a pin holds them, their place stays, and the pin says so.
    """
    row = prove(file, cid)
    if row is None or row[1] is not None:
        return
    block = row[0]
    query = "UPDATE pin SET complete = 0 WHERE id IN (SELECT pin FROM held WHERE block = ?)"
    file.execute(query, (block,))
    file.execute("UPDATE block SET size = NULL WHERE id = ?", (block,))
    file.execute("DELETE FROM block WHERE id = ? AND pins = 0", (block,))


def count(file: sqlite3.Connection, *, leases: int, limit: int, file_size: int) -> Stat:
    """What there is; what is not in the tables is the caller's to say."""
    query = """
        SELECT blocks, bytes,
            (SELECT count(size) FROM block WHERE pins > 0),
            (SELECT coalesce(sum(size), 0) FROM block WHERE pins > 0),
            (SELECT count(*) FROM pin)
        FROM state
    """
    blocks, size, pinned, pinned_size, pins = file.execute(query).fetchone()
    return Stat(blocks, size, pinned, pinned_size, pins, leases, limit, file_size)


def shrink(file: sqlite3.Connection, *, is_full: bool = False) -> int:
    """Give back some of the free pages of the file; how many there are after that.

    ``is_full`` says that the disk has room for little more than they take up.
    """
    pages = _PAGES_WHERE_FULL if is_full else _PAGES
    # A script is stepped to its end, where a statement without columns frees one page.
    file.executescript(f"PRAGMA incremental_vacuum({pages});")
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return int(file.execute("PRAGMA freelist_count").fetchone()[0])
