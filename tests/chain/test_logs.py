"""Complete logs over a real devnet, held against what its own blocks hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from tests.chain.devnet_chain import EXECUTION, Behaviour, SourcePlan, devnet_of, following
from walkaway.chain import headers as headers_module
from walkaway.chain import logs as logs_module
from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain
from walkaway.devnet.execution.genesis import COUNTER, TOKEN
from walkaway.devnet.execution.logs import included_receipts
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings
from walkaway.errors import InvalidRequest, TooMuch, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs import Finality, Proven
from walkaway.proofs.derive_logs import IncludedLog, logs_subject
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.log_filter import LogFilter
from walkaway.sources.word import Word

TRANSFER = keccak256(b"Transfer(address,address,uint256)")
OF_TOKEN = LogFilter(frozenset({TOKEN}))
FILTERS = [
    LogFilter(),
    OF_TOKEN,
    LogFilter(frozenset({COUNTER})),
    LogFilter(frozenset({COUNTER, TOKEN})),
    LogFilter(topics=(frozenset({TRANSFER}),)),
    LogFilter(frozenset({TOKEN}), (frozenset(), frozenset())),
    LogFilter(frozenset({b"\xde" * 20})),
]

Place = tuple[int, bytes, int, int]


def of_devnet(devnet: Devnet, numbers: Iterable[int], wanted: LogFilter) -> list[Place]:
    """Where the devnet's own blocks hold logs that are meant."""
    places = []
    for number in numbers:
        block = devnet.execution.block_at(number)
        assert block is not None
        for receipt in included_receipts(block):
            for position, log in enumerate(receipt.receipt.logs):
                if wanted.matches(log):
                    transaction = receipt.included.transaction.hash
                    index = receipt.first_log_index + position
                    places.append((number, transaction, receipt.included.index, index))
    return places


def places(logs: Iterable[IncludedLog]) -> list[Place]:
    return [(at.header.number, at.transaction_hash, at.transaction_index, at.index) for at in logs]


async def proven_header(chain: Chain, block: Tag | int) -> Proven[Header]:
    header = await chain.header(block)
    assert not isinstance(header, Word)
    return header


async def test_every_log_of_a_range_and_no_other() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        head = chain.head(Tag.LATEST)
        last = head.value.number
        total = 0
        for wanted in FILTERS:
            for first in (0, last // 2, last):
                found = await chain.logs.in_range(first, head, wanted)
                expected = of_devnet(devnet, range(first, last + 1), wanted)
                assert places(found.value) == expected
                assert found.claim.subject == logs_subject(wanted, (first, last))
                assert found.claim.block_hash == head.value.hash
                total += len(expected)
        assert total > 100
        finalized = chain.head(Tag.FINALIZED)
        final = await chain.logs.in_range(1, finalized, OF_TOKEN)
        assert final.claim.finality is Finality.FINALIZED
        assert places(final.value) == of_devnet(
            devnet, range(1, finalized.value.number + 1), OF_TOKEN
        )


async def test_one_block_alone() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        head = chain.head(Tag.LATEST)
        for back in range(4):
            header = await proven_header(chain, head.value.number - back)
            found = await chain.logs.of_block(header, OF_TOKEN)
            assert places(found.value.logs) == of_devnet(devnet, [header.value.number], OF_TOKEN)
            assert found.claim.block_hash == header.value.hash


async def test_what_the_bloom_filters_exclude_costs_no_question() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        head = chain.head(Tag.LATEST)
        await chain.logs.in_range(0, head, LogFilter(frozenset({b"\xde" * 20})))
        asked = devnet.requests("alder")
        nothing = await chain.logs.in_range(0, head, LogFilter(frozenset({b"\xdf" * 20})))
        assert nothing.value == ()
        assert devnet.requests("alder") == asked


async def test_a_question_asked_again_after_a_failure_goes_on() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        head = chain.head(Tag.LATEST)
        middle = head.value.number // 2
        first_half = await chain.logs.in_range(0, await proven_header(chain, middle), OF_TOKEN)
        assert first_half.value
        await devnet.remove_source("alder")
        with pytest.raises(Unproven):
            await chain.logs.in_range(0, head, OF_TOKEN)
        again = await chain.logs.in_range(0, await proven_header(chain, middle), OF_TOKEN)
        assert again.value == first_half.value


async def test_what_is_final_was_proven_as_such_and_is_not_asked_again() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        await chain.logs.in_range(0, chain.head(Tag.LATEST), OF_TOKEN)
        asked = devnet.requests("alder")
        final = await chain.logs.in_range(0, chain.head(Tag.FINALIZED), OF_TOKEN)
        assert final.value
        assert devnet.requests("alder") == asked


async def test_a_long_range_does_not_cost_a_round_trip_a_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(headers_module, "LIMITS", replace(LIMITS, gathered_headers=120))
    settings = DevnetSettings(warm_slots=300, transactions_per_block=0)
    async with devnet_of(settings=settings) as devnet, following(devnet) as chain:
        head = chain.head(Tag.LATEST)
        assert head.value.number >= 299
        before = devnet.requests("alder")
        found = await chain.logs.in_range(0, head, OF_TOKEN)
        assert found.value == ()
        assert devnet.requests("alder") - before <= 20


async def test_a_range_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        head = chain.head(Tag.LATEST)
        count = len(of_devnet(devnet, range(head.value.number + 1), LogFilter()))

        def limit(**changes: Any) -> None:
            monkeypatch.setattr(logs_module, "LIMITS", replace(LIMITS, **changes))

        with pytest.raises(InvalidRequest, match="ends before it begins"):
            await chain.logs.in_range(head.value.number + 1, head, OF_TOKEN)
        limit(log_blocks=head.value.number)
        with pytest.raises(TooMuch, match="a range of"):
            await chain.logs.in_range(0, head, OF_TOKEN)
        limit(logs_per_answer=count - 1)
        with pytest.raises(TooMuch, match="more than"):
            await chain.logs.in_range(0, head, LogFilter())
        limit(log_answer_bytes=1000)
        with pytest.raises(TooMuch, match="1000 bytes"):
            await chain.logs.in_range(0, head, LogFilter())
        limit(logs_per_answer=count, cached_log_bytes=2000)
        assert len((await chain.logs.in_range(0, head, LogFilter())).value) == count


async def test_sources_that_leave_out_or_forge_are_passed_over() -> None:
    plans = (
        SourcePlan("alder"),
        SourcePlan("birch", EXECUTION, Behaviour.OMITTED_RECEIPT),
        SourcePlan("cedar", EXECUTION, Behaviour.FORGED_RECEIPT),
    )
    async with devnet_of(*plans) as devnet, following(devnet) as chain:
        head = chain.head(Tag.LATEST)
        found = await chain.logs.in_range(0, head, LogFilter())
        assert places(found.value) == of_devnet(devnet, range(head.value.number + 1), LogFilter())
