"""Counting who says what, one vote an operator."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from walkaway.sources.redact import shown
from walkaway.sources.source import Source
from walkaway.sources.word import Word

__all__ = ["Survey", "Tally", "readable"]

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_SAID_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Survey(Generic[T]):
    """What each source says, and of the others why they say nothing (by source name)."""

    said: list[tuple[Source, T]]
    reasons: dict[str, str]


class Tally(Generic[K]):
    """What each source said. An operator whose sources contradict each other has no vote."""

    def __init__(self, said: Iterable[tuple[Source, K]] = ()) -> None:
        self._said: dict[K, list[Source]] = {}
        for source, key in said:
            self.add(source, key)

    def add(self, source: Source, key: K) -> None:
        """Count what one source said."""
        self._said.setdefault(key, []).append(source)

    def word(self, k: int) -> Word[K] | None:
        """The only thing that ``k`` operators say alike; None where there is none, or two."""
        agreed = [key for key in self._said if len(self._operators(key)) >= max(k, 1)]
        if len(agreed) != 1:
            return None
        return Word(
            agreed[0],
            said_by=_names(self._said[agreed[0]]),
            asked=tuple(source.name for said in self._said.values() for source in said),
            dissent=tuple(
                (key, _names(said)) for key, said in self._said.items() if key != agreed[0]
            ),
        )

    def reasons(self) -> dict[str, str]:
        """What each source said, for a refusal that shows all sides."""
        return {
            source.name: shown(source.transport.scrub(f"says {readable(key)}"), _SAID_CHARACTERS)
            for key, said in self._said.items()
            for source in said
        }

    def _operators(self, key: K) -> set[str]:
        elsewhere = {
            source.operator for other, said in self._said.items() if other != key for source in said
        }
        return {source.operator for source in self._said[key]} - elsewhere


def _names(sources: list[Source]) -> tuple[str, ...]:
    return tuple(source.name for source in sources)


def readable(key: object) -> str:
    """What was said, as a person reads it: bytes as hex."""
    if isinstance(key, bytes):
        return "0x" + key.hex()
    if isinstance(key, tuple):
        return "(" + ", ".join(readable(part) for part in key) + ")"
    return str(key)
