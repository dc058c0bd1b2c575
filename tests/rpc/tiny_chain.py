"""Three blocks made by hand: every transaction type, an account with one slot and code.

The tries have one leaf each, so that a proof is one node.
"""

from __future__ import annotations

from dataclasses import replace

from tests.rpc.prepared_chain import PreparedChain
from walkaway.anchors.load import chain_spec
from walkaway.anchors.spec import BlobBaseFee
from walkaway.errors import ProofError
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.accounts import Account, StateProof
from walkaway.proofs.execution.blocks import Block, BlockBody
from walkaway.proofs.execution.header import EMPTY_OMMERS_HASH, Header
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.ordered_trie import ordered_root
from walkaway.proofs.execution.receipts import Log, Receipt, logs_bloom
from walkaway.proofs.execution.transactions import (
    AccessListEntry,
    AccessListTransaction,
    Authorization,
    BlobTransaction,
    FeeMarketTransaction,
    LegacyTransaction,
    SetCodeTransaction,
    Transaction,
)
from walkaway.proofs.execution.withdrawals import Withdrawal

CHAIN_ID = 1337
ADDRESS = bytes.fromhex("00112233445566778899aabbccddeeff00112233")
NOBODY_THERE = bytes(19) + b"\1"
SLOT = (5).to_bytes(32, "big")
STORED = 0xC0FFEE
CODE = bytes.fromhex("6001600255")
BALANCE = 10**24 + 7
NONCE = 41

_S = 2**200 + 9
_ACCESS = (AccessListEntry(ADDRESS, (SLOT,)),)


def _recoverable(transaction: Transaction) -> Transaction:
    """With the next ``r`` that is a point's, so that somebody is the sender."""
    for r in range(transaction.r, transaction.r + 100):
        tried = replace(transaction, r=r)
        try:
            _ = tried.sender
        except ProofError:
            continue
        return tried
    raise AssertionError("half of all numbers are a point's")


_SIGNED: tuple[Transaction, ...] = (
    LegacyTransaction(0, 90_000, None, 0, CODE, 2**250, _S, 5 * 10**9, 27),
    LegacyTransaction(1, 21_000, ADDRESS, 1, b"", 2**250, _S, 5 * 10**9, 2 * CHAIN_ID + 35),
    AccessListTransaction(
        2, 30_000, ADDRESS, 2, b"\1", 2**250, _S, CHAIN_ID, _ACCESS, 0, 4 * 10**9
    ),
    FeeMarketTransaction(3, 40_000, ADDRESS, 3, b"", 2**250, _S, CHAIN_ID, (), 1, 10**9, 9 * 10**9),
    BlobTransaction(
        4,
        50_000,
        ADDRESS,
        0,
        b"",
        2**250,
        _S,
        CHAIN_ID,
        (),
        0,
        10**9,
        9 * 10**9,
        7,
        (b"\1" + bytes(31),),
    ),
    SetCodeTransaction(
        5,
        60_000,
        ADDRESS,
        0,
        b"",
        2**250,
        _S,
        CHAIN_ID,
        (),
        1,
        10**9,
        2 * 10**9,
        (Authorization(CHAIN_ID, ADDRESS, 7, 1, 11, 12),),
    ),
)

TRANSACTIONS = tuple([_recoverable(transaction) for transaction in _SIGNED])

LOGS = (
    Log(ADDRESS, (SLOT, SLOT), b"\2"),
    Log(ADDRESS, (), b""),
)
RECEIPTS = tuple(
    Receipt(tx.type, index != 1, 21_000 * (index + 1), LOGS if index in (0, 3) else ())
    for index, tx in enumerate(TRANSACTIONS)
)
WITHDRAWALS = (Withdrawal(1, 2, ADDRESS, 3),)
BLOBS = (BlobBaseFee(timestamp=0, target=3, max=6, update_fraction=3338477, reserve_price=False),)


def leaf(key: bytes, value: bytes) -> bytes:
    """The only node of a trie with one key: its path is the whole hashed key."""
    return rlp.encode([b"\x20" + keccak256(key), value])


STORAGE_NODE = leaf(SLOT, rlp.encode(STORED))
ACCOUNT = Account(NONCE, BALANCE, keccak256(STORAGE_NODE), keccak256(CODE))
ACCOUNT_NODE = leaf(ADDRESS, ACCOUNT.encode())


def _block(parent: bytes, number: int, transactions: tuple[Transaction, ...]) -> Block:
    receipts = RECEIPTS if transactions else ()
    header = Header(
        parent_hash=parent,
        ommers_hash=EMPTY_OMMERS_HASH,
        coinbase=bytes(20),
        state_root=keccak256(ACCOUNT_NODE),
        transactions_root=ordered_root([tx.encode() for tx in transactions]),
        receipts_root=ordered_root([receipt.encode() for receipt in receipts]),
        logs_bloom=logs_bloom([log for receipt in receipts for log in receipt.logs]),
        difficulty=0,
        number=number,
        gas_limit=30_000_000,
        gas_used=receipts[-1].cumulative_gas_used if receipts else 0,
        timestamp=1_700_000_000 + 12 * number,
        extra_data=b"tiny",
        prev_randao=bytes(32),
        nonce=bytes(8),
        base_fee_per_gas=10**9,
        withdrawals_root=ordered_root([w.encode() for w in WITHDRAWALS]),
        blob_gas_used=2**17 if transactions else 0,
        excess_blob_gas=0,
        parent_beacon_block_root=bytes(32),
        requests_hash=bytes(32),
    )
    return Block(header, BlockBody(transactions, WITHDRAWALS))


def tiny_chain() -> PreparedChain:
    """Blocks 0 to 2; the transactions stand in block 1, state is there on block 2."""
    blocks = [_block(bytes(32), 0, ())]
    blocks.append(_block(blocks[-1].header.hash, 1, TRANSACTIONS))
    blocks.append(_block(blocks[-1].header.hash, 2, ()))
    nodes = StateProof((ACCOUNT_NODE,), {SLOT: (STORAGE_NODE,)})
    return PreparedChain(
        spec=replace(chain_spec("minimal"), chain_id=CHAIN_ID, blob_base_fees=BLOBS),
        blocks=blocks,
        finalized=1,
        receipts_of={0: (), 1: RECEIPTS, 2: ()},
        proofs={ADDRESS: nodes, NOBODY_THERE: StateProof((ACCOUNT_NODE,), {})},
        codes={ACCOUNT.code_hash: CODE},
    )
