"""JSON-RPC 2.0 on the wire: bytes to calls, answers to bytes; pure.

Follows https://www.jsonrpc.org/specification with these choices, each on the
strict side: bodies are UTF-8 without a mark; a key twice in one object, a
number too long to be meant, ``NaN`` and nesting beyond the limit are refused;
parameters come by position only. An ``id`` is kept as the text it arrived as,
so that it goes back exactly: ``1``, ``1.0``, ``"1"`` and ``null`` differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from walkaway.limits import LIMITS, Limits
from walkaway.proofs.json_depth import nests_deeper
from walkaway.rpc.error_codes import INVALID_PARAMS, INVALID_REQUEST, LIMIT_EXCEEDED, PARSE_ERROR

__all__ = [
    "Body",
    "Call",
    "Encoded",
    "Fraction",
    "Json",
    "Malformed",
    "Received",
    "encode",
    "failure",
    "parse",
    "success",
]


@dataclass(frozen=True, slots=True)
class Fraction:
    """A JSON number with a fraction or an exponent, as the text it arrived as."""

    text: str


Received = None | bool | int | str | Fraction | list["Received"] | dict[str, "Received"]
"""Any JSON value from outside; nothing about it has been checked."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A JSON value that is text already: a large answer, encoded piece by piece."""

    text: bytes


Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
"""Any JSON value that goes out."""


@dataclass(frozen=True, slots=True)
class Call:
    """One well-formed call. ``id`` is JSON text; None marks a notification."""

    method: str
    params: tuple[Received, ...]
    id: str | None


@dataclass(frozen=True, slots=True)
class Malformed:
    """What was no call, with the error it earns.

    ``id`` is JSON text, ``null`` where unknown; None marks a notification, which
    is not answered.
    """

    code: int
    message: str
    id: str | None = "null"


Body = Call | Malformed | list[Call | Malformed]
"""One message: a call, or a batch of them; a body that is neither is `Malformed`."""

NUMBER_DIGITS = 80
"""Longer numbers are meant as an attack: 256 bits need 78 digits, and travel as hex."""


def parse(body: bytes, limits: Limits = LIMITS) -> Body:
    """Read one message. Never raises: what is wrong with it comes back as `Malformed`."""
    try:
        message = _json(body, limits)
        if not isinstance(message, list):
            return _call(message)
        if not message:
            raise _Refused(INVALID_REQUEST, "an empty batch")
        if len(message) > limits.rpc_batch_calls:
            raise _Refused(LIMIT_EXCEEDED, f"a batch of more than {limits.rpc_batch_calls} calls")
    except _Refused as refused:
        return Malformed(refused.code, str(refused))
    return [_call(entry) for entry in message]


def success(id_text: str, result: bytes) -> bytes:
    """The reply that carries ``result``, which is JSON text."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (id_text.encode("ascii"), result)


def failure(id_text: str, code: int, message: str, data: Json = None) -> bytes:
    """The reply that carries an error; ``data`` is left out where None."""
    error: dict[str, Json] = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (id_text.encode("ascii"), encode(error))


def encode(value: Json | Encoded) -> bytes:
    """JSON text, ASCII, without spaces."""
    if isinstance(value, Encoded):
        return value.text
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


class _Refused(Exception):
    """Caught in this module, and nowhere else."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def _json(body: bytes, limits: Limits) -> Received:
    if len(body) > limits.rpc_request_bytes:
        raise _Refused(LIMIT_EXCEEDED, f"request larger than {limits.rpc_request_bytes} bytes")
    # Counted before parsing, which cannot be interrupted: it bounds its time. What opens
    # seldom is not deep, and of a large call each look at the body is felt.
    opened = body.count(b"[") + body.count(b"{")
    if opened + body.count(b",") > limits.rpc_request_values:
        raise _Refused(LIMIT_EXCEEDED, f"more than {limits.rpc_request_values} values")
    if opened > limits.rpc_request_depth and nests_deeper(body, limits.rpc_request_depth):
        deep = f"nested deeper than {limits.rpc_request_depth}, or not closed"
        raise _Refused(PARSE_ERROR, deep)
    try:
        message: Received = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=_constant,
        )
    except (ValueError, RecursionError) as error:
        raise _Refused(PARSE_ERROR, f"not JSON: {_reason(error)}") from None
    return message


def _call(entry: Received) -> Call | Malformed:
    if not isinstance(entry, dict):
        return Malformed(INVALID_REQUEST, "a call is an object")
    id_text = _id_text(entry.get("id"))
    if id_text is None:
        return Malformed(INVALID_REQUEST, "an id is a string, a number or null")
    try:
        method, params = _method(entry), _params(entry)
    except _Refused as refused:
        unanswered = refused.code == INVALID_PARAMS and "id" not in entry
        return Malformed(refused.code, str(refused), None if unanswered else id_text)
    return Call(method, params, id_text if "id" in entry else None)


def _method(entry: dict[str, Received]) -> str:
    if entry.get("jsonrpc") != "2.0":
        raise _Refused(INVALID_REQUEST, 'the member "jsonrpc" must be "2.0"')
    method = entry.get("method")
    if not isinstance(method, str):
        raise _Refused(INVALID_REQUEST, 'the member "method" must be a string')
    return method


def _params(entry: dict[str, Received]) -> tuple[Received, ...]:
    params = entry.get("params")
    if isinstance(params, dict):
        raise _Refused(INVALID_PARAMS, "parameters are taken by position only")
    if params is not None and not isinstance(params, list):
        raise _Refused(INVALID_REQUEST, 'the member "params" must be an array')
    return tuple(params or ())


def _id_text(value: Received) -> str | None:
    if isinstance(value, Fraction):
        return value.text
    if value is None or (isinstance(value, (str, int)) and not isinstance(value, bool)):
        return json.dumps(value)
    return None


def _object(pairs: list[tuple[str, Received]]) -> dict[str, Received]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("the same key twice in one object")
    return members


def _whole(text: str) -> int:
    if len(text) > NUMBER_DIGITS:
        raise ValueError("a number too long")
    return int(text)


def _fraction(text: str) -> Fraction:
    if len(text) > NUMBER_DIGITS:
        raise ValueError("a number too long")
    return Fraction(text)


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON value")


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 at byte {error.start}"
    return "nested too deep" if isinstance(error, RecursionError) else str(error)
