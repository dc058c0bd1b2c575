"""`walkaway resolve` and `open`: over a devnet, by the endpoint that runs and without one."""

from __future__ import annotations

import asyncio
import json
import webbrowser
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.cli.test_status import STATUS
from tests.cli.test_up import HELLO, Recorder, devnet_with_app, settings_for
from tests.names.changing import NEW, NOON, OLD
from walkaway.chain.clock import SystemClock
from walkaway.cli import ens_on_demand, up
from walkaway.cli import open as open_command
from walkaway.cli.command_line import app
from walkaway.cli.evidence_tree import because_tree
from walkaway.cli.names import history_path
from walkaway.cli.open import address_of
from walkaway.cli.resolve import resolved_page
from walkaway.cli.terminal import Terminal
from walkaway.devnet.execution.accounts import NAMES_OWNER, dev_account
from walkaway.devnet.network import Devnet
from walkaway.errors import WalkawayError
from walkaway.names.held import HeldNames
from walkaway.names.history import PointerHistory
from walkaway.names.pointer import Pointer
from walkaway.proofs.ipfs.ipns_name import name_of_key, name_text
from walkaway.proofs.ipfs.ipns_record import create_record
from walkaway.proofs.ipfs.libp2p_keys import SigningKey

BIG = 190


class Stand:
    """A devnet with app.eth on it, and commands that know no other network."""

    def __init__(self, devnet: Devnet, home: Path) -> None:
        self.devnet = devnet
        self.home = home
        self.root = f"0x{devnet.checkpoint.root.hex()}"
        self.settings = settings_for(devnet, home, checkpoint=self.root)

    async def command(self, *words: str, port: int = 1) -> Result:
        """Run a command in a thread, since this loop serves the devnet."""
        common = ["--config", str(self.home / "walkaway.toml")]
        common += ["--state-directory", str(self.home / "state")]
        environment = {"WALKAWAY_CHECKPOINT": self.root, "WALKAWAY_PORT": str(port)}
        environment |= {"WALKAWAY_HOST": "127.0.0.1", "COLUMNS": str(BIG)}
        return await asyncio.to_thread(CliRunner().invoke, app, [*words, *common], env=environment)

    async def told(self, *words: str, port: int = 1) -> dict[str, Any]:
        """What a command tells programs."""
        result = await self.command(*words, "--json", port=port)
        assert result.exit_code == 0, result.output
        found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
        return found


