"""A page of another origin can neither read from the RPC port nor send to it."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.interop.peers import node_package, run_client, system_chromium
from tests.rpc.prepared_chain import PreparedChain
from tests.rpc.tiny_chain import TRANSACTIONS, tiny_chain
from walkaway.rpc.server import RpcServer

pytestmark = pytest.mark.interop

SCRIPTS = Path(__file__).parent / "scripts"
STRANGER, REBOUND = "stranger.example", "rebound.example"
READ = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber"})
SEND = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 2,
        "method": "eth_sendRawTransaction",
        "params": ["0x" + TRANSACTIONS[3].encode().hex()],
    }
)
NUMBER = {"jsonrpc": "2.0", "id": 1, "result": "0x2"}


@asynccontextmanager
async def web_page() -> AsyncIterator[int]:
    """An empty page under any name, and the port it is at."""

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><body>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def run(
    chain: PreparedChain, pages: dict[str, str], *, named: str = "127.0.0.1"
) -> dict[str, dict[str, Any]]:
    """What each page managed; the endpoint is asked under the name ``named``."""
    home = await node_package(SCRIPTS / "package.json")
    script = str(shutil.copy(SCRIPTS / "pages.mjs", home))
    async with web_page() as port, RpcServer(chain, port=0) as server:
        target = f"{named}:{server.port}"
        told: dict[str, dict[str, Any]] = await run_client(
            "node",
            script,
            cwd=home,
            facts={
                "chromium": await system_chromium(),
                "strangers": [STRANGER, REBOUND],
                "read": READ,
                "send": SEND,
                "pages": {
                    name: {
                        "open": address.format(page=port, rpc=server.port),
                        "url": f"http://{target}/",
                        "ws": f"ws://{target}/",
                    }
                    for name, address in pages.items()
                },
            },
        )
    return told


async def test_a_strangers_page_neither_reads_nor_sends() -> None:
    chain = tiny_chain()
    told = await run(chain, {"stranger": f"http://{STRANGER}:{{page}}/"})
    ways = told["stranger"]
    for way in ("fetch", "fetchSend", "simple", "xhr", "socket"):
        assert "failed" in ways[way], (way, ways[way])
    assert ways["simpleSend"].get("read", "") == ""
    assert ways["sandboxed"] == {"read": "TypeError"}
    assert "0x2" not in json.dumps(ways)
    assert chain.submitted == {}


async def test_a_rebound_name_reaches_nothing() -> None:
    chain = tiny_chain()
    told = await run(chain, {"rebound": f"http://{REBOUND}:{{rpc}}/"}, named=REBOUND)
    ways = told["rebound"]
    for way in ("fetch", "fetchSend", "simple", "xhr"):
        assert "DNS rebinding" in ways[way]["read"], (way, ways[way])
    assert "failed" in ways["socket"]
    assert '"0x2"' not in json.dumps(ways)
    assert chain.submitted == {}


async def test_a_page_of_this_machine_reads_and_sends() -> None:
    chain = tiny_chain()
    told = await run(chain, {"app": "http://app.localhost:{page}/"})
    ways = told["app"]
    assert json.loads(ways["fetch"]["read"]) == NUMBER
    assert json.loads(ways["xhr"]["read"]) == NUMBER
    sent = {"jsonrpc": "2.0", "id": 2, "result": "0x" + TRANSACTIONS[3].hash.hex()}
    assert json.loads(ways["fetchSend"]["read"]) == sent
    assert json.loads(ways["socket"]["read"]) == sent
    assert list(chain.submitted) == [TRANSACTIONS[3].hash]
    # Even here only JSON is read, and a sandboxed frame is nobody's page.
    assert "application/json" in ways["simple"]["read"]
    assert ways["sandboxed"] == {"read": "TypeError"}
