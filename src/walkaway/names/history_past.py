"""The rows of what names said: every pointer with its place in their order, and every stretch.

A pointer that was accepted is one that can be gone back to, and one that was served may have
left things in a browser. These are kept, however often a name changes: of very many, the first
and the last, so that neither what was there before an attacker came nor what came after is
lost. Pointers that never were more than said are bounded on their own.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from walkaway.limits import Limits
from walkaway.names.hold import HeldName, Said
from walkaway.names.pointer import Pointer, parse_pointer
from walkaway.names.resolution import Standing

__all__ = [
    "PastPointer",
    "add_sighting",
    "first_seen",
    "is_known",
    "last_noted",
    "note_accepted",
    "note_said",
    "one_before",
    "past_of",
]

_PAST: Final = """
SELECT sighting.pointer, standing, first_seen, last_seen, stood_on, rejected.at IS NOT NULL
FROM sighting LEFT JOIN rejected
ON rejected.name = sighting.name AND rejected.pointer = sighting.pointer
WHERE sighting.name = ? ORDER BY id DESC
"""
_LONG_PAST: Final = """
SELECT known.pointer, standing, first_seen, first_seen, '[]', rejected.at IS NOT NULL
FROM known LEFT JOIN rejected
ON rejected.name = known.name AND rejected.pointer = known.pointer
WHERE known.name = ?1 AND accepted IS NOT NULL AND standing != ?2
  AND known.pointer NOT IN (SELECT pointer FROM sighting WHERE name = ?1)
ORDER BY id DESC
"""
"""What was accepted and is kept beyond its stretches."""
_ONE_BEFORE: Final = """
SELECT pointer, standing FROM known
WHERE name = :name AND pointer != :pointer AND accepted IS NOT NULL
  AND pointer NOT IN (SELECT pointer FROM rejected WHERE name = :name)
ORDER BY accepted DESC LIMIT 1
"""
_DROP_SAID: Final = """
DELETE FROM known WHERE id IN (
    SELECT id FROM known WHERE name = ? AND accepted IS NULL ORDER BY id DESC LIMIT -1 OFFSET ?
)
"""
_DROP_ACCEPTED: Final = """
WITH loose AS (
    SELECT id FROM known WHERE name = :name AND accepted IS NOT NULL AND pointer != :pointer
      AND pointer NOT IN (SELECT pointer FROM served WHERE name = :name)
)
DELETE FROM known WHERE id IN (
    SELECT id FROM loose ORDER BY id
    LIMIT max(0, (SELECT count(*) FROM loose) - :most) OFFSET :most / 2
)
"""
_LARGEST: Final = """
SELECT name FROM known JOIN held USING (name) WHERE kept = 0
GROUP BY name ORDER BY count(*) DESC, name = ? LIMIT 1
"""
"""The name with the most versions of those that are loosely kept (`history_rows.Kept`)."""


@dataclass(frozen=True, slots=True)
class PastPointer:
    """A stretch of time in which a name was seen to say the same, in unix seconds.

    ``stood_on`` is the evidence in short: a step a line, the nearest first. Of what was
    accepted long ago only the beginning may be left.
    """

    pointer: Pointer
    standing: Standing
    first_seen: float
    last_seen: float
    stood_on: tuple[str, ...]
    rejected: bool


def past_of(file: sqlite3.Connection, name: str) -> Iterator[PastPointer]:
    """What a name said, the newest first."""
    for row in (
        *file.execute(_PAST, (name,)),
        *file.execute(_LONG_PAST, (name, Standing.OWN.value)),
    ):
        pointer, standing, first, last, stood_on, rejected = row
        lines = tuple([str(line) for line in json.loads(stood_on)])
        yield PastPointer(
            parse_pointer(pointer), Standing(standing), first, last, lines, bool(rejected)
        )


def note_said(file: sqlite3.Connection, name: str, said: Said, now: float, limits: Limits) -> None:
    """Give what a name says its place in the order in which its pointers were first seen."""
    is_new = not is_known(file, name, said.pointer)
    file.execute(
        "INSERT INTO known (name, pointer, standing, first_seen) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (name, pointer) DO UPDATE SET standing = excluded.standing",
        (name, str(said.pointer), said.standing.value, now),
    )
    file.execute(_DROP_SAID, (name, limits.history_sightings_of_name))
    if is_new:
        _make_room(file, name, limits)


def note_accepted(file: sqlite3.Connection, held: HeldName, limits: Limits) -> None:
    """Note that a name is held at its pointer from now on, so that it can be gone back to.

    Whichever was held last comes first (`one_before`), whatever the clock says.
    """
    name, pointer = held.name, str(held.pointer)
    file.execute(
        "INSERT INTO known (name, pointer, standing, first_seen) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (name, pointer) DO NOTHING",
        (name, pointer, held.standing.value, held.first_seen),
    )
    file.execute(
        "UPDATE known SET accepted = "
        "(SELECT coalesce(max(accepted), 0) + 1 FROM known WHERE name = ?1) "
        "WHERE name = ?1 AND pointer = ?2",
        (name, pointer),
    )
    _drop_accepted(file, name, pointer, limits.history_accepted_of_name)


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
    row = file.execute(
        "SELECT first_seen FROM known WHERE name = ? AND pointer = ?", (name, str(pointer))
    ).fetchone()
    return otherwise if row is None else float(row[0])


def is_known(file: sqlite3.Connection, name: str, pointer: Pointer) -> bool:
    """Whether a name was seen to say this, or was held at it."""
    row = file.execute(
        "SELECT 1 FROM known WHERE name = ? AND pointer = ?", (name, str(pointer))
    ).fetchone()
    return row is not None


def one_before(file: sqlite3.Connection, held: HeldName) -> tuple[Pointer, Standing] | None:
    """The pointer that a name was held at before this one, and that was not rejected since."""
    row = file.execute(_ONE_BEFORE, {"name": held.name, "pointer": str(held.pointer)}).fetchone()
    return None if row is None else (parse_pointer(row[0]), Standing(row[1]))


def _make_room(file: sqlite3.Connection, name: str, limits: Limits) -> None:
    """Where there are too many versions of all names, have those that have the most lose some."""
    if file.execute("SELECT count(*) FROM known").fetchone()[0] <= limits.history_pointers:
        return
    largest = file.execute(_LARGEST, (name,)).fetchone()
    if largest is not None and largest[0] == name:
        _drop_accepted(file, name, "", limits.history_accepted_of_name // 2)
    elif largest is not None:
        file.execute("DELETE FROM held WHERE name = ?", largest)


def _drop_accepted(file: sqlite3.Connection, name: str, pointer: str, most: int) -> None:
    """Keep as many versions of a name from its beginning as from its end, and ``pointer``."""
    file.execute(_DROP_ACCEPTED, {"name": name, "pointer": pointer, "most": most})
