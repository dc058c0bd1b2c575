"""JSON from outside: bounded in depth, without what JSON does not have."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from walkaway.errors import SourceFault
from walkaway.limits import LIMITS
from walkaway.proofs.json_depth import nests_deeper

__all__ = ["parse_json"]


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
