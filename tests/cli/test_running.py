"""Asking the running endpoint: its answers, its errors as errors, and nobody at home."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from walkaway.cli import running
from walkaway.cli.exit_codes import advice_on
from walkaway.cli.gateway import GatewayPlan, open_gateway
from walkaway.cli.names import NamesPlan
from walkaway.cli.node import Listen
from walkaway.cli.running import ask_running, endpoint_url, gateway_status
from walkaway.content.service import ContentPlan
from walkaway.errors import (
    CallFailed,
    ConfigError,
    InvalidRequest,
    NoEndpoint,
    NoNetwork,
    Stale,
    TooMuch,
    Unproven,
    Unsupported,
    WalkawayError,
)
from walkaway.limits import LIMITS

Serve = Callable[[bytes], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a server on loopback that says one thing, whatever it is asked."""
    runners: list[web.AppRunner] = []

    async def start(body: bytes) -> str:
        async def handle(request: web.Request) -> web.Response:
            assert request.method == "GET" or request.content_type == "application/json"
            return web.Response(body=body, content_type="application/json")

        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", handle)
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return endpoint_url("127.0.0.1", runner.addresses[0][1])

    yield start
    for runner in runners:
        await runner.cleanup()


async def test_a_result_is_given_as_it_came(serve: Serve) -> None:
    url = await serve(b'{"jsonrpc":"2.0","id":1,"result":{"a":[1,null]}}')
    assert await ask_running(url, "m", []) == {"a": [1, None]}


async def test_a_long_result_is_read_to_its_end(serve: Serve) -> None:
    long = b"a" * 3_000_000
    url = await serve(b'{"jsonrpc":"2.0","id":1,"result":"' + long + b'"}')
    assert await ask_running(url, "m", []) == long.decode()


async def test_a_result_without_end_is_refused(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "LIMITS", replace(LIMITS, endpoint_response_bytes=1000))
    url = await serve(b'{"jsonrpc":"2.0","id":1,"result":"' + b"a" * 1000 + b'"}')
    with pytest.raises(WalkawayError, match="longer than 1000 bytes") as refused:
        await ask_running(url, "m", [])
    assert "ask for less" in refused.value.advice


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (
            (
                b'{"code":-32011,"message":"no proof (a: slow)","data":'
                b'{"error":"Unproven","sources":{"a":"slow"},"advice":"wait"}}'
            ),
            Unproven,
            r"^no proof \(a: slow\)$",
        ),
        (
            b'{"code":-32011,"message":"none","data":{"error":"NoNetwork","sources":{"a":"x"}}}',
            NoNetwork,
            "none",
        ),
        (
            (
                b'{"code":-32012,"message":"old","data":'
                b'{"error":"Stale","age_seconds":9,"limit_seconds":5}}'
            ),
            Stale,
            "old",
        ),
        (
            b'{"code":-32602,"message":"bad","data":{"error":"InvalidRequest"}}',
            InvalidRequest,
            "bad",
        ),
        (b'{"code":-32601,"message":"no such method"}', InvalidRequest, "no such method"),
        (
            b'{"code":-32004,"message":"it traces","data":{"error":"Unsupported"}}',
            Unsupported,
            "it traces",
        ),
        (b'{"code":-32013,"message":"c","data":{"error":"ConfigError"}}', ConfigError, "c"),
        (b'{"code":-32000,"message":"o","data":{"error":"CallFailed"}}', CallFailed, "o"),
        (b'{"code":-32005,"message":"m","data":{"error":"TooMuch"}}', TooMuch, "m"),
        (b'{"code":-32603,"message":"internal error"}', WalkawayError, "internal error"),
        (b'{"code":-32012,"message":"old","data":{"error":"Stale"}}', WalkawayError, "old"),
        (b"{}", WalkawayError, "refused without a reason"),
    ],
)
async def test_an_error_there_is_that_error_here(
    serve: Serve, error: bytes, kind: type[WalkawayError], message: str
) -> None:
    url = await serve(b'{"jsonrpc":"2.0","id":1,"error":' + error + b"}")
    with pytest.raises(kind, match=message) as raised:
        await ask_running(url, "m", [])
    assert type(raised.value) is kind


async def test_an_unproven_answer_keeps_its_reasons_and_advice(serve: Serve) -> None:
    url = await serve(
        b'{"id":1,"error":{"code":-32011,"message":"no proof (a: slow)","data":'
        b'{"error":"Unproven","sources":{"a":"slow"},"advice":"wait"}}}'
    )
    with pytest.raises(Unproven) as raised:
        await ask_running(url, "m", [])
    assert raised.value.summary == "no proof"
    assert raised.value.reasons == {"a": "slow"}
    assert raised.value.advice == "wait"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"7", b"{}", b"[" * 100_000])
async def test_something_else_that_listens_there_is_told_apart(serve: Serve, body: bytes) -> None:
    with pytest.raises(NoEndpoint, match="is no walkaway endpoint"):
        await ask_running(await serve(body), "m", [])


async def test_nobody_at_home_says_how_to_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = endpoint_url("127.0.0.1", listening.getsockname()[1])
    with pytest.raises(NoEndpoint, match="no endpoint answers") as raised:
        await ask_running(url, "m", [])
    assert "walkaway up" in advice_on(raised.value)


async def test_what_is_no_http_is_nobody_at_home() -> None:
    def greet(reader: Any, writer: Any) -> None:
        writer.write(b"220 mail ready\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        url = endpoint_url("127.0.0.1", server.sockets[0].getsockname()[1])
        with pytest.raises(NoEndpoint, match="no endpoint answers"):
            await ask_running(url, "m", [])


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("localhost", "http://localhost:1"),
        ("::1", "http://[::1]:1"),
        ("127.0.0.1", "http://127.0.0.1:1"),
    ],
)
def test_the_address_of_an_endpoint(host: str, url: str) -> None:
    assert endpoint_url(host, 1) == url


async def test_a_gateway_is_told_from_nobody_and_from_something_else(
    serve: Serve, tmp_path: Path
) -> None:
    plan = GatewayPlan(
        ContentPlan(tmp_path / "store", tmp_path / "evidence", store_bytes=10**7),
        NamesPlan(tmp_path / "names"),
        Listen(("127.0.0.1",), 0),
        tmp_path / "peer.key",
    )
    async with open_gateway(plan) as gateway:
        url = gateway.server.url
        told = await gateway_status(url)
        assert told is not None
        assert told["servesEndpoint"] is False
        assert told["store"]["limit"] == 10**7
    assert await gateway_status(url) is None
    for answer in (b"{}", b"[]", b"no JSON"):
        assert await gateway_status(await serve(answer)) is None
