"""The demo as a person runs it: every step holds, it stays up, and it ends when told to."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from walkaway.cli.main import app

ROOT = Path(__file__).parents[2]
TITLES = [
    "A small network, with liars in it",
    "The head, proven from a checkpoint",
    "A balance, proven",
    "A liar, caught",
    "Why the balance is to be believed",
]
COMMAND = [sys.executable, "-c", "from walkaway.cli.main import main; main()", "demo"]


def test_once_every_step_holds_and_a_taken_port_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(app, ["demo", "--once", "--port", str(port)])
    assert result.exit_code == 0, result.output
    steps = re.findall(r"^(\d)  (.+?)  [\d.]+ m?s", result.output, flags=re.M)
    assert steps == [(str(number), title) for number, title in enumerate(TITLES, start=1)]
    for claim in ("dogwood said 10,001 ETH", "10,000 ETH in block", "believed: checkpoint"):
        assert claim in result.output
    assert f"127.0.0.1:{port}" not in result.output


def test_the_transcript_in_the_readme_has_the_shape_of_a_run() -> None:
    block = re.search(
        r"```\n\$ walkaway demo --once\n(.*?)```", (ROOT / "README.md").read_text(), re.S
    )
    assert block is not None
    assert re.findall(r"^\d  (.+?)  [\d.]+ m?s$", block[1], flags=re.M) == TITLES
    assert "believed: checkpoint" in block[1]
    assert max(map(len, block[1].splitlines())) <= 80


def test_it_stays_up_and_answers_until_it_is_told_to_end() -> None:
    with _running("--json", "--port", "0") as (process, lines):
        url = next(line["url"] for line in lines if line["event"] == "listening")
        port = url.rpartition(":")[2]
        status = CliRunner().invoke(app, ["status", "--json", "--port", port])
        assert status.exit_code == 0, status.output
        told = json.loads(status.output)
        assert told["isFresh"]
        assert {s["name"] for s in told["sources"] if s["lies"]} >= {"dogwood"}
        page = CliRunner().invoke(app, ["status", "--port", port])
        assert "dogwood" in page.output
        explained = CliRunner().invoke(app, ["explain", "eth_blockNumber", "--port", port])
        assert explained.exit_code == 0, explained.output
        assert "believed: checkpoint" in explained.output
        refused = CliRunner().invoke(app, ["explain", "eth_blockNumber", "1", "--port", port])
        assert refused.exit_code == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_sigterm_ends_it_in_order() -> None:
    with _running("--json", "--port", "0") as (process, lines):
        next(line for line in lines if line["event"] == "listening")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


@contextmanager
def _running(*flags: str) -> Iterator[tuple[subprocess.Popen[str], Iterator[dict[str, Any]]]]:
    process = subprocess.Popen(
        [*COMMAND, *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        yield process, map(json.loads, process.stdout)
    finally:
        process.kill()
        process.communicate()


def test_a_step_that_does_not_hold_fails_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    from walkaway.cli.demo_network import DemoNetwork

    monkeypatch.setattr(DemoNetwork, "balance", lambda *_: 1)
    result = CliRunner().invoke(app, ["demo", "--once", "--port", "0"])
    assert result.exit_code == 1
    assert "A balance, proven  failed" in result.output
    assert "the network 1 wei" in result.output
