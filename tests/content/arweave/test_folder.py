"""A manifest as a folder on a disk or in an archive: all of its files, and no way out of it."""

from __future__ import annotations

import asyncio
import io
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.content.arweave.stand import add_items, item_of, standing
from tests.content.arweave.test_content import manifest_of
from walkaway.content.arweave.folder import manifest_folder
from walkaway.content.arweave.found import Found, held_stream
from walkaway.content.budget import Budget
from walkaway.content.exporter.save import save_members
from walkaway.content.exporter.tar import tar_members
from walkaway.content.proven_file import Folder
from walkaway.devnet.content.arweave import ArweaveSource
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.weave import Weave
from walkaway.errors import TooMuch, Unproven, Unwritable, WalkawayError
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.manifest import Manifest
from walkaway.proofs.proven import Evidence

FILES = {"index.html": b"<p>hello", "a/b/one": bytes(3000), "a/two": b"2", "empty": b""}


def written(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


async def test_all_files_of_a_manifest_come_from_gateways(tmp_path: Path) -> None:
    weave = Weave()
    items = {path: item_of(content) for path, content in FILES.items()}
    paths = {path: name for path, (name, _) in items.items()}
    site = manifest_of(paths, index={"path": "index.html"})
    add_items(weave, *items.values(), site)
    sources = [ArweaveSource(weave, Manners(Manner.WRONG)), ArweaveSource(weave)]
    done: list[int] = []
    async with standing(tmp_path, sources) as stand:
        assert (await stand.open(f"{site[0]}/a/two")).folder is None
        opened = await stand.open(str(site[0]))
        assert opened.folder is not None
        size = await save_members(
            opened.folder().members("", Budget()), tmp_path / "copy", progress=done.append
        )
    assert (size, done[-1]) == (3009, 3009)
    assert written(tmp_path / "copy") == FILES


async def test_what_nobody_has_is_named_by_its_path_and_nothing_stays(tmp_path: Path) -> None:
    weave = Weave()
    here, gone = item_of(b"here"), item_of(b"gone")
    site = manifest_of({"here": here[0], "index": here[0], "docs/gone": gone[0]})
    add_items(weave, here, site)
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        opened = await stand.open(str(site[0]))
        assert opened.folder is not None
        with pytest.raises(Unproven, match=r"^docs/gone: nobody could supply") as raised:
            await save_members(opened.folder().members("", Budget()), tmp_path / "copy")
    assert set(raised.value.reasons) == {"gateway-0"}
    assert not (tmp_path / "copy").exists()
    assert not list(tmp_path.glob(".copy*"))


class Held:
    """Ids that are names of bytes; counts how many are looked for at once."""

    def __init__(self, contents: Mapping[ArweaveId, bytes]) -> None:
        self.contents = contents
        self.now = 0
        self.most = 0

    async def find(self, wanted: ArweaveId, budget: Budget) -> Found:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        data = self.contents[wanted]
        because = Evidence("held in a test", (), ())
        return Found(wanted, b"", len(data), (), held_stream(data), because)


def id_of(data: bytes) -> ArweaveId:
    return ArweaveId.of_signature(data)


def folder_of(
    files: Mapping[str, bytes],
    index: bytes | None = None,
    fallback: bytes | None = None,
    *,
    below: str = "",
) -> tuple[Folder, Held]:
    more = [data for data in (index, fallback) if data is not None]
    held = Held({id_of(data): data for data in (*files.values(), *more)})
    manifest = Manifest(
        "0.2.0",
        None if index is None else id_of(index),
        None if fallback is None else id_of(fallback),
        {path: id_of(data) for path, data in files.items()},
    )
    return manifest_folder(manifest, below, held.find), held


async def save(folder: Folder, to: Path, limits: Limits = LIMITS) -> dict[str, bytes]:
    await save_members(folder.members("", Budget(limits)), to)
    return written(to)


async def test_files_are_looked_for_some_ahead(tmp_path: Path) -> None:
    files = {f"{number:02}/file": bytes((number,)) for number in range(20)}
    folder, held = folder_of(files)
    limits = replace(LIMITS, arweave_files_ahead=4)
    assert await save(folder, tmp_path / "copy", limits) == files
    assert 1 < held.most <= 5


async def test_an_index_without_a_path_is_the_page_of_the_folder(tmp_path: Path) -> None:
    folder, _ = folder_of({"a": b"a"}, index=b"index", fallback=b"lost")
    assert await save(folder, tmp_path / "one") == {"a": b"a", "index.html": b"index"}
    assert folder.left_out == ("the fallback, which has no path",)
    folder, _ = folder_of({"index.html": b"another"}, index=b"index", fallback=b"index")
    assert await save(folder, tmp_path / "two") == {"index.html": b"another"}
    assert folder.left_out == ("the index, which has no path",)
    folder, _ = folder_of({"a": b"a", "b": b"b"}, index=b"a", fallback=b"b")
    assert await save(folder, tmp_path / "three") == {"a": b"a", "b": b"b"}
    assert folder.left_out == ()


async def test_a_page_of_a_folder_that_stands_at_its_path_too_is_written_once(
    tmp_path: Path,
) -> None:
    folder, _ = folder_of({"docs": b"page", "docs/index.html": b"page", "docs/a": b"a"})
    assert await save(folder, tmp_path / "copy") == {"docs/index.html": b"page", "docs/a": b"a"}


async def test_a_part_of_a_manifest_is_a_folder_of_its_own(tmp_path: Path) -> None:
    files = {"docs": b"page", "docs/a": b"a", "docs/b/c": b"c", "docs-b": b"b", "x": b"x"}
    folder, _ = folder_of(files, index=b"index", fallback=b"lost", below="docs")
    there = {"a": b"a", "b/c": b"c", "index.html": b"page"}
    assert await save(folder, tmp_path / "copy") == there
    assert folder.left_out == ()


async def test_it_is_opened_as_one(tmp_path: Path) -> None:
    weave = Weave()
    page, style = item_of(b"page"), item_of(b"style")
    site = manifest_of({"docs": page[0], "docs/style": style[0]})
    add_items(weave, page, style, site)
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        docs = await stand.open(f"{site[0]}/docs")
        file = await stand.open(f"{site[0]}/docs/style")
        assert (docs.is_folder, file.is_folder, file.folder) == (True, False, None)
        assert docs.folder is not None
        await save_members(docs.folder().members("", Budget()), tmp_path / "copy")
    assert written(tmp_path / "copy") == {"index.html": b"page", "style": b"style"}


@pytest.mark.parametrize(
    "files",
    [
        {"docs": b"1", "docs/a": b"2"},
        {"docs": b"1", "docs/index.html": b"2"},
        {"docs": b"1", "docs-a": b"2", "docs/z/a": b"3"},
    ],
)
async def test_no_path_is_a_file_and_a_folder(files: dict[str, bytes], tmp_path: Path) -> None:
    folder, held = folder_of(files)
    with pytest.raises(Unwritable, match="a file and a folder: 'docs'"):
        await save(folder, tmp_path / "copy")
    assert (held.most, (tmp_path / "copy").exists()) == (0, False)


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../a",
        "a/../../b",
        "/etc/passwd",
        "a//b",
        "",
        ".",
        "a/.",
        "a\0b",
        "\ud800",
        "a/\udc80",
    ],
)
async def test_no_path_leads_out_of_the_folder(path: str, tmp_path: Path) -> None:
    folder, held = folder_of({"fine": b"1", path: b"2"})
    for walked in (
        save(folder, tmp_path / "copy"),
        archive(folder),
    ):
        with pytest.raises(Unwritable, match="none that a file could have") as raised:
            await walked
        assert "one at a time" in raised.value.advice
    assert (held.most, list(tmp_path.iterdir())) == (0, [])


