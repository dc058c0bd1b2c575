"""A node of EthStorage on a loopback port: ``es_getBlob`` by JSON-RPC, in any manner.

It answers as es-node does (``es_api.go``): a range of the blob at an index, decoded, where
its versioned hash begins with the 24 bytes that were asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiohttp import web

from walkaway.devnet.content.loopback import LoopbackSource
from walkaway.devnet.content.manners import Manner, Manners
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


class EsNode(LoopbackSource):
    """Serves ``blobs``, by their index. ``asked`` counts the questions that came."""

    def __init__(self, blobs: Mapping[int, StoredBlob], manners: Manners | None = None) -> None:
        super().__init__(manners)
        self.blobs = blobs
        self.asked = 0

    def routes(self) -> Iterable[web.RouteDef]:
        """Its JSON-RPC."""
        return (web.post("/", self._call),)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        manner = self.manner()
        self.asked += 1
        asked = json.loads(await request.text())
        told = {"jsonrpc": "2.0", "id": asked.get("id")}
        try:
            found = self._answer(asked.get("method"), asked.get("params"))
        except _Refusal as refusal:
            error = {"code": refusal.code, "message": str(refusal)}
            return web.json_response(told | {"error": error})
        if manner is Manner.WRONG:
            found = self.altered(found)
        body = json.dumps(told | {"result": "0x" + found.hex()}).encode()
        return await self.answer(request, body, _JSON, manner)

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
