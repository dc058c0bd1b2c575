"""Which pointers each web origin was given, so that what one left there can be cleared.

A page stores things in the browser: cookies, databases, a service worker. Where the
person leaves the pointer that it came by (it was rejected, or the name went back to what
it said before), those are still there, and whoever wrote them is not trusted any more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from walkaway.limits import LIMITS, Limits
from walkaway.names.history_file import HistoryFile
from walkaway.names.history_past import is_known
from walkaway.names.pointer import Pointer, parse_pointer
from walkaway.names.spelling import canonical, family

__all__ = ["LeftPointer", "ServedPointers"]

_LEFT: Final = """
SELECT served.origin, served.name, served.pointer, held.pointer, rejected.at IS NOT NULL,
       held.pinned
FROM served JOIN held ON held.name = served.name
LEFT JOIN known ON known.name = held.name AND known.pointer = held.pointer
LEFT JOIN rejected ON rejected.name = served.name AND rejected.pointer = served.pointer
WHERE (served.origin = ?1 OR ?1 IS NULL) AND served.pointer != held.pointer
  AND (rejected.at IS NOT NULL OR served.place > known.id)
ORDER BY served.id
"""
_NOTE: Final = """
INSERT OR IGNORE INTO served (origin, family, name, pointer, place)
SELECT ?, ?, name, pointer, id FROM known WHERE name = ? AND pointer = ?
"""
_MAKE_ROOM: Final = """
DELETE FROM served WHERE id IN (
    SELECT id FROM (SELECT id, count(*) OVER (PARTITION BY family) AS size FROM served)
    ORDER BY size DESC, id LIMIT max(0, (SELECT count(*) FROM served) - ?)
)
"""
"""The family with the most leaves first: whoever makes names without end pushes out their own."""


@dataclass(frozen=True, slots=True)
class LeftPointer:
    """A pointer that an origin was given and that its name has left.

    ``now`` is what is served in its place; ``rejected`` says that the person refused it,
    ``pinned`` that the person holds the name there. Else it went back to what it said before.
    """

    name: str
    pointer: Pointer
    now: Pointer
    rejected: bool
    pinned: bool


class ServedPointers:
    """The pointers that origins were given. Methods raise as those of `PointerHistory`."""

    def __init__(self, file: HistoryFile, limits: Limits = LIMITS) -> None:
        self._file = file
        self._limits = limits

    async def note(self, origin: str, steps: Iterable[tuple[str, Pointer]]) -> None:
        """An origin was given content by way of these names, each with where it led."""
        given = [(canonical(name), pointer) for name, pointer in steps]

        def is_noted(file: sqlite3.Connection) -> bool:
            return all(_is_noted(file, origin, name, pointer) for name, pointer in given)

        if not await self._file.read(is_noted):
            await self._file.write(lambda file: self._note(file, origin, given))

    async def left(self, origin: str) -> list[LeftPointer]:
        """The pointers that this origin was given and whose names have left them."""
        return (await self._left(origin)).get(origin, [])

    async def forget(self, origin: str) -> None:
        """What this origin was given is of no importance any more: it was cleared, or is kept."""
        await self._file.write(
            lambda file: file.execute("DELETE FROM served WHERE origin = ?", (origin,))
        )

    async def all_left(self) -> dict[str, list[LeftPointer]]:
        """Every origin that was given something its name has left, with what that is."""
        return await self._left(None)

    async def _left(self, origin: str | None) -> dict[str, list[LeftPointer]]:
        def found(file: sqlite3.Connection) -> dict[str, list[LeftPointer]]:
            left: dict[str, list[LeftPointer]] = {}
            for given, name, pointer, now, rejected, pinned in file.execute(_LEFT, (origin,)):
                told = LeftPointer(
                    name, parse_pointer(pointer), parse_pointer(now), bool(rejected), bool(pinned)
                )
                left.setdefault(given, []).append(told)
            return left

        return await self._file.read(found)

    def _note(
        self, file: sqlite3.Connection, origin: str, given: Iterable[tuple[str, Pointer]]
    ) -> None:
        for name, pointer in given:
            # What is not known is the person's own setting, which is no other's to change.
            file.execute(_NOTE, (origin, family(name), name, str(pointer)))
        file.execute(_MAKE_ROOM, (self._limits.history_served,))


def _is_noted(file: sqlite3.Connection, origin: str, name: str, pointer: Pointer) -> bool:
    row = file.execute(
        "SELECT 1 FROM served WHERE origin = ? AND name = ? AND pointer = ?",
        (origin, name, str(pointer)),
    ).fetchone()
    return row is not None or not is_known(file, name, pointer)