@pytest.mark.parametrize("path", ["a/" * 200 + "b", "a" * 9000])
async def test_no_path_is_too_long_or_too_deep(path: str, tmp_path: Path) -> None:
    folder, _ = folder_of({path: b"1"})
    with pytest.raises(TooMuch):
        await save(folder, tmp_path / "copy")


async def test_a_name_that_the_file_system_refuses_is_told(tmp_path: Path) -> None:
    folder, _ = folder_of({"a" * 300: b"1"})
    with pytest.raises(Unwritable, match="cannot be written"):
        await save(folder, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


async def test_one_id_at_many_paths_counts_each_time(tmp_path: Path) -> None:
    folder, _ = folder_of({f"{number}": bytes(10_000) for number in range(20)})
    limits = replace(LIMITS, request_block_bytes=100_000)
    with pytest.raises(TooMuch, match="more bytes than one request"):
        await save(folder, tmp_path / "copy", limits)
    few = replace(LIMITS, request_blocks=5)
    with pytest.raises(WalkawayError, match="more blocks than one request"):
        await save(folder, tmp_path / "copy", few)
    folders, _ = folder_of({"/".join("abcdefgh"): b""})
    with pytest.raises(WalkawayError, match="more blocks than one request"):
        await save(folders, tmp_path / "copy", few)
    assert list(tmp_path.iterdir()) == []


async def archive(folder: Folder) -> bytes:
    return b"".join([piece async for piece in tar_members(folder.members("site", Budget()))])


async def test_an_archive_holds_the_folder() -> None:
    folder, _ = folder_of(FILES)
    with tarfile.open(fileobj=io.BytesIO(await archive(folder))) as made:
        members = made.getmembers()
        contents = {}
        for member in members:
            file = made.extractfile(member)
            if file is not None:
                contents[member.name.removeprefix("site/")] = file.read()
    assert contents == FILES
    assert [member.name for member in members] == [
        "site", "site/a", "site/a/b", "site/a/b/one", "site/a/two", "site/empty",
        "site/index.html",
    ]  # fmt: skip


async def test_whoever_stops_before_the_end_leaves_nothing_running() -> None:
    _, held = folder_of({"0": b"0"})
    begun: list[ArweaveId] = []

    async def find(wanted: ArweaveId, budget: Budget) -> Found:
        begun.append(wanted)
        if wanted not in held.contents:
            await asyncio.sleep(3600)
        return await held.find(wanted, budget)

    paths = {str(number): id_of(str(number).encode()) for number in range(20)}
    before = asyncio.all_tasks()
    walked = manifest_folder(Manifest("0.1.0", None, None, paths), "", find).members("", Budget())
    for _ in range(2):
        await anext(walked)
    assert len(begun) > 1
    await walked.aclose()
    assert asyncio.all_tasks() == before
