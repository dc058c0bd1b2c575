"""Origins of names that lead to contracts: held, pinned, rejected and cleared as all names are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from eth_abi.abi import encode

from tests.content.exporter.dags import Dag
from tests.content.web3.simulated import ADDRESS, REVERTED, Simulated, say
from tests.gateway.asgi_client import Reply, ask
from tests.gateway.origins.test_name_origins import NAVIGATE, OWN, WORKER, fields_of, post_form
from tests.names.changing import NOON
from walkaway.chain.clock import FixedClock
from walkaway.content.web3.contracts import Web3Content
from walkaway.evm.engine import Outcome
from walkaway.gateway.answers.explanation import Explanations
from walkaway.gateway.app import Gateway
from walkaway.gateway.origins.name_origins import CLEAR_PATH, NameOrigins
from walkaway.gateway.safety.denylist import Denylist
from walkaway.names.contract_names import ContractNames
from walkaway.names.ens.records import AddressRecord, EnsRecord, EnsValue, TextRecord, Unreadable
from walkaway.names.every_kind import NamesOfEveryKind
from walkaway.names.held import HeldNames
from walkaway.names.history import PointerHistory
from walkaway.names.hold import HoldPolicy
from walkaway.names.late import LateEns, LateNames
from walkaway.names.pointer import Network, Pointer
from walkaway.names.resolution import Resolution
from walkaway.names.steady import SteadyNames
from walkaway.proofs.execution.header import Header
from walkaway.proofs.proven import Proven

NAME, ORIGIN = "app.eth:1", "app-eth.1.web3.localhost:8080"
EVIL = b"\x66" * 20
AT_GOOD, AT_EVIL = (Pointer("web3", f"0x{address.hex()}:1") for address in (ADDRESS, EVIL))
CONTRACT, ADDR = TextRecord("contentcontract"), AddressRecord()
DAY = 86_400.0

Records = dict[EnsRecord, EnsValue]
HONEST: Records = {ADDR: ADDRESS}
HIJACKED: list[Records] = [{ADDR: EVIL}, {ADDR: ADDRESS, CONTRACT: f"0x{EVIL.hex()}"}]


@dataclass
class Followed(Simulated):
    """A chain with contracts in manual mode, each with pages of its own by their paths."""

    pages: Mapping[bytes, Mapping[bytes, bytes]] = field(default_factory=dict)

    async def resolve(self, name: str) -> Resolution:
        raise AssertionError("nobody asks for contenthashes")

    async def call(
        self, head: Proven[Header], sender: bytes, to: bytes, data: bytes
    ) -> Proven[Outcome]:
        def page(path: bytes) -> Outcome:
            found = self.pages[to].get(path)
            return REVERTED if found is None else say(encode(["bytes"], [found]))

        self.contract = page
        return await super().call(head, sender, to, data)


class World:
    """A gateway with one name that leads to a contract, and a contract that hijacks it."""

    def __init__(
        self,
        history: PointerHistory,
        folder: Path,
        *,
        hold: float = 0.0,
        denied: str = "",
        own: Mapping[str, str] | None = None,
    ) -> None:
        self.history, self.clock = history, FixedClock(NOON)
        self.records, page = dict(HONEST), b"<!doctype html>good"
        self.chain = Followed(
            names={"app.eth": self.records},
            mode=b"manual",
            pages={
                ADDRESS: {b"/": page, b"/?b=%2f": page, b"/worker.js": b"// good worker"},
                EVIL: {b"/": b"<!doctype html>evil", b"/evil.js": b"// evil worker"},
            },
        )
        self.ens = LateEns("the chain", "it went away")
        nobody = LateNames("nobody", "is asked here")
        self.contracts = Web3Content("the chain", "it went away")
        held = HeldNames(folder / "ipns", self.clock, dnslinks=own)
        kinds = NamesOfEveryKind(held, nobody, self.ens, ContractNames(self.ens), nobody, nobody)
        policy = HoldPolicy(hold)
        names = SteadyNames(kinds, history, policy, self.clock)
        (folder / "list.deny").write_text(denied)
        denylist = Denylist(folder / "list.deny")
        denylist.load()
        dag, others = Dag(), dict[Network, Web3Content]({"web3": self.contracts})
        origins = NameOrigins(history, policy, self.clock)
        self.gateway = Gateway(dag, dag, names, others=others, origins=origins, denylist=denylist)
        self.gateway.explanations = Explanations(dag, names, others=others)

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Inside, the chain is there."""
        with self.ens.led_by(self.chain), self.contracts.led_by(self.chain):
            yield

    def says(self, records: Records) -> None:
        """From a minute later on the name has these records."""
        self.records.clear()
        self.records.update(records)
        self.clock.seconds += 60

    async def get(
        self, target: str = "/", *, host: str = ORIGIN, headers: Mapping[str, str] = NAVIGATE
    ) -> Reply:
        return await ask(self.gateway, target, host=host, headers=headers)


