"""Execution nodes that lie about logs, in well-formed receipts and headers.

Each tells the same lie wherever logs are told: in the receipts of a block, in
a single receipt, and in the answer to a search.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from walkaway.devnet.execution.rpc import AnswersCalls
from walkaway.rpc.jsonrpc import Json, Received

__all__ = ["ClearedBloom", "ForeignReceipts", "LyingLogs", "added", "altered", "dropped", "swapped"]

LogList = list[Mapping[str, Json]]

_NO_BLOOM = "0x" + "00" * 256


class LyingLogs:
    """Tells logs as ``lie`` changes them, receipt by receipt."""

    def __init__(self, inner: AnswersCalls, lie: Callable[[LogList], LogList]) -> None:
        self._inner = inner
        self._lie = lie

    def answer(self, method: str, params: tuple[Received, ...]) -> Json:
        """See `AnswersCalls`."""
        result = self._inner.answer(method, params)
        if method == "eth_getBlockReceipts" and isinstance(result, list):
            return [self._changed(receipt) for receipt in result]
        if method == "eth_getTransactionReceipt" and isinstance(result, Mapping):
            return self._changed(result)
        if method == "eth_getLogs" and isinstance(result, list):
            return cast("Sequence[Json]", self._lie(cast("LogList", result)))
        return result

    def _changed(self, receipt: Json) -> Json:
        members = cast("Mapping[str, Json]", receipt)
        return dict(members) | {"logs": self._lie(list(cast("LogList", members["logs"])))}


def dropped(logs: LogList) -> LogList:
    """Without the first log."""
    return logs[1:]


def added(logs: LogList) -> LogList:
    """With the last log once more."""
    return [*logs, *logs[-1:]]


def swapped(logs: LogList) -> LogList:
    """With the first two logs in each other's place; a log alone gets its topics turned around."""
    if len(logs) == 1:
        (only,) = logs
        return [dict(only) | {"topics": list(reversed(cast("list[Json]", only["topics"])))}]
    return [*logs[1::-1], *logs[2:]]


def altered(logs: LogList) -> LogList:
    """With another byte in front of the data of each."""
    return [dict(log) | {"data": "0x01" + str(log["data"])[2:]} for log in logs]


class ForeignReceipts:
    """Answers with the receipts of the block before the one that was asked for."""

    def __init__(self, inner: AnswersCalls) -> None:
        self._inner = inner

    def answer(self, method: str, params: tuple[Received, ...]) -> Json:
        """See `AnswersCalls`."""
        if method not in {"eth_getBlockReceipts", "eth_getTransactionReceipt"}:
            return self._inner.answer(method, params)
        if method == "eth_getTransactionReceipt":
            return None
        asked = self._inner.answer("eth_getBlockByHash", (*params, False))
        if not isinstance(asked, Mapping):
            asked = self._inner.answer("eth_getBlockByNumber", (*params, False))
        if not isinstance(asked, Mapping):
            return None
        return self._inner.answer(method, (str(asked["parentHash"]),))


class ClearedBloom:
    """Gives headers whose bloom filter is empty, as if no block had any log."""

    def __init__(self, inner: AnswersCalls) -> None:
        self._inner = inner

    def answer(self, method: str, params: tuple[Received, ...]) -> Json:
        """See `AnswersCalls`."""
        result = self._inner.answer(method, params)
        if method in {"eth_getBlockByHash", "eth_getBlockByNumber"} and isinstance(result, Mapping):
            return dict(result) | {"logsBloom": _NO_BLOOM}
        return result
