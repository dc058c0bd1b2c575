"""The soak itself: a devnet here, a node in another process, and everybody who asks it."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.soak.clients import Asker, Follower, Poller
from tests.soak.memory import Memory
from tests.soak.node import Order
from tests.soak.questions import Questions
from tests.soak.record import Record
from tests.soak.truth import Truth
from tests.soak.weather import Chain, Weather
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings

__all__ = ["ANSWERED_AT_LEAST", "BLOCKS_A_MINUTE", "Report", "soak"]

SECONDS_PER_SLOT = 1
BLOCKS_A_MINUTE = 60 / SECONDS_PER_SLOT
OLDEST_HEAD = 20.0
"""How many seconds old the head may be that the node serves as the latest."""
SLACK_SECONDS = 3.0
ASKERS = 6
START_SECONDS = 60.0
SETTLE_SECONDS = 60.0
TELL_SECONDS = 3.0
NEWS_SECONDS = 3.0
"""How long the logs of a block may take after its head was told."""

ANSWERED_AT_LEAST = 0.5
"""Of the questions that were asked while some source was honest."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it. ``lies`` is how many lies the node caught, by source."""

    seed: int
    seconds: float
    engine: str
    record: Record
    lies: dict[str, int]
    reorgs: int
    periods: int
    blocks: int
    memory: Memory

    @property
    def failures(self) -> list[str]:
        """Why the soak failed; nothing where it did not."""
        failures = []
        if self.record.wrong:
            failures.append(f"{self.record.wrong} answers were wrong")
        if not self.record.answered:
            failures.append("nothing was answered")
        if silent := self.record.never_answered:
            failures.append(f"never answered while a source was honest: {', '.join(silent)}")
        share = self.record.calm_share
        if share is not None and share < ANSWERED_AT_LEAST:
            failures.append("too little was answered while a source was honest")
        if self.memory.is_measured and self.memory.growth > self.memory.growth_allowed:
            failures.append("memory kept growing")
        return failures


async def soak(
    seconds: float,
    seed: int,
    *,
    credulous: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Let it rain for so many seconds.

    ``credulous`` has the node believe false accounts, and ends it at the first wrong answer.
    ``tell`` gets a line every few seconds.
    """
    rng, record, memory = random.Random(seed), Record(), Memory()
    devnet = Devnet(DevnetSettings(seconds_per_slot=SECONDS_PER_SLOT))
    truth = Truth(devnet)
    weather, chain = Weather(devnet, rng), Chain(devnet, truth, rng)
    questions = Questions(devnet, truth, rng, OLDEST_HEAD + SLACK_SECONDS)
    sources = await weather.begin()
    with tempfile.TemporaryDirectory() as state:
        order = Order(
            SECONDS_PER_SLOT,
            devnet.spec.genesis_time,
            devnet.checkpoint.root.hex(),
            tuple((source.name, source.url, source.kinds) for source in sources),
            state,
            OLDEST_HEAD,
            credulous,
        )
        async with _running(chain.grow()) as growing, _node(order) as node, _session() as session:
            watching = asyncio.ensure_future(memory.watch(node.process))
            follower = Follower(session, node.url, truth, record)
            poller = Poller(session, node.url, truth, record)
            askers = [Asker(session, node.url, questions, weather, record) for _ in range(ASKERS)]
            async with _running(follower.listen_on()):
                asking = [asker.ask_on() for asker in askers]
                trouble = [weather.lie(), record.found.wait()] if credulous else [weather.blow()]
                telling = _tell_on(tell, seconds, record, weather, truth)
                async with _running(*trouble, telling, poller.poll_on(), *asking) as busy:
                    await _first_ended(seconds, [*busy, *growing])
                await weather.clear()
                if not credulous:
                    await _settle(follower, truth, growing)
                status = await _status(session, node.url)
            watching.cancel()
    await weather.end()
    return Report(
        seed,
        seconds,
        node.engine,
        record,
        {source["name"]: source["lies"] for source in status["sources"]},
        chain.reorgs,
        weather.periods,
        truth.head.number,
        memory,
    )


async def _tell_on(
    tell: Callable[[str], None], seconds: float, record: Record, weather: Weather, truth: Truth
) -> None:
    """Say how it stands every few seconds, until cancelled."""
    began = time.monotonic()
    while True:
        await asyncio.sleep(TELL_SECONDS)
        tell(
            f"{time.monotonic() - began:5.0f} of {seconds:g} s, {weather.period.name}: "
            f"block {truth.head.number}, {record.answered} answered, "
            f"{record.refused.total()} refused, {record.wrong} wrong"
        )


async def _settle(follower: Follower, truth: Truth, growing: list[asyncio.Task[None]]) -> None:
    """Let the chain stand still until the follower has heard of its newest block but one."""
    for task in growing:
        task.cancel()
    async with asyncio.timeout(SETTLE_SECONDS):
        while follower.newest < truth.head.number - 1:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await asyncio.sleep(NEWS_SECONDS)
    follower.check_complete()


@dataclass(frozen=True, slots=True)
class _Node:
    url: str
    engine: str
    process: int


@asynccontextmanager
async def _node(order: Order) -> AsyncIterator[_Node]:
    """The node's process, until the block ends; it must not end before."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.soak.node",
        cwd=Path(__file__).parents[2],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(order.written())
        await process.stdin.drain()
        async with asyncio.timeout(START_SECONDS):
            told = json.loads(await process.stdout.readline())
        yield _Node(told["url"], told["engine"], process.pid)
        process.stdin.close()
        async with asyncio.timeout(START_SECONDS):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def _running(*work: Any) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Tasks for as long as the block runs."""
    tasks: list[asyncio.Task[None]] = [asyncio.ensure_future(each) for each in work]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def _first_ended(seconds: float, tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Wait so long, or until a task ends; where it failed, its error is raised."""
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))


async def _status(session: aiohttp.ClientSession, url: str) -> Any:
    body = {"jsonrpc": "2.0", "id": 1, "method": "walkaway_status", "params": []}
    async with session.post(url, json=body) as response:
        return (await response.json())["result"]
