"""What a node needs of a chain to answer for it: the devnet's own, or one that was imported."""

from __future__ import annotations

from typing import Protocol

from walkaway.devnet.execution.blobs import CarriedBlob
from walkaway.devnet.execution.block import ExecutionBlock, TransactionPlace
from walkaway.devnet.execution.engine import CallOutcome, MessageCall
from walkaway.devnet.execution.world import WorldState
from walkaway.proofs.execution.transactions import Transaction

__all__ = ["ReadableChain"]


class ReadableChain(Protocol):
    """Blocks, states and waiting transactions. Hashes are 32 bytes, addresses 20."""

    @property
    def chain_id(self) -> int:
        """EIP-155's chain id."""

    @property
    def genesis(self) -> ExecutionBlock:
        """Block 0."""

    @property
    def head(self) -> ExecutionBlock:
        """The newest block of the head's branch."""

    @property
    def finalized(self) -> ExecutionBlock:
        """The newest block that is final."""

    def block(self, block_hash: bytes) -> ExecutionBlock | None:
        """A block by hash, on the head's branch or off it."""

    def block_at(self, number: int) -> ExecutionBlock | None:
        """The block of a height on the head's branch."""

    def world(self, block: ExecutionBlock) -> WorldState | None:
        """The state after a block, where it is still kept."""

    def place(self, transaction_hash: bytes) -> TransactionPlace | None:
        """Where a transaction of the head's branch stands."""

    def waiting(self, transaction_hash: bytes) -> Transaction | None:
        """A transaction that is in no block yet."""

    def next_nonce(self, address: bytes) -> int:
        """The nonce that an account's next transaction should have, counting those that wait."""

    def submit(self, transaction: Transaction, blobs: tuple[CarriedBlob, ...] = ()) -> None:
        """Take a transaction that is to wait for a block, with the blobs that it brings.

        Raises `InvalidRequest`.
        """

    def call(self, block: ExecutionBlock, call: MessageCall) -> CallOutcome:
        """Run a message call on the state after a block. Raises `InvalidRequest`."""
