"""What is remembered for a while, within a number of entries and a weight of them all.

Whoever names things chooses how large an answer is that is kept, so that a number alone is
no bound on memory.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["Weighed"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Weighed(Generic[K, V]):
    """Values by key; those that were used longest ago make way.

    ``most`` are the entries, and ``weight`` is what they may weigh together, in bytes.
    """

    def __init__(self, most: int, weight: int) -> None:
        self._most = most
        self._room = weight
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: K) -> V | None:
        """A value, which is thereby used; None where there is none."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        self._kept.move_to_end(key)
        return kept[0]

    def put(self, key: K, value: V, weight: int) -> None:
        """Keep a value of so many bytes, unless it is too heavy by itself."""
        self.remove(key)
        self._kept[key] = value, weight
        self._room -= weight
        while len(self._kept) > self._most or (self._room < 0 and self._kept):
            self.remove(next(iter(self._kept)))

    def remove(self, key: K) -> None:
        """Forget a value, if there is one."""
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._room += kept[1]
