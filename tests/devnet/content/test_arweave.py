"""What a simulated gateway of Arweave answers, and what is published on its weave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.content.arweave.stand import bytes_of, pattern, standing
from walkaway.devnet.content.arweave import ArweaveSource
from walkaway.devnet.content.arweave_publisher import ArweavePublisher, make_item
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.weave import Weave
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.data_item import prove_item
from walkaway.proofs.arweave.tags import Tag
from walkaway.proofs.arweave.transaction import prove_transaction
from walkaway.proofs.arweave.whole import prove_whole


@asynccontextmanager
async def asked(source: ArweaveSource) -> AsyncIterator[aiohttp.ClientSession]:
    url = await source.start()
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(url, timeout=timeout) as session:
        try:
            yield session
        finally:
            await source.stop()


async def test_a_published_website_opens(tmp_path: Path) -> None:
    weave = Weave()
    files = {
        "index.html": (b"<h1>here</h1>", "text/html"),
        "img/tree.svg": (b"<svg/>", "image/svg+xml"),
    }
    site = ArweavePublisher(weave).website(files, "index.html")
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        root, tree = await stand.open(site), await stand.open(f"{site}/img/tree.svg")
        assert (root.is_folder, await bytes_of(root)) == (True, b"<h1>here</h1>")
        assert (tree.media_type, await bytes_of(tree)) == ("image/svg+xml", b"<svg/>")


def test_what_is_published_proves_itself() -> None:
    name, item = make_item(b"payload", "text/plain")
    assert prove_item(name, item).value.size == 7
    weave, data = Weave(), pattern(700_000)
    text = ArweavePublisher(weave).transaction(data, (Tag(b"App", b"x"),))
    transaction = prove_transaction(ArweaveId.parse(text), weave.transactions[text].header)
    assert prove_whole(transaction, data).value == len(data)


async def test_a_byte_is_altered_where_it_is_told() -> None:
    weave, data = Weave(), pattern(300_000)
    name = ArweavePublisher(weave).transaction(data, ())
    begin = weave.transactions[name].begin
    source = ArweaveSource(weave, Manners(Manner.WRONG, spared=1), byte=12_345)
    async with asked(source) as session:
        said = []
        for _ in range(2):
            async with session.get(f"/chunk/{begin}") as response:
                said.append(base64url.decode((await response.json())["chunk"]))
    first, second = said
    assert first == data[: len(first)]
    assert [at for at in range(len(first)) if first[at] != second[at]] == [12_345]


@pytest.mark.parametrize("manner", [Manner.SHORT, Manner.ENDLESS, Manner.HANGS])
async def test_manners_show(manner: Manner) -> None:
    weave, data = Weave(), pattern(200_000)
    name = ArweavePublisher(weave).transaction(data, ())
    async with asked(ArweaveSource(weave, Manners(manner))) as session:
        async with session.get(f"/raw/{name}") as response:
            if manner is Manner.SHORT:
                with pytest.raises(aiohttp.ClientPayloadError):
                    await response.read()
            elif manner is Manner.HANGS:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(response.content.readany(), 0.2)
            else:
                assert len(await response.content.readexactly(2 * len(data))) == 2 * len(data)


@pytest.mark.parametrize("path", ["/tx/x", "/tx/x/offset", "/chunk/5", "/raw/x"])
async def test_what_is_not_there(path: str) -> None:
    async with asked(ArweaveSource(Weave())) as session, session.get(path) as response:
        assert response.status == 404
