"""DAG-CBOR: strict decoding, canonical encoding.

https://ipld.io/specs/codecs/dag-cbor/spec/. Every value has exactly one encoding
here: shortest heads, definite lengths, keys sorted by length and then by byte,
floats of 64 bits, no tag but 42 (a link). What the specification lets a decoder
relax for old data is refused, so decoding and encoding again gives the same bytes.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.data_model import INTEGERS, Value

__all__ = ["decode", "encode"]

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _TAG, _SIMPLE = range(8)
_ONE_BYTE = 24
_FALSE, _TRUE, _NULL, _FLOAT = 0xF4, 0xF5, 0xF6, 0xFB
_LINK_TAG = 42
_LINK_PREFIX = b"\0"
"""The identity multibase, which stands before a link's CID."""
_CONSTANTS: dict[int, bool | None] = {_FALSE: False, _TRUE: True, _NULL: None}


def decode(data: bytes) -> Value:
    """Decode exactly one value that takes up all of ``data``.

    Raises `ProofError` for anything but the canonical encoding, for more than
    ``LIMITS.block_bytes``, and for values nested deeper than ``LIMITS.dag_depth``.
    """
    if len(data) > LIMITS.block_bytes:
        raise ProofError(f"a block of {len(data)} bytes is over the limit of {LIMITS.block_bytes}")
    value, end = _decode_at(data, 0, LIMITS.dag_depth)
    if end != len(data):
        raise ProofError(f"{len(data) - end} bytes are left over after a DAG-CBOR value")
    return value


def encode(value: Value) -> bytes:
    """The canonical encoding of a value.

    Raises `ProofError` for what it cannot carry: an integer of more than 64 bits
    and a sign, a float that is not finite, text that is no Unicode, and values
    nested deeper than ``LIMITS.dag_depth``.
    """
    parts: list[bytes] = []
    _encode_to(parts.append, value, LIMITS.dag_depth)
    return b"".join(parts)