@asynccontextmanager
async def standing(home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    async with devnet_with_app() as devnet:
        monkeypatch.setattr(up, "chain_spec", lambda _: devnet.spec)
        monkeypatch.setattr(ens_on_demand, "chain_spec", lambda _: devnet.spec)
        yield Stand(devnet, home)


async def test_what_a_name_says_without_and_with_an_endpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing(tmp_path, monkeypatch) as stand:
        alone = await stand.told("resolve", "App.eth", "--text", "url", "--coin", "0")
        assert (alone["name"], alone["pointer"], alone["standing"]) == (
            "app.eth",
            str(HELLO),
            "proven",
        )
        assert alone["addresses"]["60"]["data"] == f"0x{NAMES_OWNER.address.hex()}"
        assert alone["addresses"]["0"] is None
        assert alone["texts"] == {"url": None}
        assert stand.devnet.checkpoint.root.hex() in json.dumps(alone["because"])
        fetched = await stand.command("get", "app.eth", "-o", str(tmp_path / "hello"))
        assert fetched.exit_code == 0, fetched.output
        assert (tmp_path / "hello").read_bytes() == b"hello\n"

        assert (alone["held"], alone["waiting"]) == (None, None)
        await _held_alike(stand)
        await _of_a_contract(stand)
        serving, reporter = _serving(stand)
        port = int((await asyncio.wait_for(reporter.url, 20)).rpartition(":")[2])
        beside = await stand.told("resolve", "app.eth", port=port)
        assert (beside["pointer"], beside["resolver"]) == (alone["pointer"], alone["resolver"])
        # What is held is held of another network's name.
        assert (beside["network"], beside["held"]) == (stand.devnet.spec.network, None)
        elsewhere = await stand.command("resolve", "app.eth", "--network", "sepolia", port=port)
        follows = f"follows {stand.devnet.spec.network}: it is not asked"
        assert follows in elsewhere.output, elsewhere.output
        assert follows not in (await stand.command("resolve", "app.eth", port=port)).output
        drawn = await stand.command("resolve", "app.eth", "--why", port=port)
        for words in (str(HELLO), "proven", "believed: ", "address, ETH"):
            assert words in drawn.stdout, words
        primary = await stand.told("resolve", f"0x{dev_account(0).address.hex()}", port=port)
        assert (primary["name"], primary["coinType"]) == ("alice.eth", "60")
        none = await stand.command("resolve", "nobody.eth", port=port)
        assert none.exit_code == 1
        assert "leads nowhere in ENS" in none.output
        # The chain is followed beside the one that has the state directory.
        again = await stand.command("ls", "app.eth")
        assert again.exit_code == 0, again.output
        assert HELLO.root in again.stdout
        await _end(serving)


async def _held_alike(stand: Stand) -> None:
    """What is served of a name of ENS, where the person holds it, and what waits."""
    history = PointerHistory(history_path(stand.home / "state", "mainnet"))
    await history.pin("app.eth", OLD, now=NOON)
    held = await stand.told("resolve", "app.eth")
    assert (held["pointer"], held["held"], held["standing"]) == (str(HELLO), str(OLD), "proven")
    assert held["waiting"]["why"] == "the name is pinned"
    await history.forget("app.eth")
    history.close()


@pytest.fixture
def key_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where nobody is asked, and changes wait for a day."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("WALKAWAY_HOME", str(tmp_path))
    monkeypatch.setenv("WALKAWAY_DEFAULT_SOURCES", "false")
    monkeypatch.setenv("WALKAWAY_HOLD", "24h")
    monkeypatch.setenv("COLUMNS", str(BIG))
    return tmp_path


async def _say(home: Path, key: SigningKey, to: Pointer, sequence: int) -> str:
    """The name of a key, whose record here says so from then on."""
    name = name_of_key(key.public_key)
    record = create_record(
        key,
        value=str(to),
        sequence=sequence,
        validity="2100-01-01T00:00:00.0Z",
        ttl=0,
        with_version_1=True,
    )
    await HeldNames(home / "ipns", SystemClock()).put(name, record)
    return name_text(name)


def test_a_key_that_is_held_is_told_with_what_waits(key_home: Path) -> None:
    def told(name: str) -> tuple[dict[str, Any], str]:
        as_json, page = (
            CliRunner().invoke(app, ["resolve", name, "--offline", *more])
            for more in (["--json"], [])
        )
        assert (as_json.exit_code, page.exit_code) == (0, 0), page.output
        return json.loads(as_json.stdout), page.stdout

    key = SigningKey(bytes(range(32)))
    name = asyncio.run(_say(key_home, key, OLD, 0))
    first, page = told(name)
    assert (first["pointer"], first["standing"], first["held"]) == (str(OLD), "proven", None)
    assert "served here" not in page
    asyncio.run(_say(key_home, key, NEW, 1))
    changed, page = told(name)
    assert (changed["pointer"], changed["held"]) == (str(NEW), str(OLD))
    assert changed["standing"] == "proven"
    assert changed["waiting"]["until"] == changed["waiting"]["since"] + 86_400
    for words in (f"served here  {OLD}", f"says now     {NEW}", "is believed from 20"):
        assert words in page, page
    assert "your own setting" not in page
    history = PointerHistory(history_path(key_home, "mainnet"))
    asyncio.run(history.pin(name, now=NOON))
    assert "which waits  the name is pinned" in told(name)[1]
    history.close()
    for record in (key_home / "ipns").iterdir():
        record.unlink()
    gone, page = told(name)
    assert (gone["pointer"], gone["standing"], gone["held"]) == (None, None, str(OLD))
    assert "says now     not resolved: " in page


def _noting(opened: list[str]) -> Callable[[str], bool]:
    """A browser that notes what it is to open."""

    def browser(address: str) -> bool:
        opened.append(address)
        return True

    return browser


async def _of_a_contract(stand: Stand) -> None:
    """The same name as that of a contract: it leads elsewhere, and is held by itself."""
    there = f"/web3/0x{NAMES_OWNER.address.hex()}:1337"
    for word in ("App.eth:1337", "web3://app.eth:1337/"):
        told = await stand.told("resolve", word)
        assert (told["pointer"], told["standing"], told["held"]) == (there, "proven", None)
        assert stand.devnet.checkpoint.root.hex() in json.dumps(told["because"])
    history = PointerHistory(history_path(stand.home / "state", "mainnet"))
    pinned = f"web3://0x{'22' * 20}:1337/"
    assert (await stand.command("pin-name", "web3://app.eth:1337", pinned)).exit_code == 0
    held = await stand.told("resolve", "app.eth:1337")
    assert (held["pointer"], held["held"]) == (there, f"/web3/0x{'22' * 20}:1337")
    assert held["waiting"]["why"] == "the name is pinned"
    await history.forget("app.eth:1337")
    history.close()
    for words, said in (
        (("resolve", "app.eth:5"), "names on chain 5 are not read"),
        (("resolve", "app.eth:1337", "--text", "url"), "ask for those of app.eth"),
        (("pin-name", "app.eth:1337", str(HELLO)), "cannot lead to"),
        (("pin-name", "app.eth", pinned), "cannot lead to a contract"),
        (("pin-name", "app.eth:1337", "web3://other.eth"), "no address of a contract"),
    ):
        refused = await stand.command(*words)
        assert refused.exit_code != 0
        assert said in " ".join(refused.output.split()), refused.output


def _serving(stand: Stand) -> tuple[asyncio.Task[None], Recorder]:
    reporter = Recorder()
    return asyncio.create_task(up.serve(stand.settings, reporter)), reporter


async def _end(serving: asyncio.Task[None]) -> None:
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


def test_names_that_need_no_chain(tmp_path: Path) -> None:
    config = tmp_path / "walkaway.toml"
    links = f'dnslinks = ["site.example={HELLO}", "mine.eth={HELLO}"]'
    config.write_text(f"default_sources = false\nens = false\n{links}\n")
    config.chmod(0o600)
    common = ["--config", str(config), "--state-directory", str(tmp_path / "state")]

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["resolve", *words, *common], env={"COLUMNS": str(BIG)})

    own = run("Site.example")
    assert own.exit_code == 0, own.output
    assert str(HELLO) in own.stdout
    assert "your own setting" in own.stdout
    asks_nobody = run("app.eth", "--offline")
    assert asks_nobody.exit_code == 2
    mine = run("Mine.eth")
    assert (mine.exit_code, str(HELLO) in mine.stdout) == (0, True), mine.output
    assert "your own setting" in mine.stdout
    for words in (("mine.eth", "--text", "url"), ("app.eth",)):
        not_resolved = run(*words)
        assert not_resolved.exit_code == 2, not_resolved.output
        assert "ens = false" in not_resolved.output
    unresolved = run("other.example", "--offline")
    assert unresolved.exit_code == 1, unresolved.output
    nothing = run("a..b")
    assert nothing.exit_code == 2
    assert "'a..b' is no name" in nothing.output
    for short in ("0x0000", "0X" + "0" * 40, "0x" + "g" * 40, "0x"):
        no_address = run(short)
        assert no_address.exit_code == 2, no_address.output
        assert f"no address: '{short}'" in no_address.output
        assert "0x and 20 bytes in hex" in no_address.output
    word = run("printer")
    assert word.exit_code == 1
    assert "which nobody is asked about" in word.output
    assert "ar://printer" in word.output


