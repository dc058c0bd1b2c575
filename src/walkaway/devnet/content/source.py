"""One source of blocks on a loopback port: a trustless gateway, a Kubo RPC and a router.

It answers ``GET /ipfs/{cid}?format=raw``, ``POST /api/v0/block/get?arg={cid}``,
``GET /routing/v1/providers/{cid}`` and the records of IPNS names by both of their ways.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from aiohttp import web

from walkaway.devnet.content.loopback import LoopbackSource
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.errors import ProofError
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_name import parse_name

__all__ = ["ContentSource"]

_RAW = "application/vnd.ipld.raw"
_RECORD = "application/vnd.ipfs.ipns-record"


class ContentSource(LoopbackSource):
    """Serves ``blocks``, by multihash. ``asked`` counts the questions for blocks that came,
    ``sought`` those to its router, of which it answered ``told``.

    ``providers`` are the records that its router gives for every address; ``records``
    are IPNS records by the multihash of their name.
    """

    def __init__(
        self,
        blocks: Mapping[bytes, bytes],
        manners: Manners | None = None,
        *,
        providers: Sequence[Mapping[str, object]] = (),
        records: Mapping[bytes, bytes] | None = None,
    ) -> None:
        super().__init__(manners)
        self.blocks = blocks
        self.providers = providers
        self.records = records or {}
        self.asked = 0
        self.sought = 0
        self.told = 0

    def routes(self) -> Iterable[web.RouteDef]:
        """Blocks, providers and records, each by its ways."""
        return (
            web.get("/ipfs/{cid}", self._gateway),
            web.post("/api/v0/block/get", self._kubo),
            web.get("/routing/v1/providers/{cid}", self._router),
            web.get("/routing/v1/ipns/{name}", self._record),
            web.get("/ipns/{name}", self._record),
        )

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("format") != "raw":
            return web.Response(status=406, text="blocks only: ask for format=raw")
        block = self._block(request.match_info["cid"])
        if block is None:
            return web.Response(status=404, text="not found")
        return await self._answer(request, block, _RAW)

    async def _kubo(self, request: web.Request) -> web.StreamResponse:
        block = self._block(request.query.get("arg", ""))
        if block is None:
            told = {"Message": "block was not found locally (offline): ipld: could not find it"}
            return web.json_response(told, status=500)
        return await self._answer(request, block, "text/plain")

    async def _router(self, _: web.Request) -> web.StreamResponse:
        self.sought += 1
        await asyncio.sleep(self.manners.begins_after)
        self.told += 1
        return web.json_response({"Providers": list(self.providers)})

    async def _record(self, request: web.Request) -> web.StreamResponse:
        try:
            record = self.records.get(parse_name(request.match_info["name"]).multihash)
        except ProofError:
            return web.Response(status=400, text="no name of a key")
        if record is None:
            return web.Response(status=404, text="not found")
        return web.Response(body=record, content_type=_RECORD)

    def _block(self, cid: str) -> bytes | None:
        self.asked += 1
        try:
            return self.blocks.get(Cid.parse(cid).multihash)
        except ProofError:
            return None

    async def _answer(self, request: web.Request, block: bytes, kind: str) -> web.StreamResponse:
        manner = self.manner()
        said = self.altered(block) if manner is Manner.WRONG else block
        return await self.answer(request, said, kind, manner)
