"""Answers that are ready: small requests for files that were just served, without a thought.

Only a plain GET is answered from here, in which no header asks for anything of its own.
What is kept is kept for seconds, so that a denylist or a name that changed is heard of.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Final

from starlette.types import Message, Scope

from walkaway.gateway.answers.answer import READY_BYTES, Answer, FilePart
from walkaway.limits import LIMITS, Limits
from walkaway.rpc.http_protocol import joined_head

__all__ = ["HotAnswers", "Key", "ReadyAnswer"]

Key = tuple[bytes, bytes, bytes, int]
"""The host, the path and the query, as they were sent, and what `HotAnswers.decisions` was."""

_HARMLESS: Final = frozenset(
    {
        b"accept-encoding",
        b"accept-language",
        b"connection",
        b"cookie",
        b"dnt",
        b"pragma",
        b"priority",
        b"referer",
        b"sec-fetch-dest",
        b"sec-fetch-user",
        b"sec-gpc",
        b"user-agent",
    }
)
"""Headers that change no answer about a file."""

_OWN_SITES: Final = frozenset({b"same-origin", b"same-site", b"none"})
_SHARES: Final = 4
"""One answer takes at most this part of the room."""


@dataclass(frozen=True, slots=True)
class ReadyAnswer:
    """An answer as it was given: the message that opens it, its body, and where that is short
    the head in one piece (`joined_head`). It may be given ``until`` then, by the loop's time,
    and was ``made`` as `Answer` says.
    """

    start: Message
    body: bytes | FilePart
    head: bytes
    until: float
    made: float

    @property
    def size(self) -> int:
        """Bytes of memory; a file's are the system's."""
        return len(self.head) + (len(self.body) if isinstance(self.body, bytes) else 0)

    def is_good(self) -> bool:
        """Whether it may still be given."""
        if self.until < asyncio.get_running_loop().time():
            return False
        return isinstance(self.body, bytes) or self.body.file.is_unchanged()


class HotAnswers:
    """The answers that are ready, by what was sent; the one used longest ago leaves first.

    ``decisions`` is a number that moves where a name may lead elsewhere from now on, since
    the person said so: what was ready until then is not found any more.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self.decisions: Callable[[], int] = _none_made
        self._kept: OrderedDict[Key, ReadyAnswer] = OrderedDict()
        self._size = 0

    def key(self, scope: Scope) -> Key | None:
        """What an answer to this request would be kept under; None where it is no plain GET."""
        if scope["method"] != "GET":
            return None
        host = None
        for name, value in scope["headers"]:
            if name in _HARMLESS:
                continue
            if name == b"host" and host is None:
                host = value
            elif not (
                (name == b"accept" and _is_for_a_browser(value))
                or (name == b"sec-fetch-site" and value in _OWN_SITES)
                # Opened in a window, the same address may lead elsewhere (`routes`).
                or (name == b"sec-fetch-mode" and value != b"navigate")
            ):
                return None
        if host is None:
            return None
        return host, scope["raw_path"], scope["query_string"], self.decisions()

    def find(self, key: Key) -> ReadyAnswer | None:
        """The answer that is ready, if one is."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if not kept.is_good():
            self._forget(key)
            return None
        return kept

    def keep(self, key: Key, answer: Answer) -> None:
        """Have an answer ready from now on, if it may be given again and is not too large."""
        body = answer.body
        if not answer.ready_seconds or isinstance(body, AsyncGenerator):
            return
        if isinstance(body, bytes) and len(body) > self._limits.web_hot_bytes // _SHARES:
            return
        before = self._kept.get(key)
        # It may have been read for minutes, by which time another has taken its place.
        lasts = min(answer.ready_seconds, self._limits.web_hot_seconds)
        lasts -= time.monotonic() - answer.made
        if lasts <= 0 or (before is not None and before.made > answer.made):
            return
        self._forget(key)
        start = answer.start
        is_short = isinstance(body, bytes) and len(body) <= READY_BYTES
        head = joined_head(start["status"], start["headers"]) if is_short else b""
        until = asyncio.get_running_loop().time() + lasts
        kept = ReadyAnswer(start, body, head, until, answer.made)
        self._kept[key] = kept
        self._size += _size_of(key, kept)
        while (
            len(self._kept) > self._limits.web_hot_answers
            or self._size > self._limits.web_hot_bytes
        ):
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._size -= _size_of(key, kept)


def _none_made() -> int:
    return 0


def _size_of(key: Key, kept: ReadyAnswer) -> int:
    """Bytes of memory that a ready answer takes, with the words it was asked for by."""
    return kept.size + sum(map(len, key[:3]))


def _is_for_a_browser(accept: bytes) -> bool:
    """Whether no response format is asked for by its own name."""
    lower = accept.lower()
    return b"vnd.ip" not in lower and b"x-tar" not in lower
