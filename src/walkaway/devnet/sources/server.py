"""One source on a loopback port of its own: JSON-RPC by POST, the beacon API by GET."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import web

from walkaway.devnet.beacon.api import Reply
from walkaway.devnet.execution.rpc import reply as rpc_reply
from walkaway.devnet.sources.behaviours import Node
from walkaway.devnet.sources.faults import CutShort
from walkaway.limits import LIMITS

__all__ = ["SourceServer"]


class SourceServer:
    """Serves a node. ``asked`` counts the requests that came."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.asked = 0
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> str:
        """Bind a port of 127.0.0.1, by default a free one, and give the URL."""
        app = web.Application(client_max_size=LIMITS.rpc_request_bytes)
        app.router.add_post("/", self._post)
        app.router.add_get("/{path:.*}", self._get)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def stop(self) -> None:
        """Close the port; whoever still waits for an answer is cut off."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _post(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        body = await request.read()
        return await self._answer(request, Reply(rpc_reply(self.node.rpc, body)))

    async def _get(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        accept = request.headers.get("Accept", "")
        reply = self.node.beacon.answer(request.path, dict(request.query), accept)
        return await self._answer(request, reply)

    async def _answer(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        arrived = await self.node.way.pass_on(reply)
        if isinstance(arrived, CutShort):
            return await _cut_short(request, arrived.reply)
        return web.Response(
            status=arrived.status,
            body=arrived.body,
            content_type=arrived.content_type,
            headers=arrived.headers,
        )


async def _cut_short(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status)
    response.content_type = reply.content_type
    response.content_length = len(reply.body)
    await response.prepare(request)
    await response.write(reply.body[: len(reply.body) // 2])
    with contextlib.suppress(asyncio.CancelledError):
        if request.transport is not None:
            request.transport.close()
    return response
