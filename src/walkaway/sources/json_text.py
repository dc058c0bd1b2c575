"""JSON from outside: bounded in depth, without what JSON does not have."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from walkaway.errors import SourceFault

__all__ = ["parse_json"]


def parse_json(text: bytes, *, depth: int) -> Any:
    """Parse a document whose arrays and objects nest at most ``depth`` deep.

    Raises:
        SourceFault: not JSON (RFC 8259): also NaN, infinities, numbers too long to read.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError:
        raise SourceFault("its JSON is nested too deeply") from None
    except ValueError:
        raise SourceFault("its answer is not JSON") from None
    # Few brackets cannot nest deeply, and most answers have few.
    if text.count(b"[") + text.count(b"{") > depth and _is_deeper(document, depth):
        raise SourceFault("its JSON is nested too deeply")
    return document


def _is_deeper(document: Any, depth: int) -> bool:
    level = [document]
    for _ in range(depth):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner.extend(value.values())
            elif isinstance(value, list):
                inner.extend(value)
        level = [value for value in inner if isinstance(value, dict | list)]
    return bool(level)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
