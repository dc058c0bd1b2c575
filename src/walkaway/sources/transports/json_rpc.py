"""JSON-RPC 2.0 as a client: messages out, results or faults in (jsonrpc.org/specification).

What an error object means for the source follows EIP-1474's codes and, since
clients disagree, the words that the large ones use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from walkaway.errors import InvalidRequest, NotKnown, SourceBusy, SourceFault, SourceLacks
from walkaway.sources.request import Answer, RpcRequest

__all__ = ["encode_batch", "encode_call", "read_batch", "read_reply"]

_METHOD_NOT_FOUND = (-32601, -32004)
_INVALID_PARAMS = -32602
_INVALID_REQUEST = -32600
_NOT_FOUND = -32001
_LIMIT_EXCEEDED = (-32005, -32029, 429)

_MESSAGE_CHARACTERS = 2000
_TELLING_CHARACTERS = 200

_SAYS_UNSUPPORTED = re.compile(
    r"method .*(not (found|supported|available|allowed|exist)|does not exist|unsupported)"
    r"|(unsupported|unknown|unavailable|disabled) method|not whitelisted",
    re.IGNORECASE,
)
_SAYS_BUSY = re.compile(
    r"rate.?limit|too many requests|limit exceeded|quota|capacity|throttl", re.IGNORECASE
)
_SAYS_TOO_OLD = re.compile(
    r"missing trie node|proof window|historical state|state .*(not available|unavailable|pruned)"
    r"|pruned|archive|too old|distance to target block",
    re.IGNORECASE,
)
_SAYS_NOT_KNOWN = re.compile(
    r"(header|block|transaction|resource|receipts?) .*not found|unknown block|block not found"
    r"|header not found|unknown transaction",
    re.IGNORECASE,
)


def encode_call(request: RpcRequest, call_id: int) -> bytes:
    """One request object.

    Raises:
        InvalidRequest: the parameters cannot be written as JSON.
    """
    return _dumped(_call(request, call_id))


def encode_batch(requests: Sequence[RpcRequest]) -> bytes:
    """An array of request objects, numbered from 0.

    Raises:
        InvalidRequest: the parameters cannot be written as JSON.
    """
    return _dumped([_call(request, call_id) for call_id, request in enumerate(requests)])


def read_reply(reply: Any, request: RpcRequest, call_id: int) -> Any:
    """The result in a response object.

    Raises:
        SourceFault: it is not a response to this call, or an error.
    """
    if not isinstance(reply, dict):
        raise SourceFault("its answer is not a JSON-RPC response")
    if reply.get("error") is not None:
        raise _fault(reply["error"], request)
    if type(reply.get("id")) is not int or reply["id"] != call_id:
        raise SourceFault("its answer has another id than the question")
    if reply.get("jsonrpc", "2.0") != "2.0" or "result" not in reply:
        raise SourceFault("its answer is not a JSON-RPC response")
    return reply["result"]


def read_batch(
    replies: Any, requests: Sequence[RpcRequest], source: str
) -> list[Answer | SourceFault]:
    """One answer or fault for each call of a batch, in the order of the calls.

    Raises:
        SourceLacks: batches, or one of this size, are not served.
        SourceFault: the response as a whole cannot be told apart by ids.
    """
    if isinstance(replies, dict):
        raise _refused_batch(replies)
    if not isinstance(replies, list):
        raise SourceFault("its answer to a batch is not an array")
    by_id: dict[int, dict[str, Any]] = {}
    for reply in replies:
        call_id = reply.get("id") if isinstance(reply, dict) else None
        if type(call_id) is not int or not 0 <= call_id < len(requests) or call_id in by_id:
            raise SourceFault("its answer to a batch has ids that were not asked, or twice")
        by_id[call_id] = reply
    return [
        _read_one(by_id.get(call_id), request, call_id, source)
        for call_id, request in enumerate(requests)
    ]


def _read_one(
    reply: dict[str, Any] | None, request: RpcRequest, call_id: int, source: str
) -> Answer | SourceFault:
    if reply is None:
        return SourceFault("its answer to a batch leaves this call out")
    try:
        return Answer(source, read_reply(reply, request, call_id))
    except SourceFault as fault:
        return fault


def _refused_batch(reply: dict[str, Any]) -> SourceFault:
    error = reply.get("error")
    if not isinstance(error, dict):
        return SourceFault("its answer to a batch is not an array")
    code, message = _code(error), _message(error)
    about_batches = "batch" in message.lower()
    if code in _LIMIT_EXCEEDED or (_says(_SAYS_BUSY, message) and not about_batches):
        return SourceBusy(f"limits our rate: {message}")
    if code in (_INVALID_REQUEST, *_METHOD_NOT_FOUND) or about_batches:
        return SourceLacks(f"takes no batch like this: {message}")
    return SourceFault(f"error {code}: {message}")


def _fault(error: Any, request: RpcRequest) -> SourceFault:
    if not isinstance(error, dict):
        return SourceFault("its error is not a JSON-RPC error")
    code, message = _code(error), _message(error)
    if code in _LIMIT_EXCEEDED or _says(_SAYS_BUSY, message):
        return SourceBusy(f"limits our rate: {message}")
    return _lack(code, message, request) or SourceFault(f"error {code}: {message}")


def _lack(code: int | None, message: str, request: RpcRequest) -> SourceLacks | None:
    if code in _METHOD_NOT_FOUND or _says(_SAYS_UNSUPPORTED, message):
        return SourceLacks(f"does not serve {request.method}: {message}", lasting=True)
    if _says(_SAYS_TOO_OLD, message):
        return SourceLacks(f"does not reach back that far: {message}")
    if code == _NOT_FOUND or _says(_SAYS_NOT_KNOWN, message):
        return NotKnown(f"does not know it: {message}")
    return _lack_of_kind(code, message, request)


def _lack_of_kind(code: int | None, message: str, request: RpcRequest) -> SourceLacks | None:
    if request.kind == "blobs":
        # Nodes of EthStorage have no code for what they do not hold, and many words.
        return NotKnown(f"does not give it: {message}")
    if request.kind == "submit":
        # What a node says against a transaction tells of the transaction, not of the node.
        return SourceLacks(f"refuses it: {message}")
    if code == _INVALID_PARAMS and request.by_hash:
        return SourceLacks(f"does not take a block hash here: {message}", lasting=True)
    return None


def _code(error: dict[str, Any]) -> int | None:
    code = error.get("code")
    return code if type(code) is int else None


def _message(error: dict[str, Any]) -> str:
    """What it says, cut only so far that whoever shows it can take secrets out first."""
    message = error.get("message")
    return message[:_MESSAGE_CHARACTERS] if isinstance(message, str) else ""


def _says(words: re.Pattern[str], message: str) -> bool:
    """Whether it says that; its beginning is enough, and what is short costs little."""
    return words.search(message[:_TELLING_CHARACTERS]) is not None


def _call(request: RpcRequest, call_id: int) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0",
        "id": call_id,
        "method": request.method,
        "params": list(request.params),
    }


def _dumped(message: object) -> bytes:
    try:
        return json.dumps(message, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise InvalidRequest("the parameters cannot be written as JSON") from None
