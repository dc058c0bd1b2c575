"""EELS in processes of their own: they answer, they can be killed, and one crash is one error."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from multiprocessing.process import BaseProcess

import pytest

from tests.evm.test_reference import HERE, OTHER, World, block, call, key, whole
from walkaway.errors import (
    CallFailed,
    CallRefused,
    InvalidRequest,
    RanTooLong,
    Refusal,
    TooMuch,
    Unproven,
    Unsupported,
    WalkawayError,
)
from walkaway.evm.engine import KnownState, Manner, Missing, Outcome, Overrides
from walkaway.evm.reference import ReferenceEngine
from walkaway.evm.worker import ReferenceWorkers, _Supplies
from walkaway.limits import LIMITS
from walkaway.rpc.error_codes import CALL_FAILED, code_of

LONG_THEN_ANOTHER_SLOT = (
    "62000800"
    "5b600190038060045750"  # counts down from 2048 and
    "6000545060015460005260206000f3"  # reads slot 0; returns slot 1
)

ENDLESS = World().contract(HERE, "5b600056").known


def wait_for_end(process: BaseProcess) -> None:
    # Another thread may be the one that is told of its end, and `join` then returns too early.
    until = time.monotonic() + 5
    while process.is_alive() and time.monotonic() < until:
        process.join(0.01)
    assert not process.is_alive()


@pytest.fixture
async def workers() -> AsyncIterator[ReferenceWorkers]:
    made = ReferenceWorkers(replace(LIMITS, evm_workers=1, evm_seconds=5.0))
    yield made
    made.close()


async def test_an_outcome_and_what_is_missing_come_as_from_the_engine_itself(
    workers: ReferenceWorkers,
) -> None:
    world = whole()
    outcome = await workers.run(call(), block(), world.known)
    assert isinstance(outcome, Outcome)
    assert outcome == ReferenceEngine().run(call(), block(), world.known)
    sent = replace(call(), manner=Manner.TRANSACTION, logs_transfers=True)
    moved = replace(block(), precompiles={HERE: b"\4".rjust(20, b"\0")})
    outcome = await workers.run(sent, moved, world.known)
    assert isinstance(outcome, Outcome)
    assert outcome.changes
    assert outcome == ReferenceEngine().run(sent, moved, world.known)
    del world.accounts[HERE]
    missing = await workers.run(call(), block(), world.known)
    assert isinstance(missing, Missing)
    assert missing.accounts == {HERE}


async def test_errors_keep_their_kind(workers: ReferenceWorkers) -> None:
    with pytest.raises(CallRefused, match="intrinsic gas too low") as caught:
        await workers.run(call(gas_limit=1), block(), whole().known)
    assert caught.value.refusal is Refusal.INTRINSIC_GAS
    system = replace(call(), to=None, manner=Manner.SYSTEM)
    with pytest.raises(InvalidRequest, match="creates no contract"):
        await workers.run(system, block(), whole().known)
    rich = {HERE: Overrides(balance=2**256 - 1)}
    with pytest.raises(CallFailed, match="balance overflow"):
        await workers.run(call(value=1), block(), whole().known, rich)
    with pytest.raises(Unsupported):
        await workers.run(call(), block("amsterdam"), whole().known)


async def test_a_call_that_takes_too_long_is_killed_and_the_next_one_runs(
    workers: ReferenceWorkers,
) -> None:
    await workers.run(call(), block(), whole().known)  # EELS is loaded, the limit meets the call
    process = workers._idle[0].process
    workers._limits = replace(workers._limits, evm_seconds=0.4)
    assert isinstance(await workers.run(call(), block(), whole().known), Outcome)
    with pytest.raises(RanTooLong, match=r"execution aborted \(timeout = 0.4 s\)") as caught:
        await workers.run(call(gas_limit=10**9), block(), ENDLESS)
    assert code_of(caught.value) == CALL_FAILED
    assert not process.is_alive()
    workers._limits = LIMITS
    assert isinstance(await workers.run(call(), block(), whole().known), Outcome)


async def test_a_crash_is_one_error_and_the_next_call_runs(workers: ReferenceWorkers) -> None:
    await workers.run(call(), block(), whole().known)
    workers._idle[0].process.kill()
    workers._idle[0].process.join()
    with pytest.raises(WalkawayError, match="crashed"):
        await workers.run(call(), block(), whole().known)
    assert isinstance(await workers.run(call(), block(), whole().known), Outcome)


async def test_a_caller_who_gives_up_leaves_no_process_behind(workers: ReferenceWorkers) -> None:
    await workers.run(call(), block(), whole().known)
    process = workers._idle[0].process
    asking = asyncio.create_task(workers.run(call(gas_limit=10**9), block(), ENDLESS))
    await asyncio.sleep(0.3)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.to_thread(wait_for_end, process)
    assert isinstance(await workers.run(call(), block(), whole().known), Outcome)


async def test_calls_that_run_long_keep_no_other_waiting() -> None:
    limits = replace(LIMITS, evm_workers=2, evm_short_seconds=0.2, evm_long_waiting=2)
    workers = ReferenceWorkers(limits)
    loops = [replace(call(gas_limit=10**9), data=bytes([at])) for at in range(5)]
    running = [asyncio.create_task(workers.run(loop, block(), ENDLESS)) for loop in loops]
    other = World().contract(OTHER, "00")
    plain = replace(call(), to=OTHER)
    try:
        async with asyncio.timeout(10):
            # Two were stopped and wait, so that there is no place to wait for the two after them.
            ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
            assert isinstance(next(iter(ended)).exception(), TooMuch)
            assert isinstance(await workers.run(plain, block(), other.known), Outcome | Missing)
            # Nobody waits for those who run long for longer than is said.
            workers._limits = replace(limits, evm_long_waiting=9, evm_wait_seconds=0.05)
            with pytest.raises(TooMuch, match="went before"):
                await workers.run(loops[2], block(), ENDLESS)
            workers._limits = limits
            # What ran long is not tried for a short time again.
            async with asyncio.timeout(0.15):
                with pytest.raises(TooMuch, match="run long"):
                    await workers.run(loops[2], block(), ENDLESS)
        assert sum(not task.done() for task in running) >= 3
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        workers.close()
    with pytest.raises(WalkawayError, match="closed"):
        await workers.run(plain, block(), other.known)


@pytest.fixture
async def impatient() -> AsyncIterator[ReferenceWorkers]:
    """Workers to which a run has gone long after some milliseconds."""
    made = ReferenceWorkers(
        replace(LIMITS, evm_workers=1, evm_explore_seconds=0.002, evm_long_seconds=0.002)
    )
    yield made
    made.close()


async def test_a_run_that_went_long_waits_for_what_it_lacks_and_is_not_begun_again(
    impatient: ReferenceWorkers,
) -> None:
    world = World().contract(HERE, LONG_THEN_ANOTHER_SLOT, _0=5, _1=77)
    asked, whole_of_it = call(gas_limit=10_000_000), world.known
    known = KnownState(world.accounts, {}, world.code)
    lacked: list[Missing] = []

    async def learns(missing: Missing) -> KnownState:
        lacked.append(missing)
        slots = {slot: world.slots[slot] for slot in missing.slots}
        return KnownState(slots=slots)

    outcome = await impatient.run(asked, block(), known, None, learns)
    assert outcome == ReferenceEngine().run(asked, block(), whole_of_it)
    assert lacked == [Missing(slots=frozenset({(HERE, key(at))})) for at in (0, 1)]
    # Where it is not to be had, the run ends as others do, and says all that it found.
    everything = Missing(slots=frozenset({(HERE, key(0)), (HERE, key(1))}))
    for learning in (nothing_learned, not_provable):
        assert await impatient.run(asked, block(), known, None, learning) == everything


async def nothing_learned(_: Missing) -> None:
    return None


async def not_provable(_: Missing) -> KnownState:
    raise Unproven("nobody proves it", reasons={})


async def test_what_is_asked_for_while_nobody_waits_any_more_is_not_looked_for() -> None:
    async def learns(_: Missing) -> KnownState:
        await asyncio.sleep(60)
        raise AssertionError

    supply = _Supplies(learns, asyncio.get_running_loop(), 1)
    # The loop may be ahead of the thread that is to know what it waits for.
    supply.end()
    async with asyncio.timeout(10):
        assert await asyncio.to_thread(supply, Missing()) is None


async def test_who_gives_up_while_a_run_waits_leaves_nothing_behind(
    impatient: ReferenceWorkers,
) -> None:
    world = World().contract(HERE, LONG_THEN_ANOTHER_SLOT, _0=5, _1=77)
    waits, ended = asyncio.Event(), asyncio.Event()

    async def learns(_: Missing) -> KnownState:
        waits.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        raise AssertionError

    known = KnownState(world.accounts, {}, world.code)
    asking = asyncio.create_task(
        impatient.run(call(gas_limit=10_000_000), block(), known, None, learns)
    )
    async with asyncio.timeout(10):
        await waits.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await ended.wait()
        assert isinstance(await impatient.run(call(), block(), whole().known), Outcome)
