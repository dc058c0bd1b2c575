"""A large answer holds nothing up: the loop gets its turn while one is encoded."""

from __future__ import annotations

import asyncio
import json
import time

from walkaway.rpc.jsonrpc import Json
from walkaway.rpc.pacing import SLICE_SECONDS, encode_each


def slow(item: int) -> Json:
    """Half a slice of work."""
    until = time.thread_time() + SLICE_SECONDS / 2
    while time.thread_time() < until:
        pass
    return {"item": item}


async def longest_hold(items: int) -> float:
    """CPU seconds of the loop's thread between two turns of another task, at worst."""
    holds: list[float] = []

    async def watch() -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            holds.append(now - last)
            last = now

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    text = await encode_each(range(items), slow)
    watching.cancel()
    assert json.loads(text) == [{"item": item} for item in range(items)]
    return max(holds)


async def test_the_loop_is_never_held_for_five_milliseconds() -> None:
    assert await longest_hold(100) < 0.005


async def test_nothing_is_an_empty_array() -> None:
    assert await encode_each([], slow) == b"[]"
