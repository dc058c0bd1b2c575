"""The tree shows every step, marks what is believed, and survives what is no explanation."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from walkaway.cli.evidence_tree import explanation_tree
from walkaway.cli.terminal import Terminal
from walkaway.errors import WalkawayError
from walkaway.proofs import Claim, Evidence, Finality
from walkaway.proofs._seal import seal
from walkaway.rpc.evidence import explained

HASH = bytes(range(32))
CHECKPOINT = Evidence("checkpoint", (("root", HASH), ("origin", "given")))
SIGNED = Evidence("sync committee signature", (("signers", 500),), (CHECKPOINT,))
HEADER = Evidence("header", (("number", 7),), (SIGNED,))
ACCOUNT = Evidence("account proof", (("nodes", 9),), (HEADER, CHECKPOINT))


def explanation(result: object = "0xf", state: str = "proven") -> dict[str, Any]:
    claim = Claim(1, HASH, ("balance", bytes(20)), Finality.OPTIMISTIC)
    return {
        "method": "eth_getBalance",
        "result": result,
        "state": state,
        "proven": explained([seal(15, claim, ACCOUNT)]),
        "word": [],
    }


def drawn(told: Any, *, full: bool = False, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, theme=None)
    terminal = Terminal(width=width)
    with terminal.person.capture() as capture:
        terminal.person.print(explanation_tree("eth_getBalance 0x00", told, full=full))
    assert console.width == width
    return capture.get()


def test_every_step_is_there_and_anchors_are_marked() -> None:
    text = drawn(explanation())
    for step in ("1 account proof", "2 header", "3 sync committee signature"):
        assert step in text
    assert text.count("believed: checkpoint") == 1
    assert "checkpoint  as in 4" in text
    assert "nodes 9" in text
    assert "optimistic" in text
    assert "0xf  (15)" in text


def test_what_its_finality_means_is_said_once() -> None:
    told = explanation()
    told["proven"] *= 2
    assert drawn(told).count("a reorg can undo it") == 1
    assert "no reorg undoes it" not in drawn(told)


def test_every_finality_has_a_meaning() -> None:
    for finality in Finality:
        told = explanation()
        told["proven"][0]["claim"]["finality"] = finality.value
        assert f"\n{finality.value}: " in drawn(told)


def test_long_facts_are_cut_unless_all_is_wanted() -> None:
    assert HASH.hex() not in drawn(explanation())
    assert HASH.hex() in "".join(drawn(explanation(), full=True, width=200).split())


@pytest.mark.parametrize(
    ("result", "shown"),
    [
        (None, "null"),
        ({"a": 1, "b": 2}, "an object of 2 members"),
        ([1, 2, 3], "a list of 3"),
        ("0x" + "ab" * 500, "(500 bytes)"),
        ("0x", "answer  0x"),
        (False, "false"),
        ([], "answer  []"),
        ({"gasUsed": "0x5208"}, "gasUsed  0x5208  (21,000)"),
        ({"hash": "0x" + "cd" * 50}, "(50 bytes)"),
        ([{"a": "0x" + "cd" * 32}, {}], '0  {"a": "0xcdcdcdcd…cdcdcd"}'),
        ([["y" * 200]], "yyy..."),
        ("0xnothex", "0xnothex"),
    ],
)
def test_results_of_any_shape(result: object, shown: str) -> None:
    assert shown in drawn(explanation(result))


@pytest.mark.parametrize("wrap", [lambda text: text, lambda text: [text], lambda text: [[text]]])
def test_every_byte_is_there_where_all_is_wanted(wrap: Callable[[str], object]) -> None:
    code = "0x" + "6001" * 6000
    told = explanation(wrap(code))
    assert code in "".join(drawn(told, full=True, width=200).split())
    assert len(drawn(told)) < 2500
    told |= {"result": None, "failure": {"code": 3, "message": "no", "data": code}}
    assert code in "".join(drawn(told, full=True, width=200).split())


def test_of_many_members_the_rest_is_counted_unless_all_is_wanted() -> None:
    told = explanation([[number, "x"] for number in range(1000)])
    assert "and 970 more" in drawn(told)
    assert "999  " not in drawn(told)
    assert '999  [999, "x"]' in drawn(told, full=True)


def test_of_many_steps_the_first_and_what_is_believed_are_shown() -> None:
    pieces = [Evidence(f"piece {number}", (), (CHECKPOINT,)) for number in range(100)]
    run = Evidence("run", (), (*pieces, Evidence("engine")))
    claim = Claim(1, HASH, ("call", HASH), Finality.OPTIMISTIC)
    told = explanation()
    told["proven"] = explained([seal(15, claim, run)])
    text = drawn(told)
    assert "piece 9" in text
    assert "piece 10" not in text
    assert "believed: engine" in text
    assert "and 90 steps beside these" in text
    assert "piece 99" in drawn(told, full=True)


def test_a_call_that_failed_shows_how_and_what_it_gave_back() -> None:
    told = explanation(None)
    told["failure"] = {"code": 3, "message": "execution reverted: no", "data": "0x08c379a0"}
    text = drawn(told)
    assert "failed  execution reverted: no" in text
    assert "data    0x08c379a0" in text
    assert "answer" not in text
    assert "next" not in text
    assert "1 account proof" in text
    told["failure"] = {"code": -32000, "message": "out of gas", "advice": "more gas"}
    assert "next    more gas" in drawn(told)
    assert "data" not in drawn(told)


def test_above_the_head_nobody_was_asked() -> None:
    told = explanation(None, "above the proven head")
    told["proven"] = []
    told["word"] = [{"saidBy": [], "asked": [], "dissent": [], "aboveHead": 7}]
    text = drawn(told)
    assert text.startswith("above the proven head")
    assert "nobody was asked: the proven head is block 7" in text
    assert "word" not in text


def test_somebodys_word_says_whose() -> None:
    told = explanation(None, "somebody's word")
    told["proven"] = []
    told["word"] = [{"saidBy": ["a", "b"], "asked": ["a", "b", "c"], "dissent": []}]
    text = drawn(told)
    assert text.startswith("somebody's word")
    assert "2 of 3 sources say so (a, b)" in text


def test_a_tree_without_end_is_cut() -> None:
    step: dict[str, Any] = {"step": 1, "rule": "r", "anchor": True, "facts": {}, "because": []}
    for number in range(2, 300):
        step = {"step": number, "rule": "r", "anchor": False, "facts": {}, "because": [step]}
    told = explanation()
    told["proven"][0]["because"] = step
    assert "and so on" in drawn(told, width=400)


def test_what_was_left_out_is_said_and_the_anchor_is_there() -> None:
    step = CHECKPOINT
    for _ in range(5000):
        step = Evidence("period", (), (step,))
    claim = Claim(1, HASH, ("balance", bytes(20)), Finality.OPTIMISTIC)
    told = explanation()
    told["proven"] = explained([seal(15, claim, step)])
    text = drawn(told, width=200)
    assert "4,969 steps left out" in text
    assert text.count("believed: checkpoint") == 1
    assert "and so on" not in text


@pytest.mark.parametrize(
    "told",
    [{}, [], None, "x", 3, {**explanation(), "proven": 3}, {**explanation(), "proven": [{}]}],
)
def test_what_is_no_explanation_is_refused(told: Any) -> None:
    with pytest.raises(WalkawayError, match="no explanation"):
        drawn(told)
