"""One question under way at a time, whoever asks and whoever gives up."""

from __future__ import annotations

import asyncio

import pytest

from walkaway.chain.single_flight import SingleFlight
from walkaway.errors import Unproven


class Work:
    """Work that ends when told to, and counts how often it was begun and called off."""

    def __init__(self) -> None:
        self.begun = 0
        self.cancelled = 0
        self.gate = asyncio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.begun


async def test_callers_with_one_key_share_one_answer() -> None:
    flight, work = SingleFlight[int](), Work()
    asked = [asyncio.create_task(flight.run("key", work)) for _ in range(5)]
    await asyncio.sleep(0)
    work.gate.set()
    assert await asyncio.gather(*asked) == [1] * 5


async def test_other_keys_and_later_callers_ask_anew() -> None:
    flight, work = SingleFlight[int](), Work()
    work.gate.set()
    assert await flight.run("a", work) == 1
    assert await flight.run("b", work) == 2
    assert await flight.run("a", work) == 3


async def test_one_caller_giving_up_leaves_the_others_their_answer() -> None:
    flight, work = SingleFlight[int](), Work()
    first, second = (asyncio.create_task(flight.run("key", work)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    work.gate.set()
    assert await second == 1
    assert work.cancelled == 0


async def test_the_work_ends_when_nobody_waits_and_the_next_asks_anew() -> None:
    flight, work = SingleFlight[int](), Work()
    only = asyncio.create_task(flight.run("key", work))
    await asyncio.sleep(0.01)
    only.cancel()
    with pytest.raises(asyncio.CancelledError):
        await only
    await asyncio.sleep(0)
    assert work.cancelled == 1
    work.gate.set()
    assert await flight.run("key", work) == 2


async def test_an_error_reaches_everyone_and_is_not_kept() -> None:
    flight = SingleFlight[int]()
    times = 0

    async def refuse() -> int:
        nonlocal times
        times += 1
        await asyncio.sleep(0)
        raise Unproven("no", reasons={})

    outcomes = await asyncio.gather(
        *(flight.run("key", refuse) for _ in range(3)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [Unproven] * 3
    with pytest.raises(Unproven):
        await flight.run("key", refuse)
    assert times == 2
