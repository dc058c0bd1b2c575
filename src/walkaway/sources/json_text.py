"""JSON from outside: bounded in depth, without what JSON does not have."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from walkaway.errors import SourceFault

__all__ = ["nests_deeper", "parse_json"]

_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"')
_EMPTY = re.compile(rb"\[\]|\{\}")
_PLAIN = bytes(byte for byte in range(256) if byte not in b'"[]{}')


def parse_json(text: bytes, *, depth: int) -> Any:
    """Parse a document whose arrays and objects nest at most ``depth`` deep.

    Raises:
        SourceFault: not JSON (RFC 8259): also NaN, infinities, numbers too long to read.
    """
    if nests_deeper(text, depth):
        raise SourceFault("its JSON is nested too deeply, or does not close what it opens")
    try:
        plain = text.decode("utf-8")
        return json.loads(plain, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        raise SourceFault("its answer is not JSON") from None


def nests_deeper(text: bytes, depth: int) -> bool:
    """Whether arrays and objects nest more than ``depth`` deep; also where they do not match.

    To be asked before parsing: the parser recurses in C, and where some library
    has raised the interpreter's recursion limit (those of the executable specification
    do), a deep document would end the process instead of raising. ``text`` is
    read as UTF-8, so the parser must be given nothing else.
    """
    if text.count(b"[") + text.count(b"{") <= depth:
        return False
    brackets = _ESCAPE.sub(b"", text) if b"\\" in text else text
    brackets = _STRING.sub(b"", brackets.translate(None, _PLAIN))
    for _ in range(depth):
        if not brackets:
            return False
        brackets = _EMPTY.sub(b"", brackets)
    return bool(brackets)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
