"""The server on real sockets: who may speak, what is limited, how it starts and stops."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from tests.rpc.prepared_chain import PreparedChain
from walkaway.errors import ConfigError
from walkaway.limits import LIMITS, Limits
from walkaway.rpc.error_codes import INVALID_REQUEST, LIMIT_EXCEEDED, PARSE_ERROR, TIMED_OUT
from walkaway.rpc.server import RpcServer

JSON = {"Content-Type": "application/json"}
NUMBER = json.dumps({"jsonrpc": "2.0", "id": 7, "method": "eth_blockNumber"})
ANSWER = {"jsonrpc": "2.0", "id": 7, "result": "0x2"}
EXTENSION = "chrome-extension://abcdefghijklmnop"

REFUSED_HOSTS = (
    "evil.example",
    "evil.example:8545",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "notlocalhost",
    ".localhost",
    "a..localhost",
    "192.168.0.1",
    "127.0.0.2",
    "localhost:8545:8545",
    "localhost@evil.example",
    "[::2]",
    "",
)
ALLOWED_HOSTS = ("localhost", "LOCALHOST:1", "127.0.0.1:99", "[::1]:8545", "app.eth.localhost:80")
REFUSED_ORIGINS = (
    "https://evil.example",
    "http://127.0.0.1:8080",
    "http://localhost.evil.example",
    "http://evil.example/localhost",
    "http://evil.example#.localhost",
    "http://user@evil.example",
    "http://localhost@evil.example",
    "ftp://localhost",
    "file://",
    "null",
    "",
    "http://.localhost",
    "http://localhost!.evil.example",
    "http://localhost:80:80",
    "ms-extension://abc",
)
ALLOWED_ORIGINS = (
    "http://localhost",
    "http://localhost:3000",
    "https://app.localhost",
    "http://app-eth.localhost:8080",
    EXTENSION,
    "moz-extension://0b3a-4c",
    "safari-web-extension://F00D",
)


async def post(
    http: aiohttp.ClientSession, url: str, headers: dict[str, str], body: str = NUMBER
) -> tuple[int, Any, Any]:
    async with http.post(url, data=body.encode(), headers=JSON | headers) as response:
        text = await response.text()
        return response.status, json.loads(text) if text else None, response.headers


@pytest.mark.parametrize("host", ALLOWED_HOSTS)
async def test_hosts_of_this_machine_are_served(
    server: RpcServer, http: aiohttp.ClientSession, host: str
) -> None:
    status, reply, _ = await post(http, server.url, {"Host": host})
    assert (status, reply) == (200, ANSWER)


@pytest.mark.parametrize("host", REFUSED_HOSTS)
async def test_other_hosts_are_refused_with_a_reason(
    server: RpcServer, http: aiohttp.ClientSession, host: str
) -> None:
    status, reply, headers = await post(http, server.url, {"Host": host})
    assert status == 403
    assert "DNS rebinding" in reply["error"]["message"]
    assert reply["error"]["code"] == INVALID_REQUEST
    assert "Access-Control-Allow-Origin" not in headers


async def raw(server: RpcServer, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(4096), 5)
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    "headers",
    [
        b"Host: localhost\r\nHost: evil.example\r\n",
        b"Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://evil.example\r\n",
        b"",
    ],
)
async def test_two_hosts_or_none_or_two_origins_are_refused(
    server: RpcServer, headers: bytes
) -> None:
    body = NUMBER.encode()
    head = b"POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    answer = await raw(server, head % len(body) + headers + b"\r\n" + body)
    assert answer.split(b" ")[1] in (b"400", b"403")
    assert b"0x2" not in answer


@pytest.mark.parametrize("origin", ALLOWED_ORIGINS)
async def test_pages_of_this_machine_may_read(
    server: RpcServer, http: aiohttp.ClientSession, origin: str
) -> None:
    status, reply, headers = await post(http, server.url, {"Origin": origin})
    assert (status, reply) == (200, ANSWER)
    assert headers["Access-Control-Allow-Origin"] == origin
    assert headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", REFUSED_ORIGINS)
async def test_other_pages_are_refused_before_anything_is_read(
    server: RpcServer, http: aiohttp.ClientSession, origin: str
) -> None:
    for method in ("POST", "OPTIONS", "GET"):
        headers = JSON | {"Origin": origin}
        async with http.request(method, server.url, data=NUMBER, headers=headers) as response:
            assert response.status == 403
            assert "Access-Control-Allow-Origin" not in response.headers


async def test_configured_exceptions(chain: PreparedChain, http: aiohttp.ClientSession) -> None:
    async with RpcServer(
        chain, port=0, allowed_hosts=["node.home"], allowed_origins=["https://wallet.example"]
    ) as server:
        headers = {"Host": "node.home:8545", "Origin": "https://wallet.example"}
        assert (await post(http, server.url, headers))[0] == 200
        headers["Origin"] = "https://wallet.example:444"
        assert (await post(http, server.url, headers))[0] == 403


@pytest.mark.parametrize(
    "types",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"],
)
async def test_only_json_is_read(
    server: RpcServer, http: aiohttp.ClientSession, types: str
) -> None:
    status, reply, headers = await post(http, server.url, {"Content-Type": types})
    assert status == 415
    assert headers.getall("Vary") == ["Origin"]
    assert "application/json" in reply["error"]["message"]


async def test_json_with_a_charset_is_read(server: RpcServer, http: aiohttp.ClientSession) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert (await post(http, server.url, headers))[0] == 200


async def test_preflight(server: RpcServer, http: aiohttp.ClientSession) -> None:
    asked = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    async with http.options(server.url, headers=asked) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == asked["Origin"]
        assert response.headers["Access-Control-Allow-Methods"] == "POST"
        assert response.headers["Access-Control-Allow-Headers"] == "content-type"
        assert "Access-Control-Allow-Private-Network" not in response.headers
    asked["Access-Control-Request-Private-Network"] = "true"
    async with http.options(server.url, headers=asked) as response:
        assert response.headers["Access-Control-Allow-Private-Network"] == "true"


async def test_a_person_who_opens_it_is_told_what_it_is(
    server: RpcServer, http: aiohttp.ClientSession
) -> None:
    async with http.get(server.url) as response:
        assert response.content_type == "text/plain"
        text = await response.text()
    assert "every answer is proven" in text
    assert server.url in text
    async with http.get(f"{server.url}/other") as response:
        assert response.status == 404
    async with http.put(server.url, data="x") as response:
        assert response.status == 405
        assert "POST" in response.headers["Allow"]


@asynccontextmanager
async def limited(chain: PreparedChain, **limits: Any) -> AsyncIterator[RpcServer]:
    async with RpcServer(chain, port=0, limits=replace(LIMITS, **limits)) as server:
        yield server


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "streamed"])
async def test_a_body_over_the_limit_is_not_read_to_its_end(
    chain: PreparedChain, http: aiohttp.ClientSession, declared: bool
) -> None:
    async with limited(chain, rpc_request_bytes=1000) as server:
        body = b" " * 1001

        async def pieces() -> AsyncIterator[bytes]:
            yield body

        data = body if declared else pieces()
        async with http.post(server.url, data=data, headers=JSON) as response:
            assert response.status == 413
            assert (await response.json())["error"]["code"] == LIMIT_EXCEEDED


async def test_a_body_that_never_arrives_is_given_up(chain: PreparedChain) -> None:
    async with limited(chain, rpc_upload_seconds=0.1) as server:
        head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        answer = await raw(server, head + b"Content-Length: 10\r\n\r\n{")
        assert answer.startswith(b"HTTP/1.1 408")


async def test_a_call_that_takes_too_long_is_given_up(
    chain: PreparedChain, http: aiohttp.ClientSession
) -> None:
    chain.pause = asyncio.Event()
    async with limited(chain, rpc_call_seconds=0.1) as server:
        _, reply, _ = await post(http, server.url, {})
    assert reply["error"]["code"] == TIMED_OUT


async def test_busy_is_said_and_passes(chain: PreparedChain, http: aiohttp.ClientSession) -> None:
    chain.pause = asyncio.Event()
    async with limited(chain, rpc_calls=2, rpc_connections=3) as server:
        waiting = [asyncio.create_task(post(http, server.url, {})) for _ in range(2)]
        await asyncio.sleep(0.1)
        _, reply, _ = await post(http, server.url, {})
        assert reply["error"]["code"] == LIMIT_EXCEEDED
        assert reply["id"] == 7
        chain.pause.set()
        assert [reply for _, reply, _ in await asyncio.gather(*waiting)] == [ANSWER, ANSWER]
        assert (await post(http, server.url, {}))[1] == ANSWER


async def test_no_place_for_another_connection(
    chain: PreparedChain, http: aiohttp.ClientSession
) -> None:
    async with limited(chain, rpc_connections=1) as server:
        async with http.ws_connect(server.url) as socket:
            status, reply, _ = await post(http, server.url, {})
            assert status == 503
            assert reply["error"]["code"] == LIMIT_EXCEEDED
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(server.url)
            assert refused.value.status == 503
            await socket.send_str(NUMBER)
            assert json.loads(await socket.receive_str()) == ANSWER
        await asyncio.sleep(0.05)
        assert (await post(http, server.url, {}))[0] == 200


async def test_batches_notifications_and_order(
    server: RpcServer, http: aiohttp.ClientSession
) -> None:
    calls: list[object] = [
        {"jsonrpc": "2.0", "id": index, "method": "eth_getBlockByNumber", "params": ["0x1", True]}
        if index % 2
        else {"jsonrpc": "2.0", "id": index, "method": "eth_chainId"}
        for index in range(20)
    ]
    notification = {"jsonrpc": "2.0", "method": "eth_chainId"}
    calls[5:5] = [notification, 1]
    status, replies, _ = await post(http, server.url, {}, json.dumps(calls))
    assert status == 200
    assert [reply["id"] for reply in replies] == [0, 1, 2, 3, 4, None, *range(5, 20)]
    for body in (json.dumps(notification), json.dumps([notification, notification])):
        status, nothing, _ = await post(http, server.url, {}, body)
        assert (status, nothing) == (204, None)


async def test_a_batch_whose_answers_grow_too_long_is_cut(
    chain: PreparedChain, http: aiohttp.ClientSession
) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["0x1", True]}
    async with limited(chain, rpc_batch_response_bytes=10_000) as server:
        _, replies, _ = await post(http, server.url, {}, json.dumps([call] * 60))
    codes = [reply.get("error", {}).get("code") for reply in replies]
    assert codes[0] is None
    assert codes[-1] == LIMIT_EXCEEDED


async def test_websocket_answers_as_they_are_ready(
    server: RpcServer, chain: PreparedChain, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(server.url, headers={"Origin": EXTENSION}) as socket:
        chain.pause = asyncio.Event()
        await socket.send_str(NUMBER)
        await socket.send_bytes(b'[{"jsonrpc":"2.0","id":"a","method":"eth_chainId"}]')
        assert json.loads(await socket.receive_str()) == [
            {"jsonrpc": "2.0", "id": "a", "result": "0x539"}
        ]
        chain.pause.set()
        assert json.loads(await socket.receive_str()) == ANSWER
        await socket.send_str("{")
        assert json.loads(await socket.receive_str())["error"]["code"] == PARSE_ERROR


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
    ids=str,
)
async def test_websockets_of_strangers_are_refused_before_they_open(
    server: RpcServer, http: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect(server.url, headers=headers)
    assert refused.value.status == 403


async def test_websocket_limits(chain: PreparedChain, http: aiohttp.ClientSession) -> None:
    chain.pause = asyncio.Event()
    async with limited(chain, rpc_calls_per_connection=2, rpc_request_bytes=1000) as server:
        async with http.ws_connect(server.url) as socket:
            for _ in range(3):
                await socket.send_str(NUMBER)
            busy = json.loads(await socket.receive_str())
            assert (busy["id"], busy["error"]["code"]) == (7, LIMIT_EXCEEDED)
            chain.pause.set()
            assert json.loads(await socket.receive_str()) == ANSWER
            assert json.loads(await socket.receive_str()) == ANSWER
            await socket.send_str(" " * 1001)
            closed = await socket.receive()
            assert closed.type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
            assert socket.close_code == 1009
        assert (await post(http, server.url, {}))[1] == ANSWER


async def test_a_client_that_does_not_read_is_cut_off(chain: PreparedChain) -> None:
    limits: Limits = replace(LIMITS, rpc_send_seconds=0.2, rpc_ping_seconds=60.0)
    handshake = (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    call = b'{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0x1",true]}'
    message = b"[" + b",".join([call] * 40) + b"]"
    frame = b"\x81\xfe" + len(message).to_bytes(2, "big") + bytes(4) + message
    async with RpcServer(chain, port=0, limits=limits) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as stranger:
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stranger.setblocking(False)
            with pytest.raises(ConnectionError):
                await flood(stranger, handshake, frame)


async def flood(stranger: socket.socket, handshake: bytes, frame: bytes) -> None:
    """Send, and never read, for as long as somebody listens (at most 20 seconds)."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(20):
        await loop.sock_sendall(stranger, handshake)
        while True:
            await loop.sock_sendall(stranger, frame)
            await asyncio.sleep(0.01)


