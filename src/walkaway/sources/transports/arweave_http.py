"""A gateway of Arweave over HTTP: headers, chunks and data items by id.

A node's own routes (``/tx/{id}``, ``/tx/{id}/offset``, ``/chunk/{offset}``), and those of
ar.io's gateways: ``/raw/{id}``, whose headers say where in its root transaction a data item
stands. What takes several of them is asked of the same gateway, which then contradicts
nobody but itself.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from yarl import URL

from walkaway.errors import NotKnown, SourceFault, SourceLacks
from walkaway.limits import Limits
from walkaway.sources.json_text import parse_json
from walkaway.sources.request import Answer, ArweaveRequest, ItemPlace, WholeTransaction
from walkaway.sources.transports.http_client import AnswerTooLarge, HttpQuestion, HttpReply
from walkaway.sources.transports.http_status import status_fault

__all__ = ["ArweaveGateway"]

_JSON = "application/json"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_DECIMAL: Final = re.compile(r"[0-9]{1,24}", re.ASCII)
_DENIED: Final = (410, 451)
_PENDING: Final = 202
"""How a node answers for a transaction that is in no block yet."""
_OFFSET_BYTES: Final = 4096
_ROOT: Final = "X-AR-IO-Root-Transaction-Id"
_STARTS: Final = ("X-AR-IO-Root-Item-Offset", "X-AR-IO-Root-Data-Item-Offset")
"""Where an item begins in its root transaction's data; the second is the older name."""
_PAYLOAD: Final = "X-AR-IO-Root-Data-Offset"
_SIZES: Final = ("X-AR-IO-Root-Item-Size", "X-AR-IO-Data-Item-Size")


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
        data = await self._get(request, f"/raw/{request.id}", "*/*")
        return Answer(self._source, WholeTransaction(header, data), content=data)

    async def _header(self, request: ArweaveRequest) -> bytes:
        return await self._get(request, f"/tx/{request.id}", _JSON)

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
        place = await self._place(request)
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
        span = (place.start, place.end)
        size = place.end - place.start
        try:
            reply = await self._ask(
                self._question(request, f"/raw/{place.root}", "*/*", size, span=span)
            )
        except AnswerTooLarge as error:
            if error.declared:
                raise SourceLacks("gives no part of a transaction's data") from None
            raise
        if reply.status not in (200, 206):
            raise _refusal(reply)
        if len(reply.content) != size:
            raise SourceFault(f"gives {len(reply.content)} bytes where {size} were asked for")
        return reply.content

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


def _content(reply: HttpReply) -> bytes:
    if reply.status != 200:
        raise _refusal(reply)
    return reply.content


def _refusal(reply: HttpReply) -> SourceFault:
    if reply.status in _DENIED:
        return SourceLacks(f"refuses to give it (HTTP status {reply.status})")
    if reply.status == _PENDING:
        return NotKnown("has it in no block yet")
    if reply.status in (400, 416):
        return SourceLacks(f"cannot read what it is asked for (HTTP status {reply.status})")
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