def _decode_at(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    """Decode the value at ``at``; give it and the offset behind it."""
    if depth < 0:
        raise ProofError(f"a DAG-CBOR value is nested deeper than {LIMITS.dag_depth}")
    if at >= len(data):
        raise ProofError("DAG-CBOR ends where a value should begin")
    first = data[at]
    major = first >> 5
    if major == _SIMPLE:
        return _decode_simple(data, at, first)
    argument, at = _argument(data, at, first & 0x1F)
    if major <= _NEGATIVE:
        return argument if major == _UNSIGNED else -1 - argument, at
    if major == _TEXT:
        return _text(data, at, argument)
    if major == _BYTES:
        return _span(data, at, argument)
    return _decode_nested(data, at, major, argument, depth)


def _decode_nested(
    data: bytes, at: int, major: int, argument: int, depth: int
) -> tuple[Value, int]:
    if major == _LIST:
        return _decode_list(data, at, argument, depth - 1)
    if major == _MAP:
        return _decode_map(data, at, argument, depth - 1)
    return _decode_link(data, at, argument)


def _argument(data: bytes, at: int, info: int) -> tuple[int, int]:
    """The number that a head at ``at`` carries, in its shortest form, and where the head ends."""
    if info < _ONE_BYTE:
        return info, at + 1
    if info > _ONE_BYTE + 3:
        raise ProofError("a DAG-CBOR head is of indefinite length or reserved", got=data[at])
    width = 1 << (info - _ONE_BYTE)
    number, end = _span(data, at + 1, width)
    argument = int.from_bytes(number, "big")
    least = _ONE_BYTE if width == 1 else 1 << (4 * width)
    if argument < least:
        raise ProofError("a DAG-CBOR head is not in its shortest form", got=number)
    return argument, end


def _span(data: bytes, at: int, length: int) -> tuple[bytes, int]:
    end = at + length
    if end > len(data):
        raise ProofError("a DAG-CBOR item is longer than what holds it")
    return data[at:end], end


def _text(data: bytes, at: int, length: int) -> tuple[str, int]:
    content, end = _span(data, at, length)
    try:
        return content.decode(), end
    except UnicodeDecodeError:
        raise ProofError("a DAG-CBOR string is not UTF-8", got=content) from None


def _decode_list(data: bytes, at: int, count: int, depth: int) -> tuple[list[Value], int]:
    items: list[Value] = []
    for _ in range(count):
        item, at = _decode_at(data, at, depth)
        items.append(item)
    return items, at


def _decode_map(data: bytes, at: int, count: int, depth: int) -> tuple[dict[str, Value], int]:
    entries: dict[str, Value] = {}
    last = b""
    for _ in range(count):
        start = at
        length, at = _length(data, at, _TEXT, "a DAG-CBOR map has a key that is not a string")
        key, at = _text(data, at, length)
        # A head grows with its length, so encoded keys sort by length and then by byte.
        encoded = data[start:at]
        if encoded <= last:
            raise ProofError("the keys of a DAG-CBOR map are not sorted, or not distinct", got=key)
        last = encoded
        entries[key], at = _decode_at(data, at, depth)
    return entries, at


def _decode_link(data: bytes, at: int, tag: int) -> tuple[Cid, int]:
    if tag != _LINK_TAG:
        raise ProofError("DAG-CBOR has no tag but that of links", expected=_LINK_TAG, got=tag)
    length, at = _length(data, at, _BYTES, "a DAG-CBOR link is not a string of bytes")
    content, end = _span(data, at, length)
    if content[:1] != _LINK_PREFIX:
        raise ProofError("a DAG-CBOR link has no zero byte before its CID", got=content)
    return Cid.decode(content[1:]), end


def _length(data: bytes, at: int, major: int, otherwise: str) -> tuple[int, int]:
    """The length of the string of one major type at ``at``, and where its content begins."""
    if at >= len(data) or data[at] >> 5 != major:
        raise ProofError(otherwise)
    return _argument(data, at, data[at] & 0x1F)


def _decode_simple(data: bytes, at: int, first: int) -> tuple[Value, int]:
    if first in _CONSTANTS:
        return _CONSTANTS[first], at + 1
    if first != _FLOAT:
        raise ProofError("a DAG-CBOR simple value is none of those allowed", got=first)
    content, end = _span(data, at + 1, 8)
    number: float = struct.unpack(">d", content)[0]
    if not math.isfinite(number):
        raise ProofError("a DAG-CBOR float is not finite", got=content)
    return number, end


def _encode_to(write: Callable[[bytes], None], value: Value, depth: int) -> None:
    if depth < 0:
        raise ProofError(f"a value is nested deeper than {LIMITS.dag_depth}")
    if value is None:
        write(bytes((_NULL,)))
    elif isinstance(value, bool):
        write(bytes((_TRUE if value else _FALSE,)))
    elif isinstance(value, int):
        write(_integer(value))
    elif isinstance(value, float):
        write(_float(value))
    elif isinstance(value, bytes):
        write(_head(_BYTES, len(value)) + value)
    elif isinstance(value, str):
        write(_string(value))
    elif isinstance(value, Cid):
        content = _LINK_PREFIX + value.encode()
        write(_head(_TAG, _LINK_TAG) + _head(_BYTES, len(content)) + content)
    elif isinstance(value, list):
        write(_head(_LIST, len(value)))
        for item in value:
            _encode_to(write, item, depth - 1)
    else:
        write(_head(_MAP, len(value)))
        for key, item in sorted((_string(key), item) for key, item in value.items()):
            write(key)
            _encode_to(write, item, depth - 1)


def _head(major: int, argument: int) -> bytes:
    if argument < _ONE_BYTE:
        return bytes((major << 5 | argument,))
    power = max((argument.bit_length() - 1).bit_length() - 3, 0)
    return bytes((major << 5 | _ONE_BYTE + power,)) + argument.to_bytes(1 << power, "big")


def _integer(value: int) -> bytes:
    if value not in INTEGERS:
        raise ProofError("an integer is wider than 64 bits and a sign", got=value)
    return _head(_UNSIGNED, value) if value >= 0 else _head(_NEGATIVE, -1 - value)


def _float(value: float) -> bytes:
    if not math.isfinite(value):
        raise ProofError("a float is not finite", got=value)
    return bytes((_FLOAT,)) + struct.pack(">d", value)


def _string(value: str) -> bytes:
    try:
        content = value.encode()
    except UnicodeEncodeError:
        raise ProofError("a string holds what is no Unicode character") from None
    return _head(_TEXT, len(content)) + content
