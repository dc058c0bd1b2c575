"""The made-up blocks are proven as real ones are, and a changed log is not."""

from __future__ import annotations

import pytest

from bench.busy_block import busy_block
from walkaway.errors import ProofError
from walkaway.proofs.derive_logs import logs
from walkaway.proofs.execution.ancestry import header_from_given_hash
from walkaway.proofs.execution.blocks import (
    block_body_from_json,
    prove_block,
    prove_receipts,
    receipts_from_json,
)
from walkaway.proofs.execution.log_filter import LogFilter


def test_its_logs_are_proven_and_no_other() -> None:
    block = busy_block(20, 3)
    header = header_from_given_hash(1, block.header.hash, block.header)
    receipts = prove_receipts(header, receipts_from_json(block.receipts))
    whole = prove_block(header, block_body_from_json(block.body))
    found = logs(whole, receipts, LogFilter()).value.logs
    assert len(found) == block.logs == 60
    assert [log.index for log in found] == list(range(60))
    block.receipts[7]["logs"][1]["data"] = "0x" + 32 * "ff"
    with pytest.raises(ProofError):
        prove_receipts(header, receipts_from_json(block.receipts))
