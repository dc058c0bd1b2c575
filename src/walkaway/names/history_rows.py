"""The rows of what is held of names: how each is read and written, within a transaction.

What a page can bring about, which is that names are seen, pushes out nothing that a person
relies on: names make room for others only where no change of them waits and nobody decided
anything of them, and then in the family (`spelling.family`) that has the most of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

from walkaway.errors import InvalidRequest, StoreFault
from walkaway.limits import Limits
from walkaway.names.hold import HeldName
from walkaway.names.pointer import Pointer, parse_pointer
from walkaway.names.resolution import Standing
from walkaway.names.spelling import family

__all__ = [
    "Kept",
    "forget",
    "held_name",
    "held_names",
    "is_rejected",
    "lasting_names",
    "put_held",
    "reject",
    "take_back",
]

_HELD: Final = """
SELECT held.name, held.pointer, standing, first_seen, seen, pinned, says, says_standing,
       says_since, rejected.at IS NOT NULL, hold
FROM held LEFT JOIN rejected ON rejected.name = held.name AND rejected.pointer = held.says
WHERE held.name = ?1 OR ?1 IS NULL
ORDER BY kept < ?2, says IS NULL, seen DESC LIMIT ?3
"""
_PUT: Final = """
INSERT INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET
    kept = CASE kept WHEN ? THEN kept ELSE excluded.kept END, hold = excluded.hold,
    pointer = excluded.pointer, standing = excluded.standing, first_seen = excluded.first_seen,
    seen = excluded.seen, pinned = excluded.pinned, says = excluded.says,
    says_standing = excluded.says_standing, says_since = excluded.says_since
"""
_MAKE_ROOM: Final = """
DELETE FROM held WHERE name IN (
    SELECT name FROM (
        SELECT name, seen, count(*) OVER (PARTITION BY family) AS size FROM held WHERE kept = 0
    ) WHERE name != ? ORDER BY size DESC, seen
    LIMIT max(0, (SELECT count(*) FROM held WHERE kept = 0) - ?)
)
"""

_Row = tuple[str, str, str, float, float, int, str | None, str, float, int, float]


class Kept(IntEnum):
    """How firmly the row of a name is kept."""

    LOOSELY = 0
    """It makes room for others."""
    HELD = 1
    """Changes of the name wait. Where there is no room, another name is refused."""
    DECIDED = 2
    """The person decided something of the name."""


def held_name(file: sqlite3.Connection, name: str) -> HeldName | None:
    """What is held of a name."""
    row = file.execute(_HELD, (name, Kept.DECIDED, 1)).fetchone()
    return None if row is None else _held(row)


def held_names(file: sqlite3.Connection, most: int) -> Iterator[HeldName]:
    """What is held, what was decided on first, then what waits; of all, where ``most`` is -1."""
    return map(_held, file.execute(_HELD, (None, Kept.DECIDED, most)))


def lasting_names(file: sqlite3.Connection) -> Iterator[str]:
    """The names that make room for no others: the person decided something, or a change waits."""
    return (name for (name,) in file.execute("SELECT name FROM held WHERE kept > 0"))


def put_held(file: sqlite3.Connection, held: HeldName, kept: Kept, limits: Limits) -> None:
    """Write what is held of a name. What was decided of it stays so.

    Raises `StoreFault` where as many names are held as are kept.
    """
    if kept is Kept.HELD and held_name(file, held.name) is None:
        _require_room(file, held.name, limits)
    file.execute(
        _PUT,
        (
            held.name,
            family(held.name),
            kept,
            held.hold,
            str(held.pointer),
            held.standing.value,
            held.first_seen,
            held.seen,
            held.pinned,
            None if held.says is None else str(held.says),
            held.says_standing.value,
            held.says_since,
            Kept.DECIDED,
        ),
    )
    file.execute(_MAKE_ROOM, (held.name, limits.history_names))


def forget(file: sqlite3.Connection, pattern: str) -> int:
    """Forget a name with all that is known of it, or the names that a pattern (GLOB) covers and
    of which nothing was decided, those of their contracts among them. Returns how many there
    were.
    """
    if "*" not in pattern:
        return file.execute("DELETE FROM held WHERE name = ?", (pattern,)).rowcount
    return file.execute(
        "DELETE FROM held WHERE (name GLOB ?1 OR name GLOB ?1 || ':*') AND kept < ?2",
        (pattern, Kept.DECIDED),
    ).rowcount


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


def _require_room(file: sqlite3.Connection, name: str, limits: Limits) -> None:
    own = family(name)
    total, siblings = file.execute(
        "SELECT count(*), coalesce(sum(family = ?), 0) FROM held WHERE kept = ?", (own, Kept.HELD)
    ).fetchone()
    if siblings >= limits.history_held_of_family:
        below = f"below {own}" if own else "without a dot, and keys,"
        raise _full(f"{siblings} names {below} are held already", f"'*.{own}'" if own else "'k*'")
    if total >= limits.history_held_names:
        raise _full(f"{total} names are held already", "'*'")


def _full(why: str, pattern: str) -> StoreFault:
    return StoreFault(
        f"{why}, and none of them is forgotten for another",
        advice=f"forget those that you need no more: walkaway pin-name {pattern} --forget; "
        "or hold some names alone (holds)",
    )


def _held(row: _Row) -> HeldName:
    name, pointer, standing, first, seen, pinned, says, says_standing, since, rejected, hold = row
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
        hold,
    )
