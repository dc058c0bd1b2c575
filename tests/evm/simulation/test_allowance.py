"""What one simulation may use, and that everything that it uses is counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.evm.simulation.small_world import POOR, RICH, RULES, ground_of, simulated
from walkaway.errors import CallRefused, Refusal
from walkaway.evm.engine import Outcome, Overrides
from walkaway.evm.simulation.allowance import CALL_BYTES, Allowance, given_weight
from walkaway.evm.simulation.asked import AskedBlock, AskedSimulation, AskedTransaction
from walkaway.evm.simulation.simulate import simulate
from walkaway.limits import LIMITS
from walkaway.proofs.execution.receipts import Log

HERE = b"\xaa" * 20
SPEAKS = bytes.fromhex("611000805fa05ff3")
"""Logs 4 KiB, and returns as much."""
SAID = 4096


def few(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    monkeypatch.setattr("walkaway.evm.simulation.allowance.LIMITS", replace(LIMITS, **limits))


def calls(count: int, **fields: Any) -> AskedBlock:
    asked = AskedBlock(transactions=(AskedTransaction(RICH, HERE, value=1),) * count)
    return replace(asked, **fields)


async def test_outputs_and_logs_of_all_calls_are_too_long_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few(monkeypatch, simulated_answer_bytes=5 * 4 * SAID, simulated_small_bytes=4 * SAID)
    speaks = {HERE: Overrides(code=SPEAKS)}
    (done,) = await simulated(calls(4, state=speaks))
    assert {len(each.outcome.output) for each in done.calls} == {SAID}
    with pytest.raises(CallRefused, match=r"^the outputs .* 81920 bytes") as refused:
        await simulated(calls(3, state=speaks), calls(3))
    assert refused.value.refusal is Refusal.TOO_MUCH


async def test_a_turn_is_waited_for_once_and_only_by_what_grows_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few(monkeypatch, simulated_small_bytes=3 * 4 * SAID)
    turns: list[int] = []

    async def turn() -> None:
        turns.append(1)

    async def run(*blocks: AskedBlock) -> int:
        turns.clear()
        await simulate(AskedSimulation(blocks), ground_of(), RULES, Allowance(turn))
        return len(turns)

    speaks = {HERE: Overrides(code=SPEAKS)}
    assert await run(calls(2, state=speaks)) == 0
    assert await run(calls(2, state=speaks), calls(3)) == 1


async def test_logs_of_the_receipt_count_where_they_are_others() -> None:
    log = Log(HERE, (bytes(32),), bytes(10))
    with_logs, bare = Allowance(), Allowance()
    await with_logs.take(Outcome(True, b"", 1, logs=(log,)), (log,))
    await bare.take(Outcome(True, b"", 1))
    assert bare._answer_bytes == CALL_BYTES
    assert with_logs._answer_bytes == CALL_BYTES + 2 * (400 + 70 + 20)
    assert with_logs.gas == LIMITS.call_gas - 1


async def test_system_calls_have_gas_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = await simulated(AskedBlock())
    assert one.header.gas_used == 0
    few(monkeypatch, call_gas=100_000)
    assert await simulated(AskedBlock())
    with pytest.raises(CallRefused, match=r"system calls .* 100000 gas") as refused:
        await simulated(*[AskedBlock()] * 5)
    assert refused.value.refusal is Refusal.TOO_MUCH


async def test_gas_that_does_not_begin_another_call_is_said_to_be_used_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few(monkeypatch, call_gas=60_000)
    monkeypatch.setattr("walkaway.evm.simulation.allowance.Allowance.take_system", _uncounted)
    sent = AskedBlock(transactions=(AskedTransaction(RICH, POOR, value=1),) * 2)
    assert len(await simulated(sent)) == 1
    with pytest.raises(CallRefused, match="gas in all") as refused:
        await simulated(sent, sent)
    assert refused.value.refusal is Refusal.TOO_MUCH


def _uncounted(self: Allowance, outcome: Outcome) -> None:
    """So little gas is left to the system calls of no block."""


async def test_calls_over_many_overridden_accounts_are_bounded_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd = {at.to_bytes(20): Overrides(balance=1, nonce=1, code=b"\0") for at in range(999, 1099)}
    few(monkeypatch, simulated_given=1_000)
    assert await simulated(calls(4, state=odd))
    with pytest.raises(
        CallRefused, match=r"^too many calls over too many changed accounts"
    ) as refused:
        await simulated(calls(20, state=odd))
    assert refused.value.refusal is Refusal.TOO_MUCH


def test_what_is_given_weighs_by_what_an_engine_reads() -> None:
    slots = {at.to_bytes(32): 1 for at in range(40)}
    assert given_weight(Overrides(balance=1)) == 1
    assert given_weight(Overrides(code=bytes(8 * 4096))) == 9
    assert given_weight(Overrides(slots=slots)) == given_weight(Overrides(storage=slots)) == 11


async def test_what_calls_changed_is_not_held_by_call() -> None:
    (done,) = await simulated(calls(2))
    assert [each.outcome.changes for each in done.calls] == [{}, {}]
