"""Logs of proven blocks, complete: see `proofs.derive_logs` for what shows that.

Most blocks of a range are excluded by their headers' bloom filters. Of the
others the receipts are fetched, a few blocks at a time. What a block was shown
to hold is kept, so that a question asked again after a failure goes on where
it stopped.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

from walkaway.chain.block_id import Tag
from walkaway.chain.fees import Contents, Line
from walkaway.errors import InvalidRequest, TooMuch, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs import Claim, Finality, Proven, derive_logs
from walkaway.proofs.derive_logs import BlockLogs, IncludedLog
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.log_filter import LogFilter

__all__ = ["Logs", "log_bytes", "shown_bytes"]

LOG_OVERHEAD = 512
"""Bytes that a log takes beside its data, in memory as in JSON, about."""

HEADERS_AT_A_STRETCH = 64
"""Bloom filters looked at before others may run."""


def log_bytes(logs: Iterable[IncludedLog]) -> int:
    """About how many bytes these logs take."""
    return sum(LOG_OVERHEAD + len(included.log.data) for included in logs)


def shown_bytes(logs: Iterable[IncludedLog]) -> int:
    """About how many bytes these logs take as JSON, where data is in hexadecimal."""
    return sum(LOG_OVERHEAD + 2 * len(included.log.data) for included in logs)


class Logs:
    """Answers about logs under proven headers.

    ``head`` gives the proven heads, as `Chain.head` does.
    """

    def __init__(
        self, line: Line, contents: Contents, head: Callable[[Tag], Proven[Header]]
    ) -> None:
        self._line = line
        self._contents = contents
        self._head = head
        self._known: OrderedDict[tuple[Claim, bytes], Proven[BlockLogs]] = OrderedDict()
        self._known_bytes = 0

    async def of_block(self, header: Proven[Header], wanted: LogFilter) -> Proven[BlockLogs]:
        """All logs of one block that the filter means. Raises `Unproven`."""
        known = self._at_once(header, wanted)
        return known if known is not None else await self._from_receipts(header, wanted)

    async def in_range(
        self, first: int, newest: Proven[Header], wanted: LogFilter
    ) -> Proven[tuple[IncludedLog, ...]]:
        """All logs from block ``first`` to ``newest`` that the filter means, oldest first.

        Raises:
            InvalidRequest: the range ends before it begins.
            TooMuch: it has more blocks than `LIMITS.log_blocks`, or holds more logs
                than `LIMITS.logs_per_answer` or `LIMITS.log_answer_bytes` allow.
            Unproven: a block that is needed cannot be had; the others are kept.
        """
        count = newest.value.number - first + 1
        if count < 1:
            raise InvalidRequest("invalid block range: it ends before it begins")
        if count > LIMITS.log_blocks:
            raise TooMuch(f"a range of {count} blocks; at most {LIMITS.log_blocks} at once")
        headers = await self._headers(first, newest)
        return derive_logs.logs_in_line(await self._of_each(headers, wanted), wanted)

    async def _headers(self, first: int, newest: Proven[Header]) -> Sequence[Proven[Header]]:
        """The line from ``first`` to ``newest``; what is final is proven as such.

        So what was learnt of a final block is still known when the head has moved.
        """
        count = newest.value.number - first + 1
        if newest.claim.finality is Finality.OPTIMISTIC:
            with suppress(Unproven):
                final = self._head(Tag.FINALIZED)
                if first <= final.value.number < newest.value.number:
                    above = newest.value.number - final.value.number
                    older = await self._line(final, count - above)
                    return (*older, *await self._line(newest, above))
        return await self._line(newest, count)

    async def _of_each(
        self, headers: Sequence[Proven[Header]], wanted: LogFilter
    ) -> list[Proven[BlockLogs]]:
        """For each header, a few at a time, in their order; one failure ends the rest."""
        places = asyncio.Semaphore(LIMITS.log_blocks_at_once)
        parts: list[Proven[BlockLogs] | asyncio.Task[Proven[BlockLogs]]] = []
        try:
            for position, header in enumerate(headers, start=1):
                if position % HEADERS_AT_A_STRETCH == 0:
                    await asyncio.sleep(0)
                known = self._at_once(header, wanted)
                parts.append(known or asyncio.create_task(self._placed(places, header, wanted)))
            return await _within_limits(parts)
        finally:
            running = [part for part in parts if isinstance(part, asyncio.Task)]
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _placed(
        self, places: asyncio.Semaphore, header: Proven[Header], wanted: LogFilter
    ) -> Proven[BlockLogs]:
        async with places:
            return await self._from_receipts(header, wanted)

    def _at_once(self, header: Proven[Header], wanted: LogFilter) -> Proven[BlockLogs] | None:
        """What can be said without asking anybody."""
        if not wanted.may_match(header.value.logs_bloom):
            return derive_logs.no_logs_by_bloom(header, wanted)
        known = self._known.get((header.claim, wanted.digest))
        if known is not None:
            self._known.move_to_end((header.claim, wanted.digest))
        return known

    async def _from_receipts(self, header: Proven[Header], wanted: LogFilter) -> Proven[BlockLogs]:
        receipts = await self._contents.receipts(header)
        if any(wanted.matches(log) for receipt in receipts.value for log in receipt.logs):
            found = derive_logs.logs(await self._contents.block(header), receipts, wanted)
        else:
            found = derive_logs.no_logs_in_receipts(header, receipts, wanted)
        self._keep((header.claim, wanted.digest), found)
        return found

    def _keep(self, key: tuple[Claim, bytes], found: Proven[BlockLogs]) -> None:
        if key in self._known:
            return
        self._known[key] = found
        self._known_bytes += _kept_bytes(found)
        while self._known_bytes > LIMITS.cached_log_bytes:
            _, dropped = self._known.popitem(last=False)
            self._known_bytes -= _kept_bytes(dropped)


async def _within_limits(
    parts: Iterable[Proven[BlockLogs] | Awaitable[Proven[BlockLogs]]],
) -> list[Proven[BlockLogs]]:
    """The parts, waited for in order. Raises `TooMuch` as soon as they are too much."""
    found: list[Proven[BlockLogs]] = []
    count = size = 0
    for part in parts:
        one = part if isinstance(part, Proven) else await part
        found.append(one)
        count += len(one.value.logs)
        size += log_bytes(one.value.logs)
        if count > LIMITS.logs_per_answer or size > LIMITS.log_answer_bytes:
            raise TooMuch(
                f"more than {LIMITS.logs_per_answer} logs, or {LIMITS.log_answer_bytes} bytes of "
                f"them, by block {one.value.header.number}",
                advice="ask for fewer blocks at once",
            )
    return found


def _kept_bytes(found: Proven[BlockLogs]) -> int:
    return 2 * LOG_OVERHEAD + log_bytes(found.value.logs)
