"""Recorded answers of real sources: each is proven, and proven to say what it said."""

from __future__ import annotations

import json

import pytest

from tests.proofs.execution import recordings as rec
from tests.proofs.execution.recordings import number, unhex
from tests.proofs.execution.samples import header
from tests.vectors import vectors
from walkaway.errors import Elsewhere, ProofError
from walkaway.proofs import Proven, derive
from walkaway.proofs.execution.accounts import (
    prove_account,
    prove_code,
    prove_slot,
    state_proof_from_json,
)
from walkaway.proofs.execution.ancestry import header_from_given_hash
from walkaway.proofs.execution.blocks import (
    Block,
    block_body_from_json,
    prove_block,
    prove_receipts,
    receipts_from_json,
)
from walkaway.proofs.execution.header import Header, decode_header, header_from_json
from walkaway.proofs.execution.receipts import Receipt, decode_receipt, receipt_from_json
from walkaway.proofs.execution.transaction_forms import decode_transaction, transaction_from_json


def test_every_account_and_slot_is_what_the_source_said() -> None:
    slots = absent = 0
    proofs = rec.recorded_proofs()
    for recorded in proofs:
        said, read = recorded.answer, state_proof_from_json(recorded.answer)
        account = prove_account(recorded.under, recorded.address, read.account_nodes)
        assert account.value is not None
        assert account.value.storage_root == unhex(said["storageHash"])
        if "balance" in said:
            assert derive.balance(account).value == number(said["balance"])
            assert derive.nonce(account).value == number(said["nonce"])
            assert derive.code_hash(account).value == unhex(said["codeHash"])
        for slot in said["storageProof"]:
            key = number(slot["key"]).to_bytes(32, "big")
            value = prove_slot(account, key, read.slot_nodes[key]).value
            assert value == number(slot["value"])
            slots += 1
            absent += value == 0
    assert len(proofs) > 20
    assert slots > 5
    assert absent > 0


def test_a_recorded_proof_is_elsewhere_in_another_state() -> None:
    other = header()
    under = header_from_given_hash(rec.MAINNET, other.hash, other)
    for recorded in rec.recorded_proofs():
        with pytest.raises(Elsewhere):
            prove_account(
                under, recorded.address, state_proof_from_json(recorded.answer).account_nodes
            )


def test_recorded_code_hashes_to_its_proven_hash() -> None:
    codes, proofs = {}, {}
    for folder in ("mainnet", "sepolia"):
        for _, under, request, answer in rec.prover_exchanges(folder):
            address = unhex(request["params"][0]) if request["method"] in STATE_METHODS else b""
            if request["method"] == "eth_getProof":
                nodes = state_proof_from_json(answer).account_nodes
                proofs[address] = prove_account(under, address, nodes)
            elif request["method"] == "eth_getCode":
                codes[address] = unhex(answer)
    for address, code in codes.items():
        assert prove_code(proofs[address], code).value == code
        if code:
            with pytest.raises(ProofError, match="hash to its name"):
                prove_code(proofs[address], code[:-1])
    assert any(codes.values())


STATE_METHODS = {"eth_getProof", "eth_getCode"}


def test_every_recorded_block_is_proven_whole() -> None:
    blocks = rec.recorded_blocks()
    for chain_id, said in blocks:
        block = prove_block(rec.given(chain_id, said), block_body_from_json(said))
        assert block.value.size == number(said["size"])
        for index, stated in enumerate(said["transactions"]):
            found = derive.transaction_by_hash(block, unhex(stated["hash"])).value
            assert found is not None
            assert found.index == index
            assert found.transaction.sender == unhex(stated["from"])
            assert found.effective_gas_price == number(stated["gasPrice"])
    assert len(blocks) >= 4


def test_recorded_headers_hash_to_their_stated_hash() -> None:
    paths = sorted(vectors("mainnet-recordings").glob("*/eth_getBlockByNumber_*.json"))
    for path in paths:
        said = json.loads(path.read_text())["result"]
        assert header_from_json(said).hash == unhex(said["hash"])
    assert len(paths) >= 6


def test_recorded_transactions_hash_to_their_stated_hash() -> None:
    kinds = set()
    for path in vectors("mainnet-recordings").glob("*/eth_getTransactionByHash_*.json"):
        said = json.loads(path.read_text())["result"]
        found = transaction_from_json(said)
        assert found.hash == unhex(said["hash"])
        assert found.sender == unhex(said["from"])
        kinds.add(found.type)
    assert kinds == {2, 3, 4}


def test_recorded_receipts_are_those_of_their_blocks() -> None:
    for root, said in rec.recorded_receipts():
        made = header(receipts_root=root)
        under = header_from_given_hash(rec.MAINNET, made.hash, made)
        found = prove_receipts(under, receipts_from_json(said)).value
        assert [receipt.bloom for receipt in found] == [unhex(r["logsBloom"]) for r in said]
        with pytest.raises(ProofError, match="receipts root"):
            prove_receipts(under, found[:-1])