MakesWorld = Callable[..., World]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MakesWorld]:
    history = PointerHistory(tmp_path / "names.sqlite")
    yield lambda **how: World(history, tmp_path, **how)
    history.close()


@pytest.fixture
def world(made: MakesWorld) -> Iterator[World]:
    world = made()
    with world.followed():
        yield world


@pytest.mark.parametrize("hijacked", HIJACKED)
async def test_a_hijack_of_either_record_waits(made: MakesWorld, hijacked: Records) -> None:
    world = made(hold=DAY)
    with world.followed():
        assert b"good" in (await world.get()).body
        world.says(hijacked)
        told = await world.get()
        assert b"good" in told.body
        assert told.header("walkaway-name-waiting") == (
            f'"app.eth%3A1"; says="{str(AT_EVIL).replace(":", "%3A")}"; '
            f'why="it has not stood for long enough yet"; '
            f"since={NOON + 60:.0f}; until={NOON + 60 + DAY:.0f}"
        )
        assert b"// evil" not in (await world.get("/evil.js", headers=WORKER)).body
        world.clock.seconds += DAY
        assert b"evil" in (await world.get()).body


async def test_without_a_hold_what_the_hijacked_page_left_is_cleared(world: World) -> None:
    assert (await world.get("/worker.js", headers=WORKER)).body == b"// good worker"
    assert b"good" in (await world.get()).body
    world.says(HIJACKED[0])
    assert b"evil" in (await world.get()).body
    assert (await world.get("/evil.js", headers=WORKER)).body == b"// evil worker"
    world.says(HONEST)
    page = await world.get("/?b=%2f")
    assert "went back to what it said before" in page.text
    assert str(AT_EVIL) in page.text
    # No worker lives on meanwhile, and neither does one that is in no release any more.
    assert "unregister()" in (await world.get("/worker.js", headers=WORKER)).text
    cleared = await post_form(world.gateway, CLEAR_PATH, fields_of(page.text), host=ORIGIN)
    assert (cleared.status, cleared.header("location")) == (303, "/?b=%2f")
    assert '"storage"' in cleared.header("clear-site-data")
    assert b"good" in (await world.get()).body
    assert (await world.get("/worker.js", headers=WORKER)).body == b"// good worker"
    assert "unregister()" in (await world.get("/evil.js", headers=WORKER)).text


async def test_what_was_rejected_is_left_and_never_shown_again(world: World) -> None:
    await world.get()
    world.says(HIJACKED[0])
    assert b"evil" in (await world.get()).body
    await world.history.reject("App.eth:1", replaced(AT_EVIL), now=world.clock.seconds)
    assert "you rejected it" in (await world.get()).text
    world.clock.seconds += 30 * DAY
    assert b"good" in (await world.get(headers={})).body


