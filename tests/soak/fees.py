"""What is true of fees, by the executable specification and what each receipt says was paid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ethereum_types.numeric import U64, Uint

from tests.soak.question import shown
from tests.soak.truth import Truth
from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.evm.eels import eels_module

__all__ = ["Fees"]

SAMPLED_BLOCKS, SEARCHED_BLOCKS = 20, 40
TIPS_OF_A_BLOCK = 3
LEAST_TIP = 2
TIP_WITHOUT_SAMPLE = 10**6

Paid = tuple[int, int, str]
"""A transaction's tip, the gas that it used, and its sender."""


class Fees:
    """In wei, as of a block."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._known: dict[bytes, list[Paid]] = {}

    def next_base_fee(self, block: ExecutionBlock) -> int:
        """Of a unit of gas in the block after this one."""
        header, rules = block.header, eels_module(self._truth.fork(block), "fork")
        limit = Uint(header.gas_limit)
        used, fee = Uint(header.gas_used), Uint(header.base_fee_per_gas or 0)
        return int(rules.calculate_base_fee_per_gas(limit, limit, used, fee))

    def blob_base_fee(self, block: ExecutionBlock) -> int:
        """Of a unit of blob gas in this block."""
        return self._blob_price(block, U64(block.header.excess_blob_gas or 0))

    def suggested_tip(self, head: ExecutionBlock) -> int:
        """Six tenths up the lowest tips of the newest blocks."""
        line = self._truth.branch(head, SEARCHED_BLOCKS)[::-1]
        filled = [tips for block in line if (tips := self._lowest_tips(block))]
        paid = sorted(tip for tips in filled[:SAMPLED_BLOCKS] for tip in tips)
        return paid[(len(paid) - 1) * 60 // 100] if paid else TIP_WITHOUT_SAMPLE

    def gas_price(self, head: ExecutionBlock) -> int:
        """The suggested tip on top of the base fee."""
        return (head.header.base_fee_per_gas or 0) + self.suggested_tip(head)

    def history(
        self, newest: ExecutionBlock, count: int, percentiles: Sequence[float]
    ) -> dict[str, Any]:
        """The answer to `eth_feeHistory`."""
        blocks = self._truth.branch(newest, count)
        fees = [block.header.base_fee_per_gas or 0 for block in blocks]
        answer: dict[str, Any] = {
            "oldestBlock": hex(blocks[0].number),
            "baseFeePerGas": [hex(fee) for fee in (*fees, self.next_base_fee(newest))],
            "gasUsedRatio": [block.header.gas_used / block.header.gas_limit for block in blocks],
        }
        if percentiles:
            answer["reward"] = [
                [hex(self._tip_at(block, percentile)) for percentile in percentiles]
                for block in blocks
            ]
        if blocks[0].number:
            answer |= self._blob_history(blocks)
        return answer

    def _blob_history(self, blocks: Sequence[ExecutionBlock]) -> dict[str, Any]:
        newest = blocks[-1]
        rules = eels_module(self._truth.fork(newest), "fork")
        most = int(rules.MAX_BLOB_GAS_PER_BLOCK)
        excess = rules.calculate_excess_blob_gas(self._truth.eels_header(newest))
        fees = [self.blob_base_fee(block) for block in blocks]
        return {
            "baseFeePerBlobGas": [hex(fee) for fee in (*fees, self._blob_price(newest, excess))],
            "blobGasUsedRatio": [(block.header.blob_gas_used or 0) / most for block in blocks],
        }

    def _blob_price(self, block: ExecutionBlock, excess: U64) -> int:
        gas = eels_module(self._truth.fork(block), "vm.gas")
        return int(gas.calculate_blob_gas_price(excess))

    def _lowest_tips(self, block: ExecutionBlock) -> list[int]:
        others = [
            tip
            for tip, _, sender in self._paid(block)
            if tip >= LEAST_TIP and sender != shown(block.header.coinbase)
        ]
        return others[:TIPS_OF_A_BLOCK]

    def _tip_at(self, block: ExecutionBlock, percentile: float) -> int:
        """The tip of the transaction that used the block's gas at this percentile."""
        threshold = int(block.header.gas_used * percentile / 100)
        gas, reached = 0, 0
        for tip, used, _ in self._paid(block):
            if gas >= threshold and gas:
                break
            gas, reached = gas + used, tip
        return reached

    def _paid(self, block: ExecutionBlock) -> list[Paid]:
        """What each transaction paid, the lowest tip first."""
        if block.hash not in self._known:
            base = block.header.base_fee_per_gas or 0
            receipts = self._truth.held("eth_getTransactionReceipt", block)
            self._known[block.hash] = sorted(
                (
                    int(receipt["effectiveGasPrice"], 16) - base,
                    int(receipt["gasUsed"], 16),
                    receipt["from"],
                )
                for receipt in receipts
            )
        return self._known[block.hash]
