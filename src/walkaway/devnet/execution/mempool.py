"""Transactions that wait for a block: by sender and nonce, taken in the order they came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from walkaway.devnet.execution.blobs import CarriedBlob
from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.devnet.execution.world import WorldState
from walkaway.errors import InvalidRequest
from walkaway.proofs.execution.transactions import (
    GAS_PER_BLOB,
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
        self._blobs: dict[bytes, tuple[CarriedBlob, ...]] = {}

    def __iter__(self) -> Iterator[Transaction]:
        return iter(tuple(self._waiting.values()))

    def __len__(self) -> int:
        return len(self._waiting)

    def get(self, transaction_hash: bytes) -> Transaction | None:
        """A waiting transaction by its hash."""
        return self._waiting.get(transaction_hash)

    def blobs_of(self, transaction: Transaction) -> tuple[CarriedBlob, ...]:
        """What a waiting transaction brought along."""
        return self._blobs.get(transaction.hash, ())

    def add(
        self, transaction: Transaction, world: WorldState, blobs: tuple[CarriedBlob, ...] = ()
    ) -> None:
        """Take a transaction in, with its blobs.

        Raises `InvalidRequest` where no block could ever hold it.
        """
        if transaction.hash in self._waiting:
            raise InvalidRequest("already known")
        if _blob_count(transaction) != len(blobs):
            raise InvalidRequest("a transaction with blobs comes together with them")
        if transaction.chain_id not in {None, self._chain_id}:
            raise InvalidRequest(f"invalid chain id {transaction.chain_id}")
        if len(self._waiting) >= MAX_WAITING:
            raise InvalidRequest("the pool of transactions is full")
        account = world.account(transaction.sender)
        if transaction.nonce < account.nonce:
            raise InvalidRequest(f"nonce too low: {transaction.nonce} < {account.nonce}")
        if account.balance < transaction.value + _most_paid(transaction):
            raise InvalidRequest("insufficient funds for gas * price + value")
        self._waiting[transaction.hash] = transaction
        if blobs:
            self._blobs[transaction.hash] = blobs

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
            self._drop(transaction)
        for transaction in tuple(self._waiting.values()):
            if transaction.nonce < world.account(transaction.sender).nonce:
                self._drop(transaction)

    def restore(self, removed: ExecutionBlock) -> None:
        """Let the transactions of a block that a reorg removed wait again."""
        blobs = iter(removed.blobs)
        for transaction in removed.transactions:
            self._waiting.setdefault(transaction.hash, transaction)
            if brought := tuple(islice(blobs, _blob_count(transaction))):
                self._blobs.setdefault(transaction.hash, brought)

    def _drop(self, transaction: Transaction) -> None:
        self._waiting.pop(transaction.hash, None)
        self._blobs.pop(transaction.hash, None)


def _blob_count(transaction: Transaction) -> int:
    return transaction.blob_gas // GAS_PER_BLOB


def _most_paid(transaction: Transaction) -> int:
    """The most wei that gas and blob gas may cost the sender."""
    paid = transaction.gas_limit * _price(transaction)
    if isinstance(transaction, BlobTransaction):
        paid += transaction.blob_gas * transaction.max_fee_per_blob_gas
    return paid


def _price(transaction: Transaction) -> int:
    """The most wei per gas that the sender would pay."""
    if isinstance(transaction, FeeMarketTransaction):
        return transaction.max_fee_per_gas
    return transaction.gas_price
