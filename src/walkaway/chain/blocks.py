"""Proven block contents: transactions, withdrawals and receipts, always whole."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from walkaway.chain.single_flight import SingleFlight
from walkaway.errors import NotKnown, ProofError, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs import Proven
from walkaway.proofs.execution.blocks import (
    Block,
    block_body_from_json,
    prove_block,
    prove_receipts,
    receipts_from_json,
)
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.receipts import Receipt, receipt_from_json
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, RpcRequest

__all__ = ["Blocks"]

T = TypeVar("T")
Receipts = tuple[Receipt, ...]


class Blocks:
    """Asks the pool for what headers commit to, and keeps the last that were proven."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._blocks: _Recent[Proven[Block]] = _Recent(LIMITS.cached_blocks)
        self._receipts: _Recent[Proven[Receipts]] = _Recent(LIMITS.cached_blocks)
        self._asking_block: SingleFlight[Proven[Block]] = SingleFlight()
        self._asking_receipts: SingleFlight[Proven[Receipts]] = SingleFlight()

    async def block(self, header: Proven[Header]) -> Proven[Block]:
        """The whole block under a proven header. Raises `Unproven`."""
        if (known := self._blocks.get(header.claim)) is not None:
            return known
        block = await self._asking_block.run(header.claim, lambda: self._ask_block(header))
        self._blocks.put(header.claim, block)
        return block

    async def receipts(self, header: Proven[Header]) -> Proven[Receipts]:
        """All receipts of a block, in order. Raises `Unproven`."""
        if (known := self._receipts.get(header.claim)) is not None:
            return known
        receipts = await self._asking_receipts.run(header.claim, lambda: self._ask_receipts(header))
        self._receipts.put(header.claim, receipts)
        return receipts

    async def _ask_block(self, header: Proven[Header]) -> Proven[Block]:
        block_hash = "0x" + header.value.hash.hex()

        def verify(answer: Answer) -> Proven[Block]:
            if answer.body is None:
                raise NotKnown("it does not know the block")
            return prove_block(header, block_body_from_json(answer.body))

        request = RpcRequest("eth_getBlockByHash", (block_hash, True), by_hash=True)
        return await self._pool.first_proven(request, verify, heavy=True)

    async def _ask_receipts(self, header: Proven[Header]) -> Proven[Receipts]:
        block_hash = "0x" + header.value.hash.hex()

        def verify(answer: Answer) -> Proven[Receipts]:
            if answer.body is None:
                raise NotKnown("it does not know the block")
            return prove_receipts(header, receipts_from_json(answer.body))

        forms = (
            RpcRequest("eth_getBlockReceipts", (block_hash,), by_hash=True),
            RpcRequest("eth_getBlockReceipts", (hex(header.value.number),)),
        )
        try:
            return await self._pool.first_proven(forms, verify, heavy=True)
        except Unproven as whole:
            try:
                return await self._receipts_one_by_one(header)
            except (Unproven, ProofError):
                raise whole from None

    async def _receipts_one_by_one(self, header: Proven[Header]) -> Proven[Receipts]:
        """For sources without `eth_getBlockReceipts`: each receipt alone, proven together."""
        block = await self.block(header)
        hashes = [transaction.hash for transaction in block.value.body.transactions]
        requests = [RpcRequest("eth_getTransactionReceipt", ("0x" + h.hex(),)) for h in hashes]
        claimed = await self._pool.prove_many([(request, _claimed_receipt) for request in requests])
        return prove_receipts(header, claimed)


def _claimed_receipt(answer: Answer) -> Receipt:
    if answer.body is None:
        raise NotKnown("it does not know the transaction")
    return receipt_from_json(answer.body)


class _Recent(Generic[T]):
    """The last few values put in."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable) -> T | None:
        return self._values.get(key)

    def put(self, key: Hashable, value: T) -> None:
        self._values[key] = value
        while len(self._values) > self._size:
            self._values.popitem(last=False)
