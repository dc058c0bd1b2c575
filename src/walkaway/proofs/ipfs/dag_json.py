"""DAG-JSON: a value read from JSON text, and written without freedom.

https://ipld.io/specs/codecs/dag-json/spec/. Bytes and links are maps whose one key
is ``/``. Reading allows white space and keys in any order, as others write them,
but nothing that two readers could take differently: no key twice, no number
beyond the data model, no map that only looks like bytes or a link. Writing gives
keys sorted by byte, no white space, and the shortest digits of each float.
"""

from __future__ import annotations

import base64
import json
import math
from typing import NoReturn, TypeAlias

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.data_model import INTEGERS, Value
from walkaway.proofs.json_depth import nests_deeper

__all__ = ["decode", "encode"]

_Json: TypeAlias = "bool | int | float | str | list[_Json] | dict[str, _Json] | None"

_ESCAPE, _BYTES = "/", "bytes"
_INTEGER_CHARACTERS = len(str(INTEGERS[0]))


def decode(data: bytes) -> Value:
    """Decode exactly one value that takes up all of ``data``, but for white space.

    Raises `ProofError` for what is not DAG-JSON, for more than
    ``LIMITS.block_bytes``, and for values nested deeper than ``LIMITS.dag_depth``.
    """
    if len(data) > LIMITS.block_bytes:
        raise ProofError(f"a block of {len(data)} bytes is over the limit of {LIMITS.block_bytes}")
    # A link is an object, and bytes are two: so much deeper may the JSON be than the value.
    if nests_deeper(data, LIMITS.dag_depth + 2):
        raise ProofError(f"DAG-JSON nests deeper than {LIMITS.dag_depth}, or is not closed")
    try:
        text = data.decode()
        parsed: _Json = json.loads(
            text,
            object_pairs_hook=_distinct,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_no_number,
        )
    except UnicodeDecodeError:
        raise ProofError("DAG-JSON is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ProofError(f"DAG-JSON is not JSON: {error}") from None
    return _value(parsed, LIMITS.dag_depth)


def encode(value: Value) -> bytes:
    """The one form in which a value is written.

    Raises `ProofError` for what it cannot carry: an integer of more than 64 bits
    and a sign, a float that is not finite, text that is no Unicode, a map that
    would be read as bytes or a link, and values nested deeper than
    ``LIMITS.dag_depth``.
    """
    try:
        return _text(value, LIMITS.dag_depth).encode()
    except UnicodeEncodeError:
        raise ProofError("a string holds what is no Unicode character") from None


def _distinct(pairs: list[tuple[str, _Json]]) -> dict[str, _Json]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ProofError("a DAG-JSON map has a key twice")
    return entries


def _integer(text: str) -> int:
    # Python itself refuses to read thousands of digits, with another error.
    number = int(text) if len(text) <= _INTEGER_CHARACTERS else None
    if number is None or number not in INTEGERS:
        raise ProofError("an integer is wider than 64 bits and a sign", got=text)
    return number


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ProofError("a float is beyond 64 bits", got=text)
    return number


def _no_number(text: str) -> NoReturn:
    raise ProofError("a DAG-JSON value is no finite number", got=text)


def _value(parsed: _Json, depth: int) -> Value:
    if depth < 0:
        raise ProofError(f"a DAG-JSON value is nested deeper than {LIMITS.dag_depth}")
    if isinstance(parsed, str):
        return _unicode(parsed)
    if isinstance(parsed, list):
        return [_value(item, depth - 1) for item in parsed]
    if not isinstance(parsed, dict):
        return parsed
    escaped = parsed.get(_ESCAPE)
    if isinstance(escaped, str):
        return _link(parsed, escaped)
    if isinstance(escaped, dict):
        content = escaped.get(_BYTES)
        if isinstance(content, str):
            return _bytes(parsed, escaped, content)
    return {_unicode(key): _value(item, depth - 1) for key, item in parsed.items()}


def _unicode(text: str) -> str:
    """Text as it is, unless an escape made half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ProofError("a DAG-JSON string holds what is no Unicode character") from None
    return text


def _link(parsed: dict[str, _Json], text: str) -> Cid:
    if len(parsed) != 1:
        raise ProofError("a DAG-JSON link stands in a map with more than its one key")
    cid = Cid.parse(text)
    if str(cid) != text:
        raise ProofError("a DAG-JSON link is not in its base", expected=cid, got=text)
    return cid


def _bytes(parsed: dict[str, _Json], escaped: dict[str, _Json], text: str) -> bytes:
    if len(parsed) != 1 or len(escaped) != 1:
        raise ProofError("DAG-JSON bytes stand in a map with more than their one key")
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise ProofError("DAG-JSON bytes are not in base64", got=text) from None
    if _base64(content) != text:
        raise ProofError("DAG-JSON bytes are padded, or have bits left over", got=text)
    return content


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode().rstrip("=")


def _text(value: Value, depth: int) -> str:
    if depth < 0:
        raise ProofError(f"a value is nested deeper than {LIMITS.dag_depth}")
    if isinstance(value, Cid):
        return f'{{"/":"{value}"}}'
    if isinstance(value, bytes):
        return f'{{"/":{{"bytes":"{_base64(value)}"}}}}'
    if isinstance(value, list):
        return "[" + ",".join([_text(item, depth - 1) for item in value]) + "]"
    if isinstance(value, dict):
        return _map_text(value, depth)
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, int) and value not in INTEGERS:
        raise ProofError("an integer is wider than 64 bits and a sign", got=value)
    return json.dumps(value, ensure_ascii=False)


def _map_text(value: dict[str, Value], depth: int) -> str:
    escaped = value.get(_ESCAPE)
    if isinstance(escaped, str) or (
        isinstance(escaped, dict) and isinstance(escaped.get(_BYTES), str)
    ):
        raise ProofError("a map would be read as bytes or a link in DAG-JSON")
    entries = sorted(value.items(), key=lambda entry: entry[0].encode())
    return "{" + ",".join([f"{_text(k, 0)}:{_text(item, depth - 1)}" for k, item in entries]) + "}"


def _float_text(value: float) -> str:
    """The shortest digits that read back as the same float, always with a point or exponent."""
    if not math.isfinite(value):
        raise ProofError("a float is not finite", got=value)
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa
