"""Pins: what is to stay, as rows. Which blocks belong to one, `pinning.py` finds out."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from walkaway.content.pin_names import check_pin_name
from walkaway.content.store.clock import tick
from walkaway.errors import InvalidRequest, ProofError, Unsupported
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["Pin", "all_pins", "begin", "finish", "hold", "pin_of", "remove"]

_PINS = """
    SELECT pin.root, pin.name, pin.recursive, pin.complete,
           count(block.size), coalesce(sum(block.size), 0)
    FROM pin LEFT JOIN held ON held.pin = pin.id LEFT JOIN block ON block.id = held.block
"""


@dataclass(frozen=True, slots=True)
class Pin:
    """One pin. ``recursive`` holds the whole DAG below its CID, else that block alone.

    While ``complete`` is False some of its blocks are not there yet, or no longer; those that
    are there are held. Pinning it again completes it.
    """

    cid: Cid
    name: str
    recursive: bool
    complete: bool
    blocks: int
    size: int


def begin(file: sqlite3.Connection, cid: Cid, name: str, *, recursive: bool) -> int:
    """Enter a pin that is not complete, or take up the one there is; give its number.

    A recursive pin does not become a direct one by this, and keeps its name where none is given.

    Raises:
        InvalidRequest: the name is no Unicode text.
    """
    check_pin_name(name)
    query = """
        INSERT INTO pin (root, name, recursive, complete) VALUES (?, ?, ?, 0)
        ON CONFLICT (root) DO UPDATE SET
            name = CASE excluded.name WHEN '' THEN name ELSE excluded.name END,
            complete = complete AND recursive >= excluded.recursive,
            recursive = max(recursive, excluded.recursive)
        RETURNING id
    """
    return int(file.execute(query, (cid.encode(), name, recursive)).fetchone()[0])


def hold(file: sqlite3.Connection, pin: int, cids: Sequence[Cid]) -> list[Cid]:
    """Let a pin hold those of the blocks that are there; give those that are not.

    Raises:
        InvalidRequest: the pin was removed meanwhile.
    """
    if file.execute("SELECT 1 FROM pin WHERE id = ?", (pin,)).fetchone() is None:
        raise InvalidRequest("the pin was removed while it was made")
    absent: list[Cid] = []
    now = tick(file)
    for cid in cids:
        if cid.hash_code == codecs.IDENTITY:
            continue
        query = "UPDATE block SET used = ? WHERE name = ? AND size IS NOT NULL RETURNING id"
        row = file.execute(query, (now, cid.multihash)).fetchone()
        if row is None:
            absent.append(cid)
        else:
            file.execute("INSERT OR IGNORE INTO held VALUES (?, ?)", (pin, row[0]))
    return absent


def finish(file: sqlite3.Connection, pin: int, *, recursive: bool) -> None:
    """Say that a pin holds all that belongs to it; of a recursive one, a direct one does not."""
    query = "UPDATE pin SET complete = 1 WHERE id = ? AND recursive <= ?"
    file.execute(query, (pin, recursive))


def remove(file: sqlite3.Connection, cid: Cid) -> None:
    """Remove a pin; its blocks stay until their room is needed. Raises `InvalidRequest`."""
    if file.execute("DELETE FROM pin WHERE root = ?", (cid.encode(),)).rowcount == 0:
        raise InvalidRequest(
            f"{cid} is not pinned", advice="walkaway pin ls shows what is, as it was pinned"
        )


def all_pins(file: sqlite3.Connection) -> list[Pin]:
    """Every pin, in the order in which they were first made."""
    return [_pin(row) for row in file.execute(f"{_PINS} GROUP BY pin.id ORDER BY pin.id")]


def pin_of(file: sqlite3.Connection, cid: Cid) -> Pin | None:
    """The pin on a root, as it was given when it was pinned; None where there is none."""
    row = file.execute(f"{_PINS} WHERE pin.root = ? GROUP BY pin.id", (cid.encode(),)).fetchone()
    return None if row is None else _pin(row)


def _pin(row: tuple[object, ...]) -> Pin:
    """A row as a pin. Raises `ValueError` for one that walkaway never wrote."""
    root, name, recursive, complete, blocks, size = row
    try:
        cid = Cid.decode(root) if isinstance(root, bytes) else None
    except (ProofError, Unsupported):
        cid = None
    if cid is None or not isinstance(name, str):
        raise ValueError("what it says of a pin is no address and name")
    if not isinstance(blocks, int) or not isinstance(size, int):
        raise ValueError("what it says of a pin is no size")
    return Pin(cid, name, bool(recursive), bool(complete), blocks, size)
