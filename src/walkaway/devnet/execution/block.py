"""What the execution side hands to the beacon side: blocks, and how one is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from walkaway.devnet.execution.blobs import CarriedBlob
from walkaway.proofs.execution.blocks import Block, BlockBody
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.receipts import Receipt
from walkaway.proofs.execution.transactions import Transaction
from walkaway.proofs.execution.withdrawals import Withdrawal

__all__ = ["ExecutionBackend", "ExecutionBlock", "PayloadAttributes", "TransactionPlace"]


@dataclass(frozen=True)
class ExecutionBlock:
    """One execution block.

    ``withdrawals`` is None before Shanghai. ``requests`` are EIP-7685 requests:
    a type byte, then the data. ``blobs`` are those that its transactions name, in order;
    ``blob_base_fee`` is wei per blob gas, None where nobody computed it.
    """

    header: Header
    transactions: tuple[Transaction, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    withdrawals: tuple[Withdrawal, ...] | None = ()
    requests: tuple[bytes, ...] = ()
    ommers: tuple[Header, ...] = ()
    blobs: tuple[CarriedBlob, ...] = ()
    blob_base_fee: int | None = None

    @property
    def hash(self) -> bytes:
        """The 32-byte block hash."""
        return self.header.hash

    @property
    def number(self) -> int:
        """The block's height."""
        return self.header.number

    @property
    def whole(self) -> Block:
        """What the header commits to but receipts and state, as `proofs` has it."""
        return Block(self.header, BlockBody(self.transactions, self.withdrawals, self.ommers))


@dataclass(frozen=True, slots=True)
class TransactionPlace:
    """Where a transaction stands: its block, and its index there."""

    block: ExecutionBlock
    index: int


@dataclass(frozen=True, slots=True)
class PayloadAttributes:
    """What a beacon block decides about its execution block (engine API, PayloadAttributesV3).

    ``timestamp`` is seconds; the roots are 32 bytes, the fee recipient 20.
    """

    timestamp: int
    prev_randao: bytes
    parent_beacon_block_root: bytes
    fee_recipient: bytes
    withdrawals: tuple[Withdrawal, ...]


class ExecutionBackend(Protocol):
    """What can stand behind the beacon side: the devnet's own chain, or an imported one."""

    @property
    def chain_id(self) -> int:
        """EIP-155's chain id."""

    @property
    def genesis(self) -> ExecutionBlock:
        """The block that the first beacon block's payload builds on."""

    def produce(self, parent_hash: bytes, attributes: PayloadAttributes) -> ExecutionBlock:
        """The next block on a parent. It is known from then on, but not yet the head.

        A chain that was imported gives the next block that it has, whatever
        the attributes say.
        """

    def set_head(self, block_hash: bytes, finalized_hash: bytes | None) -> None:
        """Make a block the head (engine API, forkchoiceUpdated)."""
