"""Logs, complete: asked for, waited for by filters, and sent as they come."""

from __future__ import annotations

from collections.abc import Mapping

from walkaway.chain.block_id import BlockId, Tag, describe_block
from walkaway.chain.logs import shown_bytes
from walkaway.chain.unknown import unknown_block
from walkaway.errors import InvalidRequest, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.derive_logs import IncludedLog, logs_subject
from walkaway.proofs.execution.header import Header
from walkaway.proofs.proven import Proven
from walkaway.rpc.ask import Ask
from walkaway.rpc.encode import log_members
from walkaway.rpc.filters import Filters
from walkaway.rpc.jsonrpc import Encoded, Received
from walkaway.rpc.log_criteria import LogCriteria, log_criteria
from walkaway.rpc.methods.method import Answer, Method
from walkaway.rpc.pacing import encode_each
from walkaway.rpc.params import Params
from walkaway.rpc.streams import BlockHashes, MatchingLogs, NewHeads, SentTransactions, Stream
from walkaway.rpc.subscriptions import Subscriber
from walkaway.sources.word import Word

__all__ = ["METHODS"]


async def get_logs(ask: Ask, params: Params) -> Answer:
    criteria = log_criteria(params.some_members("filter"))
    params.end()
    return await _matching(ask, criteria)


async def new_filter(ask: Ask, params: Params) -> Answer:
    criteria = _waiting_criteria(params.some_members("filter"))
    params.end()
    stream = MatchingLogs(await ask.chain.journal.catch_up(), criteria)
    return _filters(ask).add(stream, criteria)


async def new_block_filter(ask: Ask, params: Params) -> Answer:
    params.end()
    return _filters(ask).add(BlockHashes(await ask.chain.journal.catch_up()))


async def new_pending_transaction_filter(ask: Ask, params: Params) -> Answer:
    whole = params.flag("whole transactions")
    params.end()
    return _filters(ask).add(SentTransactions(ask, whole=whole))


async def get_filter_changes(ask: Ask, params: Params) -> Answer:
    identifier = params.text("filter identifier")
    params.end()
    return await _filters(ask).changes(identifier, ask)


async def get_filter_logs(ask: Ask, params: Params) -> Answer:
    identifier = params.text("filter identifier")
    params.end()
    return await _matching(ask, _filters(ask).criteria(identifier))


async def uninstall_filter(ask: Ask, params: Params) -> Answer:
    identifier = params.text("filter identifier")
    params.end()
    return _filters(ask).remove(identifier)


async def subscribe(ask: Ask, params: Params) -> Answer:
    stream = await _stream(ask, params, params.text("kind"))
    return _subscriber(ask).subscribe(stream)


async def unsubscribe(ask: Ask, params: Params) -> Answer:
    identifier = params.text("subscription identifier")
    params.end()
    if not _subscriber(ask).unsubscribe(identifier):
        raise InvalidRequest("subscription not found")
    return True


async def _stream(ask: Ask, params: Params, kind: str) -> Stream:
    """What a subscription of this kind is to tell of, from now on."""
    match kind:
        case "newHeads":
            params.end()
            return NewHeads(await ask.chain.journal.catch_up())
        case "logs":
            criteria = _waiting_criteria(params.members("filter"))
            params.end()
            return MatchingLogs(await ask.chain.journal.catch_up(), criteria)
        case "newPendingTransactions":
            whole = params.flag("whole transactions")
            params.end()
            return SentTransactions(ask, whole=whole)
    raise InvalidRequest(f"there is no subscription to {kind[:40]!r}")


async def _matching(ask: Ask, criteria: LogCriteria) -> Encoded:
    if criteria.block_hash is not None:
        logs = await _of_block(ask, criteria, criteria.block_hash)
    else:
        logs = await _in_range(ask, criteria)
    ask.share.reserve(shown_bytes(logs))
    return Encoded(await encode_each(logs, log_members))


async def _of_block(ask: Ask, criteria: LogCriteria, block_hash: bytes) -> tuple[IncludedLog, ...]:
    header = await _header(ask, block_hash)
    found = await ask.chain.logs.of_block(header, criteria.wanted)
    return (await ask.take(found, logs_subject(criteria.wanted), block_hash)).logs


async def _in_range(ask: Ask, criteria: LogCriteria) -> tuple[IncludedLog, ...]:
    last = Tag.LATEST if criteria.last is None else criteria.last
    newest = await _header(ask, last)
    first = criteria.first
    if not isinstance(first, int):
        first = (await _header(ask, first or Tag.LATEST)).value.number
    found = await ask.chain.logs.in_range(first, newest, criteria.wanted)
    subject = logs_subject(criteria.wanted, (first, newest.value.number))
    return await ask.take(found, subject, last)


async def _header(ask: Ask, block: BlockId) -> Proven[Header]:
    header = await ask.chain.header(block)
    if not isinstance(header, Word):
        return header
    if isinstance(block, bytes):
        raise unknown_block(block, header)
    raise InvalidRequest(f"{describe_block(block)} is beyond the proven head")


def _waiting_criteria(members: Mapping[str, Received]) -> LogCriteria:
    criteria = log_criteria(members)
    if criteria.block_hash is not None:
        raise InvalidRequest("blockHash: what is still to come has no hash yet")
    return criteria


def _filters(ask: Ask) -> Filters:
    if ask.filters is None:
        raise Unsupported("there are no filters here: ask the endpoint itself")
    return ask.filters


def _subscriber(ask: Ask) -> Subscriber:
    if ask.subscriber is None:
        raise Unsupported("there are no subscriptions over HTTP: connect by WebSocket")
    return ask.subscriber


COMPLETE = (
    "of each block the header's bloom filter, or all receipts under its receipts root, so that "
    "no log is left out"
)
ENDS = f"a filter that nobody asks for {LIMITS.filter_seconds / 60:g} minutes ends"
OWN = "only transactions that were sent from here: nobody can prove another node's pool"

METHODS = (
    Method(
        "eth_getLogs",
        "filter",
        f"{COMPLETE}; at most {LIMITS.log_blocks} blocks and {LIMITS.logs_per_answer} logs",
        get_logs,
    ),
    Method("eth_newFilter", "filter", ENDS, new_filter, repeatable=False),
    Method("eth_newBlockFilter", "", ENDS, new_block_filter, repeatable=False),
    Method(
        "eth_newPendingTransactionFilter",
        "whole transactions = false",
        OWN,
        new_pending_transaction_filter,
        repeatable=False,
    ),
    Method(
        "eth_getFilterChanges",
        "filter identifier",
        f"{COMPLETE}; logs that a reorg took out come again with `removed`",
        get_filter_changes,
        repeatable=False,
    ),
    Method(
        "eth_getFilterLogs",
        "filter identifier",
        "what `eth_getLogs` of the filter stands on",
        get_filter_logs,
        repeatable=False,
    ),
    Method(
        "eth_uninstallFilter",
        "filter identifier",
        "this server",
        uninstall_filter,
        repeatable=False,
    ),
    Method(
        "eth_subscribe",
        "kind, filter or whole transactions",
        "over WebSocket: `newHeads`, `logs` as `eth_getFilterChanges` gives them, and "
        "`newPendingTransactions`, which are those sent from here; of a log filter's `fromBlock` "
        "and `toBlock` only what is still to come counts",
        subscribe,
        repeatable=False,
    ),
    Method(
        "eth_unsubscribe",
        "subscription identifier",
        "this connection",
        unsubscribe,
        repeatable=False,
    ),
)