@pytest.mark.parametrize(
    ("pointer", "address"),
    [
        (Pointer("ipns", "App.eth"), "http://app-eth.localhost:8080/"),
        (Pointer("ipns", "my-app.eth", ("a b",)), "http://my--app-eth.localhost:8080/a%20b"),
        (HELLO, f"http://{HELLO.root}.ipfs.localhost:8080/"),
        (Pointer("ipns", "a" * 60 + ".eth"), f"http://127.0.0.1:8080/ipns/{'a' * 60}.eth"),
        (Pointer("ipns", "ardrive"), "http://ardrive.ipns.localhost:8080/"),
    ],
)
def test_each_place_has_an_address_for_a_browser(pointer: Pointer, address: str) -> None:
    assert address_of(pointer, 8080) == address


def test_only_the_address_is_printed_where_that_is_wanted(tmp_path: Path) -> None:
    words = ["open", "app.eth/a", "--print", "--gateway-port", "81"]
    result = CliRunner().invoke(app, [*words, "--state-directory", str(tmp_path)])
    assert result.output.strip() == "http://app-eth.localhost:81/a"
    as_json = CliRunner().invoke(app, [*words, "--json", "--state-directory", str(tmp_path)])
    assert json.loads(as_json.stdout) == {"address": "http://app-eth.localhost:81/a"}


