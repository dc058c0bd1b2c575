"""What one request may cost: whatever a DAG claims to be, it ends here."""

from __future__ import annotations

from typing import Final

from walkaway.errors import TooMuch
from walkaway.limits import LIMITS, Limits

__all__ = ["AheadRoom", "Budget"]

_A_PART: Final = "ask for a part of it: one of its folders or files, or a range of bytes"


class AheadRoom:
    """How many bytes several requests together may hold that were fetched before their turn.

    While it is full each still fetches what it needs next, and nothing ahead of that.
    """

    __slots__ = ("_left",)

    def __init__(self, size: int = LIMITS.ahead_bytes_together) -> None:
        self._left = size

    def take(self, size: int) -> bool:
        """Take room for so many bytes; False where there is not so much."""
        if size > self._left:
            return False
        self._left -= size
        return True

    def give(self, size: int) -> None:
        """Give back what was taken."""
        self._left += size


class Budget:
    """Blocks and bytes that one request may still fetch, counted as they come.

    ``ahead`` is the room for what is fetched before its turn; requests that are
    served at once share one. Depth is held by whoever walks, against
    ``limits.dag_depth``; time by whoever serves.
    """

    __slots__ = ("_blocks", "_bytes", "_structure", "ahead", "limits")

    def __init__(
        self,
        limits: Limits = LIMITS,
        *,
        blocks: int | None = None,
        size: int | None = None,
        ahead: AheadRoom | None = None,
    ) -> None:
        self.limits = limits
        self.ahead = AheadRoom(limits.ahead_bytes_together) if ahead is None else ahead
        self._blocks = limits.request_blocks if blocks is None else blocks
        self._bytes = limits.request_block_bytes if size is None else size
        self._structure = limits.request_structure_bytes

    def spend(self, size: int) -> None:
        """Count one block of so many bytes.

        Raises:
            TooMuch: the request has used up what it may fetch.
        """
        self._blocks -= 1
        self._bytes -= size
        if self._blocks < 0:
            raise TooMuch(
                "the content needs more blocks than one request may fetch", advice=_A_PART
            )
        if self._bytes < 0:
            raise TooMuch("the content needs more bytes than one request may fetch", advice=_A_PART)

    def weigh(self, structure: int, given: int) -> None:
        """Hold the bytes that were read to find one's way against those that came of it.

        A few blocks can be linked to so often that reading them would take years
        and give next to nothing, within any sensible bound on blocks or bytes.
        Honest content gives more than it takes, but for a beginning.

        Raises:
            TooMuch: over ``limits.request_structure_bytes`` more were read than given.
        """
        self._structure += given - structure
        if self._structure < 0:
            raise TooMuch(
                "the content has many times more links to follow than there is in it",
                advice="ask for its blocks one at a time, as they are",
            )

    def foresee(self, size: int) -> None:
        """Hold what is about to be asked for against what is left, before any of it is fetched.

        Raises:
            TooMuch: so many bytes are more than the request may still fetch.
        """
        if size > self._bytes:
            raise TooMuch("the content needs more bytes than one request may fetch", advice=_A_PART)

    def descend(self, depth: int) -> None:
        """Hold a depth against the limit.

        Raises:
            TooMuch: the DAG is deeper than is walked.
        """
        if depth > self.limits.dag_depth:
            raise TooMuch(f"the content is over {self.limits.dag_depth} links deep", advice=_A_PART)
