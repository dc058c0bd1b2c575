"""The commands as a person runs them: output, errors and exit codes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import walkaway
from walkaway.cli.main import app

SECRET = "9aa3d95b3bc440fa88ea12eaa4456161"
ROOT = "0x" + "ab" * 32


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("WALKAWAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def run(*words: str) -> Result:
    result = CliRunner().invoke(app, list(words))
    assert SECRET not in result.output
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_version() -> None:
    assert run("--version").output == f"walkaway {walkaway.__version__}\n"


def test_trust_needs_no_network() -> None:
    result = run("trust", "--network", "sepolia", "--checkpoint", ROOT)
    assert result.exit_code == 0
    assert "Believed on sepolia" in result.output
    assert ROOT in "".join(result.output.split())
    assert "given (--checkpoint)" in result.output


def test_trust_as_json() -> None:
    told = json.loads(run("trust", "--json").output)
    assert told["network"] == "mainnet"
    assert set(told["believed"]) >= {"checkpoint", "sync committee", "clock", "submit"}


def test_a_typing_mistake_in_a_value_is_usage() -> None:
    result = run("trust", "--network", "maintnet")
    assert result.exit_code == 2
    assert "must be one of hoodi, mainnet, sepolia" in result.stderr


@pytest.mark.parametrize(
    "flag",
    [
        f"https://n.example/v3/{SECRET}",
        f"archive=https://n.example/{SECRET}",
        f"beacon={SECRET}",
        "beacon",
    ],
)
def test_a_malformed_source_flag_is_not_repeated(flag: str) -> None:
    result = run("trust", "--source", flag)
    assert result.exit_code == 2
    assert "--source" in result.stderr
    assert ("is not KIND=URL" in result.stderr) == (not flag.startswith("beacon="))


def test_a_source_flag_joins_the_others() -> None:
    told = json.loads(
        run("trust", "--json", "--source", f"submit=https://n.example/{SECRET}").output
    )
    assert "only your own: given-1" in told["believed"]["submit"][0]


def test_up_without_a_network_says_so_at_once(closed_port: int, tmp_path: Path) -> None:
    file = tmp_path / "walkaway.toml"
    file.touch(mode=0o600)
    file.write_text(
        f"""
        default_sources = false
        [[source]]
        name = "mine"
        operator = "me"
        kinds = ["beacon", "execution"]
        url = "http://127.0.0.1:{closed_port}/{SECRET}"
        """
    )
    result = run("up", "--config", str(file))
    assert result.exit_code == 3
    assert "no network" in result.stderr
    assert "mine  connection refused" in result.stderr
    assert "walkaway demo needs no network" in result.stderr
    told = json.loads(run("up", "--config", str(file), "--json").output)
    assert told["exit_code"] == 3
    assert told["error"]["sources"] == {"mine": "connection refused"}


@pytest.mark.parametrize("words", [("status",), ("explain", "eth_blockNumber")])
def test_nobody_at_home(words: tuple[str, ...], closed_port: int) -> None:
    result = run(*words, "--host", "127.0.0.1", "--port", str(closed_port))
    assert result.exit_code == 1
    assert "no endpoint answers" in result.stderr
    assert "walkaway up" in result.stderr


def test_a_damaged_state_says_what_to_do(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "mainnet.state").write_text("torn")
    result = run("trust")
    assert result.exit_code == 2
    assert "damaged" in result.stderr
    assert "--checkpoint" in result.stderr


def test_a_closed_pipe_is_no_accident() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "from walkaway.cli.main import main; main()", "trust"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        complaint = process.stderr.read()
    assert b"Traceback" not in complaint
