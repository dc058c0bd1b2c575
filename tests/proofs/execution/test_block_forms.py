"""Blocks and receipts as kept bytes: what is read back is what was written, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformance.executed_chain import executed_chain
from tests.proofs.execution.samples import RECEIPTS, TRANSACTIONS, WITHDRAWALS, header
from tests.vectors import vectors
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.block_forms import decode_block, decode_receipts, encode_receipts
from walkaway.proofs.execution.blocks import Block, BlockBody
from walkaway.proofs.execution.receipts import Receipt
from walkaway.proofs.execution.transactions import Transaction
from walkaway.proofs.execution.withdrawals import Withdrawal


def test_recorded_blocks_come_back() -> None:
    for executed in executed_chain(vectors("rpc-conformance")):
        block = executed.block.whole
        assert decode_block(block.encode()) == block
        receipts = executed.block.receipts
        assert decode_receipts(encode_receipts(receipts)) == receipts


@settings(max_examples=30)
@given(
    transactions=st.lists(TRANSACTIONS, max_size=3).map(tuple),
    withdrawals=st.none() | st.lists(WITHDRAWALS, max_size=2).map(tuple),
    ommers=st.integers(0, 2),
)
def test_any_block_comes_back(
    transactions: tuple[Transaction, ...], withdrawals: tuple[Withdrawal, ...] | None, ommers: int
) -> None:
    block = Block(header(6), BlockBody(transactions, withdrawals, (header(0),) * ommers))
    assert decode_block(block.encode()) == block


@settings(max_examples=30)
@given(st.lists(RECEIPTS, max_size=4).map(tuple))
def test_any_receipts_come_back(receipts: tuple[Receipt, ...]) -> None:
    assert decode_receipts(encode_receipts(receipts)) == receipts


HEADER = rlp.decode(header(6).rlp())


@pytest.mark.parametrize(
    "parts",
    [
        b"",
        [HEADER, []],
        [HEADER, [], [], [], []],
        [b"", [], []],
        [HEADER, b"", []],
        [HEADER, [b""], []],
        [HEADER, [], b""],
        [HEADER, [], [HEADER] * (LIMITS.block_ommers + 1)],
        [HEADER, [], [b""]],
        [HEADER, [], [], b""],
        [HEADER, [], [], [[]] * (LIMITS.block_withdrawals + 1)],
        [HEADER, [], [], [b""]],
    ],
)
def test_what_is_no_block_is_refused(parts: rlp.Item) -> None:
    with pytest.raises(ProofError):
        decode_block(rlp.encode(parts))


@pytest.mark.parametrize("parts", [b"", [[]], [b""], [b"\x05\xc0"], [b""] * 20_001])
def test_what_are_no_receipts_is_refused(parts: rlp.Item) -> None:
    with pytest.raises(ProofError):
        decode_receipts(rlp.encode(parts))
