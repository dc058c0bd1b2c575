"""What of content is in hand: pieces that were fetched, and that clients still have to read.

A piece is as long as its block, and stays here for as long as its client takes to read it.
All of them together have a room; where that is full, whoever has read nothing for longest
makes way, and where everybody reads, whoever comes last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from walkaway.limits import LIMITS, Limits
from walkaway.rpc.http_protocol import AnswerCutShort, CutOff

__all__ = ["PiecesInHand", "nobody"]


def nobody() -> bool:
    """A `CutOff` for a web server that has none."""
    return False


class PiecesInHand:
    """Counts the bytes of pieces in hand, of all answers, against ``limits.web_pieces_bytes``."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._most = limits.web_pieces_bytes
        self._bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether no further answer should be begun."""
        return self._bytes >= self._most

    @contextmanager
    def hold(self, size: int, cut_off: CutOff = nobody) -> Iterator[None]:
        """Count a piece while it is in hand. Raises `AnswerCutShort` where there is no room."""
        if self._bytes and self._bytes + size > self._most and not cut_off():
            raise AnswerCutShort("too much is waiting to be read")
        self._bytes += size
        try:
            yield
        finally:
            self._bytes -= size
