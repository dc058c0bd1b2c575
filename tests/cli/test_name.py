"""`walkaway name` as a person runs it: keys, and names published to another node."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.cli.test_two_nodes import settings_of
from walkaway.cli import passphrase as passphrase_module
from walkaway.cli.command_line import command_line
from walkaway.cli.gateway import gateway_plan, open_gateway
from walkaway.names.ipns import keys
from walkaway.names.ipns.keys import Cost
from walkaway.names.ipns.private_key import private_key_message

SEED = bytes(range(32))
PASSPHRASE = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("WALKAWAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WALKAWAY_DEFAULT_SOURCES", "false")
    monkeypatch.setenv("COLUMNS", "150")
    monkeypatch.setattr(keys, "COST", Cost(1 << 4, 1, 1))


@pytest.fixture
def passphrase(tmp_path: Path) -> str:
    """A file that holds one."""
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    return str(file)


def run(*words: str) -> Result:
    result = CliRunner().invoke(command_line(["name"]), ["name", *words])
    assert PASSPHRASE not in result.output
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_keys_come_and_go(tmp_path: Path, passphrase: str) -> None:
    file = tmp_path / "exported"
    file.write_bytes(private_key_message(SEED))
    assert "no keys" in run("key", "list").output
    taken = run("key", "import", "site", str(file), "--passphrase-file", passphrase, "--json")
    name = json.loads(taken.output)["name"]
    made = run("key", "new", "other", "--passphrase-file", passphrase)
    assert made.output.startswith("other  k51")
    listed = run("key", "list", "--json").output.splitlines()
    assert json.loads(listed[1]) == {"key": "site", "name": name}
    out = tmp_path / "out"
    assert (
        run("key", "export", name, "-o", str(out), "--passphrase-file", passphrase).exit_code == 0
    )
    assert out.read_bytes() == private_key_message(SEED)
    assert out.stat().st_mode & 0o777 == 0o600
    again = run("key", "export", "site", "-o", str(out), "--passphrase-file", passphrase)
    assert (again.exit_code, "cannot be written" in again.stderr) == (1, True)
    assert "that is not there yet" in again.stderr
    nobody = run("key", "remove", "site")
    assert (nobody.exit_code, "--yes" in nobody.stderr) == (2, True)
    assert "site" in run("key", "list").output
    assert run("key", "remove", "site", "--yes").exit_code == 0
    assert "site" not in run("key", "list").output


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"another\n", 2, "the passphrase does not open the key"),
        (b"", 1, "holds no passphrase"),
        (b"two\nlines\n", 1, "holds no passphrase"),
        (b"\xff", 1, "holds no passphrase"),
        (b"x" * 5000, 1, "holds no passphrase"),
        (None, 1, "cannot be read"),
    ],
)
def test_a_wrong_passphrase_is_said_so(
    tmp_path: Path, passphrase: str, content: bytes | None, code: int, says: str
) -> None:
    run("key", "new", "site", "--passphrase-file", passphrase)
    file = tmp_path / "other"
    if content is not None:
        file.write_bytes(content)
    result = run("publish", "site", "bafkqaaa", "--passphrase-file", str(file), "--offline")
    assert (result.exit_code, says in result.stderr) == (code, True)
    assert "next " in result.stderr
    assert "type it" not in result.stderr


def test_a_passphrase_that_is_not_typed_ends_as_by_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> str:
        raise typer.Abort

    monkeypatch.setattr(passphrase_module, "sys", SimpleNamespace(stdin=_Terminal()))
    monkeypatch.setattr(typer, "prompt", interrupted)
    result = run("key", "new", "site")
    assert (result.exit_code, "stopped" in result.stderr) == (130, True)


class _Terminal:
    """Somebody who sits there."""

    def isatty(self) -> bool:
        return True


def test_where_there_is_no_terminal_the_file_is_named() -> None:
    result = run("key", "new", "site")
    assert (result.exit_code, "--passphrase-file" in result.stderr) == (2, True)


@pytest.mark.parametrize("word", ["nobody", "bafkqaaa", "../x"])
def test_a_name_that_is_none_is_said_so(word: str) -> None:
    assert "neither the name of a key" in run("show", word).stderr
    assert "there is no key" in run("publish", word, "bafkqaaa", "--offline").stderr


def test_a_file_that_is_no_key_is_refused(tmp_path: Path, passphrase: str) -> None:
    (tmp_path / "long").write_bytes(bytes(10_000))
    for file in ("long", "passphrase", "absent"):
        result = run("key", "import", "a", str(tmp_path / file), "--passphrase-file", passphrase)
        assert result.exit_code in (1, 2)
    assert "no keys" in run("key", "list").output


def test_offline_it_is_kept_on_this_machine_alone(passphrase: str) -> None:
    run("key", "new", "site", "--passphrase-file", passphrase)
    told = run("publish", "site", "bafkqaaa", "--passphrase-file", passphrase, "--offline")
    assert "not published: nobody was told" in told.output
    words = ("publish", "site", "bafkqaaa", "--passphrase-file", passphrase, "--offline", "--json")
    assert json.loads(run(*words).output)["published"] is False
    shown = json.loads(run("show", "site", "--offline", "--json").output)
    assert (shown["value"], shown["sequence"], shown["given_by"]) == ("/ipfs/bafkqaaa", 1, [])


def test_without_a_network_it_is_said_that_it_stands_here_already(passphrase: str) -> None:
    run("key", "new", "site", "--passphrase-file", passphrase)
    words = ("publish", "site", "bafkqaaa", "--passphrase-file", passphrase)
    away = run(*words, "--source", "routing=http://127.0.0.1:1")
    assert away.exit_code == 3
    for said in ("no network", "stands on this machine, and nobody was told", "publish it again"):
        assert said in away.stderr, away.stderr
    shown = json.loads(run("show", "site", "--offline", "--json").output)
    assert (shown["value"], shown["sequence"]) == ("/ipfs/bafkqaaa", 0)


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--hours", "0", "--hours is more than 0"),
        ("--hours", "nan", "--hours is more than 0"),
        ("--hours", "0.0001", "--ttl is no less than 0, and no longer than --hours"),
        ("--ttl", "-1", "--ttl is no less than 0"),
    ],
)
def test_times_that_are_none_name_their_option(
    passphrase: str, option: str, value: str, says: str
) -> None:
    run("key", "new", "site", "--passphrase-file", passphrase)
    words = ("publish", "site", "bafkqaaa", "--passphrase-file", passphrase, "--offline")
    result = run(*words, option, value)
    assert (result.exit_code, says in result.stderr) == (2, True), result.stderr


async def test_a_name_is_published_to_another_node_and_read_back(
    tmp_path: Path, passphrase: str
) -> None:
    async with open_gateway(gateway_plan(settings_of(tmp_path / "router"))) as router:
        url = f"http://127.0.0.1:{router.server.port}"

        async def ask(*words: str) -> Result:
            return await asyncio.to_thread(run, *words)

        await ask("key", "new", "site", "--passphrase-file", passphrase)
        words = ("publish", "site", "bafkqaaa/docs", "--passphrase-file", passphrase, "--ttl", "9")
        done = await ask(*words, "--source", f"routing={url}", "--json")
        told = json.loads(done.output)
        assert (told["sequence"], told["ttl_seconds"], told["refused"]) == (0, 9, {})
        assert told["published"] is True
        assert told["taken_by"] == told["given_by"] == [f"given-1 (127.0.0.1:{router.server.port})"]
        resolution = await router.names.names.resolve(told["name"])
        assert str(resolution.pointer) == told["value"] == "/ipfs/bafkqaaa/docs"
        # Another machine finds it, by a router or by a gateway.
        for kind in ("routing", "content"):
            os.environ["WALKAWAY_HOME"] = str(tmp_path / kind)
            shown = await ask("show", told["name"], "--source", f"{kind}={url}")
            assert "leads to     /ipfs/bafkqaaa/docs" in shown.output
            assert "given by     given-1" in shown.output
