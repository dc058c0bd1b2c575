"""``http://app.eth/`` in Chromium, by the proxy auto-config file and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.content.exporter.dags import Dag
from tests.interop.peers import node_package, run_client, system_chromium
from walkaway.content.service import ContentStatus
from walkaway.content.store.rows import Stat
from walkaway.errors import NoSuchName
from walkaway.gateway.app import Gateway
from walkaway.gateway.pages.own_pages import OwnPages
from walkaway.gateway.pages.proxy_file import PROXY_FILE_PATH
from walkaway.gateway.request.hosts import GatewaySettings
from walkaway.gateway.server import GatewayServer
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Resolution, Standing

pytestmark = pytest.mark.interop

SCRIPTS = Path(__file__).parent / "scripts"
SITE = "site.example"
NAMES = ("app.eth", "docs.app.eth", "evil.eth", SITE)


class Named:
    """A site for each of the names, and for no other."""

    def __init__(self, dag: Dag) -> None:
        self.roots = {name: _site(dag, name) for name in NAMES}
        self.asked: set[str] = set()

    async def resolve(self, name: str) -> Resolution:
        """The site of a name."""
        self.asked.add(name)
        if name not in self.roots:
            raise NoSuchName(f"{name} leads nowhere", reasons={"the chain": "no resolver"})
        return Resolution(self.roots[name], 60.0, Standing.PROVEN)


def _site(dag: Dag, name: str) -> Pointer:
    page = f"<!doctype html><title>{name}</title><script src=/run.js></script>{name}"
    index = dag.raw(page.encode())
    below = dag.directory([("index.html", index)])
    files = [("index.html", index), ("run.js", dag.raw(b"window.ran=true")), ("sub", below)]
    return Pointer("ipfs", str(dag.directory(files)))


async def _status() -> ContentStatus:
    return ContentStatus(0.0, Stat(0, 0, 0, 0, 0, 0, 0, 0), (), (), ())


@asynccontextmanager
async def another_site() -> AsyncIterator[tuple[str, list[str]]]:
    """A server that is no gateway's, and the targets that it was asked for."""
    targets: list[str] = []

    async def page(request: web.Request) -> web.Response:
        targets.append(str(request.rel_url))
        return web.Response(text="<title>another</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        # The script has the name lead here.
        yield f"http://stranger.test:{runner.addresses[0][1]}", targets
    finally:
        await runner.cleanup()


async def test_names_open_in_the_address_bar() -> None:
    dag = Dag()
    names = Named(dag)
    gateway = Gateway(dag, dag, names, settings=GatewaySettings(proxied_names=(SITE,)))
    gateway.own_pages = OwnPages(_status, proxied_names=(SITE,))
    home = await node_package(SCRIPTS / "package.json")
    script = str(shutil.copy(SCRIPTS / "pac.mjs", home))
    async with GatewayServer(gateway, port=0) as server, another_site() as (other, targets):
        facts = {
            "chromium": await system_chromium(),
            "proxyFile": f"http://127.0.0.1:{server.port}{PROXY_FILE_PATH}",
            "other": f"{other}/page",
        }
        told: dict[str, Any] = await run_client("node", script, cwd=home, facts=facts)
    for name, seen in (("app.eth", "app"), ("docs.app.eth", "below"), (SITE, "site")):
        assert told[seen] == {
            "origin": f"http://{name}",
            "title": name,
            "ran": True,
            "secure": False,
            "text": name,
        }
    assert "leads nowhere" in told["nobody"]["text"]
    assert names.asked == {*NAMES, "nobody.eth"}
    assert told["evil"] == "own=1", "no cookie for all of eth"
    assert told["neighbour"] == ["", 0]
    assert "ERR_TUNNEL_CONNECTION_FAILED" in told["https"]
    assert told["seconds"] < 5
    assert (told["other"]["title"], told["other"]["origin"]) == ("another", other)
    assert "/page" in targets
    assert told["read"] == "TypeError"
