"""Somebody's word: an answer that nobody can prove, and who gave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Word"]

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Word(Generic[V]):
    """What some sources say, never what is proven. Names are source names.

    ``dissent`` lists every other thing that was said, with who said it, so
    that no conflict is hidden by a majority.
    """

    value: V
    said_by: tuple[str, ...]
    asked: tuple[str, ...]
    dissent: tuple[tuple[V, tuple[str, ...]], ...] = ()

    def __str__(self) -> str:
        return f"{len(self.said_by)} of {len(self.asked)} sources say so"
