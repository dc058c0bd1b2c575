"""Sources that lie about logs in every way: each is caught, and no answer is ever wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.chain.devnet_chain import BEACON, EXECUTION, Behaviour, SourcePlan, devnet_of, following
from tests.chain.test_logs import of_devnet, places
from tests.proofs.execution.recordings import MAINNET, given
from tests.vectors import vectors
from walkaway.chain.block_id import Tag
from walkaway.devnet.execution.genesis import COUNTER, TOKEN
from walkaway.devnet.sources import log_lies
from walkaway.errors import ProofError, Unproven, WalkawayError
from walkaway.proofs.execution.blocks import prove_receipts, receipts_from_json
from walkaway.proofs.execution.log_filter import LogFilter
from walkaway.proofs.execution.receipts import Log, Receipt

pytestmark = pytest.mark.adversary

LIES = [
    Behaviour.DROPPED_LOG,
    Behaviour.ADDED_LOG,
    Behaviour.SWAPPED_LOGS,
    Behaviour.ALTERED_LOG,
    Behaviour.FOREIGN_RECEIPTS,
]
FILTERS = [LogFilter(), LogFilter(frozenset({TOKEN})), LogFilter(frozenset({COUNTER}))]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
async def test_a_liar_alone_is_caught_and_gives_no_answer(lie: Behaviour) -> None:
    async with devnet_of(SourcePlan("alder")) as devnet, following(devnet) as chain:
        head = chain.head(Tag.LATEST)
        await chain.logs.in_range(0, head, LogFilter(frozenset({b"\xde" * 20})))
        devnet.behave("alder", lie)
        for wanted in FILTERS:
            with pytest.raises(Unproven):
                await chain.logs.in_range(0, head, wanted)
        (alder,) = chain.status().sources
        assert alder.lies > 0, "the lie was not seen as one"
        assert "receipts root" in alder.last_reason


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
async def test_a_liar_beside_an_honest_source_changes_nothing(lie: Behaviour) -> None:
    plans = (SourcePlan("alder"), SourcePlan("birch", EXECUTION, lie))
    async with devnet_of(*plans) as devnet, following(devnet) as chain:
        head = chain.head(Tag.LATEST)
        numbers = range(head.value.number + 1)
        for wanted in FILTERS:
            found = await chain.logs.in_range(0, head, wanted)
            assert places(found.value) == of_devnet(devnet, numbers, wanted) != []


async def test_an_empty_bloom_filter_is_no_headers() -> None:
    """Without its bloom filter a header hashes to something else, so nothing is excluded."""
    plans = (
        SourcePlan("alder", BEACON),
        SourcePlan("birch", EXECUTION, Behaviour.HONEST),
        SourcePlan("cedar", EXECUTION, Behaviour.CLEARED_BLOOM),
    )
    async with devnet_of(*plans) as devnet, following(devnet) as chain:
        head = chain.head(Tag.LATEST)
        numbers = range(head.value.number + 1)
        found = await chain.logs.in_range(0, head, FILTERS[1])
        assert places(found.value) == of_devnet(devnet, numbers, FILTERS[1]) != []
    alone = (SourcePlan("alder", BEACON), SourcePlan("cedar", EXECUTION, Behaviour.CLEARED_BLOOM))
    async with devnet_of(*alone) as devnet:
        with pytest.raises(WalkawayError):
            async with following(devnet):
                pass


async def test_lies_that_change_from_block_to_block_never_change_an_answer() -> None:
    """The same question over and over, while the only other source lies in turn."""
    plans = (SourcePlan("alder"), SourcePlan("birch", EXECUTION, Behaviour.DROPPED_LOG))
    async with devnet_of(*plans) as devnet, following(devnet) as chain:
        wanted = FILTERS[1]
        for turn in range(12):
            devnet.behave("birch", LIES[turn % len(LIES)])
            devnet.advance(2)
            await chain.advance()
            head = chain.head(Tag.LATEST)
            first = head.value.number - 5
            found = await chain.logs.in_range(first, head, wanted)
            numbers = range(first, head.value.number + 1)
            assert places(found.value) == of_devnet(devnet, numbers, wanted)


Change = Callable[[tuple[Log, ...], int], tuple[Log, ...]]


def _altered(log: Log) -> Log:
    return replace(log, data=bytes([log.data[0] ^ 1]) + log.data[1:] if log.data else b"\1")


CHANGES: dict[str, Change] = {
    "dropped": lambda logs, at: logs[:at] + logs[at + 1 :],
    "added": lambda logs, at: (*logs[: at + 1], logs[at], *logs[at + 1 :]),
    "swapped": lambda logs, at: (*logs[:at], *logs[at : at + 2][::-1], *logs[at + 2 :]),
    "altered": lambda logs, at: (*logs[:at], _altered(logs[at]), *logs[at + 1 :]),
    "another address": lambda logs, at: (
        *logs[:at],
        replace(logs[at], address=bytes(20)),
        *logs[at + 1 :],
    ),
    "fewer topics": lambda logs, at: (
        *logs[:at],
        replace(logs[at], topics=(*logs[at].topics, bytes(32))[:-2]),
        *logs[at + 1 :],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_log_of_a_mainnet_block_is_held_by_the_receipts_root(name: str) -> None:
    folder = vectors("execution/mainnet-21925176")
    under = given(MAINNET, json.loads((folder / "block.json").read_text()))
    honest = receipts_from_json(json.loads((folder / "receipts.json").read_text()))
    prove_receipts(under, honest)
    tried = 0
    for index in range(0, len(honest), 4):
        logs = honest[index].logs
        for at in range(0, len(logs), 3):
            changed = CHANGES[name](logs, at)
            if changed == logs:
                continue
            lie = (*honest[:index], replace(honest[index], logs=changed), *honest[index + 1 :])
            with pytest.raises(ProofError, match="receipts root"):
                prove_receipts(under, lie)
            tried += 1
    assert tried >= 20


def test_receipts_in_another_order_are_refused() -> None:
    folder = vectors("execution/mainnet-21925176")
    under = given(MAINNET, json.loads((folder / "block.json").read_text()))
    honest = receipts_from_json(json.loads((folder / "receipts.json").read_text()))
    lies: list[tuple[Receipt, ...]] = [honest[:-1], honest[1:], honest[::-1], (*honest, honest[0])]
    for lie in lies:
        with pytest.raises(ProofError, match="receipts root"):
            prove_receipts(under, lie)


def test_the_lies_are_lies() -> None:
    logs: log_lies.LogList = [{"data": "0x02", "topics": ["0x1", "0x2"]}, {"data": "0x03"}]
    for lie in (log_lies.dropped, log_lies.added, log_lies.swapped, log_lies.altered):
        assert lie(logs) != logs
        assert lie(logs[:1]) != logs[:1]
        assert lie([]) == []
