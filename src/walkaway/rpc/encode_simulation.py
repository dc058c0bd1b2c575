"""Simulated blocks as JSON, in the form that go-ethereum gives them.

What hangs on a state root that is not known is null, and never zero.
"""

from __future__ import annotations

from walkaway.errors import Reverted
from walkaway.evm.simulation.simulated import SimulatedBlock, SimulatedCall
from walkaway.rpc.encode import block_members, data, data_list, quantity, simulated_transaction
from walkaway.rpc.error_codes import REVERTED, VM_ERROR
from walkaway.rpc.jsonrpc import Json
from walkaway.rpc.reverts import failure_of

__all__ = ["simulated_block"]


def simulated_block(block: SimulatedBlock, *, shows_transactions: bool) -> dict[str, Json]:
    """A block with its calls; its transactions whole, or by their hashes alone."""
    members = block_members(block.header, size=block.size, withdrawals=block.withdrawals, ommers=[])
    members |= {
        "hash": _known(block.hash),
        "parentHash": _known(block.parent_hash),
        "stateRoot": _known(block.state_root),
        "calls": _calls(block),
    }
    if not shows_transactions:
        return members | {"transactions": data_list([c.transaction.hash for c in block.calls])}
    return members | {
        "transactions": [
            simulated_transaction(call.transaction, call.sender, block.header, index)
            | {"blockHash": _known(block.hash)}
            for index, call in enumerate(block.calls)
        ]
    }


def _calls(block: SimulatedBlock) -> list[Json]:
    """How each call ended. Logs are counted through the whole block."""
    calls: list[Json] = []
    logged = 0
    for index, call in enumerate(block.calls):
        calls.append(_call(block, call, index, logged))
        logged += len(call.outcome.logs)
    return calls


def _call(block: SimulatedBlock, call: SimulatedCall, index: int, logged: int) -> dict[str, Json]:
    outcome = call.outcome
    place: dict[str, Json] = {
        "blockHash": _known(block.hash),
        "blockNumber": quantity(block.header.number),
        "blockTimestamp": quantity(block.header.timestamp),
        "transactionHash": data(call.transaction.hash),
        "transactionIndex": quantity(index),
        "removed": False,
    }
    members: dict[str, Json] = {
        "returnData": data(outcome.output if outcome.succeeded else b""),
        "logs": [
            place
            | {
                "address": data(log.address),
                "topics": data_list(log.topics),
                "data": data(log.data),
                "logIndex": quantity(logged + position),
            }
            for position, log in enumerate(outcome.logs)
        ],
        "gasUsed": quantity(outcome.gas_used),
        "maxUsedGas": quantity(outcome.gas_before_refund),
        "status": quantity(outcome.succeeded),
    }
    if not outcome.succeeded:
        members["error"] = _error(call)
    return members


def _error(call: SimulatedCall) -> dict[str, Json]:
    failure = failure_of(call.outcome)
    if isinstance(failure, Reverted):
        return {"code": REVERTED, "message": str(failure), "data": data(failure.data)}
    return {"code": VM_ERROR, "message": str(failure)}


def _known(value: bytes | None) -> str | None:
    return None if value is None else data(value)
