"""The base fee of the block to come, against recorded chains and by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.conformance.executed_chain import executed_chain
from tests.proofs.execution.samples import header
from tests.vectors import vectors
from walkaway.errors import ProofError
from walkaway.proofs.execution.base_fee import next_base_fee


def test_each_recorded_block_has_the_base_fee_that_its_parent_decides() -> None:
    compared = 0
    for parent, child in pairwise(executed_chain(vectors("rpc-conformance"))):
        if parent.block.header.base_fee_per_gas is not None:
            assert child.block.header.base_fee_per_gas == next_base_fee(parent.block.header)
            compared += 1
    assert compared > 20


@pytest.mark.parametrize(
    ("used", "expected"),
    [(10_000, 1000), (20_000, 1125), (0, 875), (10_001, 1001), (9_999, 1000), (15_000, 1062)],
)
def test_it_moves_by_an_eighth_at_most_and_upwards_by_one_wei_at_least(
    used: int, expected: int
) -> None:
    parent = header(1, gas_limit=20_000, gas_used=used, base_fee_per_gas=1000)
    assert next_base_fee(parent) == expected


def test_a_block_that_can_hold_no_gas_is_no_crash() -> None:
    assert next_base_fee(header(1, gas_limit=1, gas_used=1, base_fee_per_gas=8)) == 9


def test_before_london_there_is_none() -> None:
    with pytest.raises(ProofError, match="before London"):
        next_base_fee(header(0))
