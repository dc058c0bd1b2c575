"""How long the answers to one batch may grow together, while many of its calls run at once.

A call takes its room before it encodes a large answer, so that what does not
fit is never made; what it took too much of the room is given back.
"""

from __future__ import annotations

from walkaway.errors import TooMuch

__all__ = ["TOO_LONG", "AnswerRoom", "Share"]

TOO_LONG = "the answers to this batch are too long: ask for fewer at once"


class AnswerRoom:
    """``size`` bytes, for all answers to one message."""

    def __init__(self, size: int) -> None:
        self._left = size

    @property
    def is_full(self) -> bool:
        """Whether nothing fits any more."""
        return self._left <= 0

    def take(self, size: int) -> None:
        """Take so many bytes, or give back where there are fewer than none. Raises `TooMuch`."""
        if size > max(self._left, 0):
            raise TooMuch(TOO_LONG)
        self._left -= size


class Share:
    """What one call takes of the room; without a ``room`` there is no end of it."""

    def __init__(self, room: AnswerRoom | None = None) -> None:
        self._room = room
        self._size = 0

    def reserve(self, size: int) -> None:
        """Say that the answer will be about so many bytes long. Raises `TooMuch`."""
        self.settle(max(size, self._size))

    def settle(self, size: int) -> None:
        """Say how long the answer is in truth. Raises `TooMuch`, and then holds nothing."""
        if self._room is None:
            return
        held, self._size = self._size, 0
        self._room.take(-held)
        self._room.take(size)
        self._size = size
