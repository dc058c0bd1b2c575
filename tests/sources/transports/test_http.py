"""HTTP sources over real sockets: what a server can do wrong, and that no key ever shows."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from walkaway.errors import ConfigError, NotKnown, SourceBusy, SourceFault, SourceLacks
from walkaway.limits import LIMITS
from walkaway.sources.guard import Guard
from walkaway.sources.request import Answer, BeaconRequest, RpcRequest
from walkaway.sources.transports.http import HttpTransport
from walkaway.sources.transports.http_client import HttpClient

KEY = "k3y-0123456789abcdef"
QUICK = replace(LIMITS, request_seconds=0.4, connect_seconds=0.3, json_depth=8)
CALL = RpcRequest("eth_chainId", max_bytes=50_000)
HEADER = BeaconRequest("/eth/v1/beacon/headers/finalized", max_bytes=50_000)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def served(
    handler: Handler,
    *,
    path: str = f"/v2/{KEY}",
    guard: Guard | None = None,
    host: str = "127.0.0.1",
) -> AsyncIterator[HttpTransport]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    transport = HttpTransport(
        "s", f"http://{host}:{server.port}{path}", HttpClient(guard=guard, limits=QUICK)
    )
    try:
        yield transport
    finally:
        await transport.close()
        await server.close()


@asynccontextmanager
async def served_raw(reply: bytes, *, hold: bool = False) -> AsyncIterator[HttpTransport]:
    """A server that says exactly these bytes, then closes or stays silent."""
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(reply)
        await writer.drain()
        if hold:
            await over.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = HttpTransport("s", f"http://127.0.0.1:{port}/{KEY}", HttpClient(limits=QUICK))
    try:
        yield transport
    finally:
        over.set()
        await transport.close()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)


def says(
    body: object,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    content_type: str = "application/json",
) -> Handler:
    """A handler that answers with these bytes, or this as JSON."""

    async def handle(request: web.Request) -> web.StreamResponse:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(body=data, status=status, headers=headers, content_type=content_type)

    return handle


def result(value: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 1, "result": value}


async def fault_of(handler: Handler, request: RpcRequest | BeaconRequest = CALL) -> SourceFault:
    async with served(handler) as transport:
        with pytest.raises(SourceFault) as caught:
            await transport.fetch(request)
    assert KEY not in str(caught.value)
    return caught.value


async def test_a_call_is_posted_as_json_rpc_and_answered() -> None:
    seen: list[tuple[str, str, object]] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append((request.method, request.path, await request.json()))
        assert request.headers["User-Agent"].startswith("walkaway/")
        assert "Cookie" not in request.headers
        response = web.json_response(result("0x1"))
        response.set_cookie("track", "me")
        return response

    async with served(handle, host="localhost") as transport:
        call = RpcRequest("eth_call", ({"to": "0x00"}, "latest"))
        await transport.fetch(call)
        answer = await transport.fetch(call)
    assert answer == Answer("s", "0x1", content=json.dumps(result("0x1")).encode())
    question = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "eth_call",
        "params": [{"to": "0x00"}, "latest"],
    }
    assert seen[0] == ("POST", f"/v2/{KEY}", question)


async def test_a_beacon_route_keeps_the_prefix_and_query_of_the_url() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        assert request.path == "/node/eth/v1/beacon/light_client/updates"
        assert list(request.query.items()) == [("apikey", KEY), ("start_period", "3")]
        return web.json_response({"data": []}, headers={"Eth-Consensus-Version": "Electra"})

    question = BeaconRequest("/eth/v1/beacon/light_client/updates", (("start_period", "3"),))
    async with served(handle, path=f"/node/?apikey={KEY}") as transport:
        answer = await transport.fetch(question)
    assert (answer.body, answer.fork) == ({"data": []}, "electra")


async def test_ssz_comes_as_bytes() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        assert request.headers["Accept"].startswith("application/octet-stream")
        return web.Response(body=b"\x01\x02", headers={"Eth-Consensus-Version": "../../x"})

    async with served(handle) as transport:
        answer = await transport.fetch(replace(HEADER, accept="ssz"))
    assert (answer.body, answer.fork) == (b"\x01\x02", None)


@pytest.mark.parametrize("handler", [says({}), says(b"", status=406), says(b"", status=415)])
async def test_json_where_ssz_was_asked_is_a_lack(handler: Handler) -> None:
    fault = await fault_of(handler, replace(HEADER, accept="ssz"))
    assert isinstance(fault, SourceLacks)
    assert fault.lasting


async def test_redirects_of_a_configured_source_to_itself_are_followed() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/moved"):
            return web.json_response(result("0x2"))
        raise web.HTTPTemporaryRedirect(f"http://{request.host}/moved")

    async with served(handle) as transport:
        assert (await transport.fetch(CALL)).body == "0x2"


INSIDE = [
    "http://127.0.0.1:{other}/",
    "http://localhost:{other}/",
    "http://[::1]:{other}/",
    "http://[::ffff:127.0.0.1]:{other}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
]


@pytest.mark.parametrize("target", INSIDE)
@pytest.mark.parametrize("request_", [CALL, HEADER])
async def test_redirects_inside_are_refused(
    target: str, request_: RpcRequest | BeaconRequest
) -> None:
    reached: list[str] = []

    async def inner(request: web.Request) -> web.StreamResponse:
        reached.append(request.path)
        return web.json_response(result("secret"))

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", inner)
    other = TestServer(app, host="127.0.0.1")
    await other.start_server()

    async def handle(request: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect(target.format(other=other.port))

    fault = await fault_of(handle, request_)
    await other.close()
    assert "refused" in str(fault)
    assert "not a public address" in str(fault)
    assert reached == []


async def test_a_redirect_to_an_excepted_address_is_followed_and_no_longer_at_home() -> None:
    """Once a redirect led away, even the configured address is learned from outside."""

    async def away(request: web.Request) -> web.StreamResponse:
        if request.path == "/back":
            raise web.HTTPTemporaryRedirect(request.query["to"])
        return web.json_response(result("0x3"))

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", away)
    other = TestServer(app, host="127.0.0.1")
    await other.start_server()

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/bounce"):
            home = f"http://{request.host}/private"
            raise web.HTTPTemporaryRedirect(f"http://127.0.0.1:{other.port}/back?to={home}")
        raise web.HTTPTemporaryRedirect(f"http://127.0.0.1:{other.port}/there")

    guard = Guard([f"127.0.0.1:{other.port}"])
    async with served(handle, guard=guard) as transport:
        assert (await transport.fetch(CALL)).body == "0x3"
    async with served(handle, path="/bounce", guard=guard) as transport:
        with pytest.raises(SourceFault, match="not a public address"):
            await transport.fetch(CALL)
    await other.close()


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("", "redirects to nowhere"),
        ("file:///etc/passwd", "redirects to nowhere"),
        ("/again", "redirects too often"),
    ],
)
async def test_redirects_that_lead_nowhere(location: str, reason: str) -> None:
    fault = await fault_of(says(b"", status=307, headers={"Location": location}))
    assert reason in str(fault)


async def test_a_post_is_not_turned_into_a_get() -> None:
    fault = await fault_of(says(b"", status=302, headers={"Location": "/x"}))
    assert "redirects a POST" in str(fault)


@pytest.mark.parametrize("encoding", [None, "gzip", "deflate"])
async def test_an_oversize_body_is_dropped_even_when_it_is_small_on_the_wire(
    encoding: str | None,
) -> None:
    body = json.dumps(result("0x" + "0" * 200_000)).encode()
    packed = {None: body, "gzip": gzip.compress(body), "deflate": zlib.compress(body)}[encoding]
    headers = {"Content-Encoding": encoding} if encoding else {}
    fault = await fault_of(says(packed, headers=headers))
    assert "larger than 50000 bytes" in str(fault)


async def test_an_endless_body_is_dropped() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 4096)

    assert "larger than" in str(await fault_of(handle))


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}", "cut short"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}", "cut short"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", "encoded"),
        (b"", "closed the connection"),
        (b"garbage\r\n\r\n", "HTTP failed"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", "HTTP failed"),
    ],
    ids=["length", "chunk", "gzip", "nothing", "not-http", "long-header"],
)
async def test_broken_replies(reply: bytes, reason: str) -> None:
    async with served_raw(reply) as transport:
        with pytest.raises(SourceFault, match=reason):
            await transport.fetch(CALL)


@pytest.mark.parametrize(
    "reply", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]
)
async def test_a_server_that_stalls_is_left_at_the_time_limit(reply: bytes) -> None:
    async with served_raw(reply, hold=True) as transport:
        with pytest.raises(SourceFault, match="no answer within"):
            await transport.fetch(CALL)


async def test_nobody_listening() -> None:
    transport = HttpTransport("s", f"http://127.0.0.1:1/{KEY}", HttpClient(limits=QUICK))
    with pytest.raises(SourceFault, match="no connection: Connection refused") as caught:
        await transport.fetch(CALL)
    assert caught.value.__context__ is None
    await transport.close()


async def test_a_name_that_does_not_resolve() -> None:
    transport = HttpTransport("s", f"http://no-such-host.invalid/{KEY}", HttpClient(limits=QUICK))
    with pytest.raises(SourceFault, match=r"does not resolve|no answer within"):
        await transport.fetch(CALL)
    await transport.close()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"{", b"[]", b"null", b"3", b'{"jsonrpc":"2.0","id":1}',
        b'{"jsonrpc":"2.0","id":2,"result":1}', b'{"jsonrpc":"2.0","id":"1","result":1}',
        b'{"jsonrpc":"2.0","id":true,"result":1}', b'{"jsonrpc":"1.0","id":1,"result":1}',
        b'{"jsonrpc":"2.0","id":1,"result":NaN}', b'{"jsonrpc":"2.0","id":1,"result":-Infinity}',
        b'{"jsonrpc":"2.0","id":1,"result":1e999}',
        b'{"jsonrpc":"2.0","id":1,"result":' + b"9" * 5000 + b"}",
        b'{"jsonrpc":"2.0","id":1,"result":' + b"[" * 9 + b"]" * 9 + b"}",
        b"[" * 20_000, b'{"a":' * 8000, b"\xff\xfe\x00", b'{"error":[]}', b'{"error":{}}',
        b'{"error":{"code":[1],"message":{}}}',
    ],
)  # fmt: skip
async def test_bodies_that_are_no_response(body: bytes) -> None:
    fault = await fault_of(says(body))
    assert type(fault) is SourceFault


async def test_html_is_not_read() -> None:
    good = json.dumps(result(1)).encode()
    fault = await fault_of(says(good, content_type="text/html"))
    assert "another type than JSON" in str(fault)


@pytest.mark.parametrize(
    ("status", "headers", "kind", "lasting_or_wait"),
    [
        (404, {}, NotKnown, False),
        (405, {}, SourceLacks, True),
        (501, {}, SourceLacks, True),
        (429, {}, SourceBusy, None),
        (429, {"Retry-After": "17"}, SourceBusy, 17.0),
        (429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, SourceBusy, None),
        (429, {"Retry-After": "9" * 400}, SourceBusy, None),
        (503, {"Retry-After": "2"}, SourceBusy, 2.0),
        (503, {}, SourceFault, None),
        (500, {}, SourceFault, None),
        (403, {}, SourceFault, None),
        (204, {}, SourceFault, None),
    ],
)
@pytest.mark.parametrize("request_", [CALL, HEADER])
async def test_statuses(
    status: int,
    headers: dict[str, str],
    kind: type[SourceFault],
    lasting_or_wait: object,
    request_: RpcRequest | BeaconRequest,
) -> None:
    fault = await fault_of(says(b"", status=status, headers=headers), request_)
    assert type(fault) is kind
    if isinstance(fault, SourceBusy):
        assert fault.retry_after == lasting_or_wait
    if isinstance(fault, SourceLacks):
        assert fault.lasting is lasting_or_wait


async def test_a_json_rpc_error_with_a_failing_status_says_more_than_the_status() -> None:
    body = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "Method not found"}}
    assert isinstance(await fault_of(says(body, status=400)), SourceLacks)
    busy = await fault_of(says(body, status=429, headers={"Retry-After": "5"}))
    assert isinstance(busy, SourceBusy)
    assert busy.retry_after == 5


async def test_batches() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        calls = await request.json()
        replies = [{"jsonrpc": "2.0", "id": c["id"], "result": c["params"][0]} for c in calls]
        return web.json_response(list(reversed(replies)))

    async with served(handle) as transport:
        answers = await transport.fetch_batch([RpcRequest("x", (n,)) for n in range(3)])
    assert [answer.body for answer in answers if isinstance(answer, Answer)] == [0, 1, 2]


async def test_a_batch_too_large_is_a_lack() -> None:
    async with served(says(b"", status=413)) as transport:
        with pytest.raises(SourceLacks):
            await transport.fetch_batch([CALL, CALL])


@pytest.mark.parametrize(
    "url", ["", "nonsense", "ftp://host/", "http://", f"http://[{KEY}", "http://h:99999999/"]
)
def test_urls_that_cannot_be_used_are_configuration_errors_without_the_url(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        HttpTransport("s", url, HttpClient())
    assert KEY not in str(caught.value)


async def test_no_key_in_any_text_or_log(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong, and however closely one looks."""
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)

    async def echo(request: web.Request) -> web.StreamResponse:
        error = {"code": -32000, "message": f"bad request to {request.url}"}
        return web.json_response({"jsonrpc": "2.0", "id": 1, "error": error})

    faults: list[SourceFault] = []
    handlers = [echo, says(b"<"), says(b"", status=500), says(b"", status=307)]
    for handler in handlers:
        async with served(handler, path=f"/v2/{KEY}?token={KEY}") as transport:
            assert KEY not in repr(transport)
            with pytest.raises(SourceFault) as caught:
                await transport.fetch(CALL)
            faults.append(SourceFault(transport.scrub(str(caught.value))))
            assert caught.value.__context__ is None or KEY not in repr(caught.value.__context__)
    nobody = HttpTransport("s", f"http://user:{KEY}@127.0.0.1:1/{KEY}", HttpClient(limits=QUICK))
    with pytest.raises(SourceFault) as caught:
        await nobody.fetch(CALL)
    await nobody.close()
    assert all(KEY not in str(fault) for fault in [*faults, caught.value])
    logged = [r.getMessage() for r in caplog.records if r.name != "aiohttp.access"]
    assert KEY not in "".join(logged)