def test_a_name_whose_chain_nobody_can_be_asked_for_is_not_waited_for(tmp_path: Path) -> None:
    config = tmp_path / "walkaway.toml"
    config.write_text("default_sources = false\n")
    words = ["open", "app.eth", "--config", str(config), "--gateway-port", "1"]
    result = CliRunner().invoke(app, [*words, "--state-directory", str(tmp_path)])
    assert result.exit_code == 3, result.output
    assert "no network" in result.output


def test_the_browser_opens_once_the_name_can_be_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", _noting(opened))
    name = open_command._Opening(Terminal(as_json=True), Pointer("ipns", "app.eth"), waits=True)
    name.gateway("http://localhost:81")
    name.head(replace(STATUS, latest=None))
    assert opened == []
    for _ in range(2):
        name.head(STATUS)
    assert opened == ["http://app-eth.localhost:81/"]
    content = open_command._Opening(Terminal(as_json=True), HELLO, waits=False)
    content.gateway("http://localhost:82")
    assert opened[1:] == [f"http://{HELLO.root}.ipfs.localhost:82/"]


@pytest.mark.parametrize("name", ["\udcff.eth", "a..eth", "xn--app-.eth"])
def test_what_is_no_name_is_told_to_nobody(tmp_path: Path, name: str) -> None:
    words = ["resolve", name, "--port", "1", "--state-directory", str(tmp_path)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "no name" in result.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "word",
    [
        "app.eth/docs",
        "/ipns/app.eth",
        "http://app.eth/",
        "https://app.eth:8080/a",
        "IPNS://app.eth",
    ],
)
def test_a_name_is_resolved_alone(tmp_path: Path, word: str) -> None:
    words = ["resolve", word, "--port", "1", "--state-directory", str(tmp_path)]
    result = CliRunner().invoke(app, words, env={"COLUMNS": str(BIG)})
    assert result.exit_code == 2
    assert f"error  '{word}' is more than a name\n" in result.output
    assert "next   walkaway resolve app.eth\n" in result.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("word", [str(HELLO), f"ipfs://{HELLO.root}/docs"])
def test_an_address_of_content_is_looked_at(word: str) -> None:
    result = CliRunner().invoke(app, ["resolve", word], env={"COLUMNS": str(BIG)})
    assert result.exit_code == 2
    assert "is an address, which leads nowhere else" in result.output
    assert f"walkaway ls {word}" in result.output


def test_an_answer_that_is_none_is_refused() -> None:
    for told in ({}, {"name": "a"}, {"name": "a", "standing": "unheard of"}):
        with pytest.raises(WalkawayError, match="can be read"):
            resolved_page(told, width=80)
    with pytest.raises(KeyError):
        because_tree({})
