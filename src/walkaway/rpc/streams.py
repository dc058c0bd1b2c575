"""What happened since it was last asked: the news that filters and subscriptions give.

A stream moves on only when all its news could be proven, so that nothing is
lost to a failure: the next time it is asked, it tells the same again and what
came after. News are JSON texts, oldest first.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from walkaway.chain.heads import HeadEvent
from walkaway.chain.logs import log_bytes
from walkaway.limits import LIMITS
from walkaway.proofs.derive_logs import BlockLogs, logs_subject
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.transactions import Transaction
from walkaway.proofs.proven import Proven
from walkaway.rpc.ask import Ask
from walkaway.rpc.encode import data, header_members, log_members, pending_transaction
from walkaway.rpc.jsonrpc import Json
from walkaway.rpc.log_criteria import LogCriteria
from walkaway.rpc.pacing import texts_of

__all__ = ["BlockHashes", "MatchingLogs", "NewHeads", "SentTransactions", "Stream"]


class Stream(Protocol):
    """One listener's place in what happens. Ask it once at a time."""

    async def news(self, ask: Ask) -> list[bytes]:
        """What happened since the last time.

        Raises:
            InvalidRequest: too much has happened; the place is lost.
            Stale: there is no fresh head.
            Unproven: it cannot be proven now; ask again.
        """
        ...


class NewHeads:
    """The headers of blocks that joined the chain, from a position in the journal on."""

    def __init__(self, position: int) -> None:
        self._position = position

    async def news(self, ask: Ask) -> list[bytes]:
        """See `Stream`. After a reorg, all blocks of the new branch."""
        events, end = await ask.chain.journal.since(self._position)
        texts = await texts_of(await self._joined(ask, events), self._shown)
        self._position = end
        return texts

    async def _joined(self, ask: Ask, events: Sequence[HeadEvent]) -> list[Header]:
        joined = [event.header for event in events if not event.removed]
        return [await ask.take(header, ("header",), header.value.hash) for header in joined]

    def _shown(self, header: Header) -> Json:
        return header_members(header)


class BlockHashes(NewHeads):
    """The hashes of blocks that joined the chain."""

    def _shown(self, header: Header) -> Json:
        return data(header.hash)


class MatchingLogs:
    """Logs of blocks that joined the chain; and, as removed, those of blocks that left it.

    As removed come only logs that this stream has told before.
    """

    def __init__(self, position: int, criteria: LogCriteria) -> None:
        self._position = position
        self._criteria = criteria
        self._told: OrderedDict[bytes, Proven[BlockLogs] | None] = OrderedDict()
        """By block hash; None where the logs were too many to be kept."""
        self._told_bytes = 0

    async def news(self, ask: Ask) -> list[bytes]:
        """See `Stream`."""
        events, end = await ask.chain.journal.since(self._position)
        changes = [event for event in _lasting(events) if self._concerns(event)]
        found = await self._logs_of_each(ask, changes)
        texts: list[bytes] = []
        for event, part in zip(changes, found, strict=True):
            logs = await ask.take(part, logs_subject(self._criteria.wanted), part.value.header.hash)
            texts += await texts_of(logs.logs, partial(log_members, removed=event.removed))
        for event, part in zip(changes, found, strict=True):
            self._note(event, part)
        self._position = end
        return texts

    def _concerns(self, event: HeadEvent) -> bool:
        header = event.header.value
        if event.removed:
            return header.hash in self._told
        first, last = self._criteria.first, self._criteria.last
        begun = not isinstance(first, int) or first <= header.number
        return begun and (not isinstance(last, int) or header.number <= last)

    async def _logs_of_each(
        self, ask: Ask, changes: Sequence[HeadEvent]
    ) -> list[Proven[BlockLogs]]:
        """A few blocks at a time; what was told before of removed ones needs no source."""
        places = asyncio.Semaphore(LIMITS.log_blocks_at_once)

        async def logs_of(event: HeadEvent) -> Proven[BlockLogs]:
            told = self._told.get(event.header.value.hash) if event.removed else None
            if told is not None:
                return told
            async with places:
                return await ask.chain.logs.of_block(event.header, self._criteria.wanted)

        asked = [asyncio.ensure_future(logs_of(event)) for event in changes]
        try:
            return [await task for task in asked]
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    def _note(self, event: HeadEvent, part: Proven[BlockLogs]) -> None:
        block_hash, size = part.value.header.hash, log_bytes(part.value.logs)
        if event.removed:
            if self._told.pop(block_hash, None) is not None:
                self._told_bytes -= size
            return
        kept = self._told_bytes + size <= LIMITS.reported_log_bytes
        self._told[block_hash] = part if kept else None
        self._told_bytes += size if kept else 0
        while len(self._told) > LIMITS.journal_blocks:
            _, forgotten = self._told.popitem(last=False)
            self._told_bytes -= 0 if forgotten is None else log_bytes(forgotten.value.logs)


class SentTransactions:
    """Transactions that were sent from here: their hashes, or ``whole``."""

    def __init__(self, ask: Ask, *, whole: bool = False) -> None:
        self._known = {sent.transaction.hash for sent in ask.chain.sent()}
        self._whole = whole

    async def news(self, ask: Ask) -> list[bytes]:
        """See `Stream`. Raises nothing: what was sent from here needs no proof."""
        sent = [each.transaction for each in ask.chain.sent()]
        fresh = [transaction for transaction in sent if transaction.hash not in self._known]
        texts = await texts_of(fresh, self._shown)
        self._known = {transaction.hash for transaction in sent}
        return texts

    def _shown(self, transaction: Transaction) -> Json:
        return pending_transaction(transaction) if self._whole else data(transaction.hash)


def _lasting(events: Sequence[HeadEvent]) -> list[HeadEvent]:
    """The events without blocks that joined and left again meanwhile: nobody heard of those."""
    lasting: OrderedDict[tuple[bytes, bool], HeadEvent] = OrderedDict()
    for event in events:
        block_hash = event.header.value.hash
        if lasting.pop((block_hash, not event.removed), None) is None:
            lasting[block_hash, event.removed] = event
    return list(lasting.values())