async def test_it_serves_both_loopbacks_on_one_port(
    server: RpcServer, http: aiohttp.ClientSession
) -> None:
    assert (await post(http, f"http://127.0.0.1:{server.port}", {}))[0] == 200
    if socket.has_ipv6:
        assert (await post(http, f"http://[::1]:{server.port}", {}))[0] == 200


async def test_a_taken_port_says_what_to_do(server: RpcServer, chain: PreparedChain) -> None:
    second = RpcServer(chain, port=server.port)
    with pytest.raises(ConfigError, match="taken") as refused:
        await second.start()
    assert "--port" in refused.value.advice
    await second.stop()


@pytest.mark.parametrize(
    "settings",
    [
        {"hosts": ()},
        {"hosts": ("192.0.2.1",)},
        {"hosts": ("not an address",)},
        {"port": 70_000},
        {"allowed_hosts": ("localhost:1",)},
        {"allowed_hosts": ("a/b",)},
        {"allowed_origins": ("wallet.example",)},
        {"allowed_origins": ("https://wallet.example/path",)},
    ],
    ids=str,
)
async def test_malformed_settings_are_configuration_errors(
    chain: PreparedChain, settings: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError):
        await RpcServer(chain, **({"port": 0} | settings)).start()


async def test_it_stops_gracefully_and_can_start_again(
    chain: PreparedChain, http: aiohttp.ClientSession
) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    server = RpcServer(chain, port=0)
    await server.start()
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers
    chain.pause = asyncio.Event()
    running = asyncio.create_task(post(http, server.url, {}))
    await asyncio.sleep(0.1)
    stopping = asyncio.create_task(server.stop())
    await asyncio.sleep(0.15)
    chain.pause.set()
    assert (await running)[1] == ANSWER
    await stopping
    with pytest.raises(aiohttp.ClientConnectionError):
        await post(http, server.url, {})
    async with server:
        assert (await post(http, server.url, {}))[1] == ANSWER


ENDLESS_HEADS = {
    "a request line": (b"POST /", b"a" * 1000),
    "one header": (b"POST / HTTP/1.1\r\nHost: localhost\r\nX: ", b"a" * 1000),
    "many headers": (b"POST / HTTP/1.1\r\nHost: localhost\r\n", b"X: a\r\n" * 100),
    "trailers": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        b"X: a\r\n" * 100,
    ),
}


@pytest.mark.parametrize("kind", ENDLESS_HEADS)
async def test_a_head_without_end_is_cut_off(server: RpcServer, kind: str) -> None:
    start, more = ENDLESS_HEADS[kind]
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)

    async def send() -> None:
        sent = len(start)
        writer.write(start)
        while sent < 64 * LIMITS.rpc_head_bytes:
            writer.write(more)
            sent += len(more)
            await writer.drain()
            await asyncio.sleep(0)

    with pytest.raises(ConnectionError):
        await send()
    writer.close()
    with suppress(ConnectionError):
        await reader.read()
