"""What a simulation is asked for; None stands where the caller wrote nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from walkaway.evm.block_overrides import BlockOverrides
from walkaway.evm.engine import Overrides
from walkaway.proofs.execution.transactions import AccessListEntry, Authorization
from walkaway.proofs.execution.withdrawals import Withdrawal

__all__ = ["AskedBlock", "AskedSimulation", "AskedTransaction"]


@dataclass(frozen=True, slots=True)
class AskedTransaction:
    """A transaction that nobody signed. Prices are wei per gas; ``to`` None creates a contract."""

    sender: bytes
    to: bytes | None
    gas: int | None = None
    nonce: int | None = None
    value: int = 0
    data: bytes = b""
    gas_price: int | None = None
    max_fee: int = 0
    max_priority_fee: int = 0
    access_list: tuple[AccessListEntry, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    blob_hashes: tuple[bytes, ...] = ()
    max_fee_per_blob_gas: int = 0


@dataclass(frozen=True, slots=True)
class AskedBlock:
    """One block: what of it is to be otherwise, of the state before it, and what it holds.

    ``moved_precompiles`` maps where a precompile is to where it goes instead.
    """

    overrides: BlockOverrides = field(default_factory=BlockOverrides)
    beacon_root: bytes | None = None
    withdrawals: tuple[Withdrawal, ...] = ()
    state: Mapping[bytes, Overrides] = field(default_factory=dict)
    moved_precompiles: Mapping[bytes, bytes] = field(default_factory=dict)
    transactions: tuple[AskedTransaction, ...] = ()


@dataclass(frozen=True, slots=True)
class AskedSimulation:
    """Blocks in order. ``validates`` holds nonces and fees to what blocks are held to."""

    blocks: tuple[AskedBlock, ...]
    logs_transfers: bool = False
    validates: bool = False
