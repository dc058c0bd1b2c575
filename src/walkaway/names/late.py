"""Names whose resolver comes later than whoever asks, such as those of a chain that syncs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from walkaway.errors import Unproven
from walkaway.names.resolution import Names, Resolution

__all__ = ["LateNames"]


class LateNames:
    """A place for a resolver that comes and goes. Implements `Names`.

    ``source`` is what answers in its stead while it is not there, ``reason`` what that
    says, and ``advice`` what the person can do.
    """

    def __init__(self, source: str, reason: str, *, advice: str = "") -> None:
        self._source = source
        self._advice = advice
        self._names: Names | None = None
        self.reason = reason

    @property
    def why_not(self) -> str:
        """Why nothing is resolved here now; empty where it is."""
        return self.reason if self._names is None else ""

    @contextmanager
    def led_by(self, names: Names) -> Iterator[None]:
        """Inside, ``names`` answers."""
        before = self._names
        self._names = names
        try:
            yield
        finally:
            self._names = before

    async def resolve(self, name: str) -> Resolution:
        """As the resolver that is there.

        Raises:
            Unproven: none is; besides what it raises.
        """
        if self._names is None:
            raise Unproven(
                f"the name {name[:100]!r} is not resolved",
                reasons={self._source: self.reason},
                advice=self._advice,
            )
        return await self._names.resolve(name)
