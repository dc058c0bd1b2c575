"""Transactions that wait for a block: by sender and nonce, taken in the order they came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from walkaway.devnet.execution.world import WorldState
from walkaway.errors import InvalidRequest
from walkaway.proofs.execution.transactions import (
    BlobTransaction,
    FeeMarketTransaction,
    Transaction,
)

__all__ = ["Mempool"]

MAX_WAITING = 4096
MAX_PER_BLOCK = 200


class Mempool:
    """Waiting transactions. One that a block cannot take yet stays; one that never can goes."""

    def __init__(self, chain_id: int) -> None:
        self._chain_id = chain_id
        self._waiting: dict[bytes, Transaction] = {}

    def __iter__(self) -> Iterator[Transaction]:
        return iter(tuple(self._waiting.values()))

    def __len__(self) -> int:
        return len(self._waiting)

    def get(self, transaction_hash: bytes) -> Transaction | None:
        """A waiting transaction by its hash."""
        return self._waiting.get(transaction_hash)

    def add(self, transaction: Transaction, world: WorldState) -> None:
        """Take a transaction in. Raises `InvalidRequest` where no block could ever hold it."""
        if transaction.hash in self._waiting:
            raise InvalidRequest("already known")
        if isinstance(transaction, BlobTransaction):
            raise InvalidRequest("this network carries no blobs")
        if transaction.chain_id not in {None, self._chain_id}:
            raise InvalidRequest(f"invalid chain id {transaction.chain_id}")
        if len(self._waiting) >= MAX_WAITING:
            raise InvalidRequest("the pool of transactions is full")
        account = world.account(transaction.sender)
        if transaction.nonce < account.nonce:
            raise InvalidRequest(f"nonce too low: {transaction.nonce} < {account.nonce}")
        if account.balance < transaction.value + transaction.gas_limit * _price(transaction):
            raise InvalidRequest("insufficient funds for gas * price + value")
        self._waiting[transaction.hash] = transaction

    def candidates(self, world: WorldState) -> list[Transaction]:
        """What the next block should hold: each sender's next nonces, without a gap."""
        expected: dict[bytes, int] = {}
        chosen: list[Transaction] = []
        for transaction in sorted(self, key=lambda item: item.nonce):
            sender = transaction.sender
            nonce = expected.setdefault(sender, world.account(sender).nonce)
            if transaction.nonce == nonce and len(chosen) < MAX_PER_BLOCK:
                expected[sender] = nonce + 1
                chosen.append(transaction)
        return chosen

    def forget(self, included: Iterable[Transaction], world: WorldState) -> None:
        """Drop what a new head holds, and what its state has made impossible."""
        for transaction in included:
            self._waiting.pop(transaction.hash, None)
        for transaction in tuple(self._waiting.values()):
            if transaction.nonce < world.account(transaction.sender).nonce:
                del self._waiting[transaction.hash]

    def restore(self, removed: Iterable[Transaction]) -> None:
        """Let the transactions of blocks that a reorg removed wait again."""
        for transaction in removed:
            self._waiting.setdefault(transaction.hash, transaction)


def _price(transaction: Transaction) -> int:
    """The most wei per gas that the sender would pay."""
    if isinstance(transaction, FeeMarketTransaction):
        return transaction.max_fee_per_gas
    return transaction.gas_price
