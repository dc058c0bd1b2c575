"""A gateway of Arweave over real sockets: what is asked of it, and what its answers say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from walkaway.errors import NotKnown, SourceBusy, SourceFault, SourceLacks
from walkaway.limits import LIMITS
from walkaway.sources.flow import Flow
from walkaway.sources.request import ArweaveRequest, ItemFields, ItemPlace, WholeTransaction
from walkaway.sources.transports.http import HttpTransport
from walkaway.sources.transports.http_client import HttpClient

NAME, ROOT = "A" * 43, "B" * 43
HEADER = ArweaveRequest(NAME, "header")
ITEM = ArweaveRequest(NAME, "item")
WHOLE = ArweaveRequest(NAME, "whole")
QUICK = replace(LIMITS, block_seconds=2.0, request_seconds=2.0, arweave_offsets=2)
AT_40 = {
    "X-AR-IO-Root-Transaction-Id": ROOT,
    "X-AR-IO-Root-Data-Item-Offset": "40",
    "X-AR-IO-Root-Data-Offset": "44",
}
"""Headers for an item of four bytes before its payload."""


@dataclass
class Reply:
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Replies = Mapping[str, Reply]
"""By method and path; what is not there is not found."""


@dataclass
class Gateway:
    replies: Replies
    asked: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        span = request.headers.get("Range", "")
        self.asked.append(f"{request.method} {request.path_qs} {span}".rstrip())
        if span:
            # A server may compress what it sends, but then of a part other bytes come.
            assert request.headers["Accept-Encoding"] == "identity"
        reply = self.replies.get(f"{request.method} {request.path}")
        if reply is None:
            return web.Response(status=404)
        return web.Response(body=reply.body, status=reply.status, headers=reply.headers)


@asynccontextmanager
async def served(replies: Replies, query: str = "") -> AsyncIterator[tuple[HttpTransport, Gateway]]:
    gateway = Gateway(replies)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", gateway.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    url = f"http://127.0.0.1:{server.port}/v1{query}"
    transport = HttpTransport("s", url, HttpClient(limits=QUICK))
    try:
        yield transport, gateway
    finally:
        await transport.close()
        await server.close()


async def fault_of(replies: Replies, request: ArweaveRequest) -> SourceFault:
    async with served(replies) as (transport, _):
        with pytest.raises(SourceFault) as raised:
            await transport.fetch(request)
    return raised.value


async def test_a_header_comes_as_it_is() -> None:
    flow = Flow()
    async with served({f"GET /v1/tx/{NAME}": Reply(b"{}")}, "?key=k") as (transport, gateway):
        answer = await transport.fetch(ArweaveRequest(NAME, "header", flow=flow))
    assert (answer.source, answer.body, answer.content) == ("s", b"{}", b"{}")
    assert gateway.asked == [f"GET /v1/tx/{NAME}?key=k"]
    assert flow.total == 2


def offset_of(last: int, size: int) -> Reply:
    return Reply(json.dumps({"offset": str(last), "size": str(size)}).encode())


async def test_a_chunk_is_asked_for_by_its_place_in_the_weave() -> None:
    """The gateway is asked once where a transaction stands; the offset is its last byte's."""
    replies = {
        f"GET /v1/tx/{NAME}/offset": offset_of(1099, 100),
        "GET /v1/chunk/1000": Reply(b'{"chunk": ""}'),
        "GET /v1/chunk/1077": Reply(b"another"),
    }
    async with served(replies) as (transport, gateway):
        first = await transport.fetch(ArweaveRequest(NAME, "chunk"))
        other = await transport.fetch(ArweaveRequest(NAME, "chunk", 77))
        assert (first.body, other.body) == (b'{"chunk": ""}', b"another")
        assert gateway.asked == [
            f"GET /v1/tx/{NAME}/offset",
            "GET /v1/chunk/1000",
            "GET /v1/chunk/1077",
        ]
        with pytest.raises(NotKnown):
            await transport.fetch(ArweaveRequest(NAME, "chunk", 5))
        await transport.fetch(ArweaveRequest(NAME, "chunk"))
        assert gateway.asked.count(f"GET /v1/tx/{NAME}/offset") == 2, "it may have moved"


