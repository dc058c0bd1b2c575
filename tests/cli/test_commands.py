"""The commands as a person runs them: output, errors and exit codes."""

from __future__ import annotations

import ast
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
from walkaway.anchors.load import chain_spec
from walkaway.cli.command_line import app
from walkaway.cli.explain import read_param

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


def test_other_code_for_names_of_ens_is_believed_once_accepted() -> None:
    address = "0x" + "e5" * 20
    assert "recorded" in run("trust").output
    assert run("trust", "--accept-resolver", "0x1234").exit_code == 2
    accepted = run("trust", "--accept-resolver", address)
    assert accepted.exit_code == 0
    told = " ".join(json.loads(run("trust", "--json").output)["believed"]["ENS"])
    assert f"{address}, accepted by you" in told


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
        f"{SECRET}=https://n.example",
        f"beacon={SECRET}",
        "beacon",
    ],
)
def test_a_malformed_source_flag_is_not_repeated(flag: str) -> None:
    result = run("trust", "--source", flag)
    assert result.exit_code == 2
    assert "--source" in result.stderr
    assert ("is not KIND=URL" in result.stderr) == (not flag.startswith("beacon="))


def test_an_unknown_kind_of_source_is_named_with_those_that_are() -> None:
    result = run("up", "--source", "beacon+archive=https://n.example")
    assert result.exit_code == 2
    assert "has an unknown kind, 'archive'" in result.stderr
    assert "execution, beacon, checkpoint, submit" in result.stderr


def test_a_source_flag_joins_the_others() -> None:
    told = json.loads(
        run("trust", "--json", "--source", f"submit=https://n.example/{SECRET}").output
    )
    assert "only your own: given-1 (n.example)" in told["believed"]["submit"][0]
    assert SECRET not in json.dumps(told)


def test_the_endpoint_alone_says_at_once_that_there_is_no_network(
    closed_port: int, tmp_path: Path
) -> None:
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
    result = run("up", "--serve", "rpc", "--config", str(file))
    assert result.exit_code == 3
    assert "no network" in result.stderr
    assert "mine  connection refused" in result.stderr
    assert "walkaway demo needs no network" in result.stderr
    told = json.loads(run("up", "--serve", "rpc", "--config", str(file), "--json").output)
    assert told["exit_code"] == 3
    assert told["error"]["sources"] == {"mine": "connection refused"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ar://x",), "an id of Arweave has 43 characters"),
        (("ftp://example.org/",), "names no content"),
        (("app.eth", "latest"), "a page takes no parameters"),
        (("eth_blockNumber", "--data-set", "7"), "is asked of a piece alone"),
    ],
)
def test_what_is_neither_a_page_nor_a_method_is_refused(words: tuple[str, ...], says: str) -> None:
    result = run("explain", *words)
    assert (result.exit_code, says in " ".join(result.stderr.split())) == (2, True)


@pytest.mark.parametrize("words", [("status",), ("explain", "eth_blockNumber")])
def test_nobody_at_home(words: tuple[str, ...], closed_port: int) -> None:
    result = run(*words, "--host", "127.0.0.1", "--port", str(closed_port))
    assert result.exit_code == 4, "another one than that of a refused head"
    assert "no endpoint answers" in result.stderr
    assert "walkaway up" in result.stderr


@pytest.mark.parametrize("command", ["status", "explain"])
def test_who_asks_an_endpoint_does_not_listen(command: str) -> None:
    told = " ".join(run(command, "--help").output.split())
    assert "The port of the running endpoint." in told
    assert "to listen on" not in told


@pytest.mark.parametrize("flags", [("--json",), ()])
def test_a_port_that_is_none_is_usage_for_every_command(flags: tuple[str, ...]) -> None:
    for command in ("demo", "up"):
        result = run(command, "--port", "99999", *flags)
        assert result.exit_code == 2
        assert "--port: port must be a port from 0 to 65535" in result.output
        assert len(result.output.splitlines()) <= 2


def test_no_advice_leads_to_files_that_an_installed_package_lacks() -> None:
    for source in Path(walkaway.__file__).parent.joinpath("cli").glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                names_file = "docs/" in node.value and "``docs/" not in node.value
                assert not names_file, f"{source.name}:{node.lineno}"


def test_a_damaged_state_says_what_to_do(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "mainnet.state").write_text("torn")
    result = run("trust")
    assert result.exit_code == 2
    assert "damaged" in result.stderr
    assert "--checkpoint" in result.stderr


@pytest.mark.parametrize("columns", [None, "60"])
def test_a_pipe_gets_whole_lines_without_padding(columns: str | None) -> None:
    environment = {name: text for name, text in os.environ.items() if name != "COLUMNS"}
    if columns is not None:
        environment["COLUMNS"] = columns
    printed = subprocess.run(
        [
            *(sys.executable, "-c", "from walkaway.cli.main import main; main()"),
            *("trust", "--checkpoint", ROOT),
        ],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    ).stdout
    assert printed.splitlines() == [line.rstrip() for line in printed.splitlines()]
    if columns is None:
        assert f"validators root 0x{chain_spec('mainnet').genesis_validators_root.hex()}" in printed
    else:
        assert max(map(len, printed.splitlines())) <= int(columns)


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


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("1", "0x1"),
        ("21925176", "0x14e8d38"),
        ("0", "0x0"),
        ("-1", "-1"),
        ("1.5", "1.5"),
        ("007", "007"),
        ("0x10", "0x10"),
        ("latest", "latest"),
        ("true", True),
        ("null", None),
        ('["0x5"]', ["0x5"]),
        ('{"blockHash": "0x5"}', {"blockHash": "0x5"}),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_parameters_are_read_as_people_write_them(word: str, value: object) -> None:
    assert read_param(word) == value


@pytest.mark.parametrize("word", ['{"to": "0x1",}', "{to: 1}", " [1", "[" * 5000])
def test_a_parameter_that_begins_as_json_and_is_none_is_refused(word: str) -> None:
    result = run("explain", "eth_call", word)
    assert result.exit_code == 2
    assert "this parameter is not JSON" in result.stderr
    assert "double quotes" in result.stderr
