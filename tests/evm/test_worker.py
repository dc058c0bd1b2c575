"""EELS in processes of their own: they answer, they can be killed, and one crash is one error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.evm.test_reference import HERE, World, block, call, whole
from walkaway.errors import (
    CallFailed,
    CallRefused,
    InvalidRequest,
    Refusal,
    Unsupported,
    WalkawayError,
)
from walkaway.evm.engine import Manner, Missing, Outcome, Overrides
from walkaway.evm.reference import ReferenceEngine
from walkaway.evm.worker import ReferenceWorkers
from walkaway.limits import LIMITS

ENDLESS = World().contract(HERE, "5b600056").known


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
    with pytest.raises(WalkawayError, match="execution aborted"):
        await workers.run(call(gas_limit=10**9), block(), ENDLESS)
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
    await asyncio.to_thread(process.join, 5)
    assert not process.is_alive()
    assert isinstance(await workers.run(call(), block(), whole().known), Outcome)
