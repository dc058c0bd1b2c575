"""Blocks through the pool: a slow link is not asked twice, and sources come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from tests.sources.stand import HandClock, Scripted
from walkaway.errors import NotKnown, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven
from walkaway.sources.flow import Flow, FlowWatch
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, ArweaveRequest, BlockRequest, Kind, Request
from walkaway.sources.source import Source

DATA = b"a block"
CID = Cid.of(codecs.RAW, DATA)
QUICK = replace(
    LIMITS,
    request_seconds=0.02,
    block_seconds=5.0,
    hedge_first_seconds=0.01,
    retry_pause_seconds=0.0,
    explore_share=0.0,
)

Say = Callable[[Request], Awaitable[object]]


def source(name: str, say: Say, kind: Kind = "content") -> Source:
    return Source(name, name, frozenset({kind}), Scripted(say))


def asked_of(source_: Source) -> int:
    transport = source_.transport
    assert isinstance(transport, Scripted)
    return len(transport.asked)


def pool_of(*sources: Source) -> Pool:
    return Pool(sources, clock=HandClock(), seed=1, limits=QUICK)


async def prove(pool: Pool, request: BlockRequest | None = None) -> Proven[bytes]:
    asked = request or BlockRequest(CID)

    def verify(answer: Answer) -> Proven[bytes]:
        return prove_block(CID, answer.body)

    return await pool.first_proven(asked, verify)


async def says(request: Request) -> object:
    return DATA


def trickles(request: Request, piece: int, pieces: int) -> Say:
    """Says the block after some pieces of it have come, which takes longer than a hedge."""

    async def say(request: Request) -> object:
        assert isinstance(request, BlockRequest)
        for _ in range(pieces):
            request.flow.came(piece)
            await asyncio.sleep(0.005)
        return DATA

    return say


@pytest.mark.parametrize(("piece", "asks_another"), [(LIMITS.block_flow_bytes, False), (10, True)])
async def test_while_a_block_flows_nobody_else_is_asked(piece: int, asks_another: bool) -> None:
    request = BlockRequest(CID)
    slow = source("slow", trickles(request, piece, 40))
    other = source("other", says)
    async with pool_of(slow) as pool:
        pool.admit(other)
        pool._standings[1].latency.took(1.0)  # so that the slow one is asked first
        assert (await prove(pool, request)).value == DATA
    assert asked_of(slow) == 1
    assert asked_of(other) == (1 if asks_another else 0)


async def test_a_trickle_holds_a_block_up_no_longer_than_others_take() -> None:
    """Three times what the other takes, and `Limits.block_flow_seconds` at least."""
    limits = replace(QUICK, block_flow_seconds=0.05)
    asked: list[int] = []
    for usual in (0.001, 10.0):
        slow = source("slow", trickles(BlockRequest(CID), LIMITS.block_flow_bytes, 40))
        other = source("other", says)
        pool = Pool([slow, other], clock=HandClock(), seed=1, limits=limits)
        slowly, quickly = pool._standings
        quickly.latency.took(usual)
        slowly.latency.took(usual / 2)
        async with pool:
            assert (await prove(pool)).value == DATA
        asked.append(asked_of(other))
    assert asked == [1, 0]


async def test_a_block_may_take_longer_than_another_answer() -> None:
    slow = source("slow", trickles(BlockRequest(CID), LIMITS.block_flow_bytes, 10))
    async with pool_of(slow) as pool:
        assert (await prove(pool)).value == DATA
    assert QUICK.request_seconds < 10 * 0.005


async def test_a_block_is_asked_in_the_form_that_a_source_knows() -> None:
    seen: list[str] = []

    async def say(request: Request) -> object:
        seen.append(request.kind)
        return DATA

    async with pool_of(source("node", say, "kubo")) as pool:
        asked = (BlockRequest(CID), BlockRequest(CID, "kubo"))
        await pool.first_proven(asked, lambda answer: prove_block(CID, answer.body))
    assert seen == ["kubo"]


async def test_wrong_bytes_are_a_lie() -> None:
    async def lie(request: Request) -> object:
        return b"not it"

    async with pool_of(source("liar", lie)) as pool:
        with pytest.raises(Unproven, match="lied: a block does not hash"):
            await prove(pool)
        (status,) = pool.status()
        assert status.lies == 1


async def test_sources_come_and_go() -> None:
    async with pool_of() as pool:
        with pytest.raises(Unproven, match="no source is configured"):
            await prove(pool)
        one = source("one", says)
        pool.admit(one)
        pool.admit(source("one", says))
        assert [status.name for status in pool.status()] == ["one"]
        assert (await prove(pool)).value == DATA
        await pool.dismiss("one")
        await pool.dismiss("one")
        assert pool.status() == []
        assert isinstance(one.transport, Scripted)
        assert one.transport.closed


async def test_one_that_goes_while_it_is_asked_still_answers() -> None:
    leave = asyncio.Event()

    async def say(request: Request) -> object:
        await leave.wait()
        return DATA

    async with pool_of(source("one", say)) as pool:
        asking = asyncio.create_task(prove(pool))
        await asyncio.sleep(0)
        await pool.dismiss("one")
        leave.set()
        assert (await asking).value == DATA


async def test_not_to_have_it_is_no_mark() -> None:
    async def lacks(request: Request) -> object:
        return NotKnown("does not have it")

    async with pool_of(source("poor", lacks)) as pool:
        for _ in range(10):
            with pytest.raises(Unproven, match="poor: does not have it"):
                await prove(pool)
        assert (pool.status()[0].errors, pool.status()[0].state.value) == (0, "in use")


def test_a_flow_moves_by_as_much_as_counts() -> None:
    flow = Flow()
    watch = FlowWatch(flow, 10)
    flow.came(9)
    assert not watch.moved()
    flow.came(1)
    assert watch.moved()
    assert not watch.moved()
    assert FlowWatch(flow, 10).moved() is False


async def test_what_flows_of_arweave_may_take_as_long_as_a_block() -> None:
    request = ArweaveRequest("A" * 43, "header")

    async def slowly(asked: Request) -> object:
        for _ in range(40):
            request.flow.came(LIMITS.block_flow_bytes)
            await asyncio.sleep(0.005)
        return DATA

    slow, other = source("slow", slowly, "arweave"), source("other", says, "arweave")
    async with pool_of(slow) as pool:
        pool.admit(other)
        pool._standings[1].latency.took(1.0)  # so that the slow one is asked first
        assert await pool.first_proven(request, lambda answer: answer.source) == "scripted"
    assert (asked_of(slow), asked_of(other)) == (1, 0)
