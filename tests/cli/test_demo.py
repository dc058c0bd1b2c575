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
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from typer.testing import CliRunner

from walkaway.cli import demo_steps, demo_website
from walkaway.cli.command_line import app
from walkaway.cli.demo_offer import account_facts, offer, offer_website
from walkaway.cli.stage import Step
from walkaway.cli.terminal import Terminal
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.website import Website, website
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.traffic import TRAFFIC_ACCOUNTS
from walkaway.errors import WalkawayError
from walkaway.proofs.execution.keccak import keccak256

HASH = re.compile(r"0x[0-9a-f]{64}")
ROOT = Path(__file__).parents[2]
PAGES = ROOT / "src" / "walkaway" / "devnet" / "content" / "pages"
TITLES = [
    "A small network, with liars in it",
    "The head, proven from a checkpoint",
    "A balance, proven",
    "A liar, caught",
    "Why the balance is to be believed",
    "A website, from whoever holds it",
    "The same website, by its name",
]
# A suite that was started in the background ignores Ctrl-C, and so would what it starts.
START = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from walkaway.cli.main import main
main()
"""
COMMAND = [sys.executable, "-c", START, "demo"]


@dataclass(frozen=True, slots=True)
class EndedRun:
    """What a run for programs said until it listened, and how SIGTERM ended it."""

    lines: list[dict[str, Any]]
    exit_code: int
    complaints: str


@pytest.fixture(scope="module")
def ended_by_sigterm() -> EndedRun:
    with _running("--json", "--port", "0") as (process, lines):
        said = [next(lines)]
        while said[-1].get("event") != "listening":
            assert "error" not in said[-1], said[-1]
            said.append(next(lines))
        process.send_signal(signal.SIGTERM)
        exit_code = process.wait(timeout=60)
        assert process.stderr is not None
        return EndedRun(said, exit_code, process.stderr.read())


def test_once_every_step_holds_and_a_taken_default_port_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        socket.create_server(("::1", 0), family=socket.AF_INET6) as taken,
        socket.create_server(("127.0.0.1", 0)) as taken_too,
    ):
        port, gateway_port = taken.getsockname()[1], taken_too.getsockname()[1]
        monkeypatch.setattr(demo_steps, "_PORT", port)
        monkeypatch.setattr(demo_website, "GATEWAY_PORT", gateway_port)
        result = CliRunner().invoke(app, ["demo", "--once"])
    assert result.exit_code == 0, result.output
    steps = re.findall(r"^(\d)  (.+?)  [\d.]+ m?s", result.output, flags=re.M)
    assert steps == [(str(number), title) for number, title in enumerate(TITLES, start=1)]
    for claim in (
        "dogwood said 10,001 ETH",
        "10,000 ETH in block",
        "believed: checkpoint",
        "7 by hazel",
        "larch changed what the resolver keeps",
    ):
        assert claim in result.output
    assert f"127.0.0.1:{port}" not in result.output
    assert f"port {port} is taken, so it is another one" in result.output
    assert f"port {gateway_port} is taken, so it is another one" in result.output
    assert f"localhost:{gateway_port}" not in result.output


@pytest.mark.parametrize("flag", ["--port", "--gateway-port"])
def test_a_taken_port_that_was_asked_for_is_an_error(flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(app, ["demo", "--once", flag, str(port)])
    assert result.exit_code == 2
    assert f"port {port} on 127.0.0.1 is taken" in result.stderr
    assert f"another port with {flag}" in " ".join(result.stderr.split())
    assert result.stdout == "", "it is said before the network is built"


@pytest.mark.parametrize(
    "flags", [["--gateway-port", "8545"], ["--port", "1", "--gateway-port", "1"]]
)
def test_one_port_for_both_is_an_error(flags: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_steps, "check_port", lambda *_, **__: None)
    result = CliRunner().invoke(app, ["demo", "--once", *flags])
    assert result.exit_code == 2
    assert f"cannot both listen on port {flags[-1]}" in result.stderr
    assert result.stdout == "", "it is said before the network is built"


def test_for_programs_each_step_is_a_document(ended_by_sigterm: EndedRun) -> None:
    lines = [line for line in ended_by_sigterm.lines if line["event"] == "step"]
    assert [line["title"] for line in lines] == TITLES
    assert all(line["held"] for line in lines)
    network, head, balance, liar, why, site, named = (line["found"] for line in lines)
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
    assert site["address"].startswith(f"http://{site['cid']}.ipfs.localhost:")
    assert set(site["files"]) >= {"/", "/how/", "/style.css"}
    sources = {s["name"]: (s["behaviour"], s["blocks"], s["state"]) for s in site["sources"]}
    assert sources["hazel"] == ("honest", site["blocks"], "in use")
    assert sources["ivy"] == ("wrong", 0, "quarantined")
    assert sources["juniper"][:2] == ("short", 0)
    assert "does not hash to its address" in site["sources"][1]["trouble"]
    assert named["address"].startswith("http://app-eth.localhost:")
    explanation = named["explanation"]
    assert explanation["cid"] != site["cid"], "the page that stands for the folder"
    assert explanation["root"] == site["cid"]
    assert head["checkpoint"] in json.dumps(explanation["names"])
    liars = {s["name"]: s["reason"] for s in explanation["caughtLying"]}
    assert "does not hash to its name" in liars["larch"]
    assert "…" not in json.dumps(lines, ensure_ascii=False)


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


def test_the_address_of_the_website_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    address = f"http://bafy{'b' * 55}.ipfs.localhost:8080/"
    offer_website(Terminal(width=80), address)
    assert address in capsys.readouterr().out.splitlines()


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
        gateway = next(line["url"] for line in lines if line["event"] == "gateway")
        for step in (steps[5], steps[6]):
            assert _page(step["address"], gateway) == (PAGES / "index.html").read_bytes()
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


def _page(address: str, gateway: str) -> bytes:
    """What a browser is given, which takes every name under localhost for this machine."""
    here = gateway.replace("localhost", "127.0.0.1")
    host = urlsplit(address).netloc
    with urlopen(Request(here, headers={"Host": host}), timeout=10) as response:
        body: bytes = response.read()
    return body


def test_sigterm_ends_it_in_order(ended_by_sigterm: EndedRun) -> None:
    assert ended_by_sigterm.exit_code == 0
    assert "Traceback" not in ended_by_sigterm.complaints


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


async def test_a_website_of_which_a_byte_differs_fails_its_step(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    site = await website()
    other = replace(site, files=site.files | {"tree.svg": b"another tree"})

    async def published() -> Website:
        return other

    monkeypatch.setattr(demo_website, "website", published)
    async with AsyncExitStack() as opened:
        with pytest.raises(WalkawayError, match=r"other bytes came for /tree\.svg"):
            await demo_website.open_website(Step(), opened, tmp_path, 0)


async def test_a_liar_that_is_not_caught_fails_the_step(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(demo_website._MANNERS, "ivy", Manners(Manner.WRONG, spared=1000))
    async with AsyncExitStack() as opened:
        with pytest.raises(WalkawayError, match="ivy, which lies, is not in quarantine"):
            await demo_website.open_website(Step(), opened, tmp_path, 0)


def test_a_step_that_does_not_hold_fails_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    from walkaway.cli.demo_network import DemoNetwork

    monkeypatch.setattr(DemoNetwork, "balance", lambda *_: 1)
    result = CliRunner().invoke(app, ["demo", "--once", "--port", "0"])
    assert result.exit_code == 1
    assert "A balance, proven  failed" in result.output
    assert "the network 1 wei" in result.output
