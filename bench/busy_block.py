"""Made-up blocks full of token transfers, and a recorded one, as a source's JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from tests.evm.token_world import environment
from tests.vectors import ROOT
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.execution.genesis import TOKEN
from walkaway.proofs.derive import IncludedReceipt, IncludedTransaction
from walkaway.proofs.execution.blocks import Block, BlockBody
from walkaway.proofs.execution.header import Header, header_from_json
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.ordered_trie import ordered_root
from walkaway.proofs.execution.receipts import Log, Receipt, logs_bloom
from walkaway.proofs.execution.transaction_forms import decode_transaction
from walkaway.rpc.encode import block_members, included_transaction, receipt_members

__all__ = ["RECORDED", "BusyBlock", "busy_block", "recorded_block"]

RECORDED = ROOT / "execution" / "mainnet-21925176"
TRANSFER = keccak256(b"Transfer(address,address,uint256)")
GAS = 60_000


@dataclass(frozen=True, slots=True)
class BusyBlock:
    """A header, and what a source answers about its block; ``body`` is None where only
    the hashes of the transactions were recorded."""

    header: Header
    body: dict[str, Any] | None
    receipts: list[Any]

    @property
    def logs(self) -> int:
        """How many logs the receipts hold."""
        return sum(len(receipt["logs"]) for receipt in self.receipts)


def recorded_block() -> BusyBlock:
    """The recorded mainnet block, of 202 receipts."""
    header = header_from_json(json.loads((RECORDED / "block.json").read_text()))
    return BusyBlock(header, None, json.loads((RECORDED / "receipts.json").read_text()))


def busy_block(transactions: int, logs_each: int) -> BusyBlock:
    """A block of so many transactions, each with so many transfers of the token."""
    sender = dev_account(0)
    fields: dict[str, int | bytes] = {
        "chainId": 1,
        "nonce": 0,
        "to": TOKEN,
        "gas": GAS,
        "maxFeePerGas": 10**9,
        "maxPriorityFeePerGas": 1,
        "data": bytes(68),
    }
    # One signature for all: whoever it makes the sender, the block holds together.
    first = decode_transaction(sender.sign(fields))
    sent = tuple(replace(first, nonce=nonce) for nonce in range(transactions))
    receipts = tuple(
        Receipt(2, True, GAS * (index + 1), _transfers(index, logs_each))
        for index in range(transactions)
    )
    header = replace(
        environment().header,
        transactions_root=ordered_root([transaction.encode() for transaction in sent]),
        receipts_root=ordered_root([receipt.encode() for receipt in receipts]),
        withdrawals_root=ordered_root([]),
        logs_bloom=logs_bloom(log for receipt in receipts for log in receipt.logs),
        gas_used=GAS * transactions,
    )
    members: dict[str, Any] = block_members(
        header, size=Block(header, BlockBody(sent, ())).size, withdrawals=(), ommers=[]
    )
    members["transactions"] = [
        included_transaction(transaction, header, index) for index, transaction in enumerate(sent)
    ]
    shown = [
        receipt_members(
            IncludedReceipt(
                receipt,
                IncludedTransaction(sent[index], header, index),
                GAS,
                index * logs_each,
                None,
            )
        )
        for index, receipt in enumerate(receipts)
    ]
    # By way of text, as it comes from a source: plain lists and dicts.
    return BusyBlock(header, json.loads(json.dumps(members)), json.loads(json.dumps(shown)))


def _transfers(index: int, count: int) -> tuple[Log, ...]:
    payer = keccak256(index.to_bytes(4))[12:]
    return tuple(
        Log(
            TOKEN,
            (TRANSFER, payer.rjust(32, b"\0"), keccak256(payer + bytes([position]))),
            (index + position).to_bytes(32),
        )
        for position in range(count)
    )
