"""Blocks and receipts as bytes, to be kept and read back; nobody vouches for them meanwhile.

A block has the form that peers exchange (devp2p, "eth" protocol): the list of
its header, transactions, ommers and, from Shanghai on, withdrawals. Receipts
are the list of the leaves of their trie. What is read back is only a claim
again, until it is proven under a header.
"""

from __future__ import annotations

from collections.abc import Sequence

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.blocks import Block, BlockBody
from walkaway.proofs.execution.header import decode_header
from walkaway.proofs.execution.receipts import Receipt, decode_receipt
from walkaway.proofs.execution.transaction_forms import decode_transaction
from walkaway.proofs.execution.withdrawals import decode_withdrawal

__all__ = ["decode_block", "decode_receipts", "encode_receipts"]


def decode_block(data: bytes) -> Block:
    """Read what `Block.encode` gives. Raises `ProofError`."""
    parts = rlp.decode(data)
    if not isinstance(parts, list) or len(parts) not in (3, 4):
        raise ProofError("a block is a list of three or four parts")
    header, transactions, ommers, *withdrawals = parts
    body = BlockBody(
        transactions=tuple(
            decode_transaction(item if isinstance(item, bytes) else rlp.encode(item))
            for item in _items(transactions, "transactions", LIMITS.block_transactions)
        ),
        ommers=tuple(
            decode_header(rlp.encode(item))
            for item in _items(ommers, "ommers", LIMITS.block_ommers)
        ),
        withdrawals=tuple(
            decode_withdrawal(rlp.encode(item))
            for item in _items(withdrawals[0], "withdrawals", LIMITS.block_withdrawals)
        )
        if withdrawals
        else None,
    )
    return Block(decode_header(rlp.encode(header)), body)


def encode_receipts(receipts: Sequence[Receipt]) -> bytes:
    """All receipts of a block as one RLP list of byte strings."""
    return rlp.encode([receipt.encode() for receipt in receipts])


def decode_receipts(data: bytes) -> tuple[Receipt, ...]:
    """Read what `encode_receipts` gives. Raises `ProofError`."""
    items = _items(rlp.decode(data), "receipts", LIMITS.block_transactions)
    return tuple(decode_receipt(_bytes(item)) for item in items)


def _items(part: rlp.Item, what: str, limit: int) -> list[rlp.Item]:
    if not isinstance(part, list):
        raise ProofError(f"a block's {what} are a list")
    if len(part) > limit:
        raise ProofError(f"{len(part)} {what}, more than the limit of {limit}")
    return part


def _bytes(item: rlp.Item) -> bytes:
    if not isinstance(item, bytes):
        raise ProofError("a kept receipt is a byte string")
    return item
