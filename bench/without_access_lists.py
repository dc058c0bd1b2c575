"""A source that gives no access lists: whatever else is asked is passed on to a node.

`python -m bench.without_access_lists URL` prints its own URL, and serves until
its input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

__all__ = ["without_access_lists"]

REFUSED = "eth_createAccessList"
REFUSAL = {"code": -32601, "message": "method not found"}
REQUEST_BYTES = 4 * 1024 * 1024


@asynccontextmanager
async def without_access_lists(url: str) -> AsyncIterator[str]:
    """The URL of such a source in front of ``url``, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.without_access_lists", url,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


async def _serve(url: str) -> None:
    async with aiohttp.ClientSession() as session:

        async def passed_on(request: web.Request) -> web.Response:
            body = await request.read()
            call = json.loads(body)
            if isinstance(call, dict) and call["method"] == REFUSED:
                return web.json_response({"jsonrpc": "2.0", "id": call["id"], "error": REFUSAL})
            headers = {"Content-Type": "application/json"}
            async with session.post(url, data=body, headers=headers) as response:
                return web.Response(body=await response.read(), content_type="application/json")

        app = web.Application(client_max_size=REQUEST_BYTES)
        app.router.add_post("/", passed_on)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        sys.stdout.write(f"http://{host}:{port}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
