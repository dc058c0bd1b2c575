"""One gateway of Arweave on a loopback port, honest or not.

It answers ``/tx/{id}``, ``/tx/{id}/offset``, ``/chunk/{offset}`` and ``/raw/{id}``, whose
headers say where a data item stands in its root transaction, as gateways of ar.io do, and
``/graphql`` for the fields of an item's header.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from aiohttp import web

from walkaway.devnet.content.loopback import LoopbackSource
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.weave import PathedChunk, StandingItem, StoredTransaction, Weave
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.data_item import read_head

__all__ = ["ArweaveSource"]

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class ArweaveSource(LoopbackSource):
    """Serves a weave. ``asked`` lists the paths that came, in order.

    ``manners`` show in chunks and in what ``/raw`` gives; ``byte`` is which one of an answer
    is altered where they are wrong. ``says_places`` is whether headers say where items stand.
    """

    def __init__(
        self,
        weave: Weave,
        manners: Manners | None = None,
        *,
        byte: int = 0,
        says_places: bool = True,
    ) -> None:
        super().__init__(manners)
        self.weave = weave
        self.byte = byte
        self.says_places = says_places
        self.asked: list[str] = []

    def routes(self) -> Iterable[web.RouteDef]:
        """Headers, places, chunks, payloads, and the fields of items."""
        return (
            web.get("/tx/{id}", self._header),
            web.get("/tx/{id}/offset", self._offset),
            web.get("/chunk/{offset}", self._chunk),
            web.get("/raw/{id}", self._raw),
            web.post("/graphql", self._fields),
        )

    async def _header(self, request: web.Request) -> web.StreamResponse:
        stored = self._stored(request)
        if stored is None:
            return web.Response(status=404, text="Not Found")
        return web.Response(body=stored.header, content_type="application/json")

    async def _offset(self, request: web.Request) -> web.StreamResponse:
        stored = self._stored(request)
        if stored is None:
            return web.Response(status=404, text="Not Found")
        last = stored.begin + len(stored.data) - 1
        return web.json_response({"offset": str(last), "size": str(len(stored.data))})

    async def _chunk(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        offset = int(request.match_info["offset"])
        for stored in self.weave.transactions.values():
            at = offset - stored.begin
            if 0 <= at < len(stored.data):
                place = bisect_right(stored.chunks, at, key=lambda chunk: chunk.start) - 1
                chunk = stored.chunks[place]
                return await self._answer_chunk(request, chunk, stored.data)
        return web.Response(status=404, text="Not Found")

    async def _answer_chunk(
        self, request: web.Request, chunk: PathedChunk, data: bytes
    ) -> web.StreamResponse:
        manner = self.manner()
        held = data[chunk.start : chunk.end]
        said = {
            "chunk": base64url.encode(self.altered(held) if manner is Manner.WRONG else held),
            "data_path": base64url.encode(chunk.path),
            "packing": "unpacked",
        }
        text = web.json_response(said).body
        assert isinstance(text, bytes)
        return await self.answer(request, text, "application/json", manner)

    async def _raw(self, request: web.Request) -> web.StreamResponse:
        item = self.weave.items.get(request.match_info["id"])
        if item is None:
            stored = self._stored(request)
            if stored is None:
                return web.Response(status=404, text="Not Found")
            body, headers = stored.data, _NOTHING
        else:
            self.asked.append(request.path)
            body = self.weave.transactions[item.root].data[item.payload : item.end]
            headers = self._places(item)
        if request.method == "HEAD":
            return web.Response(headers={**headers, "Content-Length": str(len(body))})
        span = request.http_range
        status = 200 if span.start is None else 206
        manner, part = self.manner(), body[span]
        said = self.altered(part) if manner is Manner.WRONG else part
        return await self.answer(
            request, said, "application/octet-stream", manner, status=status, headers=headers
        )

    async def _fields(self, request: web.Request) -> web.StreamResponse:
        """What the one question says of an item that clients ask for its header."""
        self.asked.append(request.path)
        name = (await request.json())["variables"]["id"]
        item = self.weave.items.get(name)
        if item is None:
            known = {"bundledIn": None} if name in self.weave.transactions else None
            return web.json_response({"data": {"transaction": known}})
        data = self.weave.transactions[item.root].data
        head = read_head(data[item.start : item.end])
        assert head is not None
        said = {
            "signature": base64url.encode(head.signature),
            "anchor": base64url.encode(head.anchor),
            "recipient": base64url.encode(head.target),
            "owner": {"key": base64url.encode(head.owner)},
            "tags": [{"name": tag.name.decode(), "value": tag.value.decode()} for tag in head.tags],
            "bundledIn": {"id": item.root},
        }
        return web.json_response({"data": {"transaction": said}})

    def _places(self, item: StandingItem) -> Mapping[str, str]:
        if not self.says_places:
            return _NOTHING
        return {
            "X-AR-IO-Root-Transaction-Id": item.root,
            "X-AR-IO-Root-Data-Item-Offset": str(item.start),
            "X-AR-IO-Root-Data-Offset": str(item.payload),
        }

    def _stored(self, request: web.Request) -> StoredTransaction | None:
        self.asked.append(request.path)
        return self.weave.transactions.get(request.match_info["id"])

    def altered(self, data: bytes) -> bytes:
        """The same bytes but for the one that is always altered."""
        at = self.byte % max(len(data), 1)
        return data[:at] + bytes((data[at] ^ 0xFF,)) + data[at + 1 :]
