"""The execution API's conformance chain, as a `PreparedChain`, and its questions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.rpc.prepared_chain import PreparedChain
from walkaway.anchors.load import chain_spec
from walkaway.anchors.spec import BlobBaseFee
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.accounts import state_proof_from_json
from walkaway.proofs.execution.blocks import Block, BlockBody, receipts_from_json
from walkaway.proofs.execution.header import Header, decode_header, header_from_json
from walkaway.proofs.execution.receipts import receipt_from_json
from walkaway.proofs.execution.transaction_forms import decode_transaction
from walkaway.proofs.execution.transactions import Transaction
from walkaway.proofs.execution.withdrawals import Withdrawal, decode_withdrawal

CHAIN_ID = 3503995874084926
BLOB_BASE_FEES = (
    BlobBaseFee(timestamp=420, target=3, max=6, update_fraction=3338477, reserve_price=False),
    BlobBaseFee(timestamp=450, target=6, max=9, update_fraction=5007716, reserve_price=False),
    BlobBaseFee(timestamp=480, target=6, max=9, update_fraction=5007716, reserve_price=True),
    BlobBaseFee(timestamp=510, target=10, max=15, update_fraction=8346193, reserve_price=True),
    BlobBaseFee(timestamp=540, target=14, max=21, update_fraction=11684671, reserve_price=True),
)


def questions(folder: Path) -> Iterator[tuple[str, Any, Any]]:
    """Each recorded exchange: a name, the request, the response."""
    for path in sorted(folder.glob("*/*.io")):
        lines = [line for line in path.read_text().splitlines() if not line.startswith("//")]
        asked = [json.loads(line[3:]) for line in lines if line.startswith(">> ")]
        answered = [json.loads(line[3:]) for line in lines if line.startswith("<< ")]
        for request, response in zip(asked, answered, strict=True):
            yield f"{path.parent.name}/{path.stem}", request, response


def conformance_chain(folder: Path) -> PreparedChain:
    """The recorded blocks; receipts and state proofs as far as exchanges record them."""
    blocks = [_genesis(folder), *_blocks((folder / "chain.rlp").read_bytes())]
    chain = PreparedChain(
        spec=replace(chain_spec("minimal"), chain_id=CHAIN_ID, blob_base_fees=BLOB_BASE_FEES),
        blocks=blocks,
        finalized=blocks[-1].header.number,
    )
    receipts, proofs = {}, {}
    for name, _, response in questions(folder):
        result = response.get("result")
        if not result:
            continue
        if name.startswith("eth_getBlockReceipts/"):
            number = int(result[0]["blockNumber"], 16)
            receipts[number] = receipts_from_json(result)
        if name.startswith("eth_getTransactionReceipt/"):
            number = int(result["blockNumber"], 16)
            if len(blocks[number].body.transactions) == 1:
                receipts[number] = (receipt_from_json(result),)
        if name == "eth_getProof/get-account-proof-with-storage":
            proofs[bytes.fromhex(result["address"][2:])] = state_proof_from_json(result)
    chain.receipts_of, chain.proofs = receipts, proofs
    return chain


def _genesis(folder: Path) -> Block:
    """From the recorded answer, whose header hashes to what block 1 names as its parent."""
    recorded = json.loads(
        (folder / "eth_getBlockByNumber" / "get-genesis.io").read_text().split("<< ")[1]
    )["result"]
    return Block(header_from_json(recorded), BlockBody(()))


def _blocks(chain: bytes) -> Iterator[Block]:
    items = rlp.decode(rlp.encode_list(chain))
    assert isinstance(items, list)
    for item in items:
        assert isinstance(item, list)
        header, transactions, ommers, *withdrawals = item
        assert isinstance(transactions, list)
        assert isinstance(ommers, list)
        yield Block(
            _header(header),
            BlockBody(
                tuple(_transaction(entry) for entry in transactions),
                _withdrawals(withdrawals[0]) if withdrawals else None,
                tuple(_header(ommer) for ommer in ommers),
            ),
        )


def _header(item: rlp.Item) -> Header:
    return decode_header(rlp.encode(item))


def _transaction(item: rlp.Item) -> Transaction:
    return decode_transaction(item if isinstance(item, bytes) else rlp.encode(item))


def _withdrawals(item: rlp.Item) -> tuple[Withdrawal, ...]:
    assert isinstance(item, list)
    return tuple(decode_withdrawal(rlp.encode(entry)) for entry in item)
