"""The simulated adversary does what it is told, and repeats itself by seed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from walkaway.errors import SourceFault
from walkaway.sources.request import Answer, Request, RpcRequest
from walkaway.sources.transports.simulated import (
    Behaviour,
    Fault,
    SimulatedTransport,
    answering,
)

ASK = RpcRequest("x")
TRUTH = {"balance": "0x1", "proof": ["0x00"]}


def simulated(behaviour: Behaviour, seed: int = 0, truth: object = TRUTH) -> SimulatedTransport:
    return SimulatedTransport(answering("s", lambda _: truth), behaviour, seed)


async def test_without_a_fault_it_is_honest() -> None:
    transport = simulated(Behaviour())
    assert (await transport.fetch(ASK)).body == TRUTH
    assert (await transport.fetch_batch([ASK, ASK]))[1] == Answer("s", TRUTH)
    assert transport.asked == 3
    assert transport.scrub("text") == "text"
    await transport.close()


@pytest.mark.parametrize("fault", [Fault.REFUSE, Fault.SERVER_ERROR, Fault.TRUNCATED])
async def test_faults_that_give_nothing(fault: Fault) -> None:
    transport = simulated(Behaviour(fault))
    with pytest.raises(SourceFault):
        await transport.fetch(ASK)
    assert isinstance((await transport.fetch_batch([ASK]))[0], SourceFault)


async def test_truncated_bytes_are_shorter() -> None:
    transport = simulated(Behaviour(Fault.TRUNCATED), truth=b"0123456789")
    bodies = [(await transport.fetch(ASK)).body for _ in range(50)]
    assert all(b"0123456789".startswith(body) for body in bodies)
    assert min(map(len, bodies)) < 10


@pytest.mark.parametrize("truth", [TRUTH, b"0123456789"])
async def test_garbage_is_not_the_truth(truth: object) -> None:
    transport = simulated(Behaviour(Fault.GARBAGE), truth=truth)
    assert all([(await transport.fetch(ASK)).body != truth for _ in range(30)])


async def test_a_hang_lasts() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(simulated(Behaviour(Fault.HANG)).fetch(ASK), 0.01)


async def test_a_slow_one_answers_in_the_end() -> None:
    assert (await simulated(Behaviour(Fault.SLOW, delay=0.001)).fetch(ASK)).body == TRUTH


async def test_stale_and_lies_come_from_what_was_given() -> None:
    old = answering("s", lambda _: "old")
    stale = simulated(Behaviour(Fault.STALE, stale=old))
    assert (await stale.fetch(ASK)).body == "old"
    await stale.close()

    def lie(request: Request, answer: Answer) -> Answer:
        return replace(answer, body=(request, "false"))

    assert (await simulated(Behaviour(Fault.LIE, lie=lie)).fetch(ASK)).body == (ASK, "false")


async def fails(seed: int) -> list[bool]:
    transport = simulated(Behaviour(Fault.REFUSE, share=0.5), seed)
    answers = await transport.fetch_batch([ASK] * 64)
    return [isinstance(answer, SourceFault) for answer in answers]


async def test_the_share_of_faults_is_repeated_by_seed() -> None:
    assert await fails(1) == await fails(1) != await fails(2)
    assert 16 < sum(await fails(1)) < 48
