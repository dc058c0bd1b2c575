"""The parts of a source's record: breaker, latency, budget, ranking."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.sources.stand import HandClock, honest, question, source
from walkaway.limits import LIMITS
from walkaway.sources.breaker import Breaker
from walkaway.sources.budget import RetryBudget
from walkaway.sources.latency import Latency
from walkaway.sources.ranking import rank
from walkaway.sources.standing import Standing

ASK = question(1)


def test_the_breaker_opens_longer_each_time_a_probe_fails() -> None:
    breaker, now = Breaker(LIMITS), 100.0
    for _ in range(LIMITS.faults_in_a_row - 1):
        breaker.failed(now)
    assert breaker.is_closed(now)
    breaker.failed(now)
    rests = []
    for _ in range(12):
        rests.append(breaker.remaining(now))
        breaker.failed(now)
        assert breaker.remaining(now) == rests[-1]
        now += rests[-1]
        breaker.probe_begins()
        breaker.failed(now)
    assert rests[:4] == [2, 4, 8, 16]
    assert rests[-1] == LIMITS.rest_longest_seconds


def test_one_probe_at_a_time_and_an_abandoned_one_frees_the_place() -> None:
    breaker = Breaker(LIMITS)
    for _ in range(LIMITS.faults_in_a_row):
        breaker.failed(0.0)
    assert not breaker.is_closed(1.0)
    assert breaker.is_closed(2.0)
    breaker.probe_begins()
    assert not breaker.is_closed(2.0)
    breaker.probe_abandoned()
    assert breaker.is_closed(2.0)
    breaker.probe_begins()
    breaker.succeeded()
    breaker.probe_begins()
    assert breaker.is_closed(2.0)


@pytest.mark.parametrize(
    ("told", "waits"), [(None, 2), (7, 7), (-5, 0), (1e12, LIMITS.retry_after_longest_seconds)]
)
def test_a_wait_is_bounded_and_holds_through_answers(told: float | None, waits: float) -> None:
    breaker = Breaker(LIMITS)
    breaker.told_to_wait(10.0, told)
    breaker.succeeded()
    assert breaker.remaining(10.0) == waits


def test_the_usual_worst_is_bounded_and_guessed_at_first() -> None:
    latency = Latency(LIMITS)
    assert latency.usual_worst() == LIMITS.hedge_first_seconds
    for _ in range(8):
        latency.took(0.001)
    assert latency.usual_worst() == LIMITS.hedge_least_seconds
    for _ in range(60):
        latency.took(0.3)
    assert latency.usual_worst() == 0.3
    for _ in range(64):
        latency.took(99)
    assert latency.usual_worst() == LIMITS.hedge_longest_seconds


def test_what_was_given_up_only_makes_the_average_worse() -> None:
    latency = Latency(LIMITS)
    latency.at_least(0.5)
    assert latency.average == 0.5
    latency.at_least(0.1)
    assert latency.average == 0.5
    latency.took(1.0)
    assert latency.average == pytest.approx(0.6)


def test_the_budget_is_a_share_of_the_questions() -> None:
    budget = RetryBudget(replace(LIMITS, retry_budget=2, retry_budget_share=0.5))
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    budget.earn()
    assert not budget.spend()
    budget.earn()
    assert budget.spend()
    for _ in range(99):
        budget.earn()
    assert [budget.spend() for _ in range(3)] == [True, True, False]


def standings(*names: str) -> dict[str, Standing]:
    clock = HandClock()
    return {name: Standing(source(name, honest), LIMITS, clock) for name in names}


def order(known: dict[str, Standing], seed: int = 1, *, explore: float = 0.0) -> list[str]:
    limits = replace(LIMITS, explore_share=explore)
    ranked = rank(list(known.values()), [ASK], rng=random.Random(seed), limits=limits)
    return [standing.source.name for standing in ranked.usable]


def test_speed_faults_load_and_old_lies_decide_who_is_asked_first() -> None:
    known = standings("fast", "slow", "faulty", "loaded", "lied", "new")
    for name, seconds in (("fast", 0.1), ("slow", 0.4), ("faulty", 0.1), ("loaded", 0.1)):
        known[name].answered(ASK, seconds)
    known["faulty"].failed("HTTP status 500")
    known["loaded"].in_flight = 8
    assert order({n: known[n] for n in ("slow", "fast", "new")}) == ["new", "fast", "slow"]
    assert order({n: known[n] for n in ("faulty", "fast")}) == ["fast", "faulty"]
    assert order({n: known[n] for n in ("loaded", "fast")}) == ["fast", "loaded"]
    clock = HandClock()
    liar = Standing(source("lied", honest), LIMITS, clock)
    liar.lied("x")
    clock.seconds += 3600
    assert order({"lied": liar, "slow": known["slow"]}) == ["slow", "lied"]


def test_equals_are_asked_in_turn() -> None:
    known = standings("a", "b", "c")
    assert {order(known, seed)[0] for seed in range(30)} == {"a", "b", "c"}


def test_exploration_puts_another_first_now_and_then() -> None:
    known = standings("best", "other")
    known["best"].answered(ASK, 0.1)
    known["other"].answered(ASK, 0.2)
    firsts = [order(known, seed, explore=0.2)[0] for seed in range(200)]
    assert 15 < firsts.count("other") < 70
    assert "other" not in {order(known, seed)[0] for seed in range(50)}
