"""What a proven header commits to: transactions, receipts, withdrawals, the whole block.

Yellow Paper 4.4.1 to 4.4.3; withdrawals are EIP-4895. A list is proven whole: it
is complete, in order, and holds nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs._seal import seal
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.fields import json_list, json_object
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.ordered_trie import ordered_root
from walkaway.proofs.execution.receipts import Receipt, receipt_from_json
from walkaway.proofs.execution.transaction_forms import transaction_from_json
from walkaway.proofs.execution.transactions import Transaction
from walkaway.proofs.execution.withdrawals import Withdrawal, withdrawal_from_json
from walkaway.proofs.proven import Claim, Evidence, Proven

__all__ = [
    "Block",
    "BlockBody",
    "block_body_from_json",
    "prove_block",
    "prove_ommers",
    "prove_receipts",
    "prove_transactions",
    "prove_withdrawals",
    "receipts_from_json",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BlockBody:
    """What a source says a block holds; nothing here is believed yet.

    ``withdrawals`` is None before Shanghai. ``ommers`` holds whole headers,
    which JSON-RPC gives one at a time; there are none since the Merge.
    """

    transactions: tuple[Transaction, ...]
    withdrawals: tuple[Withdrawal, ...] | None = None
    ommers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A whole block: a header and everything that it commits to but receipts and state."""

    header: Header
    body: BlockBody

    @property
    def size(self) -> int:
        """Bytes of the block's RLP encoding, as JSON-RPC's ``size`` gives it."""
        return len(self.encode())

    def encode(self) -> bytes:
        """The block's RLP encoding, in the form that peers exchange."""
        body = self.body
        parts = [
            self.header.rlp(),
            _rlp_list([_in_block(transaction) for transaction in body.transactions]),
            _rlp_list([ommer.rlp() for ommer in body.ommers]),
        ]
        if body.withdrawals is not None:
            parts.append(_rlp_list([withdrawal.encode() for withdrawal in body.withdrawals]))
        return _rlp_list(parts)


def prove_block(header: Proven[Header], body: BlockBody) -> Proven[Block]:
    """Prove that ``body`` is the whole content of the block. Raises `ProofError`."""
    _check_transactions(header, body.transactions)
    _check_withdrawals(header, body.withdrawals)
    _check_ommers(header, body.ommers)
    return _sealed(Block(header.value, body), header, "block")


def prove_transactions(
    header: Proven[Header], transactions: Sequence[Transaction]
) -> Proven[tuple[Transaction, ...]]:
    """Prove that these are the block's transactions, all and in order. Raises `ProofError`."""
    _check_transactions(header, transactions)
    return _sealed(tuple(transactions), header, "transactions")


def prove_withdrawals(
    header: Proven[Header], withdrawals: Sequence[Withdrawal] | None
) -> Proven[tuple[Withdrawal, ...] | None]:
    """Prove that these are the block's withdrawals; None before Shanghai. Raises `ProofError`."""
    _check_withdrawals(header, withdrawals)
    return _sealed(None if withdrawals is None else tuple(withdrawals), header, "withdrawals")


def prove_ommers(header: Proven[Header], ommers: Sequence[Header]) -> Proven[tuple[Header, ...]]:
    """Prove that these are the block's ommers, all and in order. Raises `ProofError`."""
    _check_ommers(header, ommers)
    return _sealed(tuple(ommers), header, "ommers")


def prove_receipts(
    header: Proven[Header], receipts: Sequence[Receipt]
) -> Proven[tuple[Receipt, ...]]:
    """Prove that these are the block's receipts, all and in order. Raises `ProofError`."""
    _check_header(header)
    _check_root(
        "receipts root",
        header.value.receipts_root,
        ordered_root([receipt.encode() for receipt in receipts]),
    )
    return _sealed(tuple(receipts), header, "receipts")


def block_body_from_json(block: object, ommers: tuple[Header, ...] = ()) -> BlockBody:
    """Read the body from a JSON-RPC block object with whole transactions.

    Nobody vouches for it. Ommers are given there by hash alone, so that they
    come from elsewhere. Raises `ProofError`.
    """
    members = json_object(block, "block")
    transactions = json_list(members.get("transactions"), "transactions", LIMITS.block_transactions)
    withdrawals = members.get("withdrawals")
    return BlockBody(
        transactions=tuple([transaction_from_json(value) for value in transactions]),
        withdrawals=None if withdrawals is None else _withdrawals_from_json(withdrawals),
        ommers=ommers,
    )


def receipts_from_json(value: object) -> tuple[Receipt, ...]:
    """Read an answer to `eth_getBlockReceipts`, which nobody vouches for. Raises `ProofError`."""
    receipts = json_list(value, "receipts", LIMITS.block_transactions)
    return tuple([receipt_from_json(receipt) for receipt in receipts])


def _withdrawals_from_json(value: object) -> tuple[Withdrawal, ...]:
    withdrawals = json_list(value, "withdrawals", LIMITS.block_withdrawals)
    return tuple([withdrawal_from_json(withdrawal) for withdrawal in withdrawals])


def _check_transactions(header: Proven[Header], transactions: Sequence[Transaction]) -> None:
    _check_header(header)
    _check_root(
        "transactions root",
        header.value.transactions_root,
        ordered_root([transaction.encode() for transaction in transactions]),
    )


def _check_withdrawals(header: Proven[Header], withdrawals: Sequence[Withdrawal] | None) -> None:
    _check_header(header)
    root = None
    if withdrawals is not None:
        root = ordered_root([withdrawal.encode() for withdrawal in withdrawals])
    _check_root("withdrawals root", header.value.withdrawals_root, root)


def _check_ommers(header: Proven[Header], ommers: Sequence[Header]) -> None:
    _check_header(header)
    encoded = _rlp_list([ommer.rlp() for ommer in ommers])
    _check_root("ommers hash", header.value.ommers_hash, keccak256(encoded))


def _check_header(header: Proven[Header]) -> None:
    if header.claim.subject != ("header",):
        raise ProofError("a block's content is proven under a header", got=header.claim.subject)


def _check_root(commitment: str, expected: bytes | None, got: bytes | None) -> None:
    if expected != got:
        raise ProofError(
            "the list is not the one that the header commits to",
            commitment=commitment,
            expected=expected,
            got=got,
        )


def _in_block(transaction: Transaction) -> bytes:
    """A typed transaction stands in a block's list as a byte string (EIP-2718)."""
    encoded = transaction.encode()
    return rlp.encode(encoded) if transaction.type else encoded


def _rlp_list(encoded_items: Sequence[bytes]) -> bytes:
    return rlp.encode_list(b"".join(encoded_items))


def _sealed(value: T, header: Proven[Header], kind: str) -> Proven[T]:
    claim = Claim(header.claim.chain_id, header.claim.block_hash, (kind,), header.claim.finality)
    because = Evidence(
        f"the header commits to the {kind}",
        (("block_hash", header.value.hash),),
        (header.because,),
    )
    return seal(value, claim, because)
