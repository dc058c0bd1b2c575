"""Blocks, providers and IPNS records over real sockets: what is an answer, and what is not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.sources.certificates import server_and_client
from walkaway.errors import NotKnown, SourceBusy, SourceFault, SourceLacks
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_name import name_text
from walkaway.sources.flow import Flow
from walkaway.sources.guard import Guard
from walkaway.sources.request import (
    ArnsRequest,
    BlockRequest,
    IpnsPublication,
    IpnsRequest,
    ProvidersRequest,
)
from walkaway.sources.transports.content_http import ContentRequest
from walkaway.sources.transports.http import HttpTransport
from walkaway.sources.transports.http_client import HttpClient

KEY = "k3y-0123456789abcdef"
DATA = b"bytes that are a block"
CID = Cid.of(codecs.RAW, DATA)
NAME = Cid(1, codecs.LIBP2P_KEY, CID.multihash)
BLOCK = BlockRequest(CID)
KUBO = BlockRequest(CID, "kubo")
PROVIDERS = ProvidersRequest(CID)
RECORD = IpnsRequest(NAME)
PUBLICATION = IpnsPublication(NAME, DATA)
RAW = "application/vnd.ipld.raw"
IPNS = "application/vnd.ipfs.ipns-record"
QUICK = replace(LIMITS, request_seconds=0.4, connect_seconds=0.3)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(
    handler: Handler,
    *,
    path: str = f"/v2/{KEY}",
    limits: Limits = QUICK,
    guard: Guard | None = None,
    learned: bool = False,
) -> AsyncIterator[HttpTransport]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    client = HttpClient(guard=guard, limits=limits)
    url = f"http://127.0.0.1:{server.port}{path}"
    transport = HttpTransport("s", url, client, learned=learned)
    try:
        yield transport
    finally:
        await transport.close()
        await server.close()


def says(
    body: bytes = b"",
    *,
    status: int = 200,
    kind: str = RAW,
    retry_after: str = "",
    location: str = "",
) -> Handler:
    told = {"Retry-After": retry_after, "Location": location}
    headers = {name: value for name, value in told.items() if value}

    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, content_type=kind, headers=headers)

    return handle


async def fault_of(handler: Handler, request: ContentRequest = BLOCK) -> SourceFault:
    async with served(handler) as transport:
        with pytest.raises(SourceFault) as caught:
            await transport.fetch(request)
    assert KEY not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("request_", "method", "asked", "accept", "kind"),
    [
        (BLOCK, "GET", f"/ipfs/{CID}?format=raw", RAW, RAW),
        (KUBO, "POST", f"/api/v0/block/get?arg={CID}", RAW, "text/plain"),
        (
            RECORD,
            "GET",
            f"/routing/v1/ipns/{name_text(NAME)}",
            IPNS,
            IPNS,
        ),
        (
            IpnsRequest(NAME, "content"),
            "GET",
            f"/ipns/{name_text(NAME)}?format=ipns-record",
            IPNS,
            IPNS,
        ),
    ],
)
@pytest.mark.parametrize("path", ["", "/", f"/v2/{KEY}"])
async def test_what_is_asked_and_answered(
    *, request_: ContentRequest, method: str, asked: str, accept: str, kind: str, path: str
) -> None:
    seen: list[tuple[str, str, str]] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append((request.method, str(request.rel_url), request.headers["Accept"]))
        return web.Response(body=DATA, content_type=kind)

    async with served(handle, path=path) as transport:
        answer = await transport.fetch(request_)
    assert seen == [(method, path.rstrip("/") + asked, accept)]
    assert answer.body == answer.content == DATA


async def test_a_record_is_put_and_the_status_alone_says_whether_it_was_taken() -> None:
    seen: list[tuple[str, str, str, str, bytes]] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        headers = request.headers
        seen.append(
            (request.method, str(request.rel_url), headers["Accept"], headers["Content-Type"],
             await request.read())
        )  # fmt: skip
        return web.Response(text="whatever", status=202)

    async with served(handle, path="/r/") as transport:
        assert (await transport.fetch(PUBLICATION)).body is None
    assert seen == [("PUT", f"/r/routing/v1/ipns/{name_text(NAME)}", "*/*", IPNS, DATA)]


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (400, SourceFault),
        (404, NotKnown),
        (405, SourceLacks),
        (429, SourceBusy),
        (501, SourceLacks),
    ],
)
async def test_a_router_that_takes_no_record_is_told_by_its_status(
    status: int, fault: type[SourceFault]
) -> None:
    assert type(await fault_of(says(b"no", status=status), PUBLICATION)) is fault


async def test_a_record_goes_nowhere_that_a_router_redirects_to() -> None:
    moved = says(status=302, location="/elsewhere")
    assert "redirects a POST or PUT" in str(await fault_of(moved, PUBLICATION))


async def test_a_name_of_arns_is_asked_of_its_gateways_resolver() -> None:
    seen: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(f"{request.method} {request.rel_url} {request.headers['Accept']}")
        return web.json_response({"txId": "A", "ttlSeconds": 60})

    async with served(handle, path="") as transport:
        answer = await transport.fetch(ArnsRequest("docs_example"))
    assert seen == ["GET /ar-io/resolver/docs_example application/json"]
    assert answer.body == {"txId": "A", "ttlSeconds": 60}


@pytest.mark.parametrize(
    ("handler", "fault", "reason"),
    [
        (says(status=404), NotKnown, "404"),
        (says(status=451), SourceLacks, "refuses to resolve it"),
        (says(status=500), SourceFault, "500"),
        (says(b"<html>", kind="text/html"), SourceFault, "another type than JSON"),
        (says(b"{", kind="application/json"), SourceFault, "JSON"),
        (says(b" " * 20_000, kind="application/json"), SourceFault, "larger"),
    ],
)
async def test_what_is_no_resolution_of_a_name_is_no_answer(
    handler: Handler, fault: type[SourceFault], reason: str
) -> None:
    raised = await fault_of(handler, ArnsRequest("example"))
    assert type(raised) is fault or fault is SourceFault
    assert reason in str(raised)


async def test_the_nodes_that_a_question_came_through_are_told_to_gateways() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        assert request.headers["CDN-Loop"] == "walkaway-x"
        return web.Response(body=DATA, content_type=IPNS)

    async with served(handle) as transport:
        await transport.fetch(IpnsRequest(NAME, "content", "walkaway-x"))


async def test_a_key_in_the_query_stays_there() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        assert dict(request.query) == {"key": KEY, "format": "raw"}
        return web.Response(body=DATA, content_type=RAW)

    async with served(handle, path=f"/?key={KEY}") as transport:
        assert (await transport.fetch(BLOCK)).body == DATA


async def test_providers_are_a_document_asked_by_version_1() -> None:
    old = Cid(0, codecs.DAG_PB, CID.multihash)

    async def handle(request: web.Request) -> web.StreamResponse:
        assert request.path == f"/v2/{KEY}/routing/v1/providers/{old.as_v1()}"
        return web.json_response({"Providers": [1]})

    async with served(handle) as transport:
        assert (await transport.fetch(ProvidersRequest(old))).body == {"Providers": [1]}


async def test_no_providers_is_an_answer_in_both_of_its_forms() -> None:
    async with served(says(status=404)) as transport:
        assert (await transport.fetch(PROVIDERS)).body == {"Providers": []}


@pytest.mark.parametrize(
    ("request_", "status", "body", "kind", "says_"),
    [
        (BLOCK, 404, b"", NotKnown, "does not have it"),
        (BLOCK, 410, b"", SourceLacks, "refuses to give it"),
        (BLOCK, 451, b"", SourceLacks, "refuses to give it"),
        (BLOCK, 500, b"ipld: could not find it, Not Found", NotKnown, "does not have it"),
        (KUBO, 500, b"block was not found locally", NotKnown, "does not have it"),
        (BLOCK, 504, b"", SourceLacks, "could not get it"),
        (BLOCK, 502, b"", SourceLacks, "could not get it"),
        (BLOCK, 406, b"", SourceLacks, "could not get it"),
        (BLOCK, 500, b"", SourceFault, "HTTP status 500"),
        (BLOCK, 403, b"", SourceFault, "HTTP status 403"),
        (BLOCK, 429, b"", SourceBusy, "limits our rate"),
        (BLOCK, 503, b"", SourceFault, "HTTP status 503"),
        (KUBO, 404, b"", SourceLacks, "is no Kubo node"),
        (KUBO, 405, b"", SourceLacks, "is no Kubo node"),
        (RECORD, 404, b"", NotKnown, "does not have it"),
        (PROVIDERS, 500, b"", SourceFault, "HTTP status 500"),
        (PROVIDERS, 429, b"", SourceBusy, "limits our rate"),
    ],
)
async def test_what_a_status_says(
    request_: ContentRequest, status: int, body: bytes, kind: type[SourceFault], says_: str
) -> None:
    fault = await fault_of(says(body, status=status), request_)
    assert type(fault) is kind
    assert says_ in str(fault)


async def test_it_is_left_alone_for_as_long_as_it_says() -> None:
    for status in (429, 503):
        fault = await fault_of(says(status=status, retry_after="7"))
        assert isinstance(fault, SourceBusy)
        assert fault.retry_after == 7


async def test_a_gateway_that_only_serves_files_lacks_blocks_for_good() -> None:
    fault = await fault_of(says(DATA, kind="text/html"))
    assert isinstance(fault, SourceLacks)
    assert fault.lasting


async def test_what_is_no_record_is_not_known() -> None:
    assert isinstance(await fault_of(says(DATA, kind="text/html"), RECORD), NotKnown)


async def test_providers_in_no_json_are_a_fault() -> None:
    assert "another type" in str(await fault_of(says(b"{}", kind="text/html"), PROVIDERS))
    assert "JSON" in str(await fault_of(says(b"{", kind="application/json"), PROVIDERS))


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": RAW})
    await response.prepare(request)
    try:
        while True:
            await response.write(bytes(64 * 1024))
    except ConnectionError:
        return response


async def test_an_endless_answer_is_cut_at_the_largest_block() -> None:
    flow = Flow()
    fault = await fault_of(endless, BlockRequest(CID, flow=flow))
    assert f"larger than {LIMITS.block_bytes} bytes" in str(fault)
    assert flow.total <= LIMITS.block_bytes


@pytest.mark.parametrize("request_", [BLOCK, KUBO])
async def test_a_block_too_large_to_be_proven_is_no_fault(request_: BlockRequest) -> None:
    fault = await fault_of(says(bytes(LIMITS.block_bytes + 1)), request_)
    assert isinstance(fault, SourceLacks)
    assert f"larger than {LIMITS.block_bytes} bytes" in str(fault)


async def test_kubo_says_of_no_block_how_large_it_is() -> None:
    assert isinstance(await fault_of(endless, KUBO), SourceLacks)
    assert not isinstance(await fault_of(endless), SourceLacks)


async def test_an_answer_of_providers_that_is_too_large_is_a_fault() -> None:
    large = says(bytes(LIMITS.routing_response_bytes + 1), kind="application/json")
    assert not isinstance(await fault_of(large, PROVIDERS), SourceLacks)


async def test_an_answer_that_pauses_too_long_is_a_fault_and_one_that_flows_is_not() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": RAW})
        await response.prepare(request)
        for _ in range(6):
            await response.write(b"x")
            await asyncio.sleep(0.1)
        if request.query["format"] == "raw" and pauses:
            await asyncio.sleep(30)
        return response

    pauses = False
    flow = Flow()
    async with served(handle) as transport:
        assert (await transport.fetch(BlockRequest(CID, flow=flow))).body == b"xxxxxx"
    assert flow.total == 6
    pauses = True
    assert "no answer within" in str(await fault_of(handle))


async def test_a_block_that_is_cut_short_is_a_fault() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": RAW, "Content-Length": "22"})
        await response.prepare(request)
        await response.write(DATA[:9])
        assert request.transport is not None
        request.transport.close()
        return response

    assert "cut short" in str(await fault_of(handle))


async def test_a_learned_address_is_guarded_and_https() -> None:
    async with served(says(DATA), learned=True) as transport:
        with pytest.raises(SourceFault, match="not https"):
            await transport.fetch(BLOCK)


async def test_a_learned_address_may_be_one_that_the_configuration_names() -> None:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", says(DATA))
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    client = HttpClient(guard=Guard([f"127.0.0.1:{server.port}"]), limits=QUICK)
    transport = HttpTransport("s", f"http://127.0.0.1:{server.port}", client, learned=True)
    assert (await transport.fetch(BLOCK)).body == DATA
    await transport.close()
    await server.close()


@pytest.mark.parametrize(("name", "is_let_in"), [("a.example", True), ("b.example", False)])
async def test_an_address_must_be_who_its_record_says(
    name: str, is_let_in: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, trusting = server_and_client(tmp_path, "a.example")
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
    seen: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers["Host"])
        return web.Response(body=DATA, content_type=RAW)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    server = TestServer(app, host="127.0.0.1", scheme="https")
    await server.start_server(ssl=here)
    client = HttpClient(guard=Guard([f"127.0.0.1:{server.port}"]), limits=QUICK)
    url = f"https://127.0.0.1:{server.port}"
    transport = HttpTransport("s", url, client, learned=True, server_name=name)
    if is_let_in:
        assert (await transport.fetch(BLOCK)).body == DATA
        assert seen == ["a.example"]
    else:
        with pytest.raises(SourceFault, match="certificate is not valid"):
            await transport.fetch(BLOCK)
    await transport.close()
    await server.close()


@pytest.mark.parametrize("request_", [BLOCK, IpnsRequest(NAME, "content")])
async def test_a_gateway_at_localhost_answers_by_path(request_: ContentRequest) -> None:
    """As ``localhost``, a gateway of this machine sends us to a host of the content's own."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.host.startswith("localhost"):
            raise web.HTTPMovedPermanently(f"http://{CID}.ipfs.{request.host}/?format=raw")
        assert request.host == f"127.0.0.1:{server.port}"
        return web.Response(
            body=DATA, content_type=RAW if isinstance(request_, BlockRequest) else IPNS
        )

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    transport = HttpTransport("s", f"http://localhost:{server.port}", HttpClient(limits=QUICK))
    try:
        assert (await transport.fetch(request_)).content == DATA
    finally:
        await transport.close()
        await server.close()


async def test_a_reason_names_the_host_that_was_redirected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_: object, **__: object) -> object:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    moved = says(status=301, location="http://elsewhere.example/x")
    assert str(await fault_of(moved)) == (
        "redirects to elsewhere.example: the name of its host does not resolve"
    )
    inside = says(status=301, location=f"http://{CID}.ipfs.localhost:1/")
    reason = str(await fault_of(inside))
    assert reason.startswith(f"redirects to {CID}.ipfs.localhost: refused: 127.0.0.1 is not")