async def test_only_so_many_places_are_remembered() -> None:
    names = [letter * 43 for letter in "CDE"]
    replies = {f"GET /v1/tx/{name}/offset": offset_of(99, 100) for name in names}
    replies["GET /v1/chunk/0"] = Reply(b"{}")
    async with served(replies) as (transport, gateway):
        for name in (*names, names[2], names[0]):
            await transport.fetch(ArweaveRequest(name, "chunk"))
    asked = [path.removeprefix("GET /v1/tx/")[0] for path in gateway.asked if "offset" in path]
    assert asked == ["C", "D", "E", "C"]


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b"{}",
        b'{"offset": "9"}',
        b'{"offset": true, "size": "1"}',
        b'{"offset": "-9", "size": "1"}',
        b'{"offset": "9e9", "size": "1"}',
        b'{"offset": "' + b"9" * 25 + b'", "size": "1"}',
        b'{"offset": "\xd9\xa9", "size": "1"}',
        b'{"offset": [], "size": {}}',
    ],
)
async def test_an_offset_that_is_none(said: bytes) -> None:
    fault = await fault_of(
        {f"GET /v1/tx/{NAME}/offset": Reply(said)}, ArweaveRequest(NAME, "chunk")
    )
    assert not isinstance(fault, SourceLacks)


@pytest.mark.parametrize(
    "headers",
    [
        AT_40,
        {**AT_40, "X-AR-IO-Root-Item-Size": "10"},
        {
            "X-AR-IO-Root-Transaction-Id": ROOT,
            "X-AR-IO-Root-Item-Offset": "40",
            "X-AR-IO-Data-Item-Size": "10",
        },
    ],
)
async def test_an_item_is_a_part_of_its_transaction(headers: Mapping[str, str]) -> None:
    replies = {
        f"HEAD /v1/raw/{NAME}": Reply(b"123456", headers=headers),
        f"GET /v1/raw/{ROOT}": Reply(b"head123456", 206),
    }
    flow = Flow()
    async with served(replies) as (transport, gateway):
        answer = await transport.fetch(ArweaveRequest(NAME, "item", flow=flow))
    assert (answer.body, flow.total) == (b"head123456", 10)
    assert gateway.asked == [f"HEAD /v1/raw/{NAME}", f"GET /v1/raw/{ROOT} bytes=40-49"]


async def test_of_a_large_item_the_place_comes() -> None:
    size = str(LIMITS.arweave_answer_bytes + 1)
    headers = {**AT_40, "X-AR-IO-Root-Item-Size": size}
    async with served({f"HEAD /v1/raw/{NAME}": Reply(headers=headers)}) as (transport, _):
        answer = await transport.fetch(ITEM)
    assert answer.body == ItemPlace(ROOT, 40, 40 + int(size))


@pytest.mark.parametrize(
    ("headers", "part", "reason"),
    [
        ({**AT_40, "X-AR-IO-Root-Transaction-Id": "../../x"}, Reply(), "can be no transaction"),
        ({**AT_40, "X-AR-IO-Root-Data-Item-Offset": "x"}, Reply(), "no offset or size"),
        ({**AT_40, "X-AR-IO-Root-Data-Offset": "1"}, Reply(), "ends where it begins"),
        ({**AT_40, "X-AR-IO-Root-Item-Size": "0"}, Reply(), "ends where it begins"),
        (AT_40, Reply(b"short", 206), "gives 5 bytes where 10 were asked for"),
        (AT_40, Reply(b"the whole transaction"), "gives no part of them"),
        (AT_40, Reply(status=416), "does not serve this"),
        (AT_40, Reply(status=404), "does not have it"),
        (AT_40, Reply(status=451), "refuses to give it"),
        (AT_40, Reply(status=500), "HTTP status 500"),
    ],
)
async def test_an_item_that_does_not_come(
    headers: Mapping[str, str], part: Reply, reason: str
) -> None:
    replies = {
        f"HEAD /v1/raw/{NAME}": Reply(b"123456", headers=headers),
        f"GET /v1/raw/{ROOT}": part,
    }
    assert reason in str(await fault_of(replies, ITEM))


