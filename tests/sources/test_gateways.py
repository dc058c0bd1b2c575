"""Gateways over real sockets: whom a contract may make us ask, and what they may answer."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yarl import URL

from tests.sources.certificates import server_and_client
from walkaway.errors import SourceFault, Unproven
from walkaway.evm.offchain_lookup import OffchainLookup
from walkaway.limits import LIMITS
from walkaway.sources.gateways import GatewayAnswer, Gateways
from walkaway.sources.guard import NO_EXCEPTION, Guard
from walkaway.sources.redact import UNREADABLE
from walkaway.sources.transports.http_client import HttpClient, HttpQuestion, HttpReply

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

QUICK = replace(
    LIMITS, gateway_seconds=0.5, connect_seconds=0.3, gateway_response_bytes=4096, redirects=3
)
SENDER = b"\xaa" * 20


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on loopback; its port."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    server = TestServer(app, host="127.0.0.1", scheme="http" if tls is None else "https")
    await server.start_server(ssl=tls)
    try:
        yield server.port or 0
    finally:
        await server.close()


@asynccontextmanager
async def asking(*excepted: int) -> AsyncIterator[Gateways]:
    """Gateways, with these loopback ports named in the configuration."""
    guard = Guard([f"127.0.0.1:{port}" for port in excepted])
    gateways = Gateways(HttpClient(guard=guard, limits=QUICK))
    try:
        yield gateways
    finally:
        await gateways.close()


async def fetch(gateways: Gateways, *urls: str, asked: bytes = b"\x01\x02") -> GatewayAnswer:
    return await gateways.fetch(OffchainLookup(SENDER, urls, asked, b"call", b""))


async def reasons(gateways: Gateways, *urls: str, asked: bytes = b"\x01\x02") -> dict[str, str]:
    with pytest.raises(Unproven) as caught:
        await fetch(gateways, *urls, asked=asked)
    return caught.value.reasons


def says(body: object, *, status: int = 200, content_type: str = "application/json") -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(body=text, status=status, content_type=content_type)

    return handle


def redirects(location: str, status: int = 307) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": location})

    return handle


async def test_a_url_with_data_is_a_get_and_one_without_a_post() -> None:
    seen: list[tuple[str, str, object]] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        seen.append((request.method, request.path, body))
        return web.json_response({"data": "0xdead"})

    async with serving(handle) as port, asking(port) as gateways:
        here, sender = f"http://127.0.0.1:{port}", "0x" + SENDER.hex()
        got = await fetch(gateways, here + "/{sender}/{data}.json")
        posted = await fetch(gateways, here + "/{sender}")
    assert got == posted == GatewayAnswer(b"\xde\xad", f"127.0.0.1:{port}", (f"127.0.0.1:{port}",))
    assert seen == [
        ("GET", f"/{sender}/0x0102.json", None),
        ("POST", f"/{sender}", {"data": "0x0102", "sender": sender}),
    ]


async def test_http_and_inner_addresses_are_refused_unless_named() -> None:
    async with serving(says({"data": "0x"})) as port:
        async with asking() as gateways:
            for url in (f"http://127.0.0.1:{port}/", "http://gateway.example/", "ftp://127.0.0.1/"):
                (reason,) = (await reasons(gateways, url)).values()
                assert reason == f"refused: its address is not https{NO_EXCEPTION}"
            for host in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[fd00::1]"):
                (reason,) = (await reasons(gateways, f"https://{host}:{port}/")).values()
                assert "is not a public address" in reason
        async with asking(port) as gateways:
            assert (await fetch(gateways, f"http://127.0.0.1:{port}/")).content == b""
            (reason,) = (await reasons(gateways, f"http://localhost:{port}/")).values()
            assert reason == f"refused: its address is not https{NO_EXCEPTION}"


async def test_a_name_is_judged_by_where_it_leads_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, trusting = server_and_client(tmp_path, "gateway.example")
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
    answers = iter(["127.0.0.1", "127.0.0.2", "10.1.2.3", "169.254.169.254"])

    def resolve(host: str, port: int, **_: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    async with serving(says({"data": "0x05"}), tls) as port:
        url = f"https://gateway.example:{port}/"
        async with asking(port) as gateways:
            assert (await fetch(gateways, url)).content == b"\x05"
        for address in ("127.0.0.2", "10.1.2.3", "169.254.169.254"):
            async with asking(port) as gateways:
                (reason,) = (await reasons(gateways, url)).values()
                assert reason == f"refused: {address} is not a public address{NO_EXCEPTION}"


async def test_slow_names_hold_up_no_configured_name_and_no_other_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_up, given_up = socket.getaddrinfo, threading.Event()

    def resolve(host: str, *asked: Any, **more: Any) -> object:
        if host.endswith(".slow.example"):
            given_up.wait()
            raise socket.gaierror(socket.EAI_AGAIN, "later")
        return looked_up(host, *asked, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    quick = replace(QUICK, gateway_seconds=5.0, dns_seconds=0.4, dns_threads=2)
    client = HttpClient(limits=quick)
    gateways = Gateways(client)
    urls = [f"https://{number}.slow.example/" for number in range(40)]
    try:
        async with serving(says({"data": "0x"})) as port:
            jammed = [asyncio.create_task(reasons(gateways, url)) for url in urls]
            await asyncio.sleep(0.1)
            async with asyncio.timeout(0.25):
                here = HttpQuestion(URL(f"http://localhost:{port}/"), "application/json", 4096)
                assert (await client.ask(here)).status == 200
                assert await asyncio.to_thread(lambda: 7) == 7
            for told in await asyncio.gather(*jammed):
                assert list(told.values()) == ["the name of its host does not resolve"]
    finally:
        given_up.set()
        await gateways.close()


async def test_redirects_are_held_to_the_same_rules() -> None:
    async with serving(says({"data": "0x01"})) as inner:
        for target, reason in (
            (f"http://127.0.0.1:{inner}/", f"refused: its address is not https{NO_EXCEPTION}"),
            (
                f"https://127.0.0.1:{inner}/",
                f"refused: 127.0.0.1 is not a public address{NO_EXCEPTION}",
            ),
            ("file:///etc/passwd", "redirects to nowhere"),
            ("/again", "redirects too often"),
        ):
            async with serving(redirects(target)) as port, asking(port) as gateways:
                told = await reasons(gateways, f"http://127.0.0.1:{port}/")
                assert told == {f"127.0.0.1:{port}": reason}
        async with serving(redirects(f"http://127.0.0.1:{inner}/")) as port:
            async with asking(port, inner) as gateways:
                assert (await fetch(gateways, f"http://127.0.0.1:{port}/")).content == b"\x01"


async def test_a_slow_one_a_large_one_and_a_garbled_one_are_passed_over() -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(20):
            await response.write(b" ")
            await asyncio.sleep(0.1)
        return response

    handlers: dict[str, Handler] = {
        "no answer within 0.5 s": slow,
        "larger than 4096 bytes": says({"data": "0x" + "00" * 4096}),
        "of another type": says(b"<html>", content_type="text/html"),
        "not JSON": says(b"{"),
        "holds no data": says({"data": "0xabc"}),
        "HTTP status 503": says({"data": "0x"}, status=503),
    }
    for reason, handler in handlers.items():
        async with serving(handler) as bad, serving(says({"data": "0x02"})) as good:
            async with asking(bad, good) as gateways:
                urls = [f"http://127.0.0.1:{port}/" for port in (bad, good)]
                assert reason in (await reasons(gateways, urls[0]))[f"127.0.0.1:{bad}"]
                answer = await fetch(gateways, *urls)
                assert answer.content == b"\x02"
                assert answer.asked == (f"127.0.0.1:{bad}", f"127.0.0.1:{good}")


@pytest.mark.parametrize(
    "document", [[], "0x00", {}, {"data": 5}, {"data": "00"}, {"data": "0xé0"}]
)
async def test_only_hex_under_data_is_an_answer(document: object) -> None:
    async with serving(says(document)) as port, asking(port) as gateways:
        told = await reasons(gateways, f"http://127.0.0.1:{port}/")
        assert told == {f"127.0.0.1:{port}": "its answer holds no data"}


async def test_who_refuses_the_question_keeps_nobody_else_from_answering() -> None:
    async with serving(says({"message": "no"}, status=404)) as port:
        async with serving(says({"data": "0x07"})) as spare, asking(port, spare) as gateways:
            found = await fetch(gateways, *(f"http://127.0.0.1:{each}/" for each in (port, spare)))
            told = await reasons(gateways, f"http://127.0.0.1:{port}/")
    assert (found.content, found.gateway) == (b"\x07", f"127.0.0.1:{spare}")
    assert found.asked == (f"127.0.0.1:{port}", f"127.0.0.1:{spare}")
    assert told == {f"127.0.0.1:{port}": "refuses the question (HTTP status 404)"}


async def test_whose_answer_was_refused_is_not_asked_the_same_again() -> None:
    async with serving(says({"data": "0x07"})) as port, asking(port) as gateways:
        host = f"127.0.0.1:{port}"
        lookup = OffchainLookup(SENDER, (f"http://{host}/",), b"\x01\x02", b"call", b"")
        refused = (await gateways.fetch(lookup)).answers(lookup)
        for other in (replace(lookup, call_data=b"\x03"), replace(lookup, sender=bytes(20))):
            assert (await gateways.fetch(other, refused)).content == b"\x07"
        with pytest.raises(Unproven) as caught:
            await gateways.fetch(lookup, refused)
    assert caught.value.reasons == {host: "the contract did not accept its answer"}


async def test_addresses_that_cannot_be_used_and_none_at_all() -> None:
    async with asking() as gateways:
        for url in ("", "nonsense", "https://", "https://[", "https://user:key@a.example/", "x:y"):
            (reason,) = (await reasons(gateways, url)).values()
            assert reason.startswith("refused: its address")
        long = await reasons(gateways, "https://a.example/{data}", asked=bytes(20_000))
        assert long == {"a.example": "refused: its address is too long"}
        assert await reasons(gateways) == {"the contract": "names no gateway"}


async def test_a_host_that_is_no_name_is_passed_over() -> None:
    async with serving(says({"data": "0x07"})) as port, asking(port) as gateways:
        good = f"http://127.0.0.1:{port}/"
        nowhere = (
            "https://xn--/",
            "https://xn--a/",
            "https://.../",
            f"https://{'a' * 64}.example/",
        )
        for bad in nowhere:
            assert (await fetch(gateways, bad, good)).content == b"\x07"


@pytest.mark.parametrize("port", [" 443", "443 ", "+443", "٤٤٣"])
async def test_nobody_is_asked_whom_evidence_could_not_name(port: str) -> None:
    """One parser reads a port there, another none."""
    gateways = Gateways(_Deaf())
    told = await reasons(gateways, f"https://evil.example:{port}/")
    assert told == {UNREADABLE: "refused: its address cannot be used"}


async def test_a_short_url_that_asks_for_a_huge_one_is_refused_before_that_is_made() -> None:
    templates = ["https://evil.example/" + "{data}" * 335] * LIMITS.gateway_urls
    gateways, turns = Gateways(_Deaf()), 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    asked = bytes(LIMITS.lookup_call_data_bytes)
    tracemalloc.start()
    try:
        told = await reasons(gateways, *templates, asked=asked)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        counting.cancel()
    assert told == {"evil.example": "refused: its address is too long"}
    assert most < 4 * LIMITS.lookup_call_data_bytes
    assert turns >= len(templates)


class _Deaf(HttpClient):
    """Asks nobody, since no name that is made up here may be looked up."""

    async def ask(self, question: HttpQuestion) -> HttpReply:
        raise SourceFault("deaf")


_pieces = st.sampled_from(
    ["https", ":", "//", "xn--", ".", "[", "]", "@", "%", "{data}", "{sender}", "#", "?", "\\", "ß"]
)


@given(st.lists(_pieces | st.text(max_size=4), max_size=8).map("".join))
@example("[]@")
@settings(max_examples=300, deadline=None)
async def test_no_url_makes_anything_but_a_reason(text: str) -> None:
    gateways = Gateways(_Deaf())
    for url in (text, "https://" + text):
        with pytest.raises(Unproven):
            await fetch(gateways, url, "https://gateway.example/")


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    tls, _ = server_and_client(tmp_path, "gateway.example")
    async with serving(says({"data": "0x"}), tls) as port, asking(port) as gateways:
        (reason,) = (await reasons(gateways, f"https://127.0.0.1:{port}/")).values()
    assert reason == "its certificate is not valid"