async def test_a_pin_holds_it_whatever_it_says(world: World) -> None:
    await world.get()
    await world.history.pin(NAME, replaced(AT_GOOD), now=world.clock.seconds)
    world.says(HIJACKED[1])
    world.clock.seconds += 30 * DAY
    told = await world.get()
    assert b"good" in told.body
    assert 'why="the name is pinned"' in told.header("walkaway-name-waiting")
    await world.history.accept(NAME, replaced(AT_EVIL))
    assert b"evil" in (await world.get()).body


def replaced(pointer: Pointer) -> Pointer:
    """The same, as somebody types it: as the URL of a page."""
    return Pointer("web3", pointer.root.upper().replace("X", "x"), target="/")


async def test_it_is_no_page_of_the_name_without_a_chain(world: World) -> None:
    """What was decided of ``app.eth`` is not of its contract, and the other way round."""
    await world.get()
    held = await world.history.names()
    assert [(each.name, each.pointer) for each in held] == [(NAME, AT_GOOD)]
    assert (await world.get(host="app-eth.localhost:8080")).status != 200


async def test_a_record_that_is_withheld_changes_nothing(made: MakesWorld) -> None:
    world = made(hold=DAY)
    withheld: Records = {CONTRACT: Unreadable("no gateway answered"), ADDR: EVIL}
    with world.followed():
        world.says(withheld)
        assert (await world.get()).status == 502
        world.says(HONEST)
        assert b"good" in (await world.get()).body
        world.says(withheld)
        told = await world.get()
        assert b"good" in told.body
        assert 'why="the name cannot be resolved now"' in told.header("walkaway-name-waiting")


async def test_without_a_chain_nobody_is_taken_elsewhere(made: MakesWorld) -> None:
    world = made(hold=DAY)
    away = await world.get()
    assert (away.status, b"it went away" in away.body) == (502, True)
    with world.followed():
        await world.get()
    # What it leads to is held, but the page is the chain's as well.
    again = await world.get()
    assert (again.status, b"it went away" in again.body) == (502, True)
    assert (await world.get("/worker.js", headers=WORKER)).status == 502


async def test_what_the_person_set_is_asked_of_nobody(made: MakesWorld) -> None:
    world = made(own={"App.eth:1": str(AT_GOOD)})
    world.says(HIJACKED[0])
    with world.followed():
        assert b"good" in (await world.get()).body
    assert await world.history.held(NAME) is None


@pytest.mark.parametrize("denied", ["/web3/App.eth", str(Pointer("web3", f"0x{ADDRESS.hex()}"))])
async def test_it_is_denied_by_its_name_and_by_where_it_leads(
    made: MakesWorld, denied: str
) -> None:
    world = made(denied=f"{denied}/*\n")
    with world.followed():
        assert (await world.get()).status == 410
        world.says(HIJACKED[0])
        assert (await world.get()).status == (410 if "eth" in denied else 200)


@pytest.mark.parametrize(
    "address", [f"http://{ORIGIN}/", "app.eth:1", "App.eth:1/", "web3://app.eth/", "/web3/app.eth"]
)
async def test_the_step_is_explained(world: World, address: str) -> None:
    target = f"/explain?format=json&url={address}"
    told = json.loads((await world.get(target, host=OWN, headers={})).text)
    assert told["isProven"] is True
    (step,) = told["names"]
    assert (step["name"], step["pointer"]) == (NAME, str(AT_GOOD))
    assert step["standing"] == "proven"
    assert step["because"]["rule"] == "the contract of the name (ERC-6821)"
    assert told["root"] == AT_GOOD.root


async def test_it_may_be_held_no_longer_than_its_name(world: World) -> None:
    by_path = await world.get("/web3/app.eth:1/", host="127.0.0.1:8080", headers={})
    assert by_path.header("cache-control") == "public, max-age=12"
    assert (await world.get()).header("cache-control") == "no-cache"
