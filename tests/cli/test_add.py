"""`walkaway add` as a person runs it: addresses out, and what was added in the store."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from walkaway.cli.command_line import app
from walkaway.content.budget import Budget
from walkaway.content.exporter.directory import entries
from walkaway.content.exporter.file import open_file
from walkaway.content.store.block_store import BlockStore
from walkaway.proofs.ipfs.cid import Cid

HELLO = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
OLD_HELLO = "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD"


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("WALKAWAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hello").write_bytes(b"hello world")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_bytes(b"<p>hello")
    (tmp_path / "site" / ".hidden").write_bytes(b"secret")


def run(*words: str) -> Result:
    result = CliRunner().invoke(app, ["add", *words])
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def store() -> BlockStore:
    (folder,) = {path.parent for path in Path("home").rglob("*.sqlite*")}
    return BlockStore.open(folder)


def pins() -> dict[str, str]:
    with store() as opened:
        return {pin.name: str(pin.cid) for pin in asyncio.run(opened.pins())}


def test_it_prints_the_address_and_pins_it_by_the_name_of_the_file() -> None:
    result = run("hello")
    assert (result.exit_code, result.stdout) == (0, f"{HELLO}  hello\n")
    assert pins() == {"hello": HELLO}


def test_what_was_added_can_be_read_from_the_store(tmp_path: Path) -> None:
    cid = Cid.parse(run("--quiet", str(tmp_path / "site")).stdout.strip())

    async def read(opened: BlockStore) -> dict[str, bytes]:
        content: dict[str, bytes] = {}
        async for entry in entries(opened, cid, Budget()):
            file = await open_file(opened, entry.cid, Budget())
            content[entry.name] = b"".join([piece async for piece in file.stream()])
        return content

    with store() as opened:
        assert asyncio.run(read(opened)) == {"index.html": b"<p>hello"}


def test_hidden_names_are_left_out_with_a_word_about_it_or_taken() -> None:
    plain = run("site")
    assert "1 hidden name left out; --hidden takes them" in plain.stderr
    taken = run("site", "--hidden")
    assert (taken.stderr, taken.stdout.split()[1]) == ("", "site")
    assert taken.stdout != plain.stdout
    assert run("site", "--quiet").stderr == ""


def test_a_link_that_leads_out_is_told_of_and_one_that_stays_is_not() -> None:
    Path("link").symlink_to("hello")
    Path("site/up").symlink_to("../hello")
    assert "1 link leads out of what is added" in run("link").stderr
    told = run("site").stderr
    assert "site/up; --follow takes what they lead to" in told
    assert "lead out" not in run("--wrap", "link", "site", "hello").stderr
    assert json.loads(run("site", "--json").stdout)["links_leading_out"] == 1
    assert "lead" not in run("site", "--follow").stderr


def test_the_name_of_where_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = run("site").stdout
    monkeypatch.chdir(tmp_path / "site")
    assert run(".").stdout == wanted
    (tmp_path / "site" / ".sub").mkdir()
    monkeypatch.chdir(tmp_path / "site" / ".sub")
    assert run("..").stdout == wanted
    (tmp_path / "site" / ".sub").rmdir()
    assert "cannot read .: no such file" in run(".").stderr


def test_several_paths_one_by_one_and_in_one_directory() -> None:
    assert [line.split()[1] for line in run("hello", "site").stdout.splitlines()] == [
        "hello",
        "site",
    ]
    wrapped = run("--wrap", "hello", "site")
    assert wrapped.stdout.rstrip().endswith("  hello, site")
    assert set(pins()) == {"hello", "site", "hello, site"}


def test_by_the_old_profile_without_a_pin_under_a_name_or_keeping_nothing() -> None:
    result = run("hello", "--profile", "unixfs-v0-2015", "--no-pin", "--quiet")
    assert result.stdout == f"{OLD_HELLO}\n"
    assert pins() == {}
    run("hello", "--name", "greeting")
    assert pins() == {"greeting": HELLO}


def test_only_the_address_touches_no_store() -> None:
    assert run("hello", "--only-hash", "-q").stdout == f"{HELLO}\n"
    assert not Path("home").exists()


def test_as_json() -> None:
    told = json.loads(run("site", "--json", "--no-pin").stdout)
    assert told.pop("cid").startswith("bafy")
    assert told == {
        "name": "site",
        "bytes": 8,
        "profile": "unixfs-v1-2025",
        "kept": True,
        "pinned": False,
        "hidden_left_out": 1,
        "links_leading_out": 0,
    }
    assert json.loads(run("site", "--json", "--only-hash").stdout)["kept"] is False


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["absent"], 1, "cannot read absent: no such file"),
        (["/dev/null"], 1, "/dev/null is a device"),
        (["hello", "--profile", "mine"], 2, "no profile is called 'mine'"),
        (["hello", "site", "--name", "both"], 2, "--name is for one pin"),
        (["--wrap", "hello", "./hello"], 2, "two of the paths are called hello"),
        (["--wrap", "-"], 2, "- has no name"),
        (["--wrap", "/"], 2, "/ has no name"),
    ],
)
def test_what_cannot_be_added_is_refused_with_the_reason(
    words: list[str], code: int, reason: str
) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert reason in result.stderr
    assert "JSON-RPC" not in result.stderr


def test_a_name_of_any_bytes_is_added_and_shown(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")).write_bytes(b"hello world")
    result = run(os.fsdecode(b"caf\xe9"))
    assert result.stdout == f"{HELLO}  caf\\xe9\n"
    refused = run("--wrap", os.fsdecode(b"caf\xe9"))
    assert refused.exit_code == 1
    assert "not UTF-8: caf\\xe9" in refused.stderr


@pytest.mark.parametrize(
    ("before", "code", "told"),
    [("", 0, f"{HELLO}\n"), ("exec 0<&-; ", 1, "error  standard input is closed\n")],
    ids=["open", "closed"],
)
def test_standard_input(before: str, code: int, told: str) -> None:
    command = "from walkaway.cli.main import main; main()"
    printed = subprocess.run(
        ["sh", "-c", before + '"$@"', "sh", sys.executable, "-c", command, "add", "-"],
        input="hello world",
        check=False,
        capture_output=True,
        text=True,
    )
    assert (printed.returncode, printed.stdout + printed.stderr) == (code, told)


@pytest.mark.parametrize(
    "words", [("add", "site"), ("store", "stat"), ("pin", "ls")], ids=lambda words: words[0]
)
def test_no_source_of_the_chain_is_needed(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WALKAWAY_DEFAULT_SOURCES", "false")
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.stderr
