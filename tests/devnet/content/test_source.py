"""Each manner of a simulated source of content shows, and shows when it should."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.source import ContentSource
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_name import name_text

DATA = bytes(range(256)) * 400
CID = Cid.of(codecs.RAW, DATA)
NAME = Cid(1, codecs.LIBP2P_KEY, CID.multihash)
BLOCKS = {CID.multihash: DATA}
RAW = f"/ipfs/{CID}?format=raw"


@asynccontextmanager
async def asking(source: ContentSource) -> AsyncIterator[aiohttp.ClientSession]:
    url = await source.start()
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(url, timeout=timeout) as session:
        try:
            yield session
        finally:
            await source.stop()


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", RAW, 200, DATA),
        ("GET", f"/ipfs/{CID}", 406, None),
        ("GET", f"/ipfs/{NAME}x?format=raw", 404, None),
        ("GET", f"/ipfs/{Cid.of(codecs.RAW, b'')}?format=raw", 404, None),
        ("POST", f"/api/v0/block/get?arg={CID}", 200, DATA),
        ("POST", "/api/v0/block/get", 500, None),
        ("GET", f"/routing/v1/providers/{CID}", 200, b'{"Providers": [{"ID": "a"}]}'),
        ("GET", f"/routing/v1/ipns/{name_text(NAME)}", 200, b"a record"),
        ("GET", f"/ipns/{name_text(NAME)}?format=ipns-record", 200, b"a record"),
        ("GET", f"/ipns/{CID}", 400, None),
    ],
)
async def test_what_an_honest_source_answers(
    method: str, path: str, status: int, body: bytes | None
) -> None:
    records = {NAME.multihash: b"a record"}
    source = ContentSource(BLOCKS, providers=[{"ID": "a"}], records=records)
    async with asking(source) as session, session.request(method, path) as response:
        assert response.status == status
        assert body is None or await response.read() == body


async def test_wrong_bytes_differ_in_one_and_come_as_often_as_told() -> None:
    manners = Manners(Manner.WRONG, one_in=3, spared=1)
    async with asking(ContentSource(BLOCKS, manners)) as session:
        differ = []
        for _ in range(7):
            async with session.get(RAW) as response:
                said = await response.read()
            differ.append(sum(a != b for a, b in zip(said, DATA, strict=True)))
    assert differ == [0, 1, 0, 0, 1, 0, 0]


async def test_a_short_answer_is_cut_off() -> None:
    async with asking(ContentSource(BLOCKS, Manners(Manner.SHORT))) as session:
        async with session.get(RAW) as response:
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()


async def test_one_that_hangs_sends_its_headers_first() -> None:
    async with asking(ContentSource(BLOCKS, Manners(Manner.HANGS))) as session:
        async with session.get(RAW) as response:
            assert response.content_length == len(DATA)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await response.read()


async def test_endless_data_has_no_end() -> None:
    async with asking(ContentSource(BLOCKS, Manners(Manner.ENDLESS))) as session:
        async with session.get(RAW) as response:
            assert len(await response.content.readexactly(3 * len(DATA))) == 3 * len(DATA)


async def test_a_trickle_is_the_block() -> None:
    async with asking(ContentSource(BLOCKS, Manners(Manner.TRICKLES))) as session:
        async with session.get(RAW) as response:
            assert await response.read() == DATA


async def test_a_busy_source_says_for_how_long() -> None:
    async with asking(ContentSource(BLOCKS, Manners(Manner.BUSY))) as session:
        async with session.get(RAW) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "1")
