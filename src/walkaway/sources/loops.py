"""Questions that come back: nodes that ask one another for what none of them has.

Specification: RFC 8586, the ``CDN-Loop`` header. Each node adds a mark to the questions
that it passes on, and passes none on that has its own mark already. A mark is new with
every question, so that nobody can tell by it which questions come from one node: only
the node itself, which has the key, knows it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b
from secrets import token_bytes

from walkaway.limits import LIMITS, Limits

__all__ = ["LoopMarks", "Through"]

Through = tuple[str, ...]
"""The marks on a question, of the node that was asked for it first before the others."""

_NONCE_BYTES = 8
_PSEUDONYM = "walkaway-"
_MARK = re.compile(r"[!#-+\--:<-~][ -+\--~]*", re.ASCII)


class LoopMarks:
    """One node's marks. They are known again as long as this object lives."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._key = token_bytes(32)
        self._limits = limits

    def read(self, values: Iterable[str]) -> Through | None:
        """The marks in the values of a request's ``CDN-Loop`` headers.

        None where it is not to be passed on: it came through this node, through too
        many, or through some that cannot be read.
        """
        text = ",".join(values)
        if len(text) > self._limits.loop_characters:
            return None
        marks = tuple(mark for piece in text.split(",") if (mark := piece.strip()))
        if len(marks) > self._limits.loop_marks or not all(map(_MARK.fullmatch, marks)):
            return None
        return None if any(map(self._is_own, marks)) else marks

    def header(self, through: Through) -> str:
        """The value of the header on a question that is passed on, with a mark of this node."""
        nonce = token_bytes(_NONCE_BYTES)
        return ", ".join((*through, f"{_PSEUDONYM}{nonce.hex()}{self._proof(nonce)}"))

    def _is_own(self, mark: str) -> bool:
        written = mark.removeprefix(_PSEUDONYM)
        try:
            nonce = bytes.fromhex(written[: 2 * _NONCE_BYTES])
        except ValueError:
            return False
        return written[2 * _NONCE_BYTES :] == self._proof(nonce)

    def _proof(self, nonce: bytes) -> str:
        return blake2b(nonce, key=self._key, digest_size=_NONCE_BYTES).hexdigest()
