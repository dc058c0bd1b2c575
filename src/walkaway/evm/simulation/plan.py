"""The line of blocks: numbers and times rise, and what is skipped is filled with empty blocks.

As go-ethereum fills and refuses (``eth_simulateV1`` of the execution API leaves
the defaults to clients).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from walkaway.errors import CallRefused, Refusal
from walkaway.evm.block_overrides import BlockOverrides
from walkaway.evm.simulation.asked import AskedBlock
from walkaway.limits import LIMITS
from walkaway.proofs.execution.header import Header

__all__ = ["TOO_MANY_BLOCKS", "planned"]

TOO_MANY_BLOCKS = f"too many blocks: a simulation has at most {LIMITS.simulated_blocks}"

SECONDS_PER_BLOCK = 12
"""From one block to the next, where the caller names no time."""

LAST_TIME = 2**64 - 1


def planned(base: Header, blocks: Sequence[AskedBlock]) -> list[AskedBlock]:
    """Every block from ``base`` on, each with its number and its time.

    Raises `CallRefused` where they do not rise, or for more than `LIMITS.simulated_blocks`.
    """
    line: list[AskedBlock] = []
    number, time = base.number, base.timestamp
    for block in blocks:
        wanted = block.overrides.number
        wanted = number + 1 if wanted is None else wanted
        if wanted <= number:
            raise CallRefused(
                f"block numbers must be in order: {wanted} <= {number}", Refusal.BLOCK_NUMBER
            )
        if wanted - base.number > LIMITS.simulated_blocks:
            raise CallRefused(TOO_MANY_BLOCKS, Refusal.TOO_MUCH)
        for skipped in range(number + 1, wanted):
            time = _next(time)
            line.append(AskedBlock(BlockOverrides(number=skipped, timestamp=time)))
        number, time = wanted, _time(block, time)
        overrides = replace(block.overrides, number=number, timestamp=time)
        line.append(replace(block, overrides=overrides))
    return line


def _time(block: AskedBlock, before: int) -> int:
    wanted = block.overrides.timestamp
    if wanted is None:
        return _next(before)
    if wanted <= before:
        raise CallRefused(
            f"block timestamps must be in order: {wanted} <= {before}", Refusal.BLOCK_TIME
        )
    return wanted


def _next(time: int) -> int:
    if time + SECONDS_PER_BLOCK > LAST_TIME:
        raise CallRefused(f"no block's timestamp follows {time}", Refusal.BLOCK_TIME)
    return time + SECONDS_PER_BLOCK
