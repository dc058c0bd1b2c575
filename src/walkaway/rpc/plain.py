"""Values of this program as JSON, for `walkaway_` methods and for the data of errors."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

from walkaway.rpc.error_codes import speakable
from walkaway.rpc.jsonrpc import Json

__all__ = ["members", "plain"]

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def plain(value: object) -> Json:
    """The value as it is: bytes become hex, what is unordered is sorted.

    A dataclass becomes an object with names in camel case. Texts are
    `speakable`; what has no form in JSON is shown as one.
    """
    match value:
        case None | bool() | int() | float() | str() | bytes() | Enum():
            return _scalar(value)
        case Mapping():
            return {str(key): plain(member) for key, member in value.items()}
        case list() | tuple():
            return [plain(member) for member in value]
        case frozenset() | set():
            return sorted(str(plain(member)) for member in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return members(value)
    return speakable(str(value))


def members(value: DataclassInstance) -> dict[str, Json]:
    """The fields of a dataclass, each `plain`, with names in camel case."""
    names = [field.name for field in dataclasses.fields(value)]
    return {_camel(name): plain(getattr(value, name)) for name in names}


def _scalar(value: bool | float | str | bytes | Enum | None) -> Json:
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, str):
        return speakable(value)
    if isinstance(value, float):
        return round(value, 3) if math.isfinite(value) else None
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
