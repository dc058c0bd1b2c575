"""The second way to ask: nobody is held in the past by whoever answers first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

import pytest

from tests.sources.stand import HandClock, hanging, script, source
from walkaway.errors import ProofError, SourceFault, Unproven
from walkaway.limits import LIMITS
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, Request, RpcRequest
from walkaway.sources.source import Source
from walkaway.sources.standing import SourceState

HEAD = RpcRequest("head")
QUICK = replace(LIMITS, newest_seconds=0.1)


def pool_of(*sources: Source) -> Pool:
    return Pool(sources, clock=HandClock(), limits=QUICK, seed=1)


def verify(answer: Answer) -> int:
    if not isinstance(answer.body, int):
        raise ProofError("not signed")
    return answer.body


async def newest(pool: Pool, at_least: int | None = None) -> int:
    return await pool.newest_proven(HEAD, verify, order=lambda slot: slot, at_least=at_least)


async def test_a_fast_source_with_an_older_head_does_not_win_and_gets_no_mark() -> None:
    async def late(request: Request) -> int:
        await asyncio.sleep(0.02)
        return 12

    def slowly(request: Request) -> Awaitable[int]:
        return late(request)

    async with pool_of(source("fast", lambda _: 10), source("slow", slowly)) as pool:
        for _ in range(3):
            assert await newest(pool) == 12
        assert [(s.errors, s.lies, s.state) for s in pool.status()] == [
            (0, 0, SourceState.IN_USE)
        ] * 2


async def test_a_newer_head_that_does_not_prove_itself_is_a_lie() -> None:
    liar = source("liar", lambda _: "slot 99")
    async with pool_of(liar, source("good", lambda _: 10)) as pool:
        assert await newest(pool) == 10
        assert pool.status()[0].state is SourceState.QUARANTINED
        asked = len(script(liar).asked)
        assert await newest(pool) == 10
        assert len(script(liar).asked) == asked


async def test_a_hanging_source_costs_the_deadline_only_until_it_rests() -> None:
    stuck = source("stuck", hanging)
    async with pool_of(stuck, source("good", lambda _: 10)) as pool:
        for _ in range(8):
            assert await newest(pool) == 10
        assert len(script(stuck).asked) == LIMITS.faults_in_a_row
        assert pool.status()[0].state is SourceState.RESTING
        assert pool.status()[0].in_flight == 0


async def test_what_was_seen_before_is_not_gone_back_on() -> None:
    async with pool_of(source("a", lambda _: 10), source("b", lambda _: 11)) as pool:
        assert await newest(pool, at_least=11) == 11
        with pytest.raises(Unproven) as caught:
            await newest(pool, at_least=12)
        assert caught.value.reasons == {
            "a": "lags behind: 10 where 12 was seen",
            "b": "lags behind: 11 where 12 was seen",
        }
        assert all(status.errors == status.lies == 0 for status in pool.status())


async def test_nobody_left_but_a_liar_that_reformed() -> None:
    truths: list[object] = ["no"]
    async with pool_of(source("a", lambda _: truths[0])) as pool:
        with pytest.raises(Unproven, match="not signed"):
            await newest(pool)
        truths[0] = 5
        assert await newest(pool) == 5


async def test_each_failure_is_told() -> None:
    down = source("down", lambda _: SourceFault("HTTP status 500"))
    async with pool_of(down, source("stuck", hanging)) as pool:
        with pytest.raises(Unproven) as caught:
            await newest(pool)
        assert caught.value.reasons == {
            "down": "HTTP status 500",
            "stuck": "no answer within 0.1 s",
        }
