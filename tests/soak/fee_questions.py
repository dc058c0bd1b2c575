"""Questions about fees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.soak.draw import Draw
from tests.soak.fees import Fees
from tests.soak.question import Question, Reply
from walkaway.devnet.execution.block import ExecutionBlock

__all__ = ["FeeQuestions"]

MOST_BLOCKS = 12
PERCENTILES = (0, 10, 25.5, 50, 75, 90, 100)


class FeeQuestions:
    """``kinds`` draws one each."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._fees = Fees(draw.truth)
        self.kinds: tuple[Callable[[], Question], ...] = (
            self._base_fee,
            self._blob_base_fee,
            self._tip,
            self._gas_price,
            self._history,
        )

    def _base_fee(self) -> Question:
        return self._of_latest("eth_baseFee", self._fees.next_base_fee)

    def _blob_base_fee(self) -> Question:
        return self._of_latest("eth_blobBaseFee", self._fees.blob_base_fee)

    def _tip(self) -> Question:
        return self._of_latest("eth_maxPriorityFeePerGas", self._fees.suggested_tip)

    def _gas_price(self) -> Question:
        return self._of_latest("eth_gasPrice", self._fees.gas_price)

    def _history(self) -> Question:
        """With what was paid at some percentiles, or without."""
        rng, place = self._draw.rng, self._draw.by_number()
        count = rng.randrange(1, MOST_BLOCKS)
        percentiles = sorted(rng.sample(PERCENTILES, rng.randrange(4)))

        def is_true(reply: Reply) -> bool:
            return any(
                reply["result"] == self._fees.history(newest, count, percentiles)
                for newest in place.blocks()
            )

        asked: Any = percentiles
        return Question("eth_feeHistory", (hex(count), place.written, asked), is_true)

    def _of_latest(self, method: str, fee: Callable[[ExecutionBlock], int]) -> Question:
        place = self._draw.latest()

        def is_true(reply: Reply) -> bool:
            return any(int(reply["result"], 16) == fee(block) for block in place.blocks())

        return Question(method, (), is_true)
