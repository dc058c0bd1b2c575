"""Fees, computed from proven blocks: what to pay now, and what was paid lately.

The rules are in `proofs.derive_fees`. Here the blocks that they need are
fetched, and what each of them says about fees is kept, since it stays the same
from one head to the next.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from walkaway.anchors.spec import BlobBaseFee
from walkaway.errors import InvalidRequest
from walkaway.limits import LIMITS
from walkaway.proofs import Claim, Proven, derive, derive_fees
from walkaway.proofs.derive_fees import BlockTips, FeeHistory, TipSample
from walkaway.proofs.execution.blocks import Block
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.receipts import Receipt

__all__ = ["Contents", "Fees"]

T = TypeVar("T")

Line = Callable[[Proven[Header], int], Awaitable[Sequence[Proven[Header]]]]
"""A proven header and so many before it in all, oldest first."""


class Contents(Protocol):
    """What proven headers commit to."""

    async def block(self, header: Proven[Header]) -> Proven[Block]:
        """The whole block. Raises `Unproven`."""
        ...

    async def receipts(self, header: Proven[Header]) -> Proven[tuple[Receipt, ...]]:
        """All receipts of the block, in order. Raises `Unproven`."""
        ...


class Fees:
    """Answers about fees as of a proven header.

    All raise `Unproven` where a block that is needed cannot be had.
    """

    def __init__(self, line: Line, contents: Contents, schedule: Sequence[BlobBaseFee]) -> None:
        self._line = line
        self._contents = contents
        self._schedule = schedule
        self._samples: _Kept[TipSample] = _Kept()
        self._tips: _Kept[BlockTips] = _Kept()

    async def suggested_tip(self, head: Proven[Header]) -> Proven[int]:
        """A tip in wei per gas that was enough lately (`derive_fees.suggested_tip`)."""
        samples = await self._sampled(head, derive_fees.SAMPLED_BLOCKS)
        if not derive_fees.enough_samples([sample.value for sample in samples]):
            samples = await self._sampled(head, derive_fees.SEARCHED_BLOCKS)
        return derive_fees.suggested_tip(samples)

    async def gas_price(self, head: Proven[Header]) -> Proven[int]:
        """The head's base fee and the suggested tip together, in wei per gas."""
        return derive_fees.gas_price(head, await self.suggested_tip(head))

    async def blob_base_fee(self, header: Proven[Header]) -> Proven[int]:
        """Wei per blob gas in a block.

        Raises `Unsupported` where the chain spec's schedule does not explain it.
        """
        parent = (await self._line(header, 2))[0]
        return derive.blob_base_fee(parent, header, self._schedule)

    async def history(
        self, newest: Proven[Header], count: int, percentiles: Sequence[float]
    ) -> Proven[FeeHistory]:
        """The fees of ``count`` blocks up to ``newest``, with the tips at these percentiles.

        Fewer blocks where `LIMITS` or block 0 say so. Raises `InvalidRequest` for
        no block at all, and for percentiles that are too many, do not ascend, or
        are not from 0 to 100.
        """
        _check_percentiles(percentiles)
        if count < 1:
            raise InvalidRequest("a fee history is of at least one block")
        most = LIMITS.fee_reward_blocks if percentiles else LIMITS.fee_history_blocks
        count = min(count, most, newest.value.number + 1)
        line = await self._line(newest, count + 1)
        headers = line[-count:]
        paid = await self._each(headers, self._paid) if percentiles else ()
        return await asyncio.to_thread(
            derive_fees.fee_history,
            headers,
            self._schedule,
            before=line[0] if len(line) > count else None,
            percentiles=percentiles,
            paid=paid,
        )

    async def _sampled(self, head: Proven[Header], count: int) -> list[Proven[TipSample]]:
        newest_first = tuple(reversed(await self._line(head, count)))
        return await self._each(newest_first, self._sample)

    async def _sample(self, header: Proven[Header]) -> Proven[TipSample]:
        async def make() -> Proven[TipSample]:
            block = await self._contents.block(header)
            return await asyncio.to_thread(derive_fees.tip_sample, block)

        return await self._samples.get(header.claim, make)

    async def _paid(self, header: Proven[Header]) -> Proven[BlockTips]:
        async def make() -> Proven[BlockTips]:
            return derive_fees.tips(
                *await asyncio.gather(self._contents.block(header), self._contents.receipts(header))
            )

        return await self._tips.get(header.claim, make)

    @staticmethod
    async def _each(
        headers: Sequence[Proven[Header]], ask: Callable[[Proven[Header]], Awaitable[Proven[T]]]
    ) -> list[Proven[T]]:
        """For each header, a few at a time, in their order; one failure ends the rest."""
        places = asyncio.Semaphore(LIMITS.fee_blocks_at_once)

        async def place(header: Proven[Header]) -> Proven[T]:
            async with places:
                return await ask(header)

        tasks = [asyncio.ensure_future(place(header)) for header in headers]
        try:
            return [await task for task in tasks]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class _Kept(Generic[T]):
    """What recent blocks say, by the claim of their header."""

    def __init__(self) -> None:
        self._values: OrderedDict[Claim, Proven[T]] = OrderedDict()

    async def get(self, claim: Claim, make: Callable[[], Awaitable[Proven[T]]]) -> Proven[T]:
        """The value that is kept, or else what ``make`` makes."""
        if (known := self._values.get(claim)) is not None:
            self._values.move_to_end(claim)
            return known
        made = self._values[claim] = await make()
        while len(self._values) > LIMITS.cached_fee_blocks:
            self._values.popitem(last=False)
        return made


def _check_percentiles(percentiles: Sequence[float]) -> None:
    if len(percentiles) > LIMITS.fee_percentiles:
        raise InvalidRequest(f"at most {LIMITS.fee_percentiles} reward percentiles")
    if any(not 0 <= percentile <= 100 for percentile in percentiles):
        raise InvalidRequest("a reward percentile is a number from 0 to 100")
    if list(percentiles) != sorted(percentiles):
        raise InvalidRequest("reward percentiles must ascend")
