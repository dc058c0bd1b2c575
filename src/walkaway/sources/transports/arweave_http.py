"""A gateway of Arweave over HTTP: headers, chunks and data items by id.

A node's own routes (``/tx/{id}``, ``/tx/{id}/offset``, ``/chunk/{offset}``), and those of
ar.io's gateways: ``/raw/{id}``, whose headers say where in its root transaction a data item
stands. Where they do not, ``/graphql`` has the fields of its header. What takes several of
them is asked of the same gateway, which then contradicts nobody but itself.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from yarl import URL

from walkaway.errors import NotKnown, SourceFault, SourceLacks
from walkaway.limits import Limits
from walkaway.sources.json_text import parse_json
from walkaway.sources.request import Answer, ArweaveRequest, ItemFields, ItemPlace, WholeTransaction
from walkaway.sources.transports.http_client import AnswerTooLarge, HttpQuestion, HttpReply
from walkaway.sources.transports.http_status import status_fault

__all__ = ["ArweaveGateway"]

_JSON = "application/json"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_DECIMAL: Final = re.compile(r"[0-9]{1,24}", re.ASCII)
_DENIED: Final = (410, 451)
_NOT_SERVED: Final = (400, 405, 416, 501)
_PENDING: Final = 202
"""How a node answers for a transaction that is in no block yet."""
_OFFSET_BYTES: Final = 4096
_FIELDS_BYTES: Final = 64 * 1024
_ROOT: Final = "X-AR-IO-Root-Transaction-Id"
_STARTS: Final = ("X-AR-IO-Root-Item-Offset", "X-AR-IO-Root-Data-Item-Offset")
"""Where an item begins in its root transaction's data; the second is the older name."""
_PAYLOAD: Final = "X-AR-IO-Root-Data-Offset"
_SIZES: Final = ("X-AR-IO-Root-Item-Size", "X-AR-IO-Data-Item-Size")
_QUERY: Final = (
    "query($id: ID!) { transaction(id: $id) { signature anchor recipient "
    "owner { key } tags { name value } bundledIn { id } } }"
)
"""The schema of GraphQL that gateways share."""


class ArweaveGateway:
    """Puts questions to one gateway at ``base``; ``ask`` is one exchange with it."""

    def __init__(
        self,
        source: str,
        base: URL,
        ask: Callable[[HttpQuestion], Awaitable[HttpReply]],
        limits: Limits,
    ) -> None:
        self._source = source
        self._base = base
        self._ask = ask
        self._limits = limits
        self._begins: OrderedDict[str, int] = OrderedDict()

    async def fetch(self, request: ArweaveRequest) -> Answer:
        """Ask for what a request wants.

        Raises:
            SourceFault: nothing that could be checked came back.
        """
        if request.wants == "header":
            header = await self._header(request)
            return Answer(self._source, header, content=header)
        if request.wants == "chunk":
            return await self._chunk(request)
        if request.wants == "item":
            return await self._item(request)
        header = await self._header(request)
        data = await self._data(request)
        return Answer(self._source, WholeTransaction(header, data), content=data)

    async def _header(self, request: ArweaveRequest) -> bytes:
        return await self._get(request, f"/tx/{request.id}", _JSON)

    async def _data(self, request: ArweaveRequest) -> bytes:
        """All data of a transaction. Only gateways of ar.io have ``/raw``; at ``/{id}`` these
        would follow a manifest, and others give the same.
        """
        try:
            return await self._get(request, f"/raw/{request.id}", "*/*")
        except SourceLacks:
            return await self._get(request, f"/{request.id}", "*/*")

    async def _chunk(self, request: ArweaveRequest) -> Answer:
        begin = self._begins.get(request.id)
        if begin is None:
            begin = await self._begin(request)
        try:
            chunk = await self._get(request, f"/chunk/{begin + request.offset}", _JSON)
        except NotKnown:
            self._begins.pop(request.id, None)  # A young transaction may yet move.
            raise
        return Answer(self._source, chunk, content=chunk)

    async def _begin(self, request: ArweaveRequest) -> int:
        """Where in the weave the first byte of a transaction's data stands, counted from 1.

        ``offset`` is that of the last one.
        """
        question = self._question(request, f"/tx/{request.id}/offset", _JSON, _OFFSET_BYTES)
        document = parse_json(_content(await self._ask(question)), depth=self._limits.json_depth)
        fields = document if isinstance(document, dict) else {}
        begin = _integer(fields.get("offset")) - _integer(fields.get("size")) + 1
        self._begins[request.id] = begin
        while len(self._begins) > self._limits.arweave_offsets:
            self._begins.popitem(last=False)
        return begin

    async def _item(self, request: ArweaveRequest) -> Answer:
        try:
            place = await self._place(request)
        except NotKnown:
            raise
        except SourceLacks:
            return await self._fields(request)
        if place.end - place.start > request.answer_bytes:
            return Answer(self._source, place)
        data = await self._part(request, place)
        return Answer(self._source, data, content=data)

    async def _place(self, request: ArweaveRequest) -> ItemPlace:
        reply = await self._ask(self._question(request, f"/raw/{request.id}", "*/*", heads=True))
        _content(reply)
        root = reply.headers.get(_ROOT, "")
        if not root or root == request.id:
            raise SourceLacks("names no transaction that holds it as a data item")
        if not _ID.fullmatch(root):
            raise SourceFault("names what can be no transaction")
        return _place(root, reply.headers)

    async def _part(self, request: ArweaveRequest, place: ItemPlace) -> bytes:
        """Bytes of a transaction's data."""
        size = place.end - place.start
        span = (place.start, place.end)
        question = self._question(request, f"/raw/{place.root}", "*/*", size, span=span)
        reply = await self._bounded(question)
        if reply.status not in (200, 206):
            raise _refusal(reply)
        if len(reply.content) != size:
            raise SourceFault(f"gives {len(reply.content)} bytes where {size} were asked for")
        return reply.content

    async def _fields(self, request: ArweaveRequest) -> Answer:
        """The payload of an item, and the fields of its header."""
        asked = json.dumps({"query": _QUERY, "variables": {"id": request.id}}).encode()
        question = self._question(request, "/graphql", _JSON, _FIELDS_BYTES)
        reply = await self._ask(replace(question, body=asked))
        fields = _read_fields(parse_json(_content(reply), depth=self._limits.json_depth))
        payload = await self._bounded(self._question(request, f"/raw/{request.id}", "*/*"))
        item = replace(fields, payload=_content(payload))
        return Answer(self._source, item, content=reply.content)

    async def _bounded(self, question: HttpQuestion) -> HttpReply:
        """Ask for what may be too large; to say so beforehand is no fault."""
        try:
            return await self._ask(question)
        except AnswerTooLarge as error:
            if not error.declared:
                raise
        raise SourceLacks(f"has more than {question.max_bytes} bytes, and gives no part of them")

    async def _get(self, request: ArweaveRequest, path: str, accept: str) -> bytes:
        return _content(await self._ask(self._question(request, path, accept)))

    def _question(
        self,
        request: ArweaveRequest,
        path: str,
        accept: str,
        most: int | None = None,
        *,
        heads: bool = False,
        span: tuple[int, int] | None = None,
    ) -> HttpQuestion:
        url = self._base.with_path(self._base.path.rstrip("/") + path)
        return HttpQuestion(
            url.with_query(self._base.query),
            accept,
            request.answer_bytes if most is None else most,
            seconds=self._limits.block_seconds,
            heard=request.flow.came,
            heads=heads,
            span=span,
        )


