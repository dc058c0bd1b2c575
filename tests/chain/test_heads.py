"""The journal of heads: nothing missed, reorgs told in order, a lost place said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chain.devnet_chain import devnet_of, following
from walkaway.chain import heads as heads_module
from walkaway.chain.block_id import Tag
from walkaway.chain.heads import HeadEvent
from walkaway.devnet.network import Devnet
from walkaway.errors import InvalidRequest
from walkaway.limits import LIMITS


def told(events: tuple[HeadEvent, ...]) -> list[tuple[int, bool]]:
    return [(event.header.value.number, event.removed) for event in events]


def newest_of(devnet: Devnet, count: int) -> list[bytes]:
    head = devnet.execution.head.header
    found = [devnet.execution.block_at(head.number - back) for back in range(count)]
    return [block.header.hash for block in reversed(found) if block is not None]


async def test_missed_heads_come_in_order() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        position = await chain.journal.catch_up()
        start = chain.head(Tag.LATEST).value.number
        assert await chain.journal.since(position) == ((), position)
        devnet.advance(5)
        await chain.advance()
        events, end = await chain.journal.since(position)
        last = chain.head(Tag.LATEST).value.number
        assert told(events) == [(n, False) for n in range(start + 1, last + 1)]
        assert await chain.journal.since(end) == ((), end)


async def test_a_reorg_is_told_as_removed_blocks_and_new_ones() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        early = await chain.journal.catch_up()
        devnet.advance(4)
        await chain.advance()
        before, position = await chain.journal.since(early)
        head = chain.head(Tag.LATEST).value.number
        old = {event.header.value.number: event.header.value.hash for event in before}
        devnet.reorg(3)
        devnet.advance(2)
        await chain.advance()
        events, end = await chain.journal.since(position)
        now = chain.head(Tag.LATEST).value
        removed = [event for event in events if event.removed]
        joined = [event.header.value for event in events if not event.removed]
        assert list(events) == removed + [event for event in events if not event.removed]
        assert removed
        numbers = [event.header.value.number for event in removed]
        assert numbers == list(range(head, head - len(removed), -1))
        assert [old[number] for number in numbers] == [e.header.value.hash for e in removed]
        assert joined[0].number == numbers[-1]
        assert joined[-1].hash == now.hash
        assert [header.hash for header in joined] == [
            block.header.hash
            for header in joined
            if (block := devnet.execution.block_at(header.number)) is not None
        ]
        everything, same = await chain.journal.since(early)
        assert everything == before + events
        assert same == end


async def test_a_place_that_the_journal_has_left_behind_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = replace(LIMITS, journal_blocks=4, journal_events=8)
    monkeypatch.setattr(heads_module, "LIMITS", limits)
    async with devnet_of() as devnet, following(devnet) as chain:
        position = await chain.journal.catch_up()
        for _ in range(4):
            devnet.advance(3)
            await chain.advance()
            await chain.journal.catch_up()
        with pytest.raises(InvalidRequest, match="too much has happened"):
            await chain.journal.since(position)
        position = await chain.journal.catch_up()
        devnet.advance(40)  # a gap: more than is looked back
        await chain.advance()
        with pytest.raises(InvalidRequest, match="too much has happened"):
            await chain.journal.since(position)
        position = await chain.journal.catch_up()
        devnet.advance()
        await chain.advance()
        events, _ = await chain.journal.since(position)
        assert told(events) == [(chain.head(Tag.LATEST).value.number, False)]