FIELDS = {
    "signature": "c2ln",
    "anchor": "",
    "recipient": None,
    "owner": {"key": "a2V5"},
    "tags": [{"name": "Content-Type", "value": "text/css"}],
    "bundledIn": {"id": ROOT},
}


def graphql(transaction: object) -> Reply:
    return Reply(json.dumps({"data": {"transaction": transaction}}).encode())


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-AR-IO-Root-Transaction-Id": NAME}, {"X-AR-IO-Root-Transaction-Id": ROOT}],
)
async def test_the_fields_of_an_item_where_its_place_is_not_said(
    headers: Mapping[str, str],
) -> None:
    replies = {
        f"HEAD /v1/raw/{NAME}": Reply(b"payload", headers=headers),
        f"GET /v1/raw/{NAME}": Reply(b"payload"),
        "POST /v1/graphql": graphql(FIELDS),
    }
    async with served(replies) as (transport, _):
        answer = await transport.fetch(ITEM)
    tags = (("Content-Type", "text/css"),)
    assert answer.body == ItemFields("a2V5", "c2ln", "", "", tags, b"payload")


@pytest.mark.parametrize(
    ("said", "kind", "reason"),
    [
        (graphql(None), NotKnown, "does not know it"),
        (graphql({**FIELDS, "bundledIn": None}), SourceLacks, "no data item"),
        (graphql({**FIELDS, "tags": None}), SourceFault, "no tags"),
        (graphql({**FIELDS, "tags": [1]}), SourceFault, "another shape"),
        (graphql({**FIELDS, "owner": None}), SourceFault, "another shape"),
        (graphql({**FIELDS, "signature": 7}), SourceFault, "another shape"),
        (graphql([]), SourceFault, "another shape"),
        (Reply(b"[]"), SourceFault, "another shape"),
        (Reply(b"{"), SourceFault, "JSON"),
        (Reply(status=405), SourceLacks, "does not serve this"),
    ],
)
async def test_fields_that_are_none(said: Reply, kind: type[SourceFault], reason: str) -> None:
    replies = {f"HEAD /v1/raw/{NAME}": Reply(b"payload"), "POST /v1/graphql": said}
    fault = await fault_of(replies, ITEM)
    assert type(fault) is kind
    assert reason in str(fault)
    assert not (isinstance(fault, SourceLacks) and fault.lasting)


async def test_an_item_that_is_not_there_is_asked_for_once() -> None:
    async with served({}) as (transport, gateway):
        with pytest.raises(NotKnown):
            await transport.fetch(ITEM)
    assert gateway.asked == [f"HEAD /v1/raw/{NAME}"]


@pytest.mark.parametrize("path", [f"/v1/raw/{NAME}", f"/v1/{NAME}"])
async def test_a_transaction_of_format_1_comes_with_its_data(path: str) -> None:
    replies = {f"GET /v1/tx/{NAME}": Reply(b"{}"), f"GET {path}": Reply(b"data")}
    async with served(replies) as (transport, _):
        assert (await transport.fetch(WHOLE)).body == WholeTransaction(b"{}", b"data")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(status=202), NotKnown),
        (Reply(status=404), NotKnown),
        (Reply(status=410), SourceLacks),
        (Reply(status=429), SourceBusy),
        (Reply(status=502), SourceFault),
    ],
)
async def test_what_a_status_says(reply: Reply, kind: type[SourceFault]) -> None:
    assert type(await fault_of({f"GET /v1/tx/{NAME}": reply}, HEADER)) is kind


def test_how_much_an_answer_may_have() -> None:
    chunk = ArweaveRequest(NAME, "chunk")
    assert chunk.answer_bytes == LIMITS.arweave_chunk_answer_bytes
    assert ITEM.answer_bytes == LIMITS.arweave_answer_bytes
    assert HEADER.answer_bytes == WHOLE.answer_bytes == LIMITS.arweave_header_bytes
    # A full chunk and the longest path that is read, both in base64url.
    longest = (256 * 1024 + 128 * LIMITS.arweave_path_branches) * 4 // 3
    assert chunk.answer_bytes > longest + 4096
