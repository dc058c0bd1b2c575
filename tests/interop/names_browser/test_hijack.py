"""A name is hijacked, opened, and restored, in Chromium: what is left of it, and who decides."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.content.exporter.dags import Dag
from tests.interop.names_browser.releases import evil_release, good_release
from tests.interop.peers import node_package, run_client, system_chromium
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

SCRIPTS = Path(__file__).parent / "scripts"
PICTURES = "GATEWAY_PICTURES"
"""An environment variable that names a folder, for whoever wants to see what Chromium showed."""
DAY = 86_400.0


async def _status() -> ContentStatus:
    return ContentStatus(SystemClock().now(), Stat(0, 0, 0, 0, 0, 0, 0, 0), (), (), ())


@asynccontextmanager
async def changing_names(folder: Path) -> AsyncIterator[tuple[int, str]]:
    """A gateway over names that change when told to: its port, and where they are told."""
    dag, clock = Dag(), SystemClock()
    versions = {"good": good_release(dag), "evil": evil_release(dag)}
    names = ChangingNames({"app.eth": versions["good"], "held.eth": versions["good"]})
    names.says["evil.eth"] = versions["good"]
    history = PointerHistory(folder / "names.sqlite")
    policy = HoldPolicy(by_name={"held.eth": DAY})
    origins = NameOrigins(history, policy, clock)
    gateway = Gateway(dag, dag, SteadyNames(names, history, policy, clock), origins=origins)
    gateway.own_pages = OwnPages(_status, names=origins.section)

    async def change(request: web.Request) -> web.Response:
        names.says[request.match_info["name"]] = versions[request.match_info["version"]]
        return web.Response()

    control = web.Application()
    control.router.add_post("/{name}/{version}", change)
    runner = web.AppRunner(control)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with GatewayServer(gateway, port=0) as server:
            address = runner.addresses[0]
            yield server.port, f"http://{address[0]}:{address[1]}"
    finally:
        await runner.cleanup()
        history.close()


async def opened(folder: Path) -> dict[str, Any]:
    """What one Chromium saw of names that changed under its hands."""
    home = await node_package(SCRIPTS / "package.json")
    script = str(shutil.copy(SCRIPTS / "hijack.mjs", home))
    async with changing_names(folder) as (port, control):
        told: dict[str, Any] = await run_client(
            "node",
            script,
            cwd=home,
            facts={
                "chromium": await system_chromium(),
                "port": port,
                "control": control,
                "pictures": os.environ.get(PICTURES, ""),
            },
        )
    return told | {"port": port}


async def test_a_hijacked_name_leaves_nothing_behind(tmp_path: Path) -> None:
    told = await opened(tmp_path)
    assert (told["first"], told["hijacked"], told["stuck"]) == ("good", "evil", "evil")
    a_worker_is_ended_and_its_origin_cleared(told)
    a_neighbour_leaves_no_cookie(told)
    a_held_name_waits_for_the_person(told["held"])


def a_worker_is_ended_and_its_origin_cleared(told: dict[str, Any]) -> None:
    assert told["seconds"] < 30
    assert "went back to what it said before" in told["interstitial"]["text"]
    assert told["interstitial"]["style"] == "960px"
    backup = told["backup"]
    assert backup["localStorage"] == {"mine": "kept", "evil": "was here"}
    assert backup["indexedDB"] == {"evil": {"loot": [{"key": "key", "value": {"bytes": [7]}}]}}
    assert backup["cookies"] == "evil=cookie"
    assert backup["caches"] == {"evil": [f"http://app-eth.localhost:{told['port']}/loot"]}
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


def a_neighbour_leaves_no_cookie(told: dict[str, Any]) -> None:
    app = f"app-eth.localhost:{told['port']}"
    assert told["cookies"] == {
        "neighbour": "own=1", "app": "", "sent": "", "redirected": [app, ""]
    }  # fmt: skip


def a_held_name_waits_for_the_person(held: dict[str, Any]) -> None:
    assert (held["before"], held["meanwhile"], held["still"]) == ("good", "good", "good")
    assert held["header"].startswith('"held.eth"; says="/ipfs/')
    assert "That is believed from" in held["shown"]
    assert held["forged"] == 403
    assert held["accepted"] == "evil"
