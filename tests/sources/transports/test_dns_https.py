"""DNS over HTTPS by HTTP/2, over real sockets and TLS, and what a resolver can do to us."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from unittest import mock

import dns.message
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.settings import SettingCodes

from tests.sources.certificates import server_and_client
from tests.sources.transports.http2_server import (
    Asked,
    Http2Resolver,
    Serve,
    frame,
    http2_resolver,
    reply,
    serve_answer,
)
from tests.sources.transports.resolver import answered
from walkaway.errors import SourceBusy, SourceFault, SourceLacks
from walkaway.limits import LIMITS, Limits
from walkaway.sources.request import DnsRequest, RpcRequest
from walkaway.sources.transports.dialing import Dialer
from walkaway.sources.transports.dns_https import DnsHttpsTransport
from walkaway.sources.transports.http_client import HttpClient

ASKED = DnsRequest("_dnslink.example.org.", "TXT")
QUICK = replace(LIMITS, request_seconds=0.3)

Contexts = tuple[ssl.SSLContext, ssl.SSLContext]


@pytest.fixture
def contexts(tmp_path: Path) -> Contexts:
    """Of a server, and of a client that trusts it."""
    return server_and_client(tmp_path, "dns.test")


@asynccontextmanager
async def asking(
    here: Http2Resolver, contexts: Contexts, limits: Limits = LIMITS, host: str = "127.0.0.1"
) -> AsyncIterator[DnsHttpsTransport]:
    url = f"https://{host}:{here.port}/dns-query?key=s3cret-key"
    transport = DnsHttpsTransport("r", url, HttpClient(limits=limits), context=contexts[1])
    try:
        yield transport
    finally:
        await transport.close()


async def fault(contexts: Contexts, serve: Serve, limits: Limits = LIMITS) -> SourceFault:
    """How a question fails that is answered so."""
    async with http2_resolver(contexts[0], serve) as here, asking(here, contexts, limits) as to:
        with pytest.raises(SourceFault) as caught:
            await to.fetch(ASKED)
    return caught.value


async def test_a_question_is_posted(contexts: Contexts) -> None:
    async with http2_resolver(contexts[0]) as here, asking(here, contexts) as transport:
        answer = await transport.fetch(ASKED)
    (asked,) = here.asked
    assert answer.body == answer.content == answered(asked.body)
    assert asked.headers == {
        ":method": "POST",
        ":scheme": "https",
        ":authority": f"127.0.0.1:{here.port}",
        ":path": "/dns-query?key=s3cret-key",
        "accept": "application/dns-message",
        "content-type": "application/dns-message",
        "content-length": str(len(asked.body)),
    }
    # Its number is always the same (RFC 8484, 4.1), and its length tells little.
    assert (dns.message.from_wire(asked.body).id, len(asked.body) % 128) == (0, 0)


async def test_who_asks_may_have_to_say_who_they_are(contexts: Contexts) -> None:
    async with http2_resolver(contexts[0]) as here:
        async with asking(here, contexts, host="me:pass@127.0.0.1") as transport:
            await transport.fetch(ASKED)
    headers = here.asked[0].headers
    assert headers["authorization"] == "Basic bWU6cGFzcw=="
    assert headers[":authority"] == f"127.0.0.1:{here.port}"


async def test_many_questions_share_one_connection(contexts: Contexts) -> None:
    """Answers come in any order."""
    waiting: list[Asked] = []

    def last_first(connection: H2Connection, asked: Asked) -> None:
        waiting.append(asked)
        if len(waiting) == 8:
            for each in reversed(waiting):
                serve_answer(connection, each)

    names = [DnsRequest(f"n{number}.example.org.", "TXT") for number in range(8)]
    async with http2_resolver(contexts[0], last_first) as here:
        async with asking(here, contexts) as transport:
            answers = await asyncio.gather(*map(transport.fetch, names))
    assert here.connections == 1
    for name, answer in zip(names, answers, strict=True):
        assert dns.message.from_wire(answer.body).question[0].name.to_text() == name.name


async def test_no_more_are_asked_at_once_than_the_resolver_takes(contexts: Contexts) -> None:
    at_once: list[int] = []

    def first(connection: H2Connection, _: Asked) -> None:
        connection.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: 2})

    def count(connection: H2Connection, asked: Asked) -> None:
        at_once.append(connection.open_inbound_streams)
        serve_answer(connection, asked)

    async with http2_resolver(contexts[0], count, first=first) as here:
        async with asking(here, contexts) as transport:
            await transport.fetch(ASKED)
            await asyncio.gather(*(transport.fetch(ASKED) for _ in range(7)))
    assert (here.connections, len(at_once), max(at_once)) == (1, 8, 2)


async def test_one_that_takes_none_is_left_in_time(contexts: Contexts) -> None:
    def first(connection: H2Connection, _: Asked) -> None:
        connection.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})

    async with http2_resolver(contexts[0], first=first) as here:
        async with asking(here, contexts, QUICK) as transport:
            await transport.fetch(ASKED)  # Nothing was heard of it yet.
            with pytest.raises(SourceFault, match="no answer in time"):
                await transport.fetch(ASKED)
    assert len(here.asked) == 1


async def test_a_connection_ends_after_so_many_questions(contexts: Contexts) -> None:
    few = replace(LIMITS, http2_streams=3)
    async with http2_resolver(contexts[0]) as here, asking(here, contexts, few) as transport:
        for _ in range(7):
            await transport.fetch(ASKED)
    assert here.connections == 3


async def test_a_connection_that_was_idle_for_long_is_not_used_again(contexts: Contexts) -> None:
    brief = replace(LIMITS, dns_idle_seconds=0.0)
    async with http2_resolver(contexts[0]) as here, asking(here, contexts, brief) as transport:
        for _ in range(2):
            await transport.fetch(ASKED)
    assert here.connections == 2


async def test_a_connection_that_falls_silent_is_not_used_again(contexts: Contexts) -> None:
    """The questions that wait there go on waiting."""

    def serve(connection: H2Connection, asked: Asked) -> None:
        if len(here.asked) != 2:
            serve_answer(connection, asked)

    brief = replace(LIMITS, connect_seconds=0.1, request_seconds=0.5)
    async with http2_resolver(contexts[0], serve) as here:
        async with asking(here, contexts, brief) as transport:
            await transport.fetch(ASKED)
            unheard = asyncio.create_task(transport.fetch(ASKED))
            await asyncio.sleep(0.2)
            await transport.fetch(ASKED)
            assert not unheard.done()
            with pytest.raises(SourceFault, match="no answer in time"):
                await unheard
    assert here.connections == 2


async def test_whoever_stops_waiting_says_so(contexts: Contexts) -> None:
    async with http2_resolver(contexts[0], lambda *_: None) as here:
        async with asking(here, contexts) as transport:
            asked = asyncio.create_task(transport.fetch(ASKED))
            await here.heard.wait()
            here.heard.clear()
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            await here.heard.wait()
    assert here.resets == [1]


async def test_what_a_resolver_closes_is_opened_anew(contexts: Contexts) -> None:
    async with http2_resolver(contexts[0], closes=True) as here:
        async with asking(here, contexts) as transport:
            for _ in range(3):
                await transport.fetch(ASKED)
    assert here.connections == 3


@pytest.mark.parametrize("how", ["goaway", "refused"])
async def test_a_question_that_was_not_taken_is_put_again(contexts: Contexts, how: str) -> None:
    once = [True]

    def serve(connection: H2Connection, asked: Asked) -> None:
        if not once:
            return serve_answer(connection, asked)
        once.clear()
        if how == "goaway":
            return connection.close_connection(last_stream_id=0)
        return connection.reset_stream(asked.stream, ErrorCodes.REFUSED_STREAM)

    async with http2_resolver(contexts[0], serve) as here, asking(here, contexts) as transport:
        await transport.fetch(ASKED)
    assert (here.connections, len(here.asked)) == (2, 2)


async def test_one_that_always_closes_is_a_fault(contexts: Contexts) -> None:
    def leave(connection: H2Connection, asked: Asked) -> None:
        connection.close_connection()

    async with http2_resolver(contexts[0], leave) as here, asking(here, contexts) as transport:
        with pytest.raises(SourceFault, match="closes the connection"):
            await transport.fetch(ASKED)
    assert here.connections == 2


async def test_an_answer_that_is_broken_off_is_a_fault_of_its_own(contexts: Contexts) -> None:
    def serve(connection: H2Connection, asked: Asked) -> None:
        if asked.stream == 1:
            connection.reset_stream(asked.stream, ErrorCodes.INTERNAL_ERROR)
        else:
            serve_answer(connection, asked)

    async with http2_resolver(contexts[0], serve) as here, asking(here, contexts) as transport:
        with pytest.raises(SourceFault, match="breaks off its answer"):
            await transport.fetch(ASKED)
        await transport.fetch(ASKED)
    assert here.connections == 1


def saying(body: bytes = b"", **headers: str) -> Serve:
    def serve(connection: H2Connection, asked: Asked) -> None:
        reply(connection, asked.stream, body or answered(asked.body), **headers)

    return serve


@pytest.mark.parametrize(
    ("serve", "kind", "why"),
    [
        (saying(content_type="application/json"), SourceFault, "another type"),
        (saying(status="500"), SourceFault, "HTTP status 500"),
        (saying(status="307", location="https://other.example"), SourceFault, "HTTP status 307"),
        (saying(status="503", retry_after="7"), SourceBusy, "limits our rate"),
        (saying(status="405"), SourceLacks, "does not serve"),
        (saying(b"no message"), SourceFault, "no DNS message|no question"),
        (saying(content_length="65536"), SourceFault, "larger than 65535 bytes"),
        (saying(bytes(1001), status="404"), SourceFault, "larger than 1000 bytes"),
        (saying(x="y" * 16_400), SourceFault, "breaks the rules"),
        (saying(content_length="1"), SourceFault, "breaks the rules"),
        (saying(content_length="x"), SourceFault, "breaks the rules"),
        (saying(status="0x1"), SourceFault, "breaks the rules"),
    ],
)
async def test_what_is_no_answer(
    contexts: Contexts, serve: Serve, kind: type[SourceFault], why: str
) -> None:
    found = await fault(contexts, serve, replace(QUICK, refusal_bytes=1000))
    assert isinstance(found, kind)
    assert re.search(why, str(found)), str(found)
    assert "s3cret" not in str(found)


PING, SETTINGS, CONTINUATION, DATA, PUSH, WINDOW, UNKNOWN = 6, 4, 9, 0, 5, 8, 0x77


@pytest.mark.parametrize(
    ("flood", "why"),
    [
        (frame(PING, bytes(8)) * 2000, "without end"),
        (frame(SETTINGS) * 2000, "without end"),
        (frame(WINDOW, b"\0\0\0\1") * 2000, "without end"),
        (frame(UNKNOWN, b"x") * 2000, "without end"),
        (frame(1, b"\x88", stream=1) + frame(CONTINUATION, b"", stream=1) * 2000, "the rules"),
        (frame(1, b"\x88", flags=4, stream=1) + frame(DATA, stream=1) * 2000, "without end"),
        (frame(PUSH, b"\0\0\0\2\x82\x84\x87\x41\x01a", flags=4, stream=1), "the rules"),
        (frame(DATA, bytes(16_385), stream=1), "too long"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "too long"),
        (frame(DATA, b"x", stream=1), "the rules"),
        (frame(DATA, b"x", stream=2), "the rules"),
        (frame(1, b"\xff" * 20, flags=4, stream=1), "the rules"),
        (frame(SETTINGS, b"\0\4\xff\xff\xff\xff"), "the rules"),
        (frame(PING, b"short"), "the rules"),
    ],
    ids=["ping", "settings", "window", "unknown", "continuation", "empty data", "push", "long",
         "HTTP/1.1", "no head", "other stream", "hpack", "window size", "short ping"],
)  # fmt: skip
async def test_floods_and_broken_rules_end_the_connection(
    contexts: Contexts, flood: bytes, why: str
) -> None:
    found = await fault(contexts, lambda *_: flood, replace(LIMITS, request_seconds=5.0))
    assert why in str(found)


@pytest.mark.parametrize("protocols", [["http/1.1"], []])
async def test_one_that_speaks_http_1_alone_is_asked_so(
    contexts: Contexts, protocols: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not asked again for a while whether it speaks HTTP/2."""
    versions: list[tuple[int, int]] = []
    peers: set[object] = set()

    async def handle(request: web.Request) -> web.Response:
        versions.append((request.version.major, request.version.minor))
        peers.add(request.transport)
        body = answered(await request.read())
        return web.Response(body=body, content_type="application/dns-message")

    app = web.Application()
    app.router.add_post("/dns-query", handle)
    server = TestServer(app, host="127.0.0.1", scheme="https")
    contexts[0].set_alpn_protocols(protocols)
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", contexts[1])
    await server.start_server(ssl=contexts[0])
    with mock.patch.object(Dialer, "connect", autospec=True, side_effect=Dialer.connect) as dial:
        async with asking(Http2Resolver(server.port or 0), contexts) as transport:
            for _ in range(2):
                assert (await transport.fetch(ASKED)).body
    await server.close()
    assert versions == [(1, 1)] * 2
    assert (dial.call_count, len(peers)) == (1, 1)


