"""Finding a transaction by its hash.

Where a transaction stands is a hint that any source may give; the block that
it names is then proven whole and searched. That no source knows a hash is
their word and nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from walkaway.chain.blocks import Blocks
from walkaway.chain.headers import Headers
from walkaway.chain.unknown import BeyondHead
from walkaway.errors import NotKnown, SourceLacks, Unproven
from walkaway.proofs import Proven, derive
from walkaway.proofs.derive import IncludedTransaction
from walkaway.proofs.execution.blocks import Block
from walkaway.proofs.execution.fields import hex_integer, json_object
from walkaway.proofs.execution.header import Header
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, RpcRequest
from walkaway.sources.word import Word

__all__ = ["Located", "Transactions"]

BLOCKS_AHEAD = 64
"""How far sources may honestly be ahead of the proven head: two epochs."""


@dataclass(frozen=True, slots=True)
class Located:
    """A transaction proven to stand in a block; ``block`` is that block, whole."""

    transaction: Proven[IncludedTransaction | None]
    block: Proven[Block]


class Transactions:
    """Finds where transactions stand."""

    def __init__(self, pool: Pool, headers: Headers, blocks: Blocks) -> None:
        self._pool = pool
        self._headers = headers
        self._blocks = blocks

    async def find(self, transaction_hash: bytes) -> Located | Word[None]:
        """The transaction where it is proven to stand, or the word that it is in no block.

        A source whose hint does not hold is not heard again on this question, so
        that none can keep the others from being heard.

        Raises:
            Unproven: the sources name blocks that cannot be proven or do not hold it.
        """
        misled_by: dict[str, str] = {}
        is_ahead = False
        question = RpcRequest("eth_getTransactionByHash", ("0x" + transaction_hash.hex(),))
        while True:
            try:
                hint = await self._pool.known(question, lambda answer: _hint(answer, misled_by))
            except Unproven as error:
                if is_ahead:
                    return BeyondHead.of(self._headers.latest_number() or 0)
                if misled_by:
                    raise Unproven(
                        f"transaction 0x{transaction_hash.hex()} is not where sources place it",
                        reasons=error.reasons | misled_by,
                    ) from None
                raise
            if isinstance(hint, Word):
                return hint
            located = await self._followed(transaction_hash, hint, misled_by)
            if located is not None:
                return located
            is_ahead = is_ahead or self._may_be_next(hint.number)

    async def _followed(
        self, transaction_hash: bytes, hint: _Hint, misled_by: dict[str, str]
    ) -> Located | None:
        where = f"it places it in block {hint.number}"
        try:
            header = await self._headers.resolve(hint.number)
            if not isinstance(header, Word):
                located = await self._in_block(transaction_hash, header)
                if located is not None:
                    return located
                misled_by[hint.source] = f"{where}, which does not hold it"
            else:
                misled_by[hint.source] = f"{where}, beyond the proven head"
        except Unproven as error:
            misled_by[hint.source] = f"{where}, which is not proven: {error.summary}"
        return None

    def _may_be_next(self, number: int) -> bool:
        """Whether a block beyond the proven head is near enough to be the network's newest."""
        head = self._headers.latest_number()
        return head is not None and head < number <= head + BLOCKS_AHEAD

    async def _in_block(self, transaction_hash: bytes, header: Proven[Header]) -> Located | None:
        block = await self._blocks.block(header)
        transaction = derive.transaction_by_hash(block, transaction_hash)
        return None if transaction.value is None else Located(transaction, block)


@dataclass(frozen=True, slots=True)
class _Hint:
    number: int
    source: str


def _hint(answer: Answer, misled_by: Mapping[str, str]) -> _Hint:
    """The number of the block that a source places a transaction in."""
    if (misled := misled_by.get(answer.source)) is not None:
        raise SourceLacks(misled)
    if answer.body is None:
        raise NotKnown
    place = json_object(answer.body, "transaction").get("blockNumber")
    if place is None:
        raise NotKnown("it knows the transaction, in no block yet")
    return _Hint(hex_integer(place, "blockNumber", bits=64), answer.source)
