"""Recursive Length Prefix: strict decoding, canonical encoding.

Yellow Paper, appendix B. Every value has exactly one encoding here: a length
in more bytes than it needs, a long form where the short one fits, a single
byte wrapped in a prefix, or bytes left over are all refused. So decoding and
encoding again gives the same bytes, and a hash of either is the same hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from walkaway.errors import ProofError
from walkaway.limits import LIMITS

__all__ = ["Encodable", "Item", "decode", "encode", "encode_integer", "encode_list", "integer"]

Item: TypeAlias = "bytes | list[Item]"
"""What decoding yields: a byte string, or a list of items."""

Encodable: TypeAlias = "bytes | int | Sequence[Encodable]"
"""What can be encoded; an integer stands for its shortest big-endian bytes."""

_SHORT = 55
_STRING, _LONG_STRING = 0x80, 0xB7
_LIST, _LONG_LIST = 0xC0, 0xF7


def encode(item: Encodable) -> bytes:
    """The canonical encoding. Integers must not be negative."""
    if isinstance(item, int):
        item = encode_integer(item)
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < _STRING:
            return item
        return _prefix(len(item), _STRING) + item
    return encode_list(b"".join([encode(part) for part in item]))


def encode_list(content: bytes) -> bytes:
    """The list whose items, encoded already, stand one behind the other in ``content``."""
    return _prefix(len(content), _LIST) + content


def encode_integer(value: int) -> bytes:
    """The shortest big-endian bytes of a non-negative integer; zero is empty."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def integer(item: Item, *, bits: int) -> int:
    """Read an item as an unsigned integer of at most ``bits`` bits, without leading zeros."""
    if not isinstance(item, bytes):
        raise ProofError("a list stands where RLP should hold an integer")
    if item[:1] == b"\0":
        raise ProofError("an RLP integer has leading zeros", got=item)
    value = int.from_bytes(item, "big")
    if value >> bits:
        raise ProofError(f"an RLP integer is wider than {bits} bits", got=item)
    return value


def decode(data: bytes, *, max_bytes: int = LIMITS.rlp_item_bytes) -> Item:
    """Decode exactly one item that takes up all of ``data``.

    Raises `ProofError` for anything but the canonical encoding, for more than
    ``max_bytes``, and for lists nested deeper than ``LIMITS.rlp_depth``.
    """
    if len(data) > max_bytes:
        raise ProofError(f"an RLP item of {len(data)} bytes is over the limit of {max_bytes}")
    item, end = _decode_at(data, 0, len(data), LIMITS.rlp_depth)
    if end != len(data):
        raise ProofError(f"{len(data) - end} bytes are left over after an RLP item")
    return item


def _prefix(length: int, base: int) -> bytes:
    if length <= _SHORT:
        return bytes((base + length,))
    size = encode_integer(length)
    return bytes((base + _SHORT + len(size),)) + size


def _decode_at(data: bytes, at: int, end: int, depth: int) -> tuple[Item, int]:
    """Decode the item at ``at``; give it and the offset behind it."""
    if at >= end:
        raise ProofError("RLP ends where an item should begin")
    first = data[at]
    if first < _STRING:
        return data[at : at + 1], at + 1
    if first <= _LONG_STRING:
        # Most of what tries hold: read here and not by way of what lists need.
        stop = at + 1 + first - _STRING
        if stop > end:
            raise ProofError("an RLP item is longer than what holds it")
        content = data[at + 1 : stop]
        if len(content) == 1 and content[0] < _STRING:
            raise ProofError("a single byte below 0x80 has an RLP prefix", got=content)
        return content, stop
    is_list = first >= _LIST
    start, stop = _content(data, at, end, first, is_list)
    if not is_list:
        return data[start:stop], stop
    if depth == 0:
        raise ProofError(f"RLP lists are nested deeper than {LIMITS.rlp_depth}")
    items: list[Item] = []
    while start < stop:
        item, start = _decode_at(data, start, stop, depth - 1)
        items.append(item)
    return items, stop


def _content(data: bytes, at: int, end: int, first: int, is_list: bool) -> tuple[int, int]:
    """Where the content of the string or list at ``at`` begins and stops."""
    length = first - (_LIST if is_list else _STRING)
    start = at + 1
    if length > _SHORT:
        start += length - _SHORT
        size = data[at + 1 : min(start, end)]
        length = int.from_bytes(size, "big")
        if size[:1] == b"\0" or length <= _SHORT:
            raise ProofError("an RLP length is not in its shortest form", got=size)
    if start + length > end:
        raise ProofError("an RLP item is longer than what holds it")
    return start, start + length
