"""One gateway of Arweave on a loopback port, honest or not.

It answers ``/tx/{id}``, ``/tx/{id}/offset``, ``/chunk/{offset}`` and ``/raw/{id}``, whose
headers say where a data item stands in its root transaction, as gateways of ar.io do, and
``/graphql`` for the fields of an item's header.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from aiohttp import web

from walkaway.devnet.content.manners import Manner, Manners
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.bundle import read_bundle
from walkaway.proofs.arweave.chunk import branch_hash, leaf_hash
from walkaway.proofs.arweave.data_item import read_head
from walkaway.proofs.arweave.tags import is_bundle
from walkaway.proofs.arweave.whole import chunk_ends

__all__ = ["ArweaveSource", "PathedChunk", "Weave", "pathed_chunks"]

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_PIECE: Final = 64 * 1024
_DROP, _DROP_SECONDS = 16 * 1024, 0.1
_OFFSET: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class PathedChunk:
    """A chunk of data, from byte ``start`` to ``end``, and the path to it."""

    start: int
    end: int
    path: bytes


@dataclass(frozen=True, slots=True)
class _Stored:
    header: bytes
    data: bytes
    chunks: tuple[PathedChunk, ...]
    begin: int


@dataclass(frozen=True, slots=True)
class _Item:
    root: str
    start: int
    payload: int
    end: int


@dataclass(slots=True)
class Weave:
    """What a gateway holds: transactions, one behind another, and the items in them."""

    transactions: dict[str, _Stored] = field(default_factory=dict)
    items: dict[str, _Item] = field(default_factory=dict)
    _end: int = _OFFSET

    def add(
        self,
        name: str,
        header: bytes,
        data: bytes,
        chunks: Iterable[PathedChunk] | None = None,
    ) -> None:
        """Hold a transaction: its header as JSON, its data, and how they were cut, by default
        as packers do it. Where they are a bundle, the items in it are held too.
        """
        cut = tuple(pathed_chunks(data)[1] if chunks is None else chunks)
        self.transactions[name] = _Stored(header, data, cut, self._end)
        self._end += len(data)

    def add_bundle(self, name: str) -> None:
        """Find the items in a transaction whose data are a bundle, and those in its items."""
        self._find(name, 0, len(self.transactions[name].data))

    def _find(self, root: str, start: int, end: int) -> None:
        data = self.transactions[root].data
        for entry in read_bundle(data[start:end], end - start).entries:
            first, last = start + entry.start, start + entry.end
            head = read_head(data[first:last])
            if head is None:
                continue
            self.items[str(entry.id)] = _Item(root, first, first + head.length, last)
            if is_bundle(head.tags):
                self._find(root, first + head.length, last)


def pathed_chunks(data: bytes) -> tuple[bytes, list[PathedChunk]]:
    """The root of the tree over data as packers cut them, and the path to each chunk.

    An empty chunk at the end, which some trees have, is not among them.
    """
    ends = [0, *chunk_ends(len(data))]
    row = [
        _Node.leaf(start, end, hashlib.sha256(data[start:end]).digest())
        for start, end in pairwise(ends)
    ]
    while len(row) > 1:
        pairs = [row[at : at + 2] for at in range(0, len(row), 2)]
        row = [_Node.branch(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    root = row[0].hash if row else b""
    return root, [chunk for node in row for chunk in node.chunks if chunk.start < chunk.end]


@dataclass(frozen=True, slots=True)
class _Node:
    hash: bytes
    end: int
    chunks: tuple[PathedChunk, ...]

    @classmethod
    def leaf(cls, start: int, end: int, content: bytes) -> _Node:
        path = content + end.to_bytes(32, "big")
        return cls(leaf_hash(content, end), end, (PathedChunk(start, end, path),))

    @classmethod
    def branch(cls, left: _Node, right: _Node) -> _Node:
        step = left.hash + right.hash + left.end.to_bytes(32, "big")
        chunks = tuple(
            PathedChunk(chunk.start, chunk.end, step + chunk.path)
            for chunk in (*left.chunks, *right.chunks)
        )
        return cls(branch_hash(left.hash, right.hash, left.end), right.end, chunks)


class ArweaveSource:
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
        self.weave = weave
        self.manners = manners or Manners()
        self.byte = byte
        self.says_places = says_places
        self.asked: list[str] = []
        self._answers = 0
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> str:
        """Bind a port, by default a free one, and give the URL."""
        app = web.Application()
        app.router.add_get("/tx/{id}", self._header)
        app.router.add_get("/tx/{id}/offset", self._offset)
        app.router.add_get("/chunk/{offset}", self._chunk)
        app.router.add_get("/raw/{id}", self._raw)
        app.router.add_post("/graphql", self._fields)
        # Whoever hangs up lets go of a handler that hangs.
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
        manner = self._manner()
        held = data[chunk.start : chunk.end]
        said = {
            "chunk": base64url.encode(self._altered(held) if manner is Manner.WRONG else held),
            "data_path": base64url.encode(chunk.path),
            "packing": "unpacked",
        }
        text = web.json_response(said).body
        assert isinstance(text, bytes)
        return await self._answer(request, text, "application/json", manner)

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
        manner, part = self._manner(), body[span]
        said = self._altered(part) if manner is Manner.WRONG else part
        return await self._answer(
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

    def _places(self, item: _Item) -> Mapping[str, str]:
        if not self.says_places:
            return _NOTHING
        return {
            "X-AR-IO-Root-Transaction-Id": item.root,
            "X-AR-IO-Root-Data-Item-Offset": str(item.start),
            "X-AR-IO-Root-Data-Offset": str(item.payload),
        }

    def _stored(self, request: web.Request) -> _Stored | None:
        self.asked.append(request.path)
        return self.weave.transactions.get(request.match_info["id"])

    def _manner(self) -> Manner:
        self._answers += 1
        return self.manners.at(self._answers - 1)

    async def _answer(
        self,
        request: web.Request,
        body: bytes,
        kind: str,
        manner: Manner,
        *,
        status: int = 200,
        headers: Mapping[str, str] = _NOTHING,
    ) -> web.StreamResponse:
        await asyncio.sleep(self.manners.begins_after)
        if manner is Manner.BUSY:
            return web.Response(status=429, headers={"Retry-After": "1"})
        if manner in (Manner.HONEST, Manner.WRONG):
            return web.Response(body=body, status=status, content_type=kind, headers=headers)
        response = web.StreamResponse(status=status, headers=headers)
        response.content_type = kind
        if manner is not Manner.ENDLESS:
            response.content_length = len(body)
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            await _misbehave(response, body, manner)
            if manner is Manner.TRICKLES:
                return response
        if request.transport is not None:
            request.transport.close()
        return response

    def _altered(self, body: bytes) -> bytes:
        at = self.byte % max(len(body), 1)
        return body[:at] + bytes((body[at] ^ 0xFF,)) + body[at + 1 :]


async def _misbehave(response: web.StreamResponse, body: bytes, manner: Manner) -> None:
    if manner is Manner.HANGS:
        await asyncio.Event().wait()
    while manner is Manner.ENDLESS:
        await response.write(bytes(_PIECE))
    if manner is Manner.TRICKLES:
        for at in range(0, len(body), _DROP):
            await response.write(body[at : at + _DROP])
            await asyncio.sleep(_DROP_SECONDS)
    else:
        await response.write(body[: len(body) // 2])
