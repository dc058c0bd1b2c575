"""A provider of Filecoin on a loopback port: ``GET /piece/{cid}``, in any manner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiohttp import web

from walkaway.devnet.content.loopback import LoopbackSource
from walkaway.devnet.content.manners import Manner, Manners

__all__ = ["PieceProvider"]

_BINARY = "application/octet-stream"


class PieceProvider(LoopbackSource):
    """Serves ``pieces``, payloads by the text of their CIDs. ``asked`` counts the questions."""

    def __init__(self, pieces: Mapping[str, bytes], manners: Manners | None = None) -> None:
        super().__init__(manners)
        self.pieces = pieces
        self.asked = 0

    def routes(self) -> Iterable[web.RouteDef]:
        """Pieces by their CIDs."""
        return (web.get("/piece/{cid}", self._piece),)

    async def _piece(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        payload = self.pieces.get(request.match_info["cid"])
        if payload is None:
            return web.Response(status=404, text="piece not found")
        manner = self.manner()
        said = self.altered(payload) if manner is Manner.WRONG else payload
        return await self.answer(request, said, _BINARY, manner)
