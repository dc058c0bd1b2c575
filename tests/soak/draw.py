"""Draws what questions are about: blocks, by every way of naming them, and accounts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tests.soak.question import Null, never_null, shown
from tests.soak.truth import Truth
from walkaway.devnet.execution.accounts import DEV_ACCOUNTS, dev_account
from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.devnet.execution.genesis import ANY_ANSWERS, COUNTER, TOKEN
from walkaway.rpc.jsonrpc import Received

__all__ = ["STRANGER", "Draw", "Place"]

RECENT_BLOCKS = 60
STRANGER = b"\x77" * 20


@dataclass(frozen=True, slots=True)
class Place:
    """A block as a question names it, the blocks that this may mean, and what null would be."""

    written: Received
    blocks: Callable[[], Iterable[ExecutionBlock]]
    null: Callable[[], Null] = never_null


class Draw:
    """``oldest_head`` is how many seconds old a head may be that is served.

    ``known_head`` is the highest block that the endpoint has told of.
    """

    def __init__(self, truth: Truth, rng: random.Random, oldest_head: float) -> None:
        self.truth = truth
        self.rng = rng
        self.known_head = truth.finalized.number
        self._oldest_head = oldest_head

    def place(self) -> Place:
        """A block in any way that EIP-1898 allows."""
        if self.rng.random() < 0.25:
            place = self.by_hash()
            return replace(place, written={"blockHash": place.written})
        return self.by_number()

    def by_hash(self) -> Place:
        """A block of late by its hash."""
        block = self.block()

        def null() -> Null:
            is_settled = self.truth.is_settled(block)
            return Null.FALSE_BESIDE_HONEST if is_settled else Null.POSSIBLE

        return Place(shown(block.hash), lambda: (block,), null)

    def by_number(self) -> Place:
        """A block by a number or a tag."""
        return self.rng.choice((self.numbered, self.latest, self.final))()

    def numbered(self) -> Place:
        """A block of late by its number."""
        number = self.number()

        def null() -> Null:
            # The endpoint's head has reached it, and not been replaced by a lower one since.
            blocks = self.truth.at_height(number)
            is_settled = len(blocks) == 1 and self.truth.is_settled(blocks[0])
            return Null.FALSE if is_settled else Null.POSSIBLE

        return Place(hex(number), lambda: self.truth.at_height(number), null)

    def latest(self) -> Place:
        """The newest block that is proven: any that is not too old to be served as that."""
        oldest = time.time() - self._oldest_head
        return Place("latest", lambda: self.truth.between(oldest, time.time()))

    def final(self) -> Place:
        """The newest block that is proven final: any that once was final."""
        final = self.truth.finalized.number
        heights = range(final, max(0, final - 4 * RECENT_BLOCKS), -1)
        return Place(
            "finalized",
            lambda: (
                block
                for number in (*range(self.truth.finalized.number, final, -1), *heights)
                for block in self.truth.at_height(number)
            ),
        )

    def number(self) -> int:
        """The number of a block of late that the endpoint has reached."""
        highest = min(self.known_head, self.truth.head.number)
        return max(1, highest - self.rng.randrange(RECENT_BLOCKS))

    def block(self) -> ExecutionBlock:
        """A block of late on the head's branch."""
        return self.truth.canonical(self.number())

    def transaction(self) -> tuple[ExecutionBlock, int] | None:
        """A transaction of late: its block, and its index there; None where none was found."""
        block = self.block()
        if not block.transactions:
            return None
        return block, self.rng.randrange(len(block.transactions))

    def account(self) -> bytes:
        """An address, of somebody or of nobody."""
        accounts = [dev_account(index).address for index in range(DEV_ACCOUNTS)]
        return self.rng.choice([*accounts, COUNTER, TOKEN, ANY_ANSWERS, STRANGER])
