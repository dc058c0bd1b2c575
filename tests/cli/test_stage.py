"""Steps are counted, timed, and end at the first that does not hold."""

from __future__ import annotations

import json

import pytest

from walkaway.cli.stage import Stage
from walkaway.cli.terminal import Terminal
from walkaway.errors import WalkawayError


def test_steps_that_hold(capsys: pytest.CaptureFixture[str]) -> None:
    stage = Stage(Terminal(width=80))
    with stage.step("first") as step:
        step.note("answer", 42)
        step.draw("a drawing")
        step.check(True, "never said")
    with stage.step("second"):
        pass
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1  first  ")
    assert lines[0].rstrip().endswith(" ms")
    assert lines[1].rstrip() == "   answer  42"
    assert lines[2].rstrip() == "   a drawing"
    assert lines[4].startswith("2  second")


def test_a_step_that_does_not_hold_ends_it(capsys: pytest.CaptureFixture[str]) -> None:
    stage = Stage(Terminal(width=80))
    with pytest.raises(WalkawayError, match="seven is not eight"), stage.step("compare") as step:
        step.check(len("seven") == 8, "seven is not eight")
    assert "1  compare  failed" in capsys.readouterr().out


def test_steps_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    stage = Stage(Terminal(as_json=True))
    with stage.step("first") as step:
        step.note("answer", "0x0102…")
        step.found["answer"] = {"hash": bytes([1, 2])}
    with pytest.raises(WalkawayError), stage.step("second") as step:
        step.check(False, "no")
    captured = capsys.readouterr()
    first, second = (json.loads(line) for line in captured.out.splitlines())
    assert (first["step"], first["held"]) == (1, True)
    assert first["found"] == {"answer": {"hash": "0x0102"}}, "data, and not what a person is told"
    assert (second["step"], second["held"], second["trouble"]) == (2, False, "no")
    assert captured.err == ""