async def test_the_certificate_must_name_the_host(contexts: Contexts) -> None:
    async with http2_resolver(contexts[0]) as here:
        async with asking(here, contexts, host="localhost") as transport:
            with pytest.raises(SourceFault, match="certificate is not valid"):
                await transport.fetch(ASKED)
        unknown = DnsHttpsTransport("r", f"https://127.0.0.1:{here.port}/", HttpClient())
        with pytest.raises(SourceFault, match="certificate is not valid"):
            await unknown.fetch(ASKED)
        await unknown.close()
    assert not here.asked


async def test_nobody_listens(contexts: Contexts) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        here = Http2Resolver(unused.getsockname()[1])
        async with asking(here, contexts) as transport:
            with pytest.raises(SourceFault, match="no connection: Connection refused"):
                await transport.fetch(ASKED)
            with pytest.raises(SourceFault):
                await transport.fetch(RpcRequest("eth_chainId"))
            with pytest.raises(SourceFault):
                await transport.fetch_batch([RpcRequest("eth_chainId")])
            assert "s3cret" not in transport.scrub("at /dns-query?key=s3cret-key")


async def test_closing_ends_what_is_asked(contexts: Contexts) -> None:
    async with http2_resolver(contexts[0], lambda *_: None) as here:
        async with asking(here, contexts) as transport:
            asked = asyncio.create_task(transport.fetch(ASKED))
            await here.heard.wait()
        with pytest.raises(SourceFault, match="closed"):
            await asked
