"""A name is hijacked, opened, and restored, in Chromium: what is left of it, and who decides.

First over names that are set by hand; then end to end, over the devnet's chain and ENS.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.content.exporter.dags import Dag
from tests.interop.names_browser.app_world import LIARS, app_world
from tests.interop.names_browser.chromium import names_as_they_change
from tests.interop.names_browser.contract_names import ContractNamesWorld
from tests.interop.names_browser.releases import evil_release, good_release
from tests.names.changing import ChangingNames
from walkaway.chain.clock import SystemClock
from walkaway.content.service import ContentStatus
from walkaway.content.store.rows import Stat
from walkaway.gateway.app import Gateway
from walkaway.gateway.origins.name_origins import NameOrigins
from walkaway.gateway.pages.own_pages import OwnPages
from walkaway.gateway.server import GatewayServer
from walkaway.names.history import PointerHistory
from walkaway.names.hold import HoldPolicy
from walkaway.names.steady import SteadyNames

pytestmark = pytest.mark.interop

DAY = 86_400.0


async def _status() -> ContentStatus:
    return ContentStatus(SystemClock().now(), Stat(0, 0, 0, 0, 0, 0, 0, 0), (), (), ())


async def test_a_hijacked_name_leaves_nothing_behind(tmp_path: Path) -> None:
    dag, clock = Dag(), SystemClock()
    versions = {"good": good_release(dag), "evil": evil_release(dag)}
    names = ChangingNames(dict.fromkeys(("app.eth", "held.eth", "evil.eth"), versions["good"]))
    history = PointerHistory(tmp_path / "names.sqlite")
    policy = HoldPolicy(by_name={"held.eth": DAY})
    origins = NameOrigins(history, policy, clock)
    gateway = Gateway(dag, dag, SteadyNames(names, history, policy, clock), origins=origins)
    gateway.own_pages = OwnPages(_status, names=origins.section)

    async def change(name: str, version: str) -> None:
        names.says[name] = versions[version]

    try:
        async with GatewayServer(gateway, port=0) as server:
            told = await names_as_they_change(server.port, change)
    finally:
        history.close()
    the_names_were_safe(told)


async def test_a_hijacked_contract_leaves_nothing_behind(tmp_path: Path) -> None:
    history, policy = PointerHistory(tmp_path / "names.sqlite"), HoldPolicy(0, {"held.eth:1": DAY})
    made = ContractNamesWorld(history, tmp_path, policy)
    try:
        with made.followed():
            async with GatewayServer(made.gateway, port=0) as server:
                told = await names_as_they_change(server.port, made.change, below=".1.web3")
    finally:
        history.close()
    assert (told["first"], told["hijacked"], told["stuck"]) == ("good", "evil", "evil")
    a_worker_is_ended_and_its_origin_cleared(told, "app-eth.1.web3")
    a_held_name_waits_for_the_person(told["held"], '"held.eth%3A1"; says="/web3/0x')


async def test_an_app_by_its_name_from_end_to_end(tmp_path: Path) -> None:
    async with app_world(tmp_path) as (world, gateway):
        told = await names_as_they_change(world.port, world.change, explained=True)
        caught = world.caught(gateway)
    assert set(LIARS) <= caught
    assert told["app"] == {
        "host": f"app-eth.localhost:{world.port}",
        "title": "good",
        "tokens": 50_000,
        "colour": "rgb(1, 2, 3)",
    }
    every_step_is_explained(told, str(world.versions["good"]))
    the_names_were_safe(told)


def every_step_is_explained(told: dict[str, Any], pointer: str) -> None:
    """From the name to the contract's storage, the state root, the head and the checkpoint."""
    explained = told["explained"]
    assert explained["isProven"], explained["failure"]
    (step,) = explained["names"]
    assert (step["name"], step["pointer"], step["standing"]) == ("app.eth", pointer, "proven")
    evidence = json.dumps(step["because"])
    for word in ("slot", "state root", "sync committee", "checkpoint"):
        assert word in evidence, word
    assert explained["blocks"][0]["cid"] == pointer.removeprefix("/ipfs/")
    for word in ("app.eth", pointer, "proven"):
        assert word in told["explanation"], word


def the_names_were_safe(told: dict[str, Any]) -> None:
    assert (told["first"], told["hijacked"], told["stuck"]) == ("good", "evil", "evil")
    a_worker_is_ended_and_its_origin_cleared(told)
    without_a_secure_context_it_is_cleared_too(told["proxied"])
    a_neighbour_leaves_no_cookie(told)
    a_held_name_waits_for_the_person(told["held"])


def a_worker_is_ended_and_its_origin_cleared(told: dict[str, Any], host: str = "app-eth") -> None:
    assert told["seconds"] < 30
    assert "went back to what it said before" in told["interstitial"]["text"]
    assert told["interstitial"]["style"] == "960px"
    backup = told["backup"]
    assert backup["localStorage"] == {"mine": "kept", "evil": "was here"}
    assert backup["indexedDB"] == {"evil": {"loot": [{"key": "key", "value": {"bytes": [7]}}]}}
    assert backup["cookies"] == "evil=cookie"
    assert backup["caches"] == {"evil": [f"http://{host}.localhost:{told['port']}/loot"]}
    # The honest page has been opened again by then, and has written its own.
    assert told["after"] == {
        "path": "/",
        "controlled": False,
        "workers": 0,
        "stored": {"mine": "kept"},
        "cookies": "",
        "databases": [],
        "caches": [],
    }
    assert told["again"] == ["good", "good"]


def without_a_secure_context_it_is_cleared_too(proxied: dict[str, Any]) -> None:
    assert proxied["hijacked"] == {
        "title": "evil",
        "stored": {"mine": "kept", "evil": "was here"},
        "cookies": "evil=cookie",
        "databases": ["evil"],
    }
    assert proxied["after"] == {
        "title": "good",
        "stored": {"mine": "kept"},
        "cookies": "",
        "databases": [],
    }


def a_neighbour_leaves_no_cookie(told: dict[str, Any]) -> None:
    app = f"app-eth.localhost:{told['port']}"
    assert told["cookies"] == {
        "neighbour": "own=1", "app": "", "sent": "", "redirected": [app, ""]
    }  # fmt: skip


def a_held_name_waits_for_the_person(
    held: dict[str, Any], told: str = '"held.eth"; says="/ipfs/'
) -> None:
    assert (held["before"], held["meanwhile"], held["still"]) == ("good", "good", "good")
    assert held["header"].startswith(told)
    assert "That is believed from" in held["shown"]
    assert held["forged"] == 403
    assert held["accepted"] == "evil"
