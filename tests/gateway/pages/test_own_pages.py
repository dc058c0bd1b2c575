"""What the gateway tells of itself: on its own hosts, and to no page of another origin."""

from __future__ import annotations

import json

import pytest

from tests.gateway.asgi_client import ask
from tests.gateway.test_app import Names, Site
from walkaway.content.service import ContentStatus
from walkaway.content.store.rows import Stat
from walkaway.errors import StoreFault
from walkaway.gateway.app import Gateway
from walkaway.gateway.pages.frame import cell, error_page
from walkaway.gateway.pages.own_pages import STATUS_PATH, OwnPages
from walkaway.gateway.pages.proxy_file import PROXY_FILE_PATH
from walkaway.gateway.request.hosts import GatewaySettings
from walkaway.sources.capabilities import CapabilityReport
from walkaway.sources.standing import SourceState, SourceStatus

LIAR = SourceStatus(
    name="<b>liar</b>\u202e",
    operator="nobody",
    kinds=frozenset({"content"}),
    state=SourceState.QUARANTINED,
    latency=None,
    answers=7,
    errors=2,
    error_share=0.0,
    lies=1,
    in_flight=0,
    capabilities=CapabilityReport((), 50, None, None),
    quarantined_until=1_000_300.0,
    last_reason="lied: <script>",
)
STATUS = ContentStatus(
    1_000_000.0, Stat(2, 3_000_000, 1, 10, 1, 0, 10**9, 4_000_000), (LIAR,), (), ()
)


async def told() -> ContentStatus:
    return STATUS


@pytest.fixture
def gateway() -> Gateway:
    dag = Site().dag
    made = Gateway(dag, dag, Names(), settings=GatewaySettings(allowed_hosts=("site.example",)))
    made.own_pages = OwnPages(told, serves_endpoint=True, proxied_names=("site.example",))
    return made


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"])
async def test_how_it_stands_as_data(gateway: Gateway, host: str) -> None:
    reply = await ask(gateway, STATUS_PATH, host=host)
    found = json.loads(reply.body)
    assert found["servesEndpoint"] is True
    assert found["store"] == {
        "blocks": 2, "size": 3_000_000, "pinnedBlocks": 1, "pinnedSize": 10, "pins": 1,
        "leases": 0, "limit": 10**9, "fileSize": 4_000_000,
    }  # fmt: skip
    assert (found["routers"], found["found"]) == ([], [])
    (source,) = found["sources"]
    assert (source["state"], source["lies"]) == ("quarantined", 1)
    assert source["quarantinedUntil"] == 1_000_300.0
    assert reply.header("cache-control") == "no-store"
    assert "access-control-allow-origin" not in reply.headers
    assert reply.header("cross-origin-resource-policy") == "same-origin"
    head = await ask(gateway, STATUS_PATH, host=host, method="HEAD")
    assert (head.status, head.body) == (200, b"")


@pytest.mark.parametrize(
    ("host", "proxy"),
    [
        ("localhost:8080", "127.0.0.1:8080"),
        ("localhost", "127.0.0.1:80"),
        ("127.0.0.1:81", "127.0.0.1:81"),
        ("[::1]:8080", "[::1]:8080"),
        ("[::1]", "[::1]:80"),
    ],
)
async def test_a_browser_is_told_what_to_send_here(gateway: Gateway, host: str, proxy: str) -> None:
    reply = await ask(gateway, PROXY_FILE_PATH, host=host)
    assert reply.header("content-type") == "application/x-ns-proxy-autoconfig"
    assert f'"PROXY {proxy}" : "DIRECT"' in reply.text
    assert 'var names = ["site.example"];' in reply.text
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("path", [STATUS_PATH, PROXY_FILE_PATH, "/"])
async def test_content_has_no_such_pages_on_its_hosts(gateway: Gateway, path: str) -> None:
    root = Site().root.as_v1()
    for host in (f"{root}.ipfs.localhost:8080", "name.localhost:8080", "site.example"):
        for headers in ({}, {"x-forwarded-host": "localhost:8080"}):
            reply = await ask(gateway, path, host=host, headers=headers)
            assert b"servesEndpoint" not in reply.body
            assert b"quarantined" not in reply.body
            assert b"FindProxyForURL" not in reply.body
    reply = await ask(gateway, path, headers={"x-forwarded-host": f"{root}.ipfs.localhost"})
    assert b"How it stands" not in reply.body


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
async def test_pages_of_other_origins_are_not_told(gateway: Gateway, site: str) -> None:
    headers = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors", "origin": "http://a.localhost"}
    assert (await ask(gateway, STATUS_PATH, headers=headers)).status == 403
    assert (await ask(gateway, PROXY_FILE_PATH, headers=headers)).status == 403
    opened = {"sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert (await ask(gateway, STATUS_PATH, headers=opened)).status == 200
    own = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}
    assert (await ask(gateway, STATUS_PATH, headers=own)).status == 200


async def test_other_methods_change_nothing(gateway: Gateway) -> None:
    assert (await ask(gateway, STATUS_PATH, method="POST")).status == 405


async def test_the_start_page_tells_who_lied(gateway: Gateway) -> None:
    reply = await ask(gateway, "/", host="localhost:8080")
    assert "2 blocks, 3.0 MB of 1.0 GB" in reply.text
    assert "quarantined" in reply.text
    assert "&lt;b&gt;liar&lt;/b&gt;" in reply.text
    assert "\u202e" not in reply.text
    assert "<script>" not in reply.text
    assert "access-control-allow-origin" not in reply.headers
    assert "frame-ancestors 'none'" in reply.header("content-security-policy")


async def test_a_gateway_with_nobody_to_ask_says_so(gateway: Gateway) -> None:
    async def alone() -> ContentStatus:
        return ContentStatus(0.0, STATUS.store, (), (), ())

    gateway.own_pages = OwnPages(alone)
    assert "Nobody is asked" in (await ask(gateway, "/", host="localhost:8080")).text


async def test_a_store_that_cannot_be_read_is_told(gateway: Gateway) -> None:
    async def broken() -> ContentStatus:
        raise StoreFault("the disk failed")

    gateway.own_pages = OwnPages(broken)
    reply = await ask(gateway, STATUS_PATH)
    assert reply.status == 500
    assert "the disk failed" in reply.text


def test_only_words_as_long_as_a_hash_may_be_broken() -> None:
    assert cell("quarantined") == "<td>quarantined</td>"
    assert cell("a < b") == "<td>a &lt; b</td>"
    assert cell(f"got 0x{'a' * 64}") == f'<td class="long">got 0x{"a" * 64}</td>'
    page = error_page(502, "no", sources={"dogwood": f"no 0x{'b' * 64}"}).decode()
    assert '<td>dogwood</td><td class="long">' in page