async def test_sessions_are_shared_and_closed_by_the_last() -> None:
    client = HttpClient(limits=QUICK)
    one, two = (HttpTransport(n, "http://127.0.0.1:1/", client) for n in "ab")
    session = client.session(guarded=False)
    await one.close()
    await one.close()
    assert not session.closed
    await two.close()
    assert session.closed


NOT_FOUND = {"code": -32000, "message": "header not found"}
JUNK = ["x" * 1000] * 100


@pytest.mark.parametrize(
    "body",
    [
        {"jsonrpc": "2.0", "id": 1, "error": NOT_FOUND, "junk": JUNK},
        {"jsonrpc": "2.0", "id": 1, "result": None, "junk": JUNK},
    ],
    ids=["error", "null"],
)
async def test_to_have_nothing_in_very_many_bytes_is_a_fault(body: object) -> None:
    fault = await fault_of(says(body), RpcRequest("eth_getProof"))
    assert type(fault) is SourceFault
    assert "says so in" in str(fault)


async def test_a_batch_without_one_result_in_very_many_bytes_is_a_fault() -> None:
    lacking = {"jsonrpc": "2.0", "id": 0, "error": NOT_FOUND, "junk": JUNK}
    refused = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600}, "junk": JUNK}
    for body in ([lacking], refused):
        async with served(says(body)) as transport:
            with pytest.raises(SourceFault, match="says so in") as caught:
                await transport.fetch_batch([RpcRequest("eth_getProof")])
            assert type(caught.value) is SourceFault
    mixed = [lacking, {"jsonrpc": "2.0", "id": 1, "result": "0x1"}]
    async with served(says(mixed)) as transport:
        first, second = await transport.fetch_batch([RpcRequest("eth_getProof")] * 2)
    assert isinstance(first, NotKnown)
    assert second == Answer("s", "0x1")


