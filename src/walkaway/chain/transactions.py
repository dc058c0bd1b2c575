"""Finding a transaction by its hash.

Where a transaction stands is a hint that any source may give; the block that
it names is then proven whole and searched. That no source knows a hash is
their word and nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass

from walkaway.chain.blocks import Blocks
from walkaway.chain.headers import Headers
from walkaway.errors import Elsewhere, NotKnown, Unproven
from walkaway.proofs import Proven, derive
from walkaway.proofs.derive import IncludedTransaction
from walkaway.proofs.execution.blocks import Block
from walkaway.proofs.execution.fields import hex_integer, json_object
from walkaway.proofs.execution.header import Header
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, RpcRequest
from walkaway.sources.word import Word

__all__ = ["Located", "Transactions"]

FALSE_HINTS = 4
"""How many hints that lead to the wrong block are followed before giving up."""


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

        Raises:
            Unproven: the sources name blocks that cannot be proven or do not hold it.
        """
        misled: set[int] = set()
        ahead = False
        question = RpcRequest("eth_getTransactionByHash", ("0x" + transaction_hash.hex(),))
        for _ in range(FALSE_HINTS):
            try:
                hint = await self._pool.known(question, lambda answer: _place(answer, misled))
            except Unproven:
                if misled:
                    break
                raise
            if isinstance(hint, Word):
                return hint
            header = await self._headers.resolve(hint)
            if isinstance(header, Word):
                ahead = True
            else:
                located = await self._in_block(transaction_hash, header)
                if located is not None:
                    return located
            misled.add(hint)
        if ahead:
            return Word(None, said_by=("the proven head",), asked=("the proven head",))
        raise Unproven(
            f"transaction 0x{transaction_hash.hex()} is not in the blocks that sources place it in",
            reasons={},
        )

    async def _in_block(self, transaction_hash: bytes, header: Proven[Header]) -> Located | None:
        block = await self._blocks.block(header)
        transaction = derive.transaction_by_hash(block, transaction_hash)
        return None if transaction.value is None else Located(transaction, block)


def _place(answer: Answer, misled: set[int]) -> int:
    """The number of the block that a source places a transaction in: a hint."""
    if answer.body is None:
        raise NotKnown
    place = json_object(answer.body, "transaction").get("blockNumber")
    if place is None:
        raise NotKnown("it knows the transaction, in no block yet")
    number = hex_integer(place, "blockNumber", bits=64)
    if number in misled:
        raise Elsewhere(f"it places the transaction in block {number}, which does not hold it")
    return number
