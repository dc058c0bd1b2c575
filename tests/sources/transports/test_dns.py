"""Resolvers over real sockets: UDP, TCP, TLS and HTTPS, and what can go wrong with each."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.sources.certificates import server_and_client
from tests.sources.transports.resolver import Resolver, Say, answered, resolver
from walkaway.errors import ConfigError, InvalidRequest, SourceBusy, SourceFault, SourceLacks
from walkaway.limits import LIMITS, Limits
from walkaway.sources.defaults import read_source
from walkaway.sources.listed import open_sources
from walkaway.sources.request import DnsRequest, RpcRequest
from walkaway.sources.transports.dns_address import resolver_transport
from walkaway.sources.transports.dns_https import DnsHttpsTransport
from walkaway.sources.transports.dns_message import Truncated, dns_query
from walkaway.sources.transports.dns_stream import DnsStreamTransport
from walkaway.sources.transports.dns_udp import DnsUdpTransport
from walkaway.sources.transports.http import HttpTransport
from walkaway.sources.transports.http_client import HttpClient

USUAL = replace(LIMITS, dns_resend_seconds=0.05)
QUICK = replace(USUAL, request_seconds=0.2)
ASKED = DnsRequest("_dnslink.example.org.", "TXT")


def edited(query: bytes, **changes: object) -> bytes:
    """An answer in which fields of the message are others."""
    reply = dns.message.from_wire(answered(query))
    for name, value in changes.items():
        setattr(reply, name, value)
    return reply.to_wire()


def refused(query: bytes) -> bytes:
    reply = dns.message.make_response(dns.message.from_wire(query))
    reply.set_rcode(dns.rcode.REFUSED)
    return reply.to_wire()


def of_another_name(query: bytes) -> bytes:
    other = dns.message.make_query("example.net.", "TXT", id=dns.message.from_wire(query).id)
    return answered(other.to_wire())


WRONG: list[tuple[Say, str]] = [
    (lambda query: edited(query, id=dns.message.from_wire(query).id ^ 1), "another number"),
    (of_another_name, "one to another question"),
    (lambda query: query, "no answer to a query"),
    (refused, "answers REFUSED"),
    (lambda query: query[:20], "no DNS message"),
    (lambda query: query[:2] + b"\xff" * 5, "no question, or to several"),
    (lambda query: b"", "no question, or to several"),
    (lambda query: query[:4] + b"\xff\xff" + query[6:], "no question, or to several"),
]


@asynccontextmanager
async def stream(here: Resolver, limits: Limits = USUAL) -> AsyncIterator[DnsStreamTransport]:
    transport = DnsStreamTransport("r", "127.0.0.1", here.port, limits)
    try:
        yield transport
    finally:
        await transport.close()


@asynccontextmanager
async def udp(here: Resolver) -> AsyncIterator[DnsUdpTransport]:
    transport = DnsUdpTransport("r", "127.0.0.1", here.port, USUAL)
    try:
        yield transport
    finally:
        await transport.close()


@pytest.mark.parametrize("padded", [True, False])
def test_a_query_asks_for_signatures_and_for_what_fails_validation(padded: bool) -> None:
    query = dns_query(ASKED, number=7, padded=padded)
    read = dns.message.from_wire(query.message)
    assert (read.id, read.flags) == (7, dns.flags.RD | dns.flags.CD)
    assert read.ednsflags & dns.flags.DO
    assert read.payload == 1232
    assert (len(query.message) % 128 == 0) is padded


@pytest.mark.parametrize(
    "asked", [DnsRequest("a" * 64 + ".org.", "TXT"), DnsRequest("a..org.", "TXT"),
              DnsRequest("example.org.", "NONSENSE")]
)  # fmt: skip
def test_what_is_no_name_is_not_asked_for(asked: DnsRequest) -> None:
    with pytest.raises(InvalidRequest, match="no DNS name or type"):
        dns_query(asked, number=0, padded=False)


@pytest.mark.parametrize(("say", "why"), WRONG)
def test_what_answers_something_else_is_a_fault(say: Say, why: str) -> None:
    query = dns_query(ASKED, number=7, padded=False)
    said = say(query.message)
    assert said is not None
    with pytest.raises(SourceFault, match=why):
        query.check(said)


def test_names_answer_in_any_case_and_an_absent_one_is_an_answer() -> None:
    query = dns_query(ASKED, number=7, padded=False)
    shouted = dns.message.make_query("_DNSLINK.EXAMPLE.ORG.", "TXT", id=7)
    reply = dns.message.make_response(shouted)
    reply.set_rcode(dns.rcode.NXDOMAIN)
    query.check(reply.to_wire())
    with pytest.raises(Truncated):
        query.check(answered(query.message, flags=dns.flags.TC))
    with pytest.raises(SourceFault, match="longer than"):
        query.check(bytes(LIMITS.dns_message_bytes + 1))


async def test_a_connection_is_kept_for_the_next_question() -> None:
    async with resolver() as here, stream(here) as transport:
        for _ in range(3):
            answer = await transport.fetch(ASKED)
            assert answer.content == answer.body == answered(here.queries[-1])
        assert here.connections == 1
        await asyncio.gather(*(transport.fetch(ASKED) for _ in range(6)))
        assert here.connections == 6
        # Only so many are kept.
        await asyncio.gather(*(transport.fetch(ASKED) for _ in range(6)))
        assert here.connections == 6 + 6 - USUAL.dns_idle_connections


async def test_a_connection_that_was_idle_for_long_is_not_used_again() -> None:
    brief = replace(USUAL, dns_idle_seconds=0.0)
    async with resolver() as here:
        transport = DnsStreamTransport("r", "127.0.0.1", here.port, brief)
        for _ in range(2):
            await transport.fetch(ASKED)
        assert here.connections == 2
        await transport.close()


async def test_a_connection_that_was_closed_meanwhile_is_opened_anew() -> None:
    async with resolver(closes=True) as here, stream(here) as transport:
        for _ in range(3):
            await transport.fetch(ASKED)
        assert here.connections == 3


async def test_a_connection_out_of_order_is_not_used_again() -> None:
    first = True

    def late(query: bytes) -> bytes:
        nonlocal first
        said = edited(query, id=dns.message.from_wire(query).id ^ first)
        first = False
        return said

    async with resolver(stream=late) as here, stream(here) as transport:
        with pytest.raises(SourceFault, match="another number"):
            await transport.fetch(ASKED)
        await transport.fetch(ASKED)
        assert here.connections == 2


async def test_a_resolver_that_says_nothing_is_left_in_time() -> None:
    async with resolver(stream=lambda _: None) as here, stream(here, QUICK) as transport:
        with pytest.raises(SourceFault, match="no answer in time"):
            await transport.fetch(ASKED)


async def test_half_an_answer_is_none() -> None:
    async with resolver(stream=lambda q: answered(q)[:1], closes=True) as here:
        async with stream(here) as transport:
            with pytest.raises(SourceFault, match="no question"):
                await transport.fetch(ASKED)
    async with resolver(stream=lambda _: None, closes=True) as here, stream(here) as transport:
        with pytest.raises(SourceFault, match="without a whole answer"):
            await transport.fetch(ASKED)


async def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        here = Resolver(unused.getsockname()[1])
        async with stream(here) as over_tcp, udp(here) as over_udp:
            for transport in (over_tcp, over_udp):
                with pytest.raises(SourceFault, match="no connection: Connection refused"):
                    await transport.fetch(ASKED)


async def test_a_host_is_reached_at_the_address_that_takes_connections() -> None:
    async with resolver() as here:
        # It is both 127.0.0.1 and ::1, where nobody listens.
        transport = DnsStreamTransport("r", "localhost", here.port, USUAL)
        assert (await transport.fetch(ASKED)).body == answered(here.queries[-1])
        await transport.close()


async def test_over_tls_the_certificate_must_name_the_host(tmp_path: Path) -> None:
    server, client = server_and_client(tmp_path, "dns.test")
    async with resolver(context=server) as here:
        right = DnsStreamTransport(
            "r", "localhost", here.port, USUAL, encrypted=True, context=client
        )
        with pytest.raises(SourceFault, match="certificate is not valid"):
            await right.fetch(ASKED)
        await right.close()
        by_address = DnsStreamTransport(
            "r", "127.0.0.1", here.port, USUAL, encrypted=True, context=client
        )
        answer = await by_address.fetch(ASKED)
        assert answer.body == answered(here.queries[-1])
        assert len(here.queries[-1]) % 128 == 0
        await by_address.close()
        unknown = DnsStreamTransport("r", "127.0.0.1", here.port, USUAL, encrypted=True)
        with pytest.raises(SourceFault, match="certificate is not valid"):
            await unknown.fetch(ASKED)
        await unknown.close()


async def test_a_datagram_that_is_lost_is_sent_again() -> None:
    lost = [True, True, False]
    async with resolver(datagrams=lambda q: None if lost.pop(0) else answered(q)) as here:
        async with udp(here) as transport:
            answer = await transport.fetch(ASKED)
    assert answer.body == answered(here.queries[0])
    assert here.queries == [here.queries[0]] * 3


async def test_what_does_not_fit_into_a_datagram_comes_over_tcp() -> None:
    def cut(query: bytes) -> bytes:
        return answered(query, flags=dns.flags.TC)

    def whole(query: bytes) -> bytes:
        return answered(query, text="x" * 200)

    async with resolver(datagrams=cut, stream=whole) as here, udp(here) as transport:
        answer = await transport.fetch(ASKED)
    assert answer.body == whole(here.queries[-1])
    assert here.connections == 1


async def test_datagrams_with_another_number_are_passed_over() -> None:
    def guess(query: bytes) -> bytes:
        guesses.append(query)
        if len(guesses) < 3:
            return edited(query, id=dns.message.from_wire(query).id ^ 1)
        return answered(query)

    guesses: list[bytes] = []
    async with resolver(datagrams=guess) as here, udp(here) as transport:
        assert (await transport.fetch(ASKED)).body == answered(here.queries[0])
    few = replace(USUAL, dns_strays=2, dns_resend_seconds=0.01)
    async with resolver(datagrams=lambda q: edited(q, id=dns.message.from_wire(q).id ^ 1)) as here:
        transport = DnsUdpTransport("r", "127.0.0.1", here.port, few)
        with pytest.raises(SourceFault, match="other questions"):
            await transport.fetch(ASKED)
        await transport.close()


@asynccontextmanager
async def over_https(say: Say, **reply: object) -> AsyncIterator[tuple[HttpTransport, list[str]]]:
    seen: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        seen.extend((request.method, request.content_type, request.headers["Accept"]))
        body = say(await request.read())
        kind = str(reply.get("kind", "application/dns-message"))
        return web.Response(body=body, content_type=kind, status=int(str(reply.get("status", 200))))

    app = web.Application()
    app.router.add_post("/dns-query", handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    url = f"http://127.0.0.1:{server.port}/dns-query"
    transport = HttpTransport("r", url, HttpClient(limits=USUAL))
    try:
        yield transport, seen
    finally:
        await transport.close()
        await server.close()


async def test_over_https_a_query_is_posted() -> None:
    asked: list[bytes] = []

    def say(query: bytes) -> bytes:
        asked.append(query)
        return answered(query)

    async with over_https(say) as (transport, seen):
        answer = await transport.fetch(ASKED)
    assert seen == ["POST", "application/dns-message", "application/dns-message"]
    assert answer.body == answer.content == answered(asked[0])
    # Its number is always the same (RFC 8484, 4.1), and its length tells little.
    assert (dns.message.from_wire(asked[0]).id, len(asked[0]) % 128) == (0, 0)


@pytest.mark.parametrize(
    ("reply", "error", "why"),
    [
        ({"kind": "application/json"}, SourceFault, "another type"),
        ({"status": 500}, SourceFault, "HTTP status 500"),
        ({"status": 429}, SourceBusy, "limits our rate"),
        ({"status": 405}, SourceLacks, "does not serve"),
    ],
)
async def test_what_is_no_dns_message_over_https(
    reply: dict[str, object], error: type[SourceFault], why: str
) -> None:
    async with over_https(answered, **reply) as (transport, _):
        with pytest.raises(error, match=why):
            await transport.fetch(ASKED)
    async with over_https(of_another_name) as (transport, _):
        with pytest.raises(SourceFault, match="one to another question"):
            await transport.fetch(ASKED)
    async with over_https(lambda _: bytes(70_000)) as (transport, _):
        with pytest.raises(SourceFault, match="larger than 65535 bytes"):
            await transport.fetch(ASKED)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("tls://dns.example", DnsStreamTransport),
        ("dns://192.0.2.1:5300", DnsStreamTransport),
        ("udp://[2001:db8::1]", DnsUdpTransport),
        ("https://dns.example/dns-query", DnsHttpsTransport),
        ("http://127.0.0.1/dns-query", HttpTransport),
    ],
)
async def test_a_listed_resolver_is_reached_as_its_address_says(url: str, kind: type) -> None:
    entry = {"name": "r", "operator": "me", "kinds": ["dns"], "url": url}
    client = HttpClient()
    (source,) = open_sources([read_source(entry, where="here")], {"dns"}, client)
    assert type(source.transport) is kind
    assert "dns-query" not in source.transport.scrub(f"at {url} nobody")
    await source.transport.close()


@pytest.mark.parametrize("url", ["tls:///", "ftp://dns.example", "tls://a:99999", "tls://[x"])
def test_an_address_of_no_resolver_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="is none of a resolver"):
        resolver_transport("r", url)


async def test_a_resolver_knows_nothing_but_names() -> None:
    call = RpcRequest("eth_chainId")
    async with stream(Resolver(1)) as over_tcp, udp(Resolver(1)) as over_udp:
        for transport in (over_tcp, over_udp):
            assert "127.0.0.1" not in transport.scrub("at 127.0.0.1 nobody")
            with pytest.raises(SourceLacks, match="nothing but names"):
                await transport.fetch(call)
            (fault,) = await transport.fetch_batch([call])
            assert isinstance(fault, SourceLacks)
