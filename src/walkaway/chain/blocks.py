"""Proven block contents: transactions, withdrawals and receipts, always whole."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from walkaway.chain.judgement import judged_by_form
from walkaway.chain.piecewise import proven_together
from walkaway.chain.recall import Recall
from walkaway.chain.single_flight import SingleFlight
from walkaway.errors import NotKnown, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs import Proven
from walkaway.proofs.execution.blocks import (
    Block,
    block_body_from_json,
    prove_block,
    prove_ommers,
    prove_receipts,
    receipts_from_json,
)
from walkaway.proofs.execution.header import EMPTY_OMMERS_HASH, Header, header_from_json
from walkaway.proofs.execution.receipts import Receipt, receipt_from_json
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, RpcRequest

__all__ = ["Blocks"]

T = TypeVar("T")
Receipts = tuple[Receipt, ...]


class Blocks:
    """Asks the pool for what headers commit to, and keeps the last that were proven.

    ``recall`` holds what was fetched before.
    """

    def __init__(self, pool: Pool, recall: Recall) -> None:
        self._pool = pool
        self._recall = recall
        self._blocks: _Recent[Proven[Block]] = _Recent(LIMITS.cached_blocks)
        self._receipts: _Recent[Proven[Receipts]] = _Recent(LIMITS.cached_blocks)
        self._asking_block: SingleFlight[Proven[Block]] = SingleFlight()
        self._asking_receipts: SingleFlight[Proven[Receipts]] = SingleFlight()

    async def block(self, header: Proven[Header]) -> Proven[Block]:
        """The whole block under a proven header. Raises `Unproven`."""
        if (known := self._blocks.get(header.claim)) is not None:
            return known
        block = await self._asking_block.run(
            header.claim, lambda: self._recall.block(header, lambda: self._ask_block(header))
        )
        self._blocks.put(header.claim, block)
        return block

    async def receipts(self, header: Proven[Header]) -> Proven[Receipts]:
        """All receipts of a block, in order. Raises `Unproven`."""
        if (known := self._receipts.get(header.claim)) is not None:
            return known
        receipts = await self._asking_receipts.run(
            header.claim, lambda: self._recall.receipts(header, lambda: self._ask_receipts(header))
        )
        self._receipts.put(header.claim, receipts)
        return receipts

    async def ommers(self, header: Proven[Header]) -> Proven[tuple[Header, ...]]:
        """The ommers of a block, in order; nobody is asked for those of no ommers.

        A header does not say how many there are. Raises `Unproven`.
        """
        if header.value.ommers_hash == EMPTY_OMMERS_HASH:
            return prove_ommers(header, ())
        block_hash = "0x" + header.value.hash.hex()
        requests = [
            RpcRequest("eth_getUncleByBlockHashAndIndex", (block_hash, hex(index)))
            for index in range(LIMITS.block_ommers)
        ]
        for count in range(1, len(requests) + 1):
            ommers = await proven_together(
                self._pool,
                requests[:count],
                header_from_json,
                lambda found: prove_ommers(header, found),
            )
            if ommers is not None:
                return ommers
        raise Unproven(f"no source's ommers are those of block {header.value.number}", reasons={})

    async def _ask_block(self, header: Proven[Header]) -> Proven[Block]:
        block_hash = "0x" + header.value.hash.hex()
        ommers = (await self.ommers(header)).value

        def verify(answer: Answer) -> Proven[Block]:
            if answer.body is None:
                raise NotKnown("it does not know the block")
            with judged_by_form():
                return prove_block(header, block_body_from_json(answer.body, ommers))

        request = RpcRequest("eth_getBlockByHash", (block_hash, True), by_hash=True)
        return await self._pool.first_proven(request, verify, heavy=True)

    async def _ask_receipts(self, header: Proven[Header]) -> Proven[Receipts]:
        block_hash = "0x" + header.value.hash.hex()

        def verify(answer: Answer) -> Proven[Receipts]:
            if answer.body is None:
                raise NotKnown("it does not know the block")
            with judged_by_form():
                return prove_receipts(header, receipts_from_json(answer.body))

        forms = (
            RpcRequest("eth_getBlockReceipts", (block_hash,), by_hash=True),
            RpcRequest("eth_getBlockReceipts", (hex(header.value.number),)),
        )
        try:
            return await self._pool.first_proven(forms, verify, heavy=True)
        except Unproven as whole:
            if (found := await self._receipts_one_by_one(header)) is None:
                raise whole from None
            return found

    async def _receipts_one_by_one(self, header: Proven[Header]) -> Proven[Receipts] | None:
        """For sources without `eth_getBlockReceipts`."""
        block = await self.block(header)
        hashes = [transaction.hash for transaction in block.value.body.transactions]
        return await proven_together(
            self._pool,
            [RpcRequest("eth_getTransactionReceipt", ("0x" + h.hex(),)) for h in hashes],
            receipt_from_json,
            lambda receipts: prove_receipts(header, receipts),
        )


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
