"""A release that stands on several networks, had from whichever of them has it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.content.mirrors.stand import PAGE, PATIENT, Release, Sources, ipfs
from walkaway.cli.content import find_dag
from walkaway.content.budget import Budget
from walkaway.content.exporter.file import as_file
from walkaway.content.mirrors import mirrors
from walkaway.content.network import Supply
from walkaway.content.open import Networks, Opened, OpenedFile, Root, open_pointer
from walkaway.content.service import Content
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.errors import NoSuchPath, Unproven
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Resolution
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid

LARGE = ("docs", "large")
HANGS = Manners(Manner.HANGS)


class NoNames:
    async def resolve(self, name: str) -> Resolution:
        raise AssertionError(name)


async def opened(content: Content, pointer: Pointer) -> Opened | OpenedFile:
    return await open_pointer(content.networks, NoNames(), pointer, Budget())


async def had(content: Content, pointer: Pointer) -> tuple[bytes, tuple[str, ...]]:
    """The bytes of a file, and what of them is whose word."""
    found = await opened(content, pointer)
    if isinstance(found, OpenedFile):
        said = tuple(who for word in found.file.believed for who in word.said_by)
        return await all_of(found.file.stream(0, None)), said
    said = tuple(who for word in found.root.believed for who in word.said_by)
    return await all_of(as_file(found.blocks, found.look, Budget()).stream()), said


async def all_of(stream: AsyncGenerator[bytes, None]) -> bytes:
    async with aclosing(stream) as pieces:
        return b"".join([piece async for piece in pieces])


@pytest.fixture
def release() -> Release:
    return Release()


async def test_files_on_arweave_are_given_on_a_persons_word(
    tmp_path: Path, release: Release
) -> None:
    sources = Sources.of()
    site = sources.website(release)
    async with sources.content(tmp_path, ipfs(release.root), [site]) as content:
        assert await had(content, ipfs(release.root, *LARGE)) == (
            b"".join(release.leaves), ("your settings",)
        )  # fmt: skip
        found = await opened(content, ipfs(release.root))
        assert isinstance(found, OpenedFile)
        assert await all_of(found.file.stream(0, None)) == PAGE
        assert (found.root.pointer, found.root.seconds) == (site, PATIENT.mirrored_seconds)
        # A folder is its index there.
        docs = await opened(content, ipfs(release.root, "docs"))
        assert isinstance(docs, OpenedFile)
        assert (docs.file.size, docs.file.is_folder) == (len(b"<p>docs"), True)


@pytest.mark.parametrize("on", ["Arweave", "Filecoin", "Filecoin by the CID in it"])
async def test_an_archive_gives_blocks_that_nobody_has_to_be_believed_for(
    tmp_path: Path, release: Release, on: str
) -> None:
    sources = Sources.of({}, release.car())
    mirror = sources.archive(release.car()) if on == "Arweave" else sources.piece()
    if on.endswith("in it"):
        mirror = replace(mirror, path=("ipfs", str(release.root)))
    async with sources.content(tmp_path, ipfs(release.root), [mirror]) as content:
        assert await had(content, ipfs(release.root, *LARGE)) == (b"".join(release.leaves), ())
        found = await opened(content, ipfs(release.root))
        assert isinstance(found, Opened), "it is the folder itself"
        assert found.root.mirror is None
        assert content.blocks.supply(release.root) == Supply(str(mirror))
        assert (await content.store.get(release.large)).value == release.dag.held[release.large]
    assert sources.filecoin.asked == (0 if on == "Arweave" else 1)


async def test_a_block_that_is_missing_in_the_middle_is_taken_from_a_mirror(
    tmp_path: Path, release: Release
) -> None:
    blocks = release.blocks
    del blocks[Cid.of(codecs.RAW, release.leaves[3]).multihash]
    sources = Sources.of(blocks, release.car())
    async with sources.content(tmp_path, ipfs(release.root), [sources.piece()]) as content:
        assert await had(content, ipfs(release.root, *LARGE)) == (b"".join(release.leaves), ())


async def test_nobody_else_is_asked_for_what_is_on_ipfs(tmp_path: Path, release: Release) -> None:
    sources = Sources.of(release.blocks, release.car())
    mirrors = [sources.piece(), sources.website(release)]
    async with sources.content(tmp_path, ipfs(release.root), mirrors) as content:
        assert await had(content, ipfs(release.root, *LARGE)) == (b"".join(release.leaves), ())
    assert (sources.filecoin.asked, sources.arweave.asked) == (0, [])


async def test_a_mirror_is_tried_beside_whoever_says_nothing(
    tmp_path: Path, release: Release
) -> None:
    for kind in ("website", "archive"):
        sources = Sources.of(release.blocks, ipfs=HANGS)
        mirror = sources.website(release) if kind == "website" else sources.archive(release.car())
        limits = replace(PATIENT, mirror_patience_seconds=0.5)
        began = time.monotonic()
        folder = tmp_path / kind
        async with sources.content(folder, ipfs(release.root), [mirror], limits) as content:
            data, said = await had(content, ipfs(release.root, *LARGE))
        assert (data, bool(said)) == (b"".join(release.leaves), kind == "website")
        assert 0.5 < time.monotonic() - began < 10


async def test_the_next_file_does_not_wait_as_the_first_did_for_a_while(
    tmp_path: Path, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(mirrors, "time", SimpleNamespace(monotonic=lambda: now[0]))
    sources = Sources.of(release.blocks, ipfs=HANGS)
    limits = replace(PATIENT, mirror_patience_seconds=0.8, mirror_again_seconds=60.0)
    places = [Pointer("ar", "A" * 43), sources.website(release)]

    async def seconds(content: Content, *path: str) -> float:
        began = time.monotonic()
        assert (await had(content, ipfs(release.root, *path)))[1] == ("your settings",)
        return time.monotonic() - began

    async with sources.content(tmp_path, ipfs(release.root), places, limits) as content:
        assert await seconds(content, "index.html") > 0.8
        now[0] += 50
        assert await seconds(content, "docs", "large") < 0.8
        now[0] += 11
        assert await seconds(content, "index.html") > 0.8, "the release itself has its turn"
        sources.ipfs.manners = Manners()
        now[0] += 61
        assert await had(content, ipfs(release.root, *LARGE)) == (b"".join(release.leaves), ())


async def test_that_a_path_leads_nowhere_is_the_releases_own_answer(
    tmp_path: Path, release: Release
) -> None:
    sources = Sources.of(release.blocks)
    release.files["more.txt"] = (b"of another release", "text/plain")
    site = sources.website(release)
    async with sources.content(tmp_path, ipfs(release.root), [site]) as content:
        with pytest.raises(NoSuchPath):
            await opened(content, ipfs(release.root, "more.txt"))
    assert sources.arweave.asked == []


async def test_all_who_were_tried_are_named(tmp_path: Path, release: Release) -> None:
    sources = Sources.of()
    absent = Pointer("ar", "A" * 43)
    piece = Pointer("piece", "bafkzcibccacqaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    contract = Pointer("web3", "0x" + "ab" * 20)
    other = ipfs(Cid.of(codecs.RAW, b"of another release"))
    mirrors = [absent, piece, contract, other]
    async with sources.content(tmp_path, ipfs(release.root), mirrors) as content:
        with pytest.raises(Unproven) as raised:
            await opened(content, ipfs(release.root))
        with pytest.raises(Unproven) as missing:
            await content.networks.backed(Root(ipfs(release.root))).get(release.root)
    reasons = raised.value.reasons
    assert set(reasons) == {"store", "a content source", *map(str, mirrors)}
    assert "a arweave source" in reasons[str(absent)]
    assert "a piece source" in reasons[str(piece)]
    assert "not followed" in reasons[str(contract)]
    assert "a content source" in reasons[str(other)]
    assert str(other) not in missing.value.reasons, "its blocks are asked for as those of any"


async def test_liars_are_refused_wherever_they_are(tmp_path: Path, release: Release) -> None:
    wrong = Manners(Manner.WRONG)
    sources = Sources.of(release.blocks, release.car(), ipfs=wrong, arweave=wrong, filecoin=wrong)
    mirrors = [sources.website(release), sources.archive(release.car()), sources.piece()]
    async with sources.content(tmp_path, ipfs(release.root), mirrors) as content:
        with pytest.raises(Unproven) as raised:
            await had(content, ipfs(release.root))
        told = raised.value.reasons
    assert set(map(str, mirrors)) < set(told)


async def test_an_archive_of_other_blocks_is_no_mirror(tmp_path: Path, release: Release) -> None:
    sources = Sources.of()
    forged = release.dag.held[release.docs]
    signed = sources.archive(release.car(root=forged))
    lacking = sources.archive(Release().car()[:60])
    async with sources.content(tmp_path, ipfs(release.root), [signed, lacking]) as content:
        with pytest.raises(Unproven) as raised:
            await opened(content, ipfs(release.root))
    assert f"of {release.root}" in raised.value.reasons[str(signed)]
    assert "cut short" in raised.value.reasons[str(lacking)]


async def test_the_bytes_of_one_block_prove_themselves_wherever_they_stand(
    tmp_path: Path, release: Release
) -> None:
    sources = Sources.of()
    site = sources.website(release)
    page, other = replace(site, path=("index.html",)), replace(site, path=("docs", "index.html"))
    async with sources.content(tmp_path, ipfs(release.page), [other, page]) as content:
        assert await had(content, ipfs(release.page)) == (PAGE, ())
        assert content.blocks.supply(release.page) == Supply(str(page))
    alone = Sources.of()
    alone.website(release)
    async with alone.content(tmp_path / "2", ipfs(release.page), [other]) as content:
        with pytest.raises(Unproven) as raised:
            await opened(content, ipfs(release.page))
    assert "hash" in raised.value.reasons[str(other)]


async def test_one_block_is_never_taken_by_word(tmp_path: Path, release: Release) -> None:
    sources = Sources.of(release.blocks)
    absent = ipfs(Cid.of(codecs.RAW, b"".join(release.leaves)))
    site = replace(sources.website(release), path=("docs",))
    large = ipfs(release.large)
    async with sources.content(tmp_path, absent, [large, site]) as content:
        with pytest.raises(Unproven) as raised:
            await opened(content, absent)
    assert "nothing of another DAG" in raised.value.reasons[str(large)]
    assert "no blocks, only files" in raised.value.reasons[str(site)]


async def test_ipfs_is_a_mirror_too_of_what_is_on_arweave(tmp_path: Path, release: Release) -> None:
    sources = Sources.of(release.blocks)
    absent = Pointer("ar", "A" * 43)
    async with sources.content(tmp_path, absent, [ipfs(release.root)]) as content:
        data, said = await had(content, replace(absent, path=LARGE))
        assert (data, said) == (b"".join(release.leaves), ("your settings",))


async def test_all_of_a_dag_is_pinned_from_an_archive(tmp_path: Path, release: Release) -> None:
    sources = Sources.of({}, release.car())
    async with sources.content(tmp_path, ipfs(release.root), [sources.piece()]) as content:
        asked = (NoNames(), ipfs(release.root, "docs"), Budget())
        with pytest.raises(Unproven):
            await find_dag(Networks(content.blocks), *asked)
        cid, blocks = await find_dag(content.networks, *asked)
        pin = await content.store.pin(cid, blocks=blocks)
        assert (cid, pin.complete, pin.blocks) == (release.docs, True, 8)
        other = content.networks.backed(Root(ipfs(release.large)))
        assert other is content.blocks, "it has no mirrors"
