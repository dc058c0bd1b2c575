"""What comes out of a simulation: blocks, and how each of their calls ended."""

from __future__ import annotations

from dataclasses import dataclass

from walkaway.evm.engine import Outcome
from walkaway.proofs.execution.blocks import Block, BlockBody
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.receipts import Receipt
from walkaway.proofs.execution.transactions import Transaction
from walkaway.proofs.execution.withdrawals import Withdrawal

__all__ = ["SimulatedBlock", "SimulatedCall"]


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """A transaction that nobody signed, who sent it, and how it ended.

    The outcome's logs show transfers of ether where that was asked for, those of
    the receipt never.
    """

    transaction: Transaction
    sender: bytes
    outcome: Outcome
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class SimulatedBlock:
    """One block.

    The state root is None where it hangs on a part of the state trie that no
    proof shows; so are then the block's hash, and all that hangs on it. In
    ``header`` 32 zero bytes hold the place of what is None here.
    """

    header: Header
    parent_hash: bytes | None
    state_root: bytes | None
    withdrawals: tuple[Withdrawal, ...] | None
    calls: tuple[SimulatedCall, ...]

    @property
    def hash(self) -> bytes | None:
        """The block's hash, where it is known."""
        return None if None in (self.parent_hash, self.state_root) else self.header.hash

    @property
    def size(self) -> int:
        """Bytes of the block's RLP encoding."""
        transactions = tuple([call.transaction for call in self.calls])
        return Block(self.header, BlockBody(transactions, self.withdrawals)).size
