"""Many questions at once: batches sized by trial, and nothing lost when they fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.sources.stand import (
    EXECUTION,
    HandClock,
    Scripted,
    check,
    hanging,
    honest,
    lying,
    question,
    script,
    secret_of,
    source,
)
from walkaway.errors import SourceFault, SourceLacks, Unproven
from walkaway.limits import LIMITS
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, Request, RpcRequest
from walkaway.sources.source import Source

QUICK = replace(
    LIMITS,
    batch_calls=16,
    request_seconds=0.2,
    hedge_first_seconds=0.01,
    hedge_longest_seconds=0.05,
    retry_pause_seconds=0.0,
)


async def prove(pool: Pool, count: int) -> None:
    questions = [question(n) for n in range(count)]
    proved = await pool.prove_many([(each, check(each)) for each in questions])
    assert proved == [secret_of(n) for n in range(count)]


def pool_of(*sources: Source) -> Pool:
    clock = HandClock()
    return Pool(sources, clock=clock, timer=clock, limits=QUICK, seed=1)


async def test_nothing_is_asked_for_nothing() -> None:
    async with pool_of(source("a", honest)) as pool:
        await prove(pool, 0)


async def test_batches_hold_no_more_than_the_limit() -> None:
    good = source("good", honest)
    async with pool_of(good) as pool:
        await prove(pool, 40)
        assert script(good).batches == [16, 16, 8]
        assert pool.status()[0].answers == 40
        assert pool.status()[0].latency is None


async def test_a_source_without_batches_is_asked_singly_and_that_is_remembered() -> None:
    plain = source("plain", honest)
    script(plain).largest_batch = 1
    async with pool_of(plain) as pool:
        await prove(pool, 20)
        assert script(plain).batches == [16, 8, 4, 2]
        await prove(pool, 20)
        assert len(script(plain).batches) == 4
        status = pool.status()[0]
        assert (status.capabilities.batch_calls, status.errors) == (1, 0)


async def test_the_size_of_batches_is_found_by_backing_off() -> None:
    small = source("small", honest)
    script(small).largest_batch = 5
    async with pool_of(small) as pool:
        await prove(pool, 16)
        assert script(small).batches == [16, 8, 4, 4, 4, 4]


@pytest.mark.parametrize(
    "say", [lying, hanging, lambda _: SourceFault("HTTP status 500"), lambda _: None]
)
async def test_what_a_batch_left_unproven_is_asked_of_others(say: object) -> None:
    assert callable(say)
    bad, good = source("bad", say), source("good", honest)
    async with pool_of(bad, good) as pool:
        for _ in range(3):
            await prove(pool, 40)


async def test_after_the_first_lie_the_rest_of_a_batch_is_not_looked_at() -> None:
    liar, good = source("liar", lying), source("good", honest)
    async with pool_of(liar, good) as pool:
        for _ in range(4):
            await prove(pool, 16)
        assert pool.status()[0].lies == 1


async def test_a_form_that_is_lacking_in_a_batch_is_not_put_again() -> None:
    def say(request: Request) -> object:
        lacks = SourceLacks("no block hashes", lasting=True)
        return lacks if request.by_hash else honest(request)

    async with pool_of(source("old", say)) as pool:
        items = [((question(n, by_hash=True), question(n)), check(question(n))) for n in range(5)]
        assert await pool.prove_many(items) == [secret_of(n) for n in range(5)]
        assert pool.status()[0].capabilities.lacks == ("preimage by block hash",)


async def test_one_that_nobody_proves_refuses_all() -> None:
    def say(request: Request) -> object:
        return SourceFault("gone") if request == question(3) else honest(request)

    async with pool_of(source("a", say)) as pool:
        questions = [question(n) for n in range(6)]
        with pytest.raises(Unproven, match="gone"):
            await pool.prove_many([(each, check(each)) for each in questions])


async def test_the_deadline_holds_for_all_together() -> None:
    async with pool_of(source("stuck", hanging)) as pool:
        items = [(question(n), check(question(n))) for n in range(3)]
        with pytest.raises(Unproven, match="not all of 3"):
            await pool.prove_many(items, deadline=0.01)


async def test_a_batch_that_fails_as_a_whole_is_a_fault_and_asked_singly() -> None:
    class Broken(Scripted):
        async def fetch_batch(self, requests: Sequence[RpcRequest]) -> list[Answer | SourceFault]:
            raise SourceFault("its answer to a batch is not an array")

    async with pool_of(Source("a", "a", EXECUTION, Broken(honest))) as pool:
        await prove(pool, 5)
        assert pool.status()[0].errors == 1
