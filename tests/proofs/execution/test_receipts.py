"""Receipts: the specification's encoding and bloom, whatever a source states."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ethereum.forks.frontier import blocks as frontier
from ethereum.forks.osaka import blocks as spec
from ethereum.forks.osaka.bloom import logs_bloom as reference_bloom
from ethereum_rlp import rlp as reference
from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.execution.samples import LOGS, RECEIPTS, receipt_json
from walkaway.errors import ProofError
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.receipts import (
    Log,
    Receipt,
    decode_receipt,
    logs_bloom,
    receipt_from_json,
)


@given(RECEIPTS)
def test_both_forms_give_the_same_receipt(receipt: Receipt) -> None:
    assert decode_receipt(receipt.encode()) == receipt
    assert receipt_from_json(receipt_json(receipt)) == receipt


@given(RECEIPTS)
def test_the_specification_reads_and_writes_the_same(receipt: Receipt) -> None:
    encoded = receipt.encode()
    content = encoded[1:] if receipt.type else encoded
    kind = spec.Receipt if isinstance(receipt.outcome, bool) else frontier.Receipt
    theirs = reference.decode_to(kind, content)
    assert isinstance(theirs, spec.Receipt | frontier.Receipt)
    assert reference.encode(theirs) == content
    if isinstance(theirs, spec.Receipt):
        assert reference_bloom(theirs.logs) == receipt.bloom


@given(st.lists(LOGS, max_size=5))
def test_the_bloom_of_many_is_all_their_bits(logs: list[Log]) -> None:
    together = int.from_bytes(logs_bloom(logs), "big")
    apart = 0
    for log in logs:
        apart |= int.from_bytes(logs_bloom([log]), "big")
    assert together == apart


@given(RECEIPTS, st.data())
def test_no_changed_byte_is_taken_for_the_same(receipt: Receipt, data: st.DataObject) -> None:
    encoded = bytearray(receipt.encode())
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        assert decode_receipt(bytes(encoded)).encode() == bytes(encoded) != receipt.encode()
    except ProofError:
        return


@given(st.binary(max_size=60))
def test_garbage_is_a_proof_error(data: bytes) -> None:
    with pytest.raises(ProofError):
        decode_receipt(data)


SAMPLE = Receipt(2, True, 21_000, (Log(b"\1" * 20, (b"\2" * 32,), b"data"),))


def test_a_stated_bloom_is_never_looked_at_in_json() -> None:
    stated = receipt_json(SAMPLE) | {"logsBloom": "0xnonsense", "gasUsed": None}
    assert receipt_from_json(stated) == SAMPLE


def test_a_stated_bloom_must_be_that_of_the_logs_in_rlp() -> None:
    items = rlp.decode(SAMPLE.encode()[1:])
    assert isinstance(items, list)
    items[2] = bytes(256)
    with pytest.raises(ProofError, match="bloom"):
        decode_receipt(b"\2" + rlp.encode(items))


def test_status_and_state_root() -> None:
    assert SAMPLE.succeeded is True
    assert replace(SAMPLE, outcome=False).succeeded is False
    assert replace(SAMPLE, outcome=b"\1" * 32).succeeded is None


def test_json_without_a_type_is_of_type_0() -> None:
    stated = receipt_json(replace(SAMPLE, type=0))
    del stated["type"]
    assert receipt_from_json(stated).type == 0


@pytest.mark.parametrize(
    "change",
    [
        {"type": "0x5"},
        {"status": "0x2"},
        {"status": None},
        {"root": "0x01", "status": None},
        {"logs": [{"address": "0x" + "00" * 20, "topics": ["0x" + "00" * 32] * 5, "data": "0x"}]},
        {"logs": [{"address": "0x00", "topics": [], "data": "0x"}]},
        {"cumulativeGasUsed": "0x1" + "0" * 16},
    ],
    ids=str,
)
def test_a_malformed_receipt_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ProofError):
        receipt_from_json(receipt_json(SAMPLE) | change)


@pytest.mark.parametrize("status", [b"\0", b"\2", b"\1\1", b"\1" * 31])
def test_a_malformed_status_is_refused(status: bytes) -> None:
    items = rlp.decode(SAMPLE.encode()[1:])
    assert isinstance(items, list)
    with pytest.raises(ProofError, match="status"):
        decode_receipt(b"\2" + rlp.encode([status, *items[1:]]))


def test_an_unknown_type_and_a_stated_type_0_are_refused() -> None:
    content = replace(SAMPLE, type=0).encode()
    assert decode_receipt(content).type == 0
    for kind in (b"\0", b"\5"):
        with pytest.raises(ProofError, match="type"):
            decode_receipt(kind + content)
