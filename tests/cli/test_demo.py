"""The demo as a person runs it: every step holds, it stays up, and it ends when told to."""

from __future__ import annotations

import json
import os
import re
import shlex
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

from walkaway.cli import demo_steps
from walkaway.cli.demo_offer import account_facts, offer
from walkaway.cli.main import app
from walkaway.cli.terminal import Terminal
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.traffic import TRAFFIC_ACCOUNTS
from walkaway.proofs.execution.keccak import keccak256

HASH = re.compile(r"0x[0-9a-f]{64}")
ROOT = Path(__file__).parents[2]
TITLES = [
    "A small network, with liars in it",
    "The head, proven from a checkpoint",
    "A balance, proven",
    "A liar, caught",
    "Why the balance is to be believed",
]
# A suite that was started in the background ignores Ctrl-C, and so would what it starts.
START = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from walkaway.cli.main import main
main()
"""
COMMAND = [sys.executable, "-c", START, "demo"]


def test_once_every_step_holds_and_a_taken_default_port_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(demo_steps, "_PORT", port)
        result = CliRunner().invoke(app, ["demo", "--once"])
    assert result.exit_code == 0, result.output
    steps = re.findall(r"^(\d)  (.+?)  [\d.]+ m?s", result.output, flags=re.M)
    assert steps == [(str(number), title) for number, title in enumerate(TITLES, start=1)]
    for claim in ("dogwood said 10,001 ETH", "10,000 ETH in block", "believed: checkpoint"):
        assert claim in result.output
    assert f"127.0.0.1:{port}" not in result.output
    assert f"port {port} is taken, so it is another one" in result.output


def test_a_taken_port_that_was_asked_for_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(app, ["demo", "--once", "--port", str(port)])
    assert result.exit_code == 2
    assert f"port {port} on 127.0.0.1 is taken" in result.stderr
    assert result.stdout == "", "it is said before the network is built"


def test_once_for_programs() -> None:
    result = CliRunner().invoke(app, ["demo", "--once", "--json", "--port", "0"])
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["title"] for line in lines] == TITLES
    network, head, balance, liar, why = (line["found"] for line in lines)
    assert head["engine"].startswith(("revm", "executable specification"))
    behaviours = {s["name"]: (s["kinds"], s["behaviour"]) for s in network["sources"]}
    assert behaviours["dogwood"] == (["execution", "submit"], "lying_balance")
    assert HASH.fullmatch(head["checkpoint"])
    assert HASH.fullmatch(head["head"]["hash"])
    assert balance["result"] == hex(10_000 * 10**18)
    (lie,) = liar["lies"]
    assert (lie["source"], lie["said"]) == ("dogwood", hex(10_001 * 10**18))
    assert why["state"] == "proven"
    step = why["proven"][0]["because"]
    while step["because"]:
        (step,) = step["because"]
    assert step["anchor"]
    assert step["facts"]["root"] == head["checkpoint"]
    assert "…" not in result.stdout


def test_the_account_that_is_offered_is_funded_and_its_key_is_made_as_it_says() -> None:
    facts = account_facts()
    made_by = re.fullmatch(r'keccak256\("(.+)"\)', str(facts["key_made_by"]))
    assert made_by is not None
    assert facts["key"] == keccak256(made_by[1].encode())
    assert facts["address"] == dev_account(int(str(facts["index"]))).address
    assert facts["index"] not in TRAFFIC_ACCOUNTS


@pytest.mark.parametrize("port", [8545, 49152])
def test_lines_to_paste_are_whole_at_80_columns(
    port: int,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", [".venv/bin/walkaway", "demo"])
    url = f"http://127.0.0.1:{port}"
    Terminal(width=80).show(offer(url, 1337, "an engine", tmp_path, width=80))
    printed = capsys.readouterr().out
    assert str(tmp_path) in "".join(printed.split())
    assert "run by an engine" in printed
    pasted = printed[printed.index("\ncurl") :].replace("\\\n", " ")
    curl, explain = (shlex.split(line) for line in pasted.strip().splitlines())
    assert curl[1] == url
    assert json.loads(curl[-1])["method"] == "eth_blockNumber"
    assert explain[:3] == [".venv/bin/walkaway", "explain", "eth_getBalance"]
    assert explain[4:] == ([] if port == 8545 else ["--port", str(port)])


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
        steps = [next(lines)["found"] for _ in TITLES]
        account, lie = steps[0]["account"], steps[3]["lies"][0]
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
        unproven = CliRunner().invoke(app, ["explain", "debug_traceCall", "--port", port])
        assert unproven.exit_code == 1
        assert "debug_traceCall is refused: it runs blocks again" in unproven.output
        by_number = CliRunner().invoke(
            app, ["explain", "eth_getBalance", account["address"], "90", "--port", port]
        )
        assert by_number.exit_code == 0, by_number.output
        assert "(10,000,000,000,000,000,000,000)" in by_number.output
        kept = json.loads(Path(lie["evidence"]).read_text())
        assert kept["source"] == "dogwood"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_sigterm_ends_it_in_order() -> None:
    with _running("--json", "--port", "0") as (process, lines):
        next(line for line in lines if line["event"] == "listening")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


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
