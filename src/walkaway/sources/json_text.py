"""JSON from outside: bounded in depth, without what JSON does not have."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from walkaway.errors import SourceFault
from walkaway.limits import LIMITS

__all__ = ["nests_deeper", "parse_json"]

_PLAIN = bytes(byte for byte in range(256) if byte not in b'"[]{}')
_AS_ARRAYS = bytes.maketrans(b"{}", b"[]")


def parse_json(text: bytes, *, depth: int) -> Any:
    """Parse a document whose arrays and objects nest at most ``depth`` deep.

    Also the values in it are bounded, by `Limits.json_values` and by its size: parsing
    holds the event loop, and millions of empty arrays hold it for seconds.

    Raises:
        SourceFault: not JSON (RFC 8259): also NaN, infinities, numbers too long to read.
    """
    if _holds_too_many(text):
        raise SourceFault("its JSON holds too many values for its size")
    if nests_deeper(text, depth):
        raise SourceFault("its JSON is nested too deeply, or does not close what it opens")
    try:
        plain = text.decode("utf-8")
        return json.loads(plain, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        raise SourceFault("its answer is not JSON") from None


def nests_deeper(text: bytes, depth: int) -> bool:
    """Whether arrays and objects nest more than ``depth`` deep; also where they do not close.

    To be asked before parsing: the parser recurses in C, and where some library
    has raised the interpreter's recursion limit (those of the executable specification
    do), a deep document would end the process instead of raising. ``text`` is
    read as UTF-8, so the parser must be given nothing else. An object counts as an
    array, since where one is closed as the other the parser stops.
    """
    if text.count(b"[") + text.count(b"{") <= depth:
        return False
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = text.translate(_AS_ARRAYS, _PLAIN).replace(b'""', b"")
    brackets = b"".join(marks.split(b'"')[::2])
    for _ in range(depth):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _holds_too_many(text: bytes) -> bool:
    """Whether a document has more values than fit its size; a comma in a string counts too."""
    values = text.count(b",") + text.count(b"[") + text.count(b"{")
    usual = LIMITS.json_values_anyway + len(text) // LIMITS.json_value_bytes
    return values > min(usual, LIMITS.json_values)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
