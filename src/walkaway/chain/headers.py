"""Proven headers: the heads, and everything that hangs below them.

A head is a block hash under a sync committee's signatures. Headers are
fetched by hash, so that they prove themselves, and kept as plain data;
walking down from a head by parent hashes then costs no question for what was
fetched before. There is nothing to undo after a reorg: each head has its own
`Lineage`, built anew from the same data.

Far blocks are reached by one jump through the history contract (EIP-2935),
whose window is 8,191 blocks; before Prague, or where no source proves the slot,
by parents, `LIMITS.parent_walk_blocks` deep. What lies deeper than a window is
reached over waypoints (`history.py`).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from walkaway.chain.block_id import BlockId, Tag, describe_block
from walkaway.chain.header_index import HeaderIndex
from walkaway.chain.history import History
from walkaway.chain.recall import Recall
from walkaway.chain.state import State
from walkaway.chain.unknown import BeyondHead
from walkaway.errors import NotKnown, ProofError, Stale, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs import Proven
from walkaway.proofs.execution.ancestry import (
    HISTORY_ADDRESS,
    HISTORY_WINDOW,
    header_from_child,
    header_from_head,
    header_from_history,
    history_slot_key,
)
from walkaway.proofs.execution.header import Header, header_from_json
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, RpcRequest
from walkaway.sources.word import Word

__all__ = ["Headers"]

JUMP_FROM = 8
"""From this distance on, one jump costs less than a walk."""

HEADERS_AT_A_STRETCH = 64
"""Headers proven before others may run."""

SPARE_GATHERS = 4
"""How often sources may answer by number with what no parent hash leads to, before
each header of the line is asked for by its hash alone."""


class Lineage:
    """One head and the ancestors proven below it so far, without gaps."""

    def __init__(self, head: Proven[Header]) -> None:
        self.head = head
        self.lowest = head
        self._by_number = {head.value.number: head}
        self._jumped: OrderedDict[int, Proven[Header]] = OrderedDict()

    def get(self, number: int) -> Proven[Header] | None:
        return self._by_number.get(number) or self._jumped.get(number)

    def step(self, parent: Header) -> None:
        """Prove the parent of the lowest header. Raises `ProofError` when it is not."""
        self.lowest = header_from_child(self.lowest, parent)
        self._by_number[self.lowest.value.number] = self.lowest

    def jump(self, header: Proven[Header]) -> None:
        self._jumped[header.value.number] = header
        # Every head has its own: together they hold as many as the data.
        while len(self._jumped) > LIMITS.cached_headers // LIMITS.lineages:
            self._jumped.popitem(last=False)


class Headers:
    """Proves any header that hangs below the current heads.

    ``heads`` gives them at the moment of asking, or raises `Stale` when there
    is none that is fresh enough. ``index`` holds what was proven final before,
    ``recall`` what was fetched before; ``window`` is how many blocks one jump
    through the history contract may span.
    """

    def __init__(
        self,
        pool: Pool,
        state: State,
        heads: Callable[[Tag], Proven[Header]],
        *,
        index: HeaderIndex,
        recall: Recall,
        window: int = HISTORY_WINDOW,
    ) -> None:
        self._pool = pool
        self._state = state
        self._heads = heads
        self._recall = recall
        self._window = window
        self._history = History(index, window, jump=self._jump, fetch=self._fetch)
        self._data: OrderedDict[bytes, Header] = OrderedDict()
        self._lineages: OrderedDict[bytes, Lineage] = OrderedDict()

    async def at_head(self, head: Proven[object]) -> Proven[Header]:
        """The header of a head that the light client yielded. Raises `Unproven`."""
        assert head.claim.block_hash is not None
        return header_from_head(head, await self._fetch(head.claim.block_hash))

    async def resolve(self, block: BlockId) -> Proven[Header] | Word[None]:
        """The proven header that a question means, or the sources' word that it does not exist.

        Raises:
            Stale: the tag needs a fresh head and there is none.
            Unproven: the block is out of reach, or not in the proven chain.
        """
        match block:
            case Tag.EARLIEST:
                return await self._at_number(0)
            case Tag():
                return self._heads(block)
            case int():
                return await self._at_number(block)
            case bytes():
                return await self._by_hash(block)

    async def _at_number(self, number: int) -> Proven[Header] | Word[None]:
        head = self._head_above(number)
        if number > head.value.number:
            return BeyondHead.of(head.value.number)
        return await self.ancestor(head, number)

    async def _by_hash(self, block_hash: bytes) -> Proven[Header] | Word[None]:
        header = await self._fetch_known(block_hash)
        if isinstance(header, Word):
            return header
        head = self._head_above(header.number)
        if header.number > head.value.number:
            raise Unproven(
                f"block 0x{block_hash.hex()} is number {header.number}, newer than the proven "
                f"head {head.value.number}",
                reasons={},
                advice="ask again in a few seconds",
            )
        proven = await self.ancestor(head, header.number)
        if proven.value.hash != block_hash:
            raise Unproven(
                f"block 0x{block_hash.hex()} exists but is not in the proven chain: there, "
                f"number {header.number} is 0x{proven.value.hash.hex()}",
                reasons={},
            )
        return proven

    def _head_above(self, number: int) -> Proven[Header]:
        """The finalized head where it covers the number, so that the claim is final."""
        with suppress(Unproven):
            finalized = self._heads(Tag.FINALIZED)
            if number <= finalized.value.number:
                return finalized
        return self._heads(Tag.LATEST)

    async def ancestor(self, head: Proven[Header], number: int) -> Proven[Header]:
        """The ancestor of ``head`` with this number.

        Raises:
            Unproven: it is out of reach; says how deep the way led, and why no further.
            ConfigError: it contradicts what an earlier run proved.
        """
        start = head
        if head.value.number - number > self._window:
            start = await self._history.start(head, number)
        try:
            found = await self._below(start, number)
        except Unproven:
            kept = await self._history.kept(head, number)
            if kept is None or kept.value.number >= start.value.number:
                raise
            found = await self._below(kept, number)
        if head.value.number - number >= JUMP_FROM:
            self._history.note(found)
        return found

    async def _below(self, head: Proven[Header], number: int) -> Proven[Header]:
        """The ancestor of ``head`` with this number, by a walk or by one jump."""
        lineage = self._lineage(head)
        while (found := lineage.get(number)) is None:
            if (parent := self._data.get(lineage.lowest.value.parent_hash)) is not None:
                lineage.step(parent)
            elif await self._jumped(lineage, number):
                continue
            elif head.value.number - number > LIMITS.parent_walk_blocks:
                raise Unproven(
                    f"{describe_block(number)} is {head.value.number - number} blocks below the "
                    f"proven head, further than can be proven here",
                    reasons={},
                )
            else:
                await self._gather(lineage.lowest.value, number)
        return found

    def latest_number(self) -> int | None:
        """The number of the latest head; None where there is none that is fresh."""
        try:
            return self._heads(Tag.LATEST).value.number
        except Stale:
            return None

    async def parent(self, header: Proven[Header]) -> Proven[Header]:
        """The parent of a proven header. Raises `Unproven` where no source has it."""
        return header_from_child(header, await self._fetch(header.value.parent_hash))

    async def line(self, newest: Proven[Header], count: int) -> tuple[Proven[Header], ...]:
        """``newest`` and the blocks before it, ``count`` in all, oldest first.

        Fewer where they reach block 0. Raises `Unproven` where no source has one.
        """
        found = [newest]
        oldest = max(0, newest.value.number - count + 1)
        gathers = SPARE_GATHERS + count // LIMITS.gathered_headers
        while (child := found[-1]).value.number > oldest:
            if child.value.parent_hash not in self._data and gathers:
                gathers -= 1
                await self._gather(child.value, oldest)
            elif len(found) % HEADERS_AT_A_STRETCH == 0:
                await asyncio.sleep(0)
            found.append(header_from_child(child, await self._fetch(child.value.parent_hash)))
        return tuple(reversed(found))

    def _lineage(self, head: Proven[Header]) -> Lineage:
        key = head.value.hash + head.claim.finality.value.encode()
        lineage = self._lineages.get(key)
        if lineage is None:
            lineage = self._lineages[key] = Lineage(head)
            self._remember(head.value)
            while len(self._lineages) > LIMITS.lineages:
                self._lineages.popitem(last=False)
        return lineage

    async def _jumped(self, lineage: Lineage, number: int) -> bool:
        """Whether a jump through the history contract proved this very number."""
        head = lineage.head
        distance = head.value.number - number
        if head.value.requests_hash is None or not (JUMP_FROM <= distance <= self._window):
            return False
        try:
            lineage.jump(await self._jump(head, number))
        except Unproven:
            return False
        return True

    async def _jump(self, head: Proven[Header], number: int) -> Proven[Header]:
        """An ancestor within the window, as the history contract holds its hash.

        Raises `Unproven` where no source proves the contract's slot in that state, or
        the contract was not there yet.
        """
        key = history_slot_key(number)
        _, (slot,) = await self._state.slots(HISTORY_ADDRESS, (key,), head)
        if slot.value == 0:
            raise Unproven(
                f"the history contract did not hold block {number} as of block {head.value.number}",
                reasons={},
            )
        header = await self._fetch(slot.value.to_bytes(32, "big"))
        return header_from_history(head, slot, header)

    async def _gather(self, child: Header, number: int) -> None:
        """Bring the parent of ``child`` into the data, and what lies between it and ``number``.

        Asking by number in one batch gives data that proves nothing yet; what
        of it the parent hashes lead to is used, and the rest falls out again.
        """
        first = max(number, child.number - LIMITS.gathered_headers)
        wanted = range(first, child.number)
        if len(wanted) > 1:
            requests = [RpcRequest("eth_getBlockByNumber", (hex(n), False)) for n in wanted]
            with suppress(Unproven):  # the walk by hash needs none of it
                await self._pool.prove_many([(r, self._remembered) for r in requests])
        if child.parent_hash not in self._data:
            await self._fetch(child.parent_hash)

    async def _fetch(self, block_hash: bytes) -> Header:
        """The header with this hash, from anyone. Raises `Unproven`."""
        header = await self._fetch_known(block_hash)
        if isinstance(header, Word):
            raise Unproven(
                f"block 0x{block_hash.hex()} is proven to exist, but no source knows it yet",
                reasons=dict.fromkeys(header.said_by, "does not know it"),
            )
        return header

    async def _fetch_known(self, block_hash: bytes) -> Header | Word[None]:
        """The header with this hash, or the sources' word that there is none."""
        if (known := self._data.get(block_hash)) is not None:
            return known
        request = RpcRequest("eth_getBlockByHash", ("0x" + block_hash.hex(), False), by_hash=True)

        def verify(answer: Answer) -> Header:
            header = _claimed(answer)
            if header.hash != block_hash:
                raise ProofError(
                    "the header does not hash to its name",
                    commitment="block hash",
                    expected=block_hash,
                    got=header.hash,
                )
            return header

        header = await self._recall.header(block_hash, lambda: self._pool.known(request, verify))
        if not isinstance(header, Word):
            self._remember(header)
        return header

    def _remembered(self, answer: Answer) -> Header:
        header = _claimed(answer)
        self._remember(header)
        return header

    def _remember(self, header: Header) -> None:
        self._data[header.hash] = header
        self._data.move_to_end(header.hash)
        while len(self._data) > LIMITS.cached_headers:
            self._data.popitem(last=False)


def _claimed(answer: Answer) -> Header:
    if answer.body is None:
        raise NotKnown
    return header_from_json(answer.body)
