"""The system contracts that blocks call, where their proposals put them."""

from __future__ import annotations

from dataclasses import dataclass

from walkaway.proofs.execution.ancestry import HISTORY_ADDRESS, history_slot_key

__all__ = [
    "BEACON_ROOTS",
    "CONSOLIDATION_REQUESTS",
    "REQUEST_CONTRACTS",
    "SYSTEM_CALLER",
    "SYSTEM_GAS",
    "WITHDRAWAL_REQUESTS",
    "RequestContract",
    "beacon_root_slots",
    "block_hash_slot",
]

SYSTEM_CALLER = bytes.fromhex("fffffffffffffffffffffffffffffffffffffffe")
"""Whom the contracts see as their caller (EIP-4788)."""

SYSTEM_GAS = 30_000_000

BEACON_ROOTS = bytes.fromhex("000f3df6d732807ef1319fb7b8bb8522d0beac02")
"""Roots of parent beacon blocks (EIP-4788)."""

WITHDRAWAL_REQUESTS = bytes.fromhex("00000961ef480eb55e80d19ad83579a64c007002")
"""The queue of withdrawal requests (EIP-7002)."""

CONSOLIDATION_REQUESTS = bytes.fromhex("0000bbddc7ce488642fb579f8b00f3a590007251")
"""The queue of consolidation requests (EIP-7251)."""

_BEACON_ROOTS_KEPT = 8191
_QUEUE_SLOTS = 4


@dataclass(frozen=True, slots=True)
class RequestContract:
    """A contract with a queue of requests of one type, which it gives out at a block's end."""

    address: bytes
    type: bytes

    @property
    def slots(self) -> tuple[bytes, ...]:
        """The slots that it looks at in any case: excess, count, head and tail of the queue."""
        return tuple([slot.to_bytes(32, "big") for slot in range(_QUEUE_SLOTS)])


REQUEST_CONTRACTS = (
    RequestContract(WITHDRAWAL_REQUESTS, b"\1"),
    RequestContract(CONSOLIDATION_REQUESTS, b"\2"),
)
"""In the order in which a block asks them."""


def beacon_root_slots(timestamp: int) -> tuple[bytes, bytes]:
    """The slots of `BEACON_ROOTS` that a block of this time writes."""
    at = timestamp % _BEACON_ROOTS_KEPT
    return at.to_bytes(32, "big"), (at + _BEACON_ROOTS_KEPT).to_bytes(32, "big")


def block_hash_slot(number: int) -> tuple[bytes, bytes]:
    """Where the hash of a block's parent goes when the block begins: address and key (EIP-2935)."""
    return HISTORY_ADDRESS, history_slot_key(number - 1)