@pytest.mark.parametrize("status", [404, 405, 429, 500])
async def test_what_comes_with_a_failing_status_is_small(status: int) -> None:
    fault = await fault_of(says([JUNK], status=status), RpcRequest("eth_getProof"))
    assert not isinstance(fault, SourceBusy | SourceLacks)
    assert "larger than" in str(fault)


async def test_a_batch_is_bounded_however_much_each_call_may_bring() -> None:
    calls = [RpcRequest("eth_getBlockReceipts", (f"0x{n:x}",)) for n in range(3)]
    async with served(says(b"[" + b" " * LIMITS.batch_response_bytes + b"]")) as transport:
        with pytest.raises(SourceFault, match=f"larger than {LIMITS.batch_response_bytes}"):
            await transport.fetch_batch(calls)


async def test_a_few_kilobytes_do_not_hold_the_loop() -> None:
    """Small on the wire, millions of arrays unpacked; it costs no mark unless it is refused."""
    junk = b",".join([b"[]"] * 1_500_000)
    head = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"header not found"},"junk":['
    body = gzip.compress(head + junk + b"]}")
    assert len(body) < 10_000
    longest, done = 0.0, False

    async def beat() -> None:
        nonlocal longest
        while not done:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - began)

    beating = asyncio.create_task(beat())
    handler = says(body, headers={"Content-Encoding": "gzip"})
    fault = await fault_of(handler, RpcRequest("eth_getProof", max_bytes=LIMITS.rpc_response_bytes))
    done = True
    await beating
    assert type(fault) is SourceFault
    assert longest < 0.3