def _read_fields(document: object) -> ItemFields:
    """The fields of an item's header in an answer by GraphQL. Raises `SourceFault`."""
    transaction = _member(_member(document, "data"), "transaction")
    if transaction is None:
        raise NotKnown("does not know it")
    if _member(transaction, "bundledIn") is None:
        raise SourceLacks("says that it is no data item")
    tags = _member(transaction, "tags")
    if not isinstance(tags, list):
        raise SourceFault("its answer has no tags")
    return ItemFields(
        owner=_text(_member(transaction, "owner"), "key"),
        signature=_text(transaction, "signature"),
        target=_text(transaction, "recipient"),
        anchor=_text(transaction, "anchor"),
        tags=tuple((_text(tag, "name"), _text(tag, "value")) for tag in tags),
        payload=b"",
    )


def _member(value: object, name: str) -> object:
    if not isinstance(value, dict):
        raise SourceFault("its answer by GraphQL is of another shape")
    return value.get(name)


def _text(value: object, name: str) -> str:
    """A text; where there is none, an empty one."""
    text = _member(value, name)
    if text is not None and not isinstance(text, str):
        raise SourceFault("its answer by GraphQL is of another shape")
    return text or ""


def _content(reply: HttpReply) -> bytes:
    if reply.status != 200:
        raise _refusal(reply)
    return reply.content


def _refusal(reply: HttpReply) -> SourceFault:
    if reply.status in _DENIED:
        return SourceLacks(f"refuses to give it (HTTP status {reply.status})")
    if reply.status == _PENDING:
        return NotKnown("has it in no block yet")
    if reply.status in _NOT_SERVED:
        # Not for good: to one id of a form it may have an answer, and none to another.
        return SourceLacks(f"does not serve this (HTTP status {reply.status})")
    return status_fault(reply)


def _place(root: str, headers: Mapping[str, str]) -> ItemPlace:
    """Where the headers of ``/raw`` say that an item stands, its own header included."""
    start = next((headers[name] for name in _STARTS if name in headers), None)
    if start is None:
        raise SourceLacks("does not say where in its transaction a data item stands")
    first = _integer(start)
    size = next((headers[name] for name in _SIZES if name in headers), None)
    if size is None:
        end = _integer(headers.get(_PAYLOAD)) + _integer(headers.get("Content-Length"))
    else:
        end = first + _integer(size)
    if end <= first:
        raise SourceFault("says that a data item ends where it begins")
    return ItemPlace(root, first, end)


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise SourceFault("its answer lacks an offset or a size")
    text = str(value)
    if not _DECIMAL.fullmatch(text):
        raise SourceFault("its answer holds what is no offset or size")
    return int(text)
