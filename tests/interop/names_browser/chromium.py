"""One Chromium that opens names, and has them changed while it looks on."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.interop.peers import node_package, run_client, system_chromium

__all__ = ["names_as_they_change"]

SCRIPTS = Path(__file__).parent / "scripts"
PICTURES = "GATEWAY_PICTURES"
"""An environment variable that names a folder, for whoever wants to see what Chromium showed."""

Change = Callable[[str, str], Awaitable[None]]


async def names_as_they_change(
    port: int, change: Change, *, explained: bool = False, below: str = ""
) -> dict[str, Any]:
    """What a browser sees of a gateway's names; ``change`` has a name say ``good`` or ``evil``.

    ``explained`` has it look at the app, and at why that is to be believed, before. ``below``
    is what stands between a name and the gateway's host, where that is not all: then nothing
    is asked for through a proxy, nor said of neighbours.
    """
    home = await node_package(SCRIPTS / "package.json")
    script = str(shutil.copy(SCRIPTS / "hijack.mjs", home))
    facts = {
        "chromium": await system_chromium(),
        "port": port,
        "explained": explained,
        "below": below,
        "pictures": os.environ.get(PICTURES, ""),
    }
    async with _control(change) as url:
        told: dict[str, Any] = await run_client(
            "node", script, cwd=home, facts=facts | {"control": url}
        )
    return told | {"port": port}


@asynccontextmanager
async def _control(change: Change) -> AsyncIterator[str]:
    async def changed(request: web.Request) -> web.Response:
        await change(request.match_info["name"], request.match_info["version"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/{name}/{version}", changed)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
