"""A node of EthStorage on a loopback port: ``es_getBlob`` by JSON-RPC, in any manner.

It answers as es-node does (``es_api.go``): a range of the blob at an index, decoded, where
its versioned hash begins with the 24 bytes that were asked for.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.misbehaving import altered, mannered
from walkaway.errors import ProofError
from walkaway.proofs.blobs.encoding import DecodeType, decode_blob

__all__ = ["EsNode", "StoredBlob"]

_JSON = "application/json"
_HASH_BYTES = 24
_SERVER_ERROR, _NO_METHOD, _BAD_PARAMS = -32000, -32601, -32602


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A blob of 131,072 bytes, and its versioned hash."""

    versioned_hash: bytes
    blob: bytes


class EsNode:
    """Serves ``blobs``, by their index. ``asked`` counts the questions that came."""

    def __init__(self, blobs: Mapping[int, StoredBlob], manners: Manners | None = None) -> None:
        self.blobs = blobs
        self.manners = manners or Manners()
        self.asked = 0
        self._rng = random.Random(self.manners.seed)  # noqa: S311 - faults need no secrecy
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> str:
        """Bind a port, by default a free one, and give the URL."""
        app = web.Application()
        app.router.add_post("/", self._call)
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

    async def _call(self, request: web.Request) -> web.StreamResponse:
        manner = self.manners.at(self.asked)
        self.asked += 1
        asked = json.loads(await request.text())
        if self.manners.begins_after:
            await asyncio.sleep(self.manners.begins_after)
        told = {"jsonrpc": "2.0", "id": asked.get("id")}
        try:
            found = self._answer(asked.get("method"), asked.get("params"))
        except _Refusal as refusal:
            error = {"code": refusal.code, "message": str(refusal)}
            return web.json_response(told | {"error": error})
        if manner is Manner.WRONG:
            found = altered(found, self._rng)
        body = json.dumps(told | {"result": "0x" + found.hex()}).encode()
        return await mannered(request, body, _JSON, manner, self._rng)

    def _answer(self, method: object, params: object) -> bytes:
        if method != "es_getBlob":
            raise _Refusal(_NO_METHOD, f"the method {method} does not exist/is not available")
        if not isinstance(params, list) or [type(value) for value in params] != [
            int, str, int, int, int,
        ]:  # fmt: skip
            raise _Refusal(_BAD_PARAMS, "invalid argument")
        index, named, how, start, size = params
        stored = self.blobs.get(index)
        if stored is None:
            raise _Refusal(_SERVER_ERROR, "kv not found")
        if bytes.fromhex(named[2:])[:_HASH_BYTES] != stored.versioned_hash[:_HASH_BYTES]:
            raise _Refusal(_SERVER_ERROR, "commits not same")
        try:
            held = decode_blob(stored.blob, DecodeType(how))
        except (ProofError, ValueError) as error:
            raise _Refusal(_SERVER_ERROR, str(error)) from None
        if start + size > len(held):
            raise _Refusal(_SERVER_ERROR, "beyond the range of blob size")
        return held[start : start + size]


class _Refusal(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
