"""Whoever asks once is not kept waiting by whoever asks often."""

from __future__ import annotations

import asyncio

import pytest

from walkaway.evm.turns import Turns


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_keys_take_turns() -> None:
    turns, served = Turns(1), list[str]()

    async def ask(key: str) -> None:
        async with turns.place(key):
            served.append(key)
            await asyncio.sleep(0)

    assert turns.take()
    tasks = [asyncio.create_task(ask(key)) for key in ("many", "many", "many", "one", "two", "one")]
    await settle()
    assert turns.waiting == 6
    turns.give_back()
    await asyncio.gather(*tasks)
    assert served == ["many", "one", "two", "many", "one", "many"]
    assert turns.take()
    assert not turns.take()


@pytest.mark.parametrize("given", [True, False])
async def test_a_place_is_not_lost_with_who_waits_for_it(given: bool) -> None:
    turns = Turns(1)
    assert turns.take()

    async def ask() -> None:
        async with turns.place("key"):
            raise AssertionError("was called off")

    first, second = asyncio.create_task(ask()), asyncio.create_task(ask())
    await settle()
    first.cancel()
    if given:
        turns.give_back()  # to the first, which does not come for it
    await settle()
    assert turns.waiting == (0 if given else 1)
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    if not given:
        turns.give_back()
    assert turns.take()
    assert not turns.take()


async def test_nobody_waits_longer_than_is_said() -> None:
    turns = Turns(1)
    assert turns.take()
    async with asyncio.timeout(5) as patience:
        with pytest.raises(TimeoutError):
            async with turns.place("key", 0.01):
                raise AssertionError("there was no place")
    assert not patience.expired()
    assert turns.waiting == 0
    turns.give_back()
    async with turns.place("key", 0.01):
        await asyncio.sleep(0.02)  # a place that is held is kept
