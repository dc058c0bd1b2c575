"""One Chromium that opens the app from every network, and then without any source."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from tests.interop.peers import node_package, run_client, system_chromium
from tests.interop.stores_browser.tides import LATE
from tests.interop.stores_browser.world import StoresWorld, stores_world

__all__ = ["RANGES", "SEEK_TO", "seen_by_chromium"]

SCRIPTS: Final = Path(__file__).parent / "scripts"
PICTURES: Final = "GATEWAY_PICTURES"
"""An environment variable that names a folder, for whoever wants to see what Chromium showed."""

RANGES: Final = ("0-99", "23000-48999", "129000-131999", "-44")
"""Parts of the long file, as they are asked for: over the borders of its chunks and blobs."""
SEEK_TO: Final = 15


async def seen_by_chromium(folder: Path) -> tuple[dict[str, Any], StoresWorld]:
    """What one Chromium saw, and the world that it saw, with who was caught in it."""
    home = await node_package(SCRIPTS / "package.json")
    script = str(shutil.copy(SCRIPTS / "stores.mjs", home))
    async with stores_world(folder, home) as world, _control(world) as control:
        facts = {
            "chromium": await system_chromium(),
            "port": world.port,
            "origins": {network: world.origin(network) for network in world.roots},
            "named": {
                network: f"http://{host}.localhost:{world.port}"
                for network, host in world.named.items()
            },
            "ranges": RANGES,
            "seek": SEEK_TO,
            "late": LATE,
            "control": control,
            "pictures": os.environ.get(PICTURES, ""),
        }
        told: dict[str, Any] = await run_client("node", script, cwd=home, facts=facts)
    return told, world


@asynccontextmanager
async def _control(world: StoresWorld) -> AsyncIterator[str]:
    """Where a POST makes sources go: those of content at ``/content``, at ``/chain`` its own."""

    async def gone(request: web.Request) -> web.Response:
        await world.leave(request.match_info["sources"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/{sources}", gone)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/"
    finally:
        await runner.cleanup()
