"""A provider of Filecoin on a loopback port: ``GET /piece/{cid}``, in any manner."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping

from aiohttp import web

from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.misbehaving import altered, mannered

__all__ = ["PieceProvider"]

_BINARY = "application/octet-stream"


class PieceProvider:
    """Serves ``pieces``, payloads by the text of their CIDs. ``asked`` counts the questions."""

    def __init__(self, pieces: Mapping[str, bytes], manners: Manners | None = None) -> None:
        self.pieces = pieces
        self.manners = manners or Manners()
        self.asked = 0
        self._answers = 0
        self._rng = random.Random(self.manners.seed)  # noqa: S311 - faults need no secrecy
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> str:
        """Bind a port, by default a free one, and give the URL."""
        app = web.Application()
        app.router.add_get("/piece/{cid}", self._piece)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        bound = self._runner.addresses[0]
        return f"http://{bound[0]}:{bound[1]}"

    async def stop(self) -> None:
        """Close the port; whoever still waits for an answer is cut off."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _piece(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        payload = self.pieces.get(request.match_info["cid"])
        if payload is None:
            return web.Response(status=404, text="piece not found")
        manner = self.manners.at(self._answers)
        self._answers += 1
        if self.manners.begins_after:
            await asyncio.sleep(self.manners.begins_after)
        if manner is Manner.WRONG:
            payload = altered(payload, self._rng)
        return await mannered(request, payload, _BINARY, manner, self._rng)
