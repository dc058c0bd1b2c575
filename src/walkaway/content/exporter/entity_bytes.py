"""The range of a file that a trustless request asks for.

Specification: ipfs/specs ``src/http-gateways/trustless-gateway.md``, "entity-bytes".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from walkaway.errors import InvalidRequest

__all__ = ["EntityBytes"]

_FORM = re.compile(r"(-?[0-9]{1,19}):(\*|-?[0-9]{1,19})")


@dataclass(frozen=True, slots=True)
class EntityBytes:
    """The first and the last byte, both within the range; below zero they count from the end.

    ``last`` is None where the range goes to the end.
    """

    first: int
    last: int | None

    @classmethod
    def parse(cls, text: str) -> EntityBytes:
        """Read ``from:to``. Raises `InvalidRequest`."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise InvalidRequest(
                f"entity-bytes is not a range: {text[:60]!r}",
                advice="entity-bytes=from:to, such as 0:1023, 512:* or -1024:*",
            )
        first, last = found.groups()
        return cls(int(first), None if last == "*" else int(last))

    def __str__(self) -> str:
        return f"{self.first}:{'*' if self.last is None else self.last}"

    def within(self, size: int) -> tuple[int, int] | None:
        """Where the range begins and ends, the end not in it, in a file of so many bytes.

        What lies beyond the file is cut off. None where nothing is left.
        """
        first = max(size + self.first, 0) if self.first < 0 else self.first
        last = size - 1 if self.last is None else self.last
        end = min(size + last if last < 0 else last, size - 1) + 1
        return (first, end) if first < end else None
