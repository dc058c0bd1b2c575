"""Everything that gives content, opened from a plan over real sockets and a real store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.content.stand import blocks_of, cid_of
from walkaway.chain.clock import SystemClock
from walkaway.content.budget import Budget
from walkaway.content.open import Root
from walkaway.content.service import ContentPlan, open_content
from walkaway.content.store.block_store import BlockStore
from walkaway.devnet.content.arweave import ArweaveSource
from walkaway.devnet.content.arweave_publisher import ArweavePublisher
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.source import ContentSource
from walkaway.devnet.content.weave import Weave
from walkaway.errors import ConfigError, Unproven
from walkaway.names.pointer import Network, Pointer
from walkaway.proofs.filecoin.piece_cid import PieceCid
from walkaway.proofs.ipfs.car import car_header, car_section
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven
from walkaway.sources.defaults import ListedSource, default_sources
from walkaway.sources.request import Kind

DATA = b"a block"
CID = cid_of(DATA)
BLOCKS = blocks_of(DATA)


def listed(name: str, kind: Kind, url: str) -> ListedSource:
    return ListedSource(name, name, (kind,), url)


def plan(folder: Path, *sources: ListedSource, offline: bool = False) -> ContentPlan:
    return ContentPlan(
        folder / "store", folder / "evidence", sources=sources, offline=offline, store_bytes=10**7
    )


@pytest.mark.parametrize("kind", ["content", "kubo"])
async def test_what_is_fetched_is_there_offline_afterwards(tmp_path: Path, kind: Kind) -> None:
    async with AsyncExitStack() as stack:
        source = ContentSource(BLOCKS)
        url = await source.start()
        stack.push_async_callback(source.stop)
        made = plan(tmp_path, listed("source", kind, url))
        async with open_content(made, clock=SystemClock()) as content:
            assert (await content.blocks.get(CID)).value == DATA
            assert [status.name for status in content.pool.status()] == ["source"]
        alone = replace(made, offline=True)
        async with open_content(alone, clock=SystemClock()) as content:
            assert (await content.blocks.get(CID)).value == DATA
            with pytest.raises(Unproven, match="not held here"):
                await content.blocks.get(cid_of(b"another"))
        assert source.asked == 1


async def test_what_is_on_its_way_is_written_before_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = BlockStore.keep

    async def slowly(store: BlockStore, blocks: Sequence[tuple[Cid, Proven[bytes]]]) -> None:
        await asyncio.sleep(0.05)
        await keep(store, blocks)

    monkeypatch.setattr(BlockStore, "keep", slowly)
    path = tmp_path / "site.car"
    path.write_bytes(car_header((CID,)) + car_section(CID, DATA))
    made = plan(tmp_path, listed("site", "content", path.as_uri()))
    async with open_content(made, clock=SystemClock()) as content:
        await content.blocks.get(CID)
    async with open_content(plan(tmp_path), clock=SystemClock()) as content:
        assert (await content.blocks.get(CID)).value == DATA
        assert (await content.store.stat()).limit == 10**7


@pytest.mark.parametrize(
    ("network", "root", "reason"),
    [
        ("ar", "A" * 43, "--offline"),
        ("web3", "0x" + "00" * 20, "the chain: it is not followed yet"),
        ("piece", str(PieceCid.over(bytes(32), 1000)), "--offline"),
    ],
)
async def test_nobody_is_asked_on_any_network(
    tmp_path: Path, network: Network, root: str, reason: str
) -> None:
    async with open_content(plan(tmp_path), clock=SystemClock()) as content:
        with pytest.raises(Unproven) as raised:
            await content.networks.open(Root(Pointer(network, root)), Budget())
    assert reason in f"{raised.value} {raised.value.advice}"


async def test_another_walkaway_is_a_source_like_any_other(tmp_path: Path) -> None:
    """A source of two kinds at one address is asked for both, and has two records."""
    async with AsyncExitStack() as stack:
        source = ContentSource(BLOCKS)
        url = await source.start()
        stack.push_async_callback(source.stop)
        both = ListedSource("walkaway", "me", ("content", "routing"), url)
        async with open_content(plan(tmp_path, both), clock=SystemClock()) as content:
            assert (await content.blocks.get(CID)).value == DATA
            with pytest.raises(Unproven) as raised:
                await content.blocks.get(cid_of(b"another"))
            kinds = [pool.status()[0].kinds for pool in (content.pool, content.routers)]
        assert kinds == [{"content"}, {"routing"}]
        assert source.sought == 1
        both_said = "does not have it (HTTP status 404); knows nobody who has it"
        assert raised.value.reasons == {"store": "does not hold it", "walkaway": both_said}


@pytest.mark.parametrize("offline", [False, True])
async def test_an_archive_is_asked_offline_too(tmp_path: Path, offline: bool) -> None:
    path = tmp_path / "a site.car"
    path.write_bytes(car_header((CID,)) + car_section(CID, DATA))
    made = plan(tmp_path, listed("site", "content", path.as_uri()), offline=offline)
    async with open_content(made, clock=SystemClock()) as content:
        assert (await content.blocks.get(CID)).value == DATA


async def test_an_archive_with_other_bytes_is_caught(tmp_path: Path) -> None:
    path = tmp_path / "site.car"
    path.write_bytes(car_header((CID,)) + car_section(CID, b"A block"))
    made = plan(tmp_path, listed("site", "content", path.as_uri()))
    async with open_content(made, clock=SystemClock()) as content:
        with pytest.raises(Unproven, match="site: lied"):
            await content.blocks.get(CID)


async def test_a_lie_is_kept_as_evidence(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        source = ContentSource(BLOCKS, Manners(Manner.WRONG))
        url = await source.start()
        stack.push_async_callback(source.stop)
        made = plan(tmp_path, listed("liar", "content", url))
        async with open_content(made, clock=SystemClock()) as content:
            with pytest.raises(Unproven, match="liar: lied"):
                await content.blocks.get(CID)
    (file,) = (tmp_path / "evidence").glob("*.json")
    assert str(CID) in file.read_text()
    assert url not in file.read_text()


async def test_sources_of_the_chain_are_asked_nothing(tmp_path: Path) -> None:
    made = plan(tmp_path, *default_sources("mainnet"))
    async with open_content(made, clock=SystemClock()) as content:
        assert content.pool.status() == content.routers.status() == []
        with pytest.raises(Unproven, match="not held here"):
            await content.blocks.get(CID)


async def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("in the way")
    with pytest.raises(ConfigError):
        async with open_content(plan(tmp_path), clock=SystemClock()):
            raise AssertionError("it was opened")


async def test_arweave_is_a_network_too(tmp_path: Path) -> None:
    weave = Weave()
    name = ArweavePublisher(weave).website({"a": (b"here", "text/plain")}, "a")
    async with AsyncExitStack() as stack:
        source = ArweaveSource(weave)
        url = await source.start()
        stack.push_async_callback(source.stop)
        made = plan(tmp_path, listed("gateway", "arweave", url))
        for asked in (made, replace(made, offline=True)):
            async with open_content(asked, clock=SystemClock()) as content:
                root = Root(Pointer("ar", name))
                file = await content.networks.open(root, Budget())
                assert [piece async for piece in file.stream(0, None)] == [b"here"]
