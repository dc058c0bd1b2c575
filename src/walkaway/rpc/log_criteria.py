"""Reads the filter object of the log methods: which blocks, and which logs of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from walkaway.chain.block_id import Tag
from walkaway.errors import InvalidRequest
from walkaway.limits import LIMITS
from walkaway.proofs.execution.log_filter import LogFilter
from walkaway.rpc.jsonrpc import Received
from walkaway.rpc.params import Params

__all__ = ["LogCriteria", "log_criteria"]

_MEMBERS = {"address", "blockHash", "fromBlock", "toBlock", "topics"}


@dataclass(frozen=True, slots=True)
class LogCriteria:
    """Which logs of which blocks: of the one with ``block_hash``, else from ``first`` to ``last``.

    ``first`` and ``last`` are None where they were left out, which means the latest.
    """

    wanted: LogFilter
    first: Tag | int | None = None
    last: Tag | int | None = None
    block_hash: bytes | None = None


def log_criteria(members: Mapping[str, Received]) -> LogCriteria:
    """Read a filter object. Raises `InvalidRequest`, which names the member."""
    unknown = members.keys() - _MEMBERS
    if unknown:
        raise InvalidRequest(f"filter: it knows no member {min(unknown)[:40]!r}")
    wanted = LogFilter(_choices("address", 20, members.get("address")), _topics(members))
    choices = len(wanted.addresses) + sum(len(position) for position in wanted.topics)
    if choices > LIMITS.filter_choices:
        raise InvalidRequest(f"filter: at most {LIMITS.filter_choices} addresses and topics")
    first, last = _block("fromBlock", members), _block("toBlock", members)
    block_hash = members.get("blockHash")
    if block_hash is None:
        return LogCriteria(wanted, first, last)
    if first is not None or last is not None:
        raise InvalidRequest("filter: either blockHash, or fromBlock and toBlock, but not both")
    return LogCriteria(wanted, block_hash=Params((block_hash,)).hash("blockHash"))


def _topics(members: Mapping[str, Received]) -> tuple[frozenset[bytes], ...]:
    topics = members.get("topics") or []
    if not isinstance(topics, list):
        raise InvalidRequest("topics: an array is needed")
    if len(topics) > LIMITS.log_topics:
        raise InvalidRequest(f"topics: a log has at most {LIMITS.log_topics}")
    return tuple(_choices("topics", 32, position) for position in topics)


def _choices(name: str, length: int, value: Received) -> frozenset[bytes]:
    """One value, or several of which any will do; empty for null, or with null among them."""
    values = value if isinstance(value, list) else [value]
    if None in values:
        return frozenset()
    found = [Params((item,)).data(name, at_most=length) for item in values]
    if any(len(item) != length for item in found):
        raise InvalidRequest(f"{name}: {length} bytes each are needed")
    return frozenset(found)


def _block(name: str, members: Mapping[str, Received]) -> Tag | int | None:
    value = members.get(name)
    return None if value is None else Params((value,)).block_number(name)
