"""Numbers and times of simulated blocks: they rise, and gaps are filled."""

from __future__ import annotations

import pytest

from tests.proofs.execution.samples import header
from walkaway.errors import CallRefused, Refusal
from walkaway.evm.block_overrides import BlockOverrides
from walkaway.evm.simulation.asked import AskedBlock
from walkaway.evm.simulation.plan import planned
from walkaway.limits import LIMITS

BASE = header(number=100, timestamp=1000)


def at(number: int | None = None, timestamp: int | None = None) -> AskedBlock:
    return AskedBlock(BlockOverrides(number=number, timestamp=timestamp))


def line(*blocks: AskedBlock) -> list[tuple[int | None, int | None]]:
    return [(block.overrides.number, block.overrides.timestamp) for block in planned(BASE, blocks)]


def test_what_is_not_named_follows_the_block_before() -> None:
    assert line(at(), at(timestamp=1500), at()) == [(101, 1012), (102, 1500), (103, 1512)]


def test_what_is_skipped_is_filled_and_everything_else_stays() -> None:
    marked = AskedBlock(BlockOverrides(number=103, gas_limit=7), beacon_root=bytes(32))
    filled = planned(BASE, [marked, at()])
    assert line(marked, at()) == [(101, 1012), (102, 1024), (103, 1036), (104, 1048)]
    assert filled[:2] == [at(101, 1012), at(102, 1024)]
    assert (filled[2].beacon_root, filled[2].overrides.gas_limit) == (bytes(32), 7)


@pytest.mark.parametrize(
    ("blocks", "refusal", "message"),
    [
        ([at(100)], Refusal.BLOCK_NUMBER, "numbers must be in order: 100 <= 100"),
        ([at(102), at(102)], Refusal.BLOCK_NUMBER, "numbers must be in order: 102 <= 102"),
        ([at(timestamp=1000)], Refusal.BLOCK_TIME, "timestamps must be in order: 1000 <= 1000"),
        ([at(103, 1024)], Refusal.BLOCK_TIME, "timestamps must be in order: 1024 <= 1024"),
        ([at(timestamp=2**64 - 12), at()], Refusal.BLOCK_TIME, "no block's timestamp follows"),
        ([at(timestamp=2**64 - 1), at(103)], Refusal.BLOCK_TIME, "no block's timestamp follows"),
        ([at(101 + LIMITS.simulated_blocks)], Refusal.TOO_MUCH, "too many blocks"),
        ([at()] * (LIMITS.simulated_blocks + 1), Refusal.TOO_MUCH, "too many blocks"),
    ],
)
def test_what_does_not_rise_is_refused(
    blocks: list[AskedBlock], refusal: Refusal, message: str
) -> None:
    with pytest.raises(CallRefused, match=message) as refused:
        planned(BASE, blocks)
    assert refused.value.refusal is refusal


def test_as_many_as_are_allowed_are_planned() -> None:
    assert len(planned(BASE, [at(100 + LIMITS.simulated_blocks)])) == LIMITS.simulated_blocks