def test_every_block_of_the_conformance_chain_is_encoded_as_it_came() -> None:
    chain = rec.conformance_chain()
    for encoded, block in chain:
        assert block.value.encode() == encoded
        assert decode_header(block.value.header.rlp()) == block.value.header
        for transaction in block.value.body.transactions:
            assert decode_transaction(transaction.encode()) == transaction
            assert len(transaction.sender) == 20
    assert len(chain) == 54
    assert {t.type for _, b in chain for t in b.value.body.transactions} == {0, 1, 2, 3, 4}
    fields = {b.value.header.base_fee_per_gas is None for _, b in chain}
    assert fields == {True, False}


def conformance_blocks() -> dict[bytes, Proven[Block]]:
    return {b.value.header.hash: b for _, b in rec.conformance_chain()}


def test_transactions_of_the_conformance_chain_are_as_the_client_says() -> None:
    blocks = conformance_blocks()
    kinds = set()
    for _, _, said in rec.conformance_exchanges("eth_getTransactionByHash"):
        found = derive.transaction_by_hash(blocks[unhex(said["blockHash"])], unhex(said["hash"]))
        assert found.value is not None
        assert found.value.transaction == transaction_from_json(said)
        assert found.value.index == number(said["transactionIndex"])
        assert found.value.transaction.sender == unhex(said["from"])
        assert found.value.effective_gas_price == number(said["gasPrice"])
        kinds.add(found.value.transaction.type)
    assert kinds == {0, 1, 2, 3, 4}


def test_receipts_of_the_conformance_chain_are_as_the_client_says() -> None:
    blocks = conformance_blocks()
    whole = [said for _, _, said in rec.conformance_exchanges("eth_getBlockReceipts") if said]
    for said in whole:
        joined = join(blocks, said)
        for index, receipt in enumerate(said):
            assert_same(joined[index], receipt)
    assert whole


def test_what_each_type_of_transaction_pays_and_creates_is_as_the_client_says() -> None:
    blocks = conformance_blocks()
    kinds = set()
    for _, _, said in rec.conformance_exchanges("eth_getTransactionReceipt"):
        block = blocks[unhex(said["blockHash"])]
        included = derive.transaction_by_hash(block, unhex(said["transactionHash"])).value
        assert included is not None
        assert receipt_from_json(said).bloom == unhex(said["logsBloom"])
        assert included.effective_gas_price == number(said["effectiveGasPrice"])
        created = derive.IncludedReceipt(receipt_from_json(said), included, 0, 0, None)
        stated = said["contractAddress"]
        assert created.contract_address == (unhex(stated) if stated else None)
        if "blobGasPrice" in said:
            assert blob_fee(blocks, block.value.header).value == number(said["blobGasPrice"])
            assert included.transaction.blob_gas == number(said["blobGasUsed"])
        kinds.add(number(said["type"]))
    assert kinds == {0, 1, 2, 3, 4}


def blob_fee(blocks: dict[bytes, Proven[Block]], made: Header) -> Proven[int]:
    before = blocks[made.parent_hash].value.header
    parent, child = (header_from_given_hash(rec.CONFORMANCE, h.hash, h) for h in (before, made))
    return derive.blob_base_fee(parent, child, rec.CONFORMANCE_BLOB_FEES)


def join(
    blocks: dict[bytes, Proven[Block]], said: list[rec.Json]
) -> tuple[derive.IncludedReceipt, ...]:
    block = blocks[unhex(said[0]["blockHash"])]
    made = block.value.header
    under = header_from_given_hash(rec.CONFORMANCE, made.hash, made)
    fee = blob_fee(blocks, made) if made.blob_gas_used else None
    return derive.receipts(block, prove_receipts(under, receipts_from_json(said)), fee).value


def assert_same(found: derive.IncludedReceipt, said: rec.Json) -> None:
    created = found.contract_address
    assert created == (unhex(said["contractAddress"]) if said["contractAddress"] else None)
    assert found.gas_used == number(said["gasUsed"])
    assert found.included.index == number(said["transactionIndex"])
    assert found.included.transaction.hash == unhex(said["transactionHash"])
    assert found.included.transaction.sender == unhex(said["from"])
    assert found.included.effective_gas_price == number(said["effectiveGasPrice"])
    indexes = [number(log["logIndex"]) for log in said["logs"]]
    count = len(found.receipt.logs)
    assert indexes == list(range(found.first_log_index, found.first_log_index + count))


def test_every_blob_base_fee_of_the_conformance_chain_is_explained() -> None:
    """Over four blob-parameter changes, the header's excess follows from its parent's."""
    blocks = conformance_blocks()
    fees = [
        blob_fee(blocks, block.value.header).value
        for block in list(blocks.values())[1:]
        if block.value.header.excess_blob_gas is not None
    ]
    assert len(fees) > 10


def test_raw_receipts_of_the_conformance_chain_are_read_and_written_the_same() -> None:
    found: list[Receipt] = []
    for _, _, said in rec.conformance_exchanges("debug_getRawReceipts"):
        for encoded in map(unhex, said):
            found.append(decode_receipt(encoded))
            assert found[-1].encode() == encoded
    assert found
    assert any(receipt.succeeded is None for receipt in found)
