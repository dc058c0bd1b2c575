"""The wire format of protocol buffers, as far as IPFS's messages use it.

Specification: protobuf.dev, "Encoding". Varints, fixed 32 and 64 bits and
strings of bytes are read; groups are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from walkaway.errors import ProofError
from walkaway.proofs.ipfs import varint

__all__ = ["BYTES", "FIXED32", "FIXED64", "VARINT", "Field", "field", "read"]

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5

Field: TypeAlias = "tuple[int, int, int | bytes]"
"""A field's number, its wire type and its value: bytes for `BYTES`, else unsigned."""


def field(number: int, value: int | bytes) -> bytes:
    """One field: a varint where the value is an integer, else a string of bytes."""
    if isinstance(value, int):
        return varint.encode(number << 3 | VARINT) + varint.encode(value)
    return varint.encode(number << 3 | BYTES) + varint.encode(len(value)) + value


def read(message: bytes) -> Iterator[Field]:
    """The fields of a message in the order in which they stand. Raises `ProofError`."""
    at = 0
    while at < len(message):
        key, at = varint.decode(message, at, bits=32)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise ProofError("a field of a message has no number")
        if kind == VARINT:
            value, at = varint.decode(message, at, bits=64)
            yield number, kind, value
            continue
        start, at = _span(message, at, kind)
        if at > len(message):
            raise ProofError("a message is cut short")
        content = message[start:at]
        yield number, kind, content if kind == BYTES else int.from_bytes(content, "little")


def _span(message: bytes, at: int, kind: int) -> tuple[int, int]:
    """Where the value of a field that is no varint begins and ends."""
    if kind == BYTES:
        length, at = varint.decode(message, at)
        return at, at + length
    if kind == FIXED64:
        return at, at + 8
    if kind == FIXED32:
        return at, at + 4
    raise ProofError("a field of a message is of no known wire type", got=kind)
