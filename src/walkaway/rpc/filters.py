"""The filters of one server: streams that are asked for their news by an identifier.

A filter ends when nobody has asked it for `LIMITS.filter_seconds`. Whoever
knows its identifier, which is too long to be guessed, may ask it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from walkaway.errors import InvalidRequest, TooMuch
from walkaway.limits import LIMITS, Limits
from walkaway.rpc.ask import Ask
from walkaway.rpc.jsonrpc import Encoded
from walkaway.rpc.log_criteria import LogCriteria
from walkaway.rpc.streams import Stream

__all__ = ["Filters", "new_identifier"]


def new_identifier() -> str:
    """128 random bits, as a quantity."""
    return hex(1 << 127 | secrets.randbits(127))


@dataclass
class _Filter:
    stream: Stream
    criteria: LogCriteria | None
    used: float
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Filters:
    """Holds filters. ``now`` gives seconds that never run backwards."""

    def __init__(self, *, limits: Limits = LIMITS, now: Callable[[], float] = time.monotonic):
        self._limits = limits
        self._now = now
        self._filters: OrderedDict[str, _Filter] = OrderedDict()

    def add(self, stream: Stream, criteria: LogCriteria | None = None) -> str:
        """Hold a stream; the identifier to ask it by. Raises `TooMuch` where there is no place."""
        self._end_unused()
        if len(self._filters) >= self._limits.filters:
            raise TooMuch(
                f"there are {self._limits.filters} filters already",
                advice="uninstall those that are not needed",
            )
        identifier = new_identifier()
        self._filters[identifier] = _Filter(stream, criteria, self._now())
        return identifier

    async def changes(self, identifier: str, ask: Ask) -> Encoded:
        """A JSON array of what happened since the last time.

        Raises `InvalidRequest` where there is no such filter, and what
        `Stream.news` raises. A filter that has lost its place ends.
        """
        found = self._found(identifier)
        async with found.asking:
            try:
                texts = await found.stream.news(ask)
            except InvalidRequest:
                self.remove(identifier)
                raise
        return Encoded(b"[%b]" % b",".join(texts))

    def criteria(self, identifier: str) -> LogCriteria:
        """What a filter of logs asks for. Raises `InvalidRequest` where it is none."""
        criteria = self._found(identifier).criteria
        if criteria is None:
            raise InvalidRequest("this filter is not one of logs")
        return criteria

    def remove(self, identifier: str) -> bool:
        """Let a filter go; whether there was one."""
        return self._filters.pop(identifier, None) is not None

    def _found(self, identifier: str) -> _Filter:
        self._end_unused()
        found = self._filters.get(identifier)
        if found is None:
            raise InvalidRequest(
                "filter not found", advice="filters that nobody asks end: begin anew"
            )
        found.used = self._now()
        self._filters.move_to_end(identifier)
        return found

    def _end_unused(self) -> None:
        """The one unused longest is the first."""
        oldest_allowed = self._now() - self._limits.filter_seconds
        while self._filters and next(iter(self._filters.values())).used < oldest_allowed:
            self._filters.popitem(last=False)
