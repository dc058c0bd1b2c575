"""`walkaway pin-name` as a person runs it, beside a history that names have made."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.names.changing import NEW, NOON, OLD
from walkaway.chain.clock import SystemClock
from walkaway.cli.command_line import command_line
from walkaway.cli.names import history_path
from walkaway.names.held import HeldNames
from walkaway.names.history import PointerHistory
from walkaway.names.hold import Said
from walkaway.names.pointer import Pointer, parse_pointer
from walkaway.names.resolution import Standing
from walkaway.names.served import ServedPointers
from walkaway.proofs.ipfs.ipns_name import name_of_key, name_text
from walkaway.proofs.ipfs.ipns_record import create_record
from walkaway.proofs.ipfs.libp2p_keys import SigningKey

APP = "app.eth"
DAY = 86_400.0


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("WALKAWAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WALKAWAY_DEFAULT_SOURCES", "false")
    monkeypatch.setenv("WALKAWAY_HOLD", "24h")
    monkeypatch.setenv("COLUMNS", "180")


def run(*words: str) -> Result:
    result = CliRunner().invoke(command_line(["pin-name", "add", "ls"]), [*words])
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def pin_name(*words: str) -> str:
    result = run("pin-name", *words)
    assert result.exit_code == 0, result.output
    return result.output


def seen(home: Path, *said: Pointer, network: str = "mainnet") -> None:
    """The name said one after another, and each page of it was opened in a browser."""

    async def see() -> None:
        history = PointerHistory(history_path(home / "home", network))
        for number, pointer in enumerate(said):
            stood = Said(pointer, Standing.PROVEN, '["a contenthash record"]')
            held = await history.see(APP, stood, hold=DAY, now=NOON + 60 * number)
            await ServedPointers(history.file).note("app-eth.localhost", [(APP, held.pointer)])
        history.close()

    asyncio.run(see())


def test_a_change_is_listed_and_decided(tmp_path: Path) -> None:
    assert "no name was resolved" in pin_name()
    seen(tmp_path, OLD, NEW)
    listed = pin_name()
    assert listed.startswith(f"{APP}  {OLD}\n")
    assert f"says {NEW} since 2026-10-01 12:01, which is believed from 2026-10-02 12:01" in listed
    data = json.loads(pin_name("--json"))
    assert data["waiting"]["until"] == NOON + 60 + DAY
    assert "which waits for you" in pin_name(APP)
    assert "pinned" not in pin_name(APP, "--unpin")
    assert "which was rejected" in pin_name(APP, str(NEW), "--reject")
    assert f"{APP}  {NEW}\n" in pin_name(APP, str(NEW), "--accept")
    history = pin_name(APP, "--history").splitlines()
    assert history[0] == f"2026-10-01 12:01 to 2026-10-01 12:01  {NEW}  proven  served"
    assert history[1] == f"2026-10-01 12:00 to 2026-10-01 12:00  {OLD}  proven"
    told = json.loads(pin_name(APP, "--history", "--json").splitlines()[1])
    assert (told["stood_on"], told["served"]) == (["a contenthash record"], False)
    # What is served is rejected, so that the one before is; a browser may hold what it left.
    assert f"{APP}  {OLD}\n" in pin_name(APP, str(NEW), "--reject")
    assert "rejected" in pin_name(APP, "--history")


@pytest.mark.parametrize("flag", ["--accept", "--reject"])
def test_what_is_decided_on_is_named(tmp_path: Path, flag: str) -> None:
    seen(tmp_path, OLD, NEW)
    before = pin_name()
    refused = run("pin-name", APP, flag)
    assert refused.exit_code == 2
    assert f"needs the version that it is about: {NEW} waits" in refused.output
    assert f"walkaway pin-name {APP} {NEW} {flag}" in refused.output
    assert run("pin-name", APP, "/ipfs/" + OLD.root + "/other", flag).exit_code == 2
    assert pin_name() == before


def test_each_network_has_names_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen(tmp_path, OLD, network="sepolia")
    assert "no name was resolved" in pin_name()
    seen(tmp_path, NEW)
    monkeypatch.setenv("WALKAWAY_NETWORK", "sepolia")
    assert pin_name().startswith(f"{APP}  {OLD}")


def test_names_are_forgotten(tmp_path: Path) -> None:
    seen(tmp_path, OLD, NEW)
    assert run("pin-name", "*.evil.eth", "--forget").exit_code == 2
    assert json.loads(pin_name("*.eth", "--forget", "--json")) == {"name": "*.eth", "forgotten": 1}
    seen(tmp_path, OLD)
    pin_name(APP)
    assert run("pin-name", "*", "--forget").exit_code == 2
    assert "forgotten: 1 name" in pin_name(APP, "--forget")
    assert "no name was resolved" in pin_name()


def test_what_a_browser_stored_is_kept(tmp_path: Path) -> None:
    seen(tmp_path, OLD, NEW)
    assert run("pin-name", "app-eth.localhost", "--keep-stored").exit_code == 2
    pin_name(APP, str(NEW))
    seen(tmp_path, NEW)
    pin_name(APP, str(OLD))
    assert "is kept" in pin_name("app-eth.localhost", "--keep-stored")
    assert run("pin-name", "app-eth.localhost", "--keep-stored").exit_code == 2


def test_versions_are_compared_by_their_files(tmp_path: Path) -> None:
    roots = []
    for version, files in enumerate(({"a": "1", "b": "1"}, {"a": "1", "b": "2", "c": "3"})):
        folder = tmp_path / str(version)
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
        added = run("add", str(folder), "--json").output.splitlines()[-1]
        roots.append(parse_pointer(f"/ipfs/{json.loads(added)['cid']}"))
    seen(tmp_path, *roots)
    compared = pin_name(APP, "--compare").splitlines()
    assert compared == [f"{APP}  from {roots[0]} to {roots[1]}", "changed b", "added   c"]
    data = [json.loads(line) for line in pin_name(APP, "--compare", "--json").splitlines()]
    assert [(each["kind"], each["path"]) for each in data] == [("changed", "b"), ("added", "c")]
    assert "they are alike" in pin_name(APP, str(roots[0]), "--compare")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--unpin"], "needs a name"),
        ([APP, "--unpin", "--accept"], "exclude each other"),
        ([APP, "--offline"], "not resolved"),
        ([APP, "--history"], "never resolved here"),
        ([APP, "no version"], "no CID"),
    ],
)
def test_what_cannot_be_done_says_why(words: list[str], says: str) -> None:
    result = run("pin-name", *words)
    assert (result.exit_code != 0, says in result.output) == (True, True)


def test_whoever_only_looks_ends_no_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = SigningKey(bytes(32))
    name = name_of_key(key.public_key)
    held = HeldNames(tmp_path / "home" / "ipns", SystemClock())

    def publish(pointer: Pointer, sequence: int) -> None:
        record = create_record(
            key,
            value=str(pointer),
            sequence=sequence,
            validity="2126-10-01T13:00:00Z",
            ttl=60_000_000_000,
        )
        asyncio.run(held.put(name, record))
        run("ls", f"/ipns/{name_text(name)}", "--offline")

    publish(OLD, 1)
    monkeypatch.setenv("WALKAWAY_HOLD", "0")
    publish(NEW, 2)
    assert pin_name(name_text(name), "--unpin").startswith(f"{name_text(name)}  {OLD}\n")


def test_a_name_that_was_never_seen_is_resolved_to_be_pinned(tmp_path: Path) -> None:
    key = SigningKey(bytes(32))
    name = name_of_key(key.public_key)
    record = create_record(
        key, value=str(OLD), sequence=1, validity="2126-10-01T13:00:00Z", ttl=60_000_000_000
    )
    asyncio.run(HeldNames(tmp_path / "home" / "ipns", SystemClock()).put(name, record))
    assert pin_name(name_text(name), "--offline").startswith(f"{name_text(name)}  {OLD}  pinned")
