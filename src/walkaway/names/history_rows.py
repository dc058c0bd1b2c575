"""The rows of the pointer history: how each is read and written, within a transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from walkaway.errors import InvalidRequest
from walkaway.limits import Limits
from walkaway.names.hold import HeldName, Said
from walkaway.names.pointer import Pointer, parse_pointer
from walkaway.names.resolution import Standing

__all__ = [
    "PastPointer",
    "add_sighting",
    "first_seen",
    "held_name",
    "held_names",
    "is_rejected",
    "last_noted",
    "one_before",
    "past_of",
    "put_held",
    "reject",
    "take_back",
]

_HELD: Final = """
SELECT held.name, held.pointer, standing, first_seen, seen, pinned, says, says_standing,
       says_since, rejected.at IS NOT NULL
FROM held LEFT JOIN rejected ON rejected.name = held.name AND rejected.pointer = held.says
WHERE held.name = ?1 OR ?1 IS NULL
ORDER BY says IS NULL, seen DESC
"""
_PAST: Final = """
SELECT sighting.pointer, standing, first_seen, last_seen, stood_on, rejected.at IS NOT NULL
FROM sighting LEFT JOIN rejected
ON rejected.name = sighting.name AND rejected.pointer = sighting.pointer
WHERE sighting.name = ? ORDER BY id DESC
"""
_MAKE_ROOM: Final = """
DELETE FROM held WHERE name IN (
    SELECT name FROM held WHERE pinned = 0 AND says IS NULL AND name != ?
    ORDER BY seen - first_seen, seen LIMIT max(0, (SELECT count(*) FROM held) - ?)
)
"""
"""Names that were seen for a moment alone leave first, so that a flood of them does not make
one that is known for long look new."""

_Row = tuple[str, str, str, float, float, int, str | None, str, float, int]


@dataclass(frozen=True, slots=True)
class PastPointer:
    """A stretch of time in which a name was seen to say the same, in unix seconds.

    ``stood_on`` is the evidence in short: a step a line, the nearest first.
    """

    pointer: Pointer
    standing: Standing
    first_seen: float
    last_seen: float
    stood_on: tuple[str, ...]
    rejected: bool


def held_name(file: sqlite3.Connection, name: str) -> HeldName | None:
    """What is held of a name."""
    row = file.execute(_HELD, (name,)).fetchone()
    return None if row is None else _held(row)


def held_names(file: sqlite3.Connection) -> Iterator[HeldName]:
    """All that is held, what waits first."""
    return map(_held, file.execute(_HELD, (None,)))


def past_of(file: sqlite3.Connection, name: str) -> Iterator[PastPointer]:
    """What a name said, the newest first."""
    for pointer, standing, first, last, stood_on, rejected in file.execute(_PAST, (name,)):
        lines = tuple([str(line) for line in json.loads(stood_on)])
        yield PastPointer(
            parse_pointer(pointer), Standing(standing), first, last, lines, bool(rejected)
        )


def put_held(file: sqlite3.Connection, held: HeldName, limits: Limits) -> None:
    """Write what is held of a name; the name least known makes room."""
    file.execute(
        "INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            held.name,
            str(held.pointer),
            held.standing.value,
            held.first_seen,
            held.seen,
            held.pinned,
            None if held.says is None else str(held.says),
            held.says_standing.value,
            held.says_since,
        ),
    )
    file.execute(_MAKE_ROOM, (held.name, limits.history_names))


def add_sighting(
    file: sqlite3.Connection, name: str, said: Said, now: float, limits: Limits
) -> None:
    """Note what a name says: more of the same, or the begin of another stretch."""
    last = file.execute(
        "SELECT id, pointer FROM sighting WHERE name = ? ORDER BY id DESC LIMIT 1", (name,)
    ).fetchone()
    if last is not None and last[1] == str(said.pointer):
        file.execute(
            "UPDATE sighting SET standing = ?, stood_on = ?, last_seen = ? WHERE id = ?",
            (said.standing.value, said.stood_on, now, last[0]),
        )
        return
    file.execute(
        "INSERT INTO sighting (name, pointer, standing, stood_on, first_seen, last_seen) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (name, str(said.pointer), said.standing.value, said.stood_on, now, now),
    )
    file.execute(
        "DELETE FROM sighting WHERE name = ?1 AND id <= "
        "(SELECT id FROM sighting WHERE name = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        (name, limits.history_sightings_of_name),
    )
    file.execute(
        "DELETE FROM sighting WHERE id <= "
        "(SELECT id FROM sighting ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (limits.history_sightings,),
    )


def last_noted(file: sqlite3.Connection, name: str) -> float:
    """When it was last noted what a name says; 0 where it never was."""
    row = file.execute(
        "SELECT last_seen FROM sighting WHERE name = ? ORDER BY id DESC LIMIT 1", (name,)
    ).fetchone()
    return 0.0 if row is None else float(row[0])


def first_seen(file: sqlite3.Connection, name: str, pointer: Pointer, otherwise: float) -> float:
    """When a name was first seen to say something; ``otherwise`` where that is not known."""
    first: float | None = file.execute(
        "SELECT min(first_seen) FROM sighting WHERE name = ? AND pointer = ?", (name, str(pointer))
    ).fetchone()[0]
    return otherwise if first is None else first


def one_before(file: sqlite3.Connection, held: HeldName) -> tuple[Pointer, Standing] | None:
    """The newest pointer of a name that was neither rejected nor waits."""
    row = file.execute(
        "SELECT pointer, standing FROM sighting WHERE name = :name AND pointer != :says AND "
        "pointer NOT IN (SELECT pointer FROM rejected WHERE name = :name) ORDER BY id DESC LIMIT 1",
        {"name": held.name, "says": str(held.says or "")},
    ).fetchone()
    return None if row is None else (parse_pointer(row[0]), Standing(row[1]))


def is_rejected(file: sqlite3.Connection, name: str, pointer: Pointer) -> bool:
    """Whether the person refused this pointer of this name."""
    row = file.execute(
        "SELECT 1 FROM rejected WHERE name = ? AND pointer = ?", (name, str(pointer))
    ).fetchone()
    return row is not None


def reject(
    file: sqlite3.Connection, name: str, pointer: Pointer, now: float, limits: Limits
) -> None:
    """Note that the person refuses it. Raises `InvalidRequest` where there are too many."""
    most = limits.history_rejected_of_name
    count = int(file.execute("SELECT count(*) FROM rejected WHERE name = ?", (name,)).fetchone()[0])
    if count >= most:
        raise InvalidRequest(
            f"{most} pointers of {name} are rejected already",
            advice=f"hold it at one version instead: walkaway pin-name {name}",
        )
    file.execute("INSERT OR REPLACE INTO rejected VALUES (?, ?, ?)", (name, str(pointer), now))


def take_back(file: sqlite3.Connection, name: str, pointer: Pointer) -> None:
    """Forget that the person refused it."""
    file.execute("DELETE FROM rejected WHERE name = ? AND pointer = ?", (name, str(pointer)))


def _held(row: _Row) -> HeldName:
    name, pointer, standing, first, seen, pinned, says, says_standing, since, rejected = row
    return HeldName(
        name,
        parse_pointer(pointer),
        Standing(standing),
        first,
        seen,
        bool(pinned),
        None if says is None else parse_pointer(says),
        Standing(says_standing),
        since,
        bool(rejected),
    )
