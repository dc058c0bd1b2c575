"""Answers that follow from proven parts by a named rule.

There is no free ``map`` over a `Proven`: what can be derived is listed here.
Each rule keeps the claim's chain, block and finality, and the evidence of what
it stands on; it refuses parts that do not belong together with a `ProofError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from walkaway.anchors.spec import BlobBaseFee
from walkaway.errors import ProofError
from walkaway.proofs._seal import seal
from walkaway.proofs.execution import blob_fees
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.blocks import Block
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import EMPTY_HASH
from walkaway.proofs.execution.receipts import Receipt
from walkaway.proofs.execution.signatures import created_address
from walkaway.proofs.execution.transactions import Transaction
from walkaway.proofs.proven import Claim, Evidence, Proven, Subject

__all__ = [
    "IncludedReceipt",
    "IncludedTransaction",
    "balance",
    "blob_base_fee",
    "code_hash",
    "nonce",
    "ommer_at",
    "ommer_count",
    "receipt_by_hash",
    "receipts",
    "transaction_at",
    "transaction_by_hash",
    "transaction_count",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class IncludedTransaction:
    """A transaction where it stands: the header of its block, and its index there."""

    transaction: Transaction
    header: Header
    index: int

    @property
    def effective_gas_price(self) -> int:
        """Wei paid per gas."""
        return self.transaction.effective_gas_price(self.header.base_fee_per_gas)


@dataclass(frozen=True, slots=True)
class IncludedReceipt:
    """A receipt with what only its block can tell.

    ``gas_used`` is the transaction's own; ``first_log_index`` counts from the
    block's beginning; ``blob_gas_price`` is wei, None but for blob transactions.
    """

    receipt: Receipt
    included: IncludedTransaction
    gas_used: int
    first_log_index: int
    blob_gas_price: int | None

    @property
    def contract_address(self) -> bytes | None:
        """The 20-byte address that the transaction created; None where it called one."""
        transaction = self.included.transaction
        if transaction.to is not None:
            return None
        return created_address(transaction.sender, transaction.nonce)


def balance(account: Proven[Account | None]) -> Proven[int]:
    """The balance in wei; zero for an account that is proven absent."""
    return _of_account(account, "balance", 0 if account.value is None else account.value.balance)


def nonce(account: Proven[Account | None]) -> Proven[int]:
    """The nonce: how many transactions it sent; zero for an absent account."""
    return _of_account(account, "nonce", 0 if account.value is None else account.value.nonce)


def code_hash(account: Proven[Account | None]) -> Proven[bytes]:
    """The 32-byte hash of the code: that of no bytes for an absent account."""
    value = EMPTY_HASH if account.value is None else account.value.code_hash
    return _of_account(account, "code hash", value)


def ommer_count(ommers: Proven[tuple[Header, ...]]) -> Proven[int]:
    """How many ommers the block has: none since the Merge."""
    _check_ommers(ommers)
    return seal(len(ommers.value), _claim(ommers.claim, ("ommer count",)), ommers.because)


def ommer_at(ommers: Proven[tuple[Header, ...]], index: int) -> Proven[Header | None]:
    """The ommer at an index; None where the block has no such index."""
    _check_ommers(ommers)
    found = ommers.value[index] if index < len(ommers.value) else None
    return seal(found, _claim(ommers.claim, ("ommer at", index)), ommers.because)


def transaction_count(block: Proven[Block]) -> Proven[int]:
    """How many transactions the block holds."""
    _check_block(block)
    return _of_block(block, ("transaction count",), len(block.value.body.transactions))


def transaction_at(block: Proven[Block], index: int) -> Proven[IncludedTransaction | None]:
    """The transaction at an index; None where the block has no such index."""
    _check_block(block)
    return _of_block(block, ("transaction at", index), _included(block.value, index))


def transaction_by_hash(
    block: Proven[Block], transaction_hash: bytes
) -> Proven[IncludedTransaction | None]:
    """The transaction with a 32-byte hash; None where the block does not hold it."""
    _check_block(block)
    found = _included(block.value, _index_of(block.value, transaction_hash))
    return _of_block(block, ("transaction", transaction_hash), found)


def receipts(
    block: Proven[Block],
    bare: Proven[tuple[Receipt, ...]],
    blob_fee: Proven[int] | None = None,
) -> Proven[tuple[IncludedReceipt, ...]]:
    """All receipts of a block, each with what only the block can tell.

    ``bare`` comes from `prove_receipts`; ``blob_fee`` from `blob_base_fee`, and is
    needed where the block holds blob transactions. Raises `ProofError` where
    the parts are not of one block.
    """
    value = _included_receipts(block, bare, blob_fee)
    return _of_receipts(block, bare, blob_fee, ("receipts",), value)


def receipt_by_hash(
    block: Proven[Block],
    bare: Proven[tuple[Receipt, ...]],
    transaction_hash: bytes,
    blob_fee: Proven[int] | None = None,
) -> Proven[IncludedReceipt | None]:
    """The receipt of the transaction with a 32-byte hash; None where the block does not hold it.

    ``bare``, ``blob_fee`` and errors are as in `receipts`; ``blob_fee`` is
    needed only where it is that of a blob transaction.
    """
    index = _index_of(block.value, transaction_hash)
    value = _included_receipts(block, bare, blob_fee, only=index)
    found = None if index is None else value[index]
    return _of_receipts(block, bare, blob_fee, ("receipt", transaction_hash), found)


def blob_base_fee(
    parent: Proven[Header], header: Proven[Header], schedule: Sequence[BlobBaseFee]
) -> Proven[int]:
    """Wei per blob gas in a block, which takes its parent to check.

    ``schedule`` is the chain spec's. Raises `Unsupported` where it does not
    explain the block, `ProofError` where the headers are not parent and child.
    """
    if parent.claim.subject != ("header",) or header.claim.subject != ("header",):
        raise ProofError("a blob base fee is derived from two headers")
    value = blob_fees.blob_base_fee(parent.value, header.value, schedule)
    claim = _claim(header.claim, ("blob base fee",))
    rule = "blob base fee by the chain spec's blob schedule, which explains the excess blob gas"
    facts = (("excess_blob_gas", header.value.excess_blob_gas or 0),)
    return seal(value, claim, Evidence(rule, facts, (header.because, parent.because)))


def _included_receipts(
    block: Proven[Block],
    bare: Proven[tuple[Receipt, ...]],
    blob_fee: Proven[int] | None,
    only: int | None = None,
) -> tuple[IncludedReceipt, ...]:
    """All receipts; where ``only`` one is wanted, the others go without their blob gas price."""
    _check_together(block, bare, blob_fee)
    found: list[IncludedReceipt] = []
    gas = logs = 0
    for index, (transaction, receipt) in enumerate(
        zip(block.value.body.transactions, bare.value, strict=True)
    ):
        included = IncludedTransaction(transaction, block.value.header, index)
        price = None if only not in (None, index) else _blob_gas_price(transaction, blob_fee)
        gas_used = receipt.cumulative_gas_used - gas
        found.append(IncludedReceipt(receipt, included, gas_used, logs, price))
        gas = receipt.cumulative_gas_used
        logs += len(receipt.logs)
    return tuple(found)


def _blob_gas_price(transaction: Transaction, blob_fee: Proven[int] | None) -> int | None:
    if not transaction.blob_gas:
        return None
    if blob_fee is None:
        raise ProofError("the receipt of a blob transaction needs the block's blob base fee")
    return blob_fee.value


def _included(block: Block, index: int | None) -> IncludedTransaction | None:
    transactions = block.body.transactions
    if index is None or not 0 <= index < len(transactions):
        return None
    return IncludedTransaction(transactions[index], block.header, index)


def _index_of(block: Block, transaction_hash: bytes) -> int | None:
    for index, transaction in enumerate(block.body.transactions):
        if transaction.hash == transaction_hash:
            return index
    return None


def _check_block(block: Proven[Block]) -> None:
    if block.claim.subject != ("block",):
        raise ProofError("this is derived from a whole block", got=block.claim.subject)


def _check_together(
    block: Proven[Block], bare: Proven[tuple[Receipt, ...]], blob_fee: Proven[int] | None
) -> None:
    """The block, its receipts and its blob base fee must be of one block, and match."""
    _check_block(block)
    parts = [(bare.claim, "receipts")]
    if blob_fee is not None:
        parts.append((blob_fee.claim, "blob base fee"))
    for claim, kind in parts:
        if claim.subject != (kind,) or (claim.chain_id, claim.block_hash) != (
            block.claim.chain_id,
            block.claim.block_hash,
        ):
            raise ProofError(f"the {kind} are not those of the block", got=claim)
    kinds = [transaction.type for transaction in block.value.body.transactions]
    if kinds != [receipt.type for receipt in bare.value]:
        raise ProofError("the block's receipts do not match its transactions")


def _of_account(account: Proven[Account | None], kind: str, value: T) -> Proven[T]:
    match account.claim.subject:
        case ("account", bytes(address)):
            return seal(value, _claim(account.claim, (kind, address)), account.because)
        case other:
            raise ProofError(f"a {kind} is derived from an account", got=other)


def _check_ommers(ommers: Proven[tuple[Header, ...]]) -> None:
    if ommers.claim.subject != ("ommers",):
        raise ProofError("an answer about ommers is derived from them", got=ommers.claim.subject)


def _of_block(block: Proven[Block], subject: Subject, value: T) -> Proven[T]:
    return seal(value, _claim(block.claim, subject), block.because)


def _of_receipts(
    block: Proven[Block],
    bare: Proven[tuple[Receipt, ...]],
    blob_fee: Proven[int] | None,
    subject: Subject,
    value: T,
) -> Proven[T]:
    below = [block.because, bare.because] + ([] if blob_fee is None else [blob_fee.because])
    rule = "receipts joined with the transactions of their block"
    return seal(value, _claim(block.claim, subject), Evidence(rule, (), tuple(below)))


def _claim(under: Claim, subject: Subject) -> Claim:
    return Claim(under.chain_id, under.block_hash, subject, under.finality)
