"""The way down to the anchors is shown whatever its length; what is left out is counted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from walkaway.limits import LIMITS
from walkaway.proofs import Claim, Evidence, Finality, Proven
from walkaway.proofs._seal import seal
from walkaway.rpc.evidence import explained
from walkaway.rpc.jsonrpc import encode

CHECKPOINT = Evidence("checkpoint", (("root", bytes(32)),))


def proven(because: Evidence) -> Proven[int]:
    return seal(1, Claim(1, bytes(32), ("balance", bytes(20)), Finality.OPTIMISTIC), because)


def chain(steps: int, below: Evidence = CHECKPOINT, rule: str = "period") -> Evidence:
    """So many steps above ``below``."""
    for number in range(steps):
        below = Evidence(rule, (("number", number),), (below,))
    return below


def drawn(*tops: Evidence, **limits: int) -> Any:
    told = explained([proven(top) for top in tops], limits=replace(LIMITS, **limits))
    return [one["because"] for one in json.loads(encode(told))]


def steps(top: Any) -> list[Any]:
    """Every step that is written out, in order."""
    found, waiting = [], [top]
    while waiting:
        step = waiting.pop()
        found.append(step)
        waiting.extend(reversed(step.get("because", [])))
    return found


@pytest.mark.parametrize("years", [1, 50])
def test_a_long_chain_is_cut_but_its_anchor_is_shown(years: int) -> None:
    length = 2 * 321 * years
    (top,) = drawn(chain(length))
    shown = steps(top)
    assert len(shown) == LIMITS.rpc_evidence_depth
    assert shown[-1]["anchor"] is True
    assert shown[-1]["rule"] == "checkpoint"
    assert [step for step in shown if "leftOut" in step] == [shown[-2]]
    assert shown[-2]["leftOut"] == length + 1 - len(shown)
    assert shown[-1]["step"] == length + 1
    assert len(encode(explained([proven(chain(length))]))) < 10_000


def test_a_chain_that_fits_is_whole() -> None:
    (top,) = drawn(chain(LIMITS.rpc_evidence_depth - 1))
    assert not any("leftOut" in step for step in steps(top))
    assert len(steps(top)) == LIMITS.rpc_evidence_depth


def test_what_stands_on_a_cut_chain_shares_it() -> None:
    tail = chain(100)
    first, second = drawn(chain(1, tail, "slot"), chain(2, tail, "code"), rpc_evidence_depth=10)
    assert [step["rule"] for step in steps(first)] == ["slot", *["period"] * 8, "checkpoint"]
    assert steps(second)[-1] == {"step": 2, "rule": "period", "again": True}


def test_a_step_that_was_left_out_is_shown_where_it_comes_first_in_an_answer() -> None:
    tail = chain(100)
    deep = chain(20, tail, "slot")
    first, second = drawn(deep, tail, rpc_evidence_depth=10)
    assert steps(first)[-2]["leftOut"] == 120 - 9
    assert second["step"] == 21
    assert second["facts"] == {"number": 99}
    assert steps(second)[-1] == {"step": 30, "rule": "period", "again": True}


def test_a_cut_names_each_end_once() -> None:
    other = Evidence("block hash given by the caller")
    shared = chain(5, Evidence("both", (), (CHECKPOINT, other)))
    top = Evidence("top", (), (chain(5, shared, "left"), chain(5, shared, "right")))
    (first,) = drawn(Evidence("first", (), (top,)), rpc_evidence_depth=3)
    cut = first["because"][0]
    assert [step["rule"] for step in cut["because"]] == [CHECKPOINT.rule, other.rule]
    assert cut["leftOut"] == 5 + 5 + 5 + 1


def test_many_steps_are_cut_too() -> None:
    wide = Evidence("history", (), tuple(chain(3, rule=f"block {n}") for n in range(1000)))
    (top,) = drawn(wide, rpc_evidence_steps=100)
    assert top["leftOut"] == 3000
    assert [step["rule"] for step in top["because"]] == ["checkpoint"]
    (top,) = drawn(wide, rpc_evidence_steps=1500)
    written = [step for step in steps(top) if "again" not in step]
    assert 1000 < len(written) <= 1500
    left_out = sum(step.get("leftOut", 0) for step in steps(top))
    assert len(written) + left_out == 3002
