"""Files of a mirror: what of it stands in for what was asked for, and on whose word."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.content.exporter.dags import Dag, Gated
from tests.content.mirrors.stand import PATIENT, ipfs
from walkaway.content.budget import Budget
from walkaway.content.mirrors.mirrors import Mirrors
from walkaway.content.mirrors.table import MirrorTable
from walkaway.content.open import Networks, OpenedFile, Root, open_pointer
from walkaway.content.proven_file import Believed, ProvenFile
from walkaway.content.store.block_store import BlockStore
from walkaway.errors import NoSuchPath, Stale, Unproven
from walkaway.limits import Limits
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Resolution
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.car import car_header, car_section
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Evidence

RELEASE = Cid.of(codecs.DAG_PB, b"a release that is not on IPFS any more")
CONTRACT = Pointer("web3", "0x" + "ab" * 20, (), "/app/")
LIMITED = (Believed("that nobody works at it for long"),)


class Contract:
    """What a contract gives, by target: a status and a body. Implements `OpensFiles`."""

    def __init__(self, **pages: tuple[int, bytes]) -> None:
        self.pages = pages
        self.media_type = "text/html"
        self.asked: list[str] = []
        self.closed = 0
        self.begun = asyncio.Event()
        self.ends = asyncio.Event()
        self.ends.set()

    async def open(self, pointer: Pointer, budget: Budget) -> ProvenFile:
        self.asked.append(pointer.target)
        if pointer.target.startswith("/silent"):
            await asyncio.Event().wait()
        if "stale" in self.pages:
            raise Stale("the head is too old", age=2, limit=1)
        found = self.pages.get(pointer.target.removeprefix("/app/").replace(".", "_") or "front")
        if found is None:
            raise NoSuchPath("there is no such page")
        status, body = found

        async def stream(start: int, end: int | None) -> AsyncGenerator[bytes, None]:
            self.begun.set()
            try:
                yield body[start:end]
                await self.ends.wait()
            finally:
                self.closed += 1

        because = Evidence("the call returned it", ())
        return ProvenFile(
            len(body), "tag", stream, because, self.media_type, status, believed=LIMITED
        )


class NoNames:
    async def resolve(self, name: str) -> Resolution:
        raise AssertionError(name)


@asynccontextmanager
async def networks(
    folder: Path,
    contract: Contract,
    *mirrors: Pointer,
    release: Cid = RELEASE,
    limits: Limits = PATIENT,
) -> AsyncIterator[Networks]:
    table = MirrorTable([(ipfs(release), mirror) for mirror in mirrors or (CONTRACT,)])
    with BlockStore.open(folder) as store:
        made = Mirrors(table, {"web3": contract}, store, limits=limits)
        try:
            yield Networks(Dag(), {"web3": contract}, made)
        finally:
            await made.close()


async def opened(made: Networks, *path: str) -> OpenedFile:
    found = await open_pointer(made, NoNames(), ipfs(RELEASE, *path), Budget())
    assert isinstance(found, OpenedFile)
    return found


async def test_what_a_contract_gives_is_what_it_can_change(tmp_path: Path) -> None:
    contract = Contract(front=(200, b"front"), a_txt=(200, b"text"))
    async with networks(tmp_path, contract) as made:
        page = await opened(made)
        assert (page.file.is_folder, page.root.pointer) == (True, CONTRACT)
        text = await opened(made, "a.txt")
        assert (text.file.is_folder, text.root.pointer.target) == (False, "/app/a.txt")
        assert "/app/a.txt" in contract.asked
        limited, word = text.file.believed
        assert (limited, word.said_by) == (LIMITED[0], ("your settings",))
        assert "may give other files later" in word.what


async def test_a_page_that_is_none_is_looked_for_as_a_folder(tmp_path: Path) -> None:
    contract = Contract(docs=(404, b"none"), **{"docs/index_html": (200, b"docs")})
    async with networks(tmp_path, contract) as made:
        docs = await opened(made, "docs")
        assert (docs.file.is_folder, docs.file.size) == (True, 4)
        with pytest.raises(Unproven) as raised:
            await opened(made, "gone")
        assert "there is no such page" in raised.value.reasons[str(CONTRACT)]
        contract.pages["docs/index_html"] = (302, b"")
        with pytest.raises(Unproven) as raised:
            await opened(made, "docs")
        assert "answers with status 302" in raised.value.reasons[str(CONTRACT)]


async def test_a_head_that_is_too_old_is_a_reason_like_others(tmp_path: Path) -> None:
    async with networks(tmp_path, Contract(stale=(200, b""))) as made:
        with pytest.raises(Unproven) as raised:
            await opened(made)
        assert raised.value.reasons[str(CONTRACT)] == "the head is too old"
        assert raised.value.reasons["memory"] == "does not hold it"


async def test_the_mirror_that_had_it_begins_before_the_others(tmp_path: Path) -> None:
    contract = Contract(a_txt=(200, b"text"), b_txt=(200, b"text"))
    places = [replace(CONTRACT, target="/silent/"), CONTRACT]
    limits = replace(PATIENT, mirror_patience_seconds=0.4)
    async with networks(tmp_path, contract, *places, limits=limits) as made:
        silent = replace(made, blocks=Gated(Dag()))
        for name, waits in (("a.txt", True), ("b.txt", False)):
            began = time.monotonic()
            assert (await opened(silent, name)).file.size == 4
            assert (time.monotonic() - began > 0.4) == waits


async def test_each_archive_is_opened_once_and_few_are_held(tmp_path: Path) -> None:
    dag = Dag()
    leaf = dag.raw(b"leaf")
    root = dag.directory([("leaf", leaf)])
    car = car_header((root,)) + b"".join(car_section(*one) for one in dag.held.items())
    contract = Contract(a_car=(200, car), b_car=(200, car_header((root,))))
    contract.media_type = "application/vnd.ipld.car"
    places = [replace(CONTRACT, target=f"/app/{name}.car") for name in "ba"]
    async with networks(tmp_path / "1", contract, *places, release=root) as made:
        blocks = made.backed(Root(ipfs(root)))
        assert [(await blocks.get(cid)).value for cid in (leaf, root)] == [b"leaf", dag.held[root]]
    assert contract.asked == ["/app/b.car", "/app/a.car"]
    few = replace(PATIENT, mirror_cars_open=1)
    async with networks(tmp_path / "2", contract, *places, release=root, limits=few) as made:
        absent = made.backed(Root(ipfs(root)))
        for _ in range(2):
            with pytest.raises(Unproven, match="read to its end"):
                await absent.get(RELEASE)
    assert contract.asked[2:] == ["/app/b.car", "/app/a.car"] * 2


async def test_what_is_still_read_is_closed_with_them(tmp_path: Path) -> None:
    contract = Contract(a_car=(200, car_header((RELEASE,))))
    contract.media_type = "application/vnd.ipld.car"
    contract.ends.clear()
    place = replace(CONTRACT, target="/app/a.car")
    async with networks(tmp_path, contract, place) as made:
        asking = asyncio.ensure_future(made.backed(Root(ipfs(RELEASE))).get(RELEASE))
        await asyncio.wait_for(contract.begun.wait(), 5)
        assert contract.closed == 0
    assert contract.closed == 1
    with pytest.raises(Unproven, match="it is closed"):
        await asyncio.wait_for(asking, 5)


async def test_who_gave_the_last_block_is_asked_first_for_the_next(tmp_path: Path) -> None:
    dag = Dag()
    leaves = [dag.raw(bytes([at])) for at in range(8)]
    car = car_header((leaves[0],)) + b"".join(car_section(*one) for one in dag.held.items())
    contract = Contract(a_car=(200, car))
    contract.media_type = "application/vnd.ipld.car"
    place = replace(CONTRACT, target="/app/a.car")
    limits = replace(PATIENT, mirror_patience_seconds=0.5)
    silent = Gated(dag)
    async with networks(tmp_path, contract, place, release=leaves[0], limits=limits) as made:
        assert made.mirrors is not None
        blocks = made.mirrors.backed(ipfs(leaves[0]), silent)
        began = time.monotonic()
        for cid in leaves:
            assert (await blocks.get(cid)).value == dag.held[cid]
        assert 0.5 < time.monotonic() - began < 2
