"""Simulated blocks as JSON, in the form that go-ethereum gives them.

What hangs on a state root that is not known is null, and never zero.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from walkaway.errors import Reverted
from walkaway.evm.simulation.simulated import SimulatedBlock, SimulatedCall
from walkaway.proofs.execution.receipts import Log
from walkaway.rpc.encode import block_members, data, data_list, quantity, simulated_transaction
from walkaway.rpc.error_codes import REVERTED, VM_ERROR
from walkaway.rpc.jsonrpc import Encoded, Json, encode
from walkaway.rpc.pacing import encode_each, texts_of
from walkaway.rpc.reverts import failure_of

__all__ = ["simulated_blocks"]


async def simulated_blocks(
    blocks: Sequence[SimulatedBlock], *, shows_transactions: bool
) -> Encoded:
    """Blocks with their calls; their transactions whole, or by their hashes alone."""
    texts = [await _block(block, shows_transactions) for block in blocks]
    return Encoded(b"[%b]" % b",".join(texts))


async def _block(block: SimulatedBlock, shows_transactions: bool) -> bytes:
    size = await asyncio.to_thread(_size, block)
    members = block_members(block.header, size=size, withdrawals=block.withdrawals, ommers=[])
    members |= {
        "hash": _known(block.hash),
        "parentHash": _known(block.parent_hash),
        "stateRoot": _known(block.state_root),
    }
    places = _places(block)
    transaction = _whole if shows_transactions else _hash
    transactions = await encode_each(places, transaction)
    calls = b",".join(await _calls(places))
    return b'%b,"transactions":%b,"calls":[%b]}' % (encode(members)[:-1], transactions, calls)


async def _calls(places: Sequence[_Place]) -> list[bytes]:
    """Each call; its logs are encoded one by one, as a single call may have very many."""
    logs = await texts_of(_logged(places), _log)
    shown = []
    for place, call in zip(places, await texts_of(places, _call), strict=True):
        last = place.first_log_index + len(place.call.outcome.logs)
        own = b",".join(logs[place.first_log_index : last])
        shown.append(b'%b,"logs":[%b]}' % (call[:-1], own))
    return shown


@dataclass(frozen=True)
class _Place:
    """A call in its block; its logs are counted on from ``first_log_index``."""

    block: SimulatedBlock
    call: SimulatedCall
    index: int
    first_log_index: int

    @cached_property
    def of_its_logs(self) -> dict[str, Json]:
        """What all its logs say of where they are."""
        return {
            "blockHash": _known(self.block.hash),
            "blockNumber": quantity(self.block.header.number),
            "blockTimestamp": quantity(self.block.header.timestamp),
            "transactionHash": data(self.call.transaction.hash),
            "transactionIndex": quantity(self.index),
            "removed": False,
        }


_Logged = tuple[_Place, Log, int]
"""A log, the call that made it, and its index in the block."""


def _places(block: SimulatedBlock) -> list[_Place]:
    places, logged = [], 0
    for index, call in enumerate(block.calls):
        places.append(_Place(block, call, index, logged))
        logged += len(call.outcome.logs)
    return places


def _logged(places: Sequence[_Place]) -> Iterator[_Logged]:
    """Every log of a block, in order."""
    for place in places:
        for index, log in enumerate(place.call.outcome.logs, start=place.first_log_index):
            yield place, log, index


def _size(block: SimulatedBlock) -> int:
    """Which takes the encoding of all its transactions."""
    return block.size


def _hash(place: _Place) -> Json:
    return data(place.call.transaction.hash)


def _whole(place: _Place) -> Json:
    call, block = place.call, place.block
    shown = simulated_transaction(call.transaction, call.sender, block.header, place.index)
    return {"blockHash": _known(block.hash)} | shown


def _call(place: _Place) -> Json:
    """All of a call but its logs."""
    outcome = place.call.outcome
    members: dict[str, Json] = {
        "returnData": data(outcome.output if outcome.succeeded else b""),
        "gasUsed": quantity(outcome.gas_used),
        "maxUsedGas": quantity(outcome.gas_before_refund),
        "status": quantity(outcome.succeeded),
    }
    if not outcome.succeeded:
        members["error"] = _error(place.call)
    return members


def _log(logged: _Logged) -> Json:
    place, log, index = logged
    return place.of_its_logs | {
        "address": data(log.address),
        "topics": data_list(log.topics),
        "data": data(log.data),
        "logIndex": quantity(index),
    }


def _error(call: SimulatedCall) -> dict[str, Json]:
    failure = failure_of(call.outcome)
    if isinstance(failure, Reverted):
        return {"code": REVERTED, "message": str(failure), "data": data(failure.data)}
    return {"code": VM_ERROR, "message": str(failure)}


def _known(value: bytes | None) -> str | None:
    return None if value is None else data(value)
