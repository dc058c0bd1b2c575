"""The gateway on real sockets: broken answers are cut, clients that leave end all work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import aiohttp
import pytest

from tests.content.exporter.dags import Dag, Gated
from tests.gateway.test_app import PAGE, Names, Site
from walkaway.errors import ConfigError
from walkaway.gateway.app import Gateway
from walkaway.gateway.server import GatewayServer
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid

HOSTS = ("127.0.0.1",)


async def test_pages_over_a_socket() -> None:
    site = Site()
    gateway = Gateway(site.dag, site.dag, Names())
    async with GatewayServer(gateway, HOSTS, 0) as server, aiohttp.ClientSession() as http:
        async with http.get(f"{server.url}/ipfs/{site.large}") as response:
            assert await response.read() == site.content
            assert response.headers.getall("access-control-allow-methods") == [
                "GET",
                "HEAD",
                "OPTIONS",
            ]
        host = {"host": f"{site.root}.ipfs.localhost:{server.port}"}
        async with http.get(f"{server.url}/sub", headers=host, allow_redirects=False) as response:
            assert (response.status, response.headers["location"]) == (301, "/sub/")
        async with http.head(f"{server.url}/ipfs/{site.large}") as response:
            assert response.headers["content-length"] == "5000"


async def test_an_answer_that_breaks_off_is_no_whole_one() -> None:
    site = Site()
    del site.dag.held[Cid.of(codecs.RAW, site.leaves[4])]
    gateway = Gateway(site.dag, site.dag, Names())
    async with GatewayServer(gateway, HOSTS, 0) as server, aiohttp.ClientSession() as http:
        for query in ("", "?format=tar"):
            # The archive's beginning is looked at ahead, and is short: it fails as an error.
            async with http.get(f"{server.url}/ipfs/{site.large}{query}") as response:
                if query:
                    assert response.status == 502
                    continue
                assert response.status == 200
                with pytest.raises(aiohttp.ClientPayloadError):
                    await response.read()


async def test_all_work_ends_with_the_connection() -> None:
    gated = Gated(Site().dag)
    site = Site()
    gateway = Gateway(gated, gated, Names())
    async with GatewayServer(gateway, HOSTS, 0) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        head = f"GET /ipfs/{site.large} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        writer.write(head.encode())
        await _until(lambda: bool(gated.going))
        writer.close()
        await writer.wait_closed()
        await _until(lambda: not gated.going)
        assert gated.cancelled == [site.large]


async def test_a_reader_that_stops_holds_up_what_is_fetched() -> None:
    dag = Dag()
    leaf = dag.raw(bytes(256 * 1024))
    large = dag.file([(leaf, 256 * 1024)] * 400)
    gateway = Gateway(dag, dag, Names(), limits=replace(LIMITS, ahead_blocks=4))
    async with GatewayServer(gateway, HOSTS, 0) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(f"GET /ipfs/{large} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        await reader.readline()
        await _settled(dag, leaf)
        assert dag.asked[leaf] < 200, "100 MB, of which the sockets hold a few"
        writer.close()
        await writer.wait_closed()


async def test_a_port_that_is_taken_says_which_flag_chooses_another() -> None:
    dag = Dag()
    gateway = Gateway(dag, dag, Names())
    async with GatewayServer(gateway, HOSTS, 0) as server:
        with pytest.raises(ConfigError, match=str(server.port)) as raised:
            GatewayServer(gateway, HOSTS, server.port).reserve()
    assert "--gateway-port" in raised.value.advice


async def test_it_is_a_proxy_for_its_own_hosts_alone() -> None:
    site = Site()
    gateway = Gateway(site.dag, site.dag, Names())
    async with GatewayServer(gateway, HOSTS, 0) as server, aiohttp.ClientSession() as http:
        page = f"http://{site.root}.ipfs.localhost/"
        async with http.get(page, proxy=server.url) as response:
            assert (response.status, await response.read()) == (200, PAGE)
        async with http.get("http://other.example/", proxy=server.url) as response:
            assert response.status == 403


async def _settled(dag: Dag, leaf: Cid) -> None:
    """Until nothing more is asked for."""
    before = -1
    while dag.asked[leaf] != before:
        before = dag.asked[leaf]
        await asyncio.sleep(0.2)


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")
