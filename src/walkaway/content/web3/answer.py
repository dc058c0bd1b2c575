"""What a contract's answer says: the page, as HTTP gives it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from walkaway.content.endings import ENDINGS

__all__ = ["JSON", "Answer", "Json", "json_answer", "type_of_ending"]

JSON = "application/json"

Json: TypeAlias = bool | str | Sequence["Json"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The body, or its first part, as the contract gave it: still under ``encoding``, the
    name of a content coding, and followed by what ``next_chunk`` leads to (ERC-7617).

    ``seconds`` is how long the contract lets it be held, None where it does not say.
    """

    body: bytes
    media_type: str | None = None
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    encoding: str | None = None
    next_chunk: str | None = None
    seconds: float | None = None


def json_answer(values: Sequence[Json]) -> Answer:
    """Values as JSON, without spaces."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return Answer(text.encode(), JSON)


def type_of_ending(ending: str) -> str | None:
    """The media type of files whose names end so, without the dot; None where none is known."""
    if not ending.isascii() or not ending.isalnum():
        return None
    found, encoding = ENDINGS.guess_type(f"file.{ending.lower()}")
    return found if encoding is None else None
