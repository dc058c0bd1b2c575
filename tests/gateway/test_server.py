"""The gateway on real sockets: broken answers are cut, clients that leave end all work."""

from __future__ import annotations

import asyncio
import os
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from tests.content.exporter.dags import Dag, Gated
from tests.gateway.test_app import PAGE, Names, Site
from walkaway.content.store.assembled import AssembledFiles
from walkaway.errors import ConfigError
from walkaway.gateway.app import Gateway
from walkaway.gateway.hot import HotAnswers, Key, ReadyAnswer
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


async def test_cookies_that_fill_a_head_are_cleared() -> None:
    gateway = Gateway(Site().dag, Site().dag, Names())
    async with GatewayServer(gateway, HOSTS, 0) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        cookies = "a=" + "b" * LIMITS.rpc_head_bytes
        writer.write(f"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: {cookies}\r\n\r\n".encode())
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert b'\r\nclear-site-data: "cookies"\r\n' in answer
        writer.close()


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


@asynccontextmanager
async def _unread(server: GatewayServer, target: str) -> AsyncIterator[asyncio.StreamReader]:
    """A client that has read the first line of an answer, and reads no more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
    try:
        writer.write(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        await reader.readline()
        yield reader
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize(
    ("kept", "limits"),
    [(False, {"web_requests": 2}), (True, {"web_requests": 2}), (False, {"web_pieces_bytes": 1})],
    ids=["streams", "files on disk", "pieces"],
)
async def test_readers_that_stop_make_room_for_others(
    tmp_path: Path, kept: bool, limits: dict[str, int]
) -> None:
    few = replace(LIMITS, rpc_slow_seconds=0.0, assembled_small_bytes=1, **limits)
    dag, files = Dag(), AssembledFiles(tmp_path, few)
    leaf = dag.raw(bytes(1024 * 1024))
    large, small = dag.file([(leaf, 1024 * 1024)] * 32), dag.raw(PAGE)
    if kept:
        writer = files.writer(large, 32 * 1024 * 1024)
        assert writer is not None
        writer.write(bytes(32 * 1024 * 1024))
        assert writer.commit() is not None
    gateway = Gateway(dag, dag, Names(), assembled=files, limits=few)
    async with (
        GatewayServer(gateway, HOSTS, 0, limits=few) as server,
        _unread(server, f"/ipfs/{large}"),
        _unread(server, f"/ipfs/{large}"),
        aiohttp.ClientSession() as http,
    ):
        # What they leave unread fills the sockets first.
        await _settled(dag, leaf)
        async with http.get(f"{server.url}/ipfs/{small}") as response:
            assert (response.status, await response.read()) == (200, PAGE)
    files.close()


async def test_readers_that_go_on_make_no_room(tmp_path: Path) -> None:
    few = replace(LIMITS, web_requests=1)
    dag = Dag()
    leaf = dag.raw(bytes(1024 * 1024))
    large = dag.file([(leaf, 1024 * 1024)] * 32)
    async with (
        GatewayServer(Gateway(dag, dag, Names(), limits=few), HOSTS, 0, limits=few) as server,
        _unread(server, f"/ipfs/{large}") as reader,
        aiohttp.ClientSession() as http,
    ):
        async with http.get(f"{server.url}/ipfs/{leaf}") as response:
            assert (response.status, response.headers["retry-after"]) == (503, "10")
        length = 0
        while line := (await reader.readline()).strip().lower():
            length = int(line.removeprefix(b"content-length:")) if b"-length:" in line else length
        assert len(await reader.readexactly(length)) == 32 * 1024 * 1024


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


@asynccontextmanager
async def _kept_on_disk(
    folder: Path, size: int = 3 * 1024 * 1024
) -> AsyncIterator[tuple[str, bytes, AssembledFiles]]:
    """A server that has a large file assembled: its address, its content, and where it lies."""
    limits = replace(LIMITS, assembled_small_bytes=1)
    dag, files = Dag(), AssembledFiles(folder, limits)
    content = random.Random(1).randbytes(size)
    leaves = [content[at : at + 1024 * 1024] for at in range(0, len(content), 1024 * 1024)]
    cid = dag.file([(dag.raw(leaf), len(leaf)) for leaf in leaves])
    gateway = Gateway(dag, dag, Names(), assembled=files, limits=limits)
    async with GatewayServer(gateway, HOSTS, 0) as server, aiohttp.ClientSession() as http:
        url = f"{server.url}/ipfs/{cid}"
        async with http.get(url) as response:
            assert await response.read() == content
        # The client has all of it before it is kept.
        await _until(lambda: files.lookup(cid) is not None)
        dag.held.clear()
        yield url, content, files
    files.close()


async def test_an_answer_that_is_ready_is_the_same_to_the_byte(tmp_path: Path) -> None:
    """However it is asked for: alone, several at once, once and no more, by an old client."""
    dag, files = Dag(), AssembledFiles(tmp_path)
    content = random.Random(1).randbytes(2048)
    cid = dag.file([(dag.raw(content), len(content))])
    gateway = Gateway(dag, dag, Names(), assembled=files)
    head = b"GET /ipfs/%b HTTP/1.%d\r\nHost: 127.0.0.1\r\n"
    ask = head % (str(cid).encode(), 1) + b"\r\n"
    async with GatewayServer(gateway, HOSTS, 0) as server:

        async def answers(*asked: bytes) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"".join(asked))
            async with asyncio.timeout(10):
                told = await reader.read()
            writer.close()
            return re.sub(rb"date: [^\r]*\r\n", b"", told)

        last = ask[:-2] + b"Connection: close\r\n\r\n"
        await answers(last)
        await _until(lambda: files.lookup(cid) is not None)
        thought_of = await answers(last)
        dag.held.clear()
        ready = await answers(last)
        assert ready == thought_of
        assert ready.endswith(b"\r\nconnection: close\r\n\r\n" + content)
        kept_open = ready.replace(b"connection: close\r\n", b"")
        assert await answers(ask, ask, last) == kept_open * 2 + ready
        assert await answers(head % (str(cid).encode(), 0) + b"\r\n") == ready
    files.close()


async def test_an_answer_that_is_ready_waits_for_who_reads_slowly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, find = list[Key](), HotAnswers.find

    def counted(answers: HotAnswers, key: Key) -> ReadyAnswer | None:
        given.append(key)
        return find(answers, key)

    monkeypatch.setattr(HotAnswers, "find", counted)
    dag, files = Dag(), AssembledFiles(tmp_path)
    content = bytes(60_000)
    cid = dag.file([(dag.raw(content), len(content))])
    gateway = Gateway(dag, dag, Names(), assembled=files)
    async with GatewayServer(gateway, HOSTS, 0) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=8192)
        ask = f"GET /ipfs/{cid} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        writer.write(ask)
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(content))
        await _until(lambda: files.lookup(cid) is not None)
        times = 300
        writer.write(ask * times)
        await asyncio.sleep(0.3)
        assert len(given) < times, "18 MB, of which the sockets hold a few"
        for _ in range(times):
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(len(content)) == content
        writer.close()
        await writer.wait_closed()
    files.close()


async def test_a_file_on_disk_is_sent_by_the_system(tmp_path: Path) -> None:
    async with _kept_on_disk(tmp_path) as (url, content, _), aiohttp.ClientSession() as http:
        for _ in range(3):
            async with http.get(url) as response:
                assert await response.read() == content
            async with http.get(url, headers={"range": "bytes=1000000-2000000"}) as response:
                assert await response.read() == content[1_000_000:2_000_001]
            async with http.get(url, headers={"range": "bytes=0-1,9-9"}) as response:
                assert response.headers["content-type"].startswith("multipart/byteranges")
                assert content[:2] in await response.read()
            async with http.head(url) as response:
                assert response.headers["content-length"] == str(len(content))


async def test_a_file_that_is_cut_on_disk_is_cut_for_the_client(tmp_path: Path) -> None:
    # More than what the sockets hold on the way.
    async with _kept_on_disk(tmp_path, 24 * 1024 * 1024) as (url, _, files):
        kept = await files.open(Cid.parse(url.rpartition("/")[2]))
        assert kept is not None
        async with aiohttp.ClientSession() as http, http.get(url) as response:
            os.truncate(kept.path, 1000)
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()


async def test_a_client_may_leave_in_the_middle_of_a_file(tmp_path: Path) -> None:
    async with _kept_on_disk(tmp_path) as (url, content, _), aiohttp.ClientSession() as http:
        before = len(asyncio.all_tasks())
        for _ in range(3):
            async with http.get(url) as response:
                await response.content.readany()
                response.close()
        await _until(lambda: len(asyncio.all_tasks()) <= before)
        async with http.get(url) as response:
            assert await response.read() == content
