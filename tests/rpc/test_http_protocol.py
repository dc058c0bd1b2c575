"""What strangers can do to connections: hold them half-open, fill them up, send anything."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from tests.rpc.prepared_chain import PreparedChain
from walkaway.limits import LIMITS
from walkaway.rpc.http_server import SPARE_CONNECTIONS
from walkaway.rpc.server import RpcServer

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CALL = b'{"jsonrpc":"2.0","id":7,"method":"eth_blockNumber"}'
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(CALL) + CALL
ELSEWHERE = b"GET /elsewhere HTTP/1.1\r\nHost: localhost\r\n\r\n"
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@asynccontextmanager
async def limited(chain: PreparedChain, **limits: Any) -> AsyncIterator[RpcServer]:
    async with RpcServer(chain, port=0, limits=replace(LIMITS, **limits)) as server:
        yield server


@asynccontextmanager
async def streams(server: RpcServer, count: int) -> AsyncIterator[list[Stream]]:
    opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(count)]
    try:
        yield opened
    finally:
        for _, writer in opened:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def ask(stream: Stream, request: bytes = WHOLE) -> bytes:
    """The answer to one request; empty where the connection was closed."""
    reader, writer = stream
    writer.write(request)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    (length,) = (int(line[15:]) for line in head.split(b"\r\n") if line[:15] == b"content-length:")
    return head + await reader.readexactly(length)


async def is_closed(stream: Stream, within: float) -> bool:
    try:
        return await asyncio.wait_for(stream[0].read(4096), within) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST", HEAD, b"\r\n", WHOLE.removesuffix(CALL), HEAD + b"X: "],
    ids=["nothing", "a word", "headers", "an empty line", "no body", "half a header"],
)
async def test_a_head_has_its_time(chain: PreparedChain, sent: bytes) -> None:
    timed = {"rpc_head_seconds": 0.2, "rpc_upload_seconds": 60.0}
    async with limited(chain, **timed) as server, streams(server, 1) as (stream,):
        stream[1].write(sent)
        # A body has its own time, which here is long.
        assert await is_closed(stream, 1) is not sent.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("first", [WHOLE, ELSEWHERE], ids=["answered", "refused"])
@pytest.mark.parametrize("dribble", [b"\r\n", b"POST / HTTP/1.1\r\nX: "], ids=["lines", "head"])
async def test_so_has_the_next_one_on_a_connection(
    chain: PreparedChain, first: bytes, dribble: bytes
) -> None:
    async with limited(chain, rpc_head_seconds=0.2) as server, streams(server, 1) as (stream,):
        await ask(stream, first)
        assert not await is_closed(stream, 0.4)
        stream[1].write(dribble)
        await asyncio.sleep(0.1)
        stream[1].write(b"\r\n" if dribble == b"\r\n" else b"a")
        assert await is_closed(stream, 1)


async def test_bytes_behind_a_refusal_do_not_hold_a_connection(chain: PreparedChain) -> None:
    refused = b"POST /elsewhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
    async with limited(chain, rpc_head_seconds=0.2) as server, streams(server, 1) as (stream,):
        assert b"404" in await ask(stream, refused)
        async with asyncio.timeout(2):
            while not await is_closed(stream, 0.02):
                stream[1].write(b"a")


async def test_answers_and_websockets_take_longer_than_a_head(chain: PreparedChain) -> None:
    chain.pause = asyncio.Event()
    async with limited(chain, rpc_head_seconds=0.1) as server:
        async with streams(server, 1) as (stream,), aiohttp.ClientSession() as http:
            async with http.ws_connect(server.url) as socket:
                await socket.send_bytes(CALL)
                waiting = asyncio.create_task(ask(stream))
                await asyncio.sleep(0.05)
                stream[1].write(b"POST / HTTP/1.1\r\n")
                await asyncio.sleep(0.3)
                chain.pause.set()
                assert b'"0x2"' in await waiting
                assert '"0x2"' in await socket.receive_str(timeout=5)
            assert b'"0x2"' in await ask(stream, WHOLE[len(b"POST / HTTP/1.1\r\n") :])


@pytest.mark.parametrize("sent", [b"", HEAD, WHOLE], ids=["silent", "half-open", "answered"])
async def test_idle_connections_make_room(chain: PreparedChain, sent: bytes) -> None:
    async with limited(chain, rpc_connections=1) as server:
        async with streams(server, SPARE_CONNECTIONS) as idle:
            for stream in idle:
                if sent is WHOLE:
                    await ask(stream)
                else:
                    stream[1].write(sent)
            async with streams(server, 3) as newcomers:
                for newcomer in newcomers:
                    assert (await ask(newcomer)).startswith(b"HTTP/1.1 200")
                # The oldest went, and no more than were needed.
                assert [await is_closed(stream, 0.05) for stream in idle[:5]] == [
                    *[True] * 3,
                    *[False] * 2,
                ]
                assert (await ask(newcomers[0])).startswith(b"HTTP/1.1 200")


async def test_a_connection_that_is_being_served_does_not_make_room(chain: PreparedChain) -> None:
    chain.pause = asyncio.Event()
    async with limited(chain, rpc_connections=1) as server:
        async with streams(server, 1) as (busy,):
            waiting = asyncio.create_task(ask(busy))
            await asyncio.sleep(0.05)
            async with streams(server, 2 * SPARE_CONNECTIONS):
                await asyncio.sleep(0.05)
                chain.pause.set()
                assert b'"0x2"' in await waiting


@pytest.mark.parametrize("size", [LIMITS.rpc_head_bytes + 1, 200_000, 1_000_000])
async def test_the_end_of_a_body_is_no_head(server: RpcServer, size: int) -> None:
    body = CALL.ljust(size)
    whole = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    async with streams(server, 1) as (stream,):
        for _ in range(3):
            assert (await ask(stream, whole)).startswith(b"HTTP/1.1 200")


GARBAGE: dict[str, bytes | tuple[bytes, ...]] = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a bad version": b"GET / HTTP/9.9\r\n\r\n",
    "a bad URL": b"GET http://[::1/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "another alphabet": b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no path": b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{",
    "another upgrade": ELSEWHERE[:-2] + b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    "no key": UPGRADE.replace(b"Sec-WebSocket-Key", b"X-Key"),
    "a header in another alphabet": UPGRADE[:-2] + b"X: \xff\xfe\r\n\r\n",
    "a path in another alphabet": UPGRADE.replace(b"GET /", b"GET /\xc3\xbc"),
    "an odd upgrade": UPGRADE.replace(b"GET", b"POST")[:-2] + b"Content-Length: 3\r\n\r\nabc",
    "no UTF-8": (UPGRADE, b"\x81\x82\0\0\0\0\xff\xfe"),
    "an odd frame": (UPGRADE, b"\xff\xff\xff\xff"),
    "a frame without mask": (UPGRADE, b"\x81\x02{}"),
    "a strange page": UPGRADE[:-2] + b"Origin: https://evil.example\r\n\r\n",
    "a strange host": UPGRADE.replace(b"localhost", b"evil.example"),
    "an early end": WHOLE[:-5],
}


async def test_strangers_write_nothing_into_the_log(
    server: RpcServer, caplog: pytest.LogCaptureFixture
) -> None:
    told: dict[str, list[str]] = {}
    for kind, sent in GARBAGE.items():
        caplog.clear()
        async with streams(server, 1) as (stream,):
            for part in sent if isinstance(sent, tuple) else (sent,):
                stream[1].write(part)
                await is_closed(stream, 0.1)
        await asyncio.sleep(0.02)
        told[kind] = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert told == {kind: [] for kind in GARBAGE}


@pytest.mark.parametrize("websocket", [False, True])
async def test_nobody_can_hold_up_the_end(
    chain: PreparedChain,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    websocket: bool,
) -> None:
    monkeypatch.setattr("walkaway.rpc.http_server.GRACE_SECONDS", 0.3)
    chain.pause = asyncio.Event()
    server = RpcServer(chain, port=0)
    await server.start()
    async with streams(server, 3) as opened:
        for (_, writer), sent in zip(opened, (b"", HEAD, WHOLE[:-1]), strict=True):
            writer.write(UPGRADE if websocket else sent)
        await asyncio.sleep(0.1)
        if websocket:
            opened[0][1].write(b"\x81" + bytes([0x80 | len(CALL)]) + bytes(4) + CALL)
            await asyncio.sleep(0.1)
        async with asyncio.timeout(2):
            await server.stop()
        for stream in opened:
            with suppress(ConnectionError):
                await asyncio.wait_for(stream[0].read(), 1)
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []
