"""Blocks out of a file on another network: read as far as somebody asks, and no further."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.content.store.stores import raw
from walkaway.content.mirrors.block_mirror import CarMirror, OneBlock, is_car
from walkaway.content.proven_file import ProvenFile
from walkaway.content.store import archives
from walkaway.content.store.block_store import BlockStore
from walkaway.errors import ProofError, TooMuch, Unproven
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.car import car_header, car_section
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Evidence, Proven

BLOCKS = [raw(at) for at in range(4)]
CAR = [car_header((BLOCKS[0][0],)), *(car_section(*block) for block in BLOCKS)]
ABSENT = Cid.of(codecs.RAW, b"absent")


class Given:
    """A file that comes piece by piece, each once it ``may`` come; ``log`` says what was done."""

    def __init__(self, pieces: list[bytes], *, at_once: bool = True) -> None:
        self.pieces = pieces
        self.log: list[str] = []
        self.begun = asyncio.Event()
        self.closed = asyncio.Event()
        self.may = asyncio.Semaphore(len(pieces) if at_once else 0)

    def file(self, media_type: str | None = None, status: int = 200) -> ProvenFile:
        return ProvenFile(
            None, "tag", self._stream, Evidence("given", ()), media_type, status=status
        )

    async def again(self) -> ProvenFile:
        self.log.append("opened again")
        self.may = asyncio.Semaphore(len(self.pieces))
        return self.file()

    async def _stream(self, start: int, end: int | None) -> AsyncGenerator[bytes, None]:
        try:
            for at, piece in enumerate(self.pieces):
                await self.may.acquire()
                self.log.append(f"piece {at}")
                self.begun.set()
                yield piece
        finally:
            self.log.append("closed")
            self.closed.set()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BlockStore]:
    with BlockStore.open(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def mirror(
    given: Given, store: BlockStore, limits: Limits = LIMITS
) -> AsyncIterator[CarMirror]:
    made = CarMirror(given.file(), given.again, store, limits)
    try:
        yield made
    finally:
        await made.close()


async def test_nothing_is_read_before_a_block_is_asked_for(store: BlockStore) -> None:
    given = Given(CAR)
    async with mirror(given, store) as car:
        assert given.log == []
        both = await asyncio.gather(car.get(BLOCKS[3][0]), car.get(BLOCKS[1][0]))
        assert [block.value for block in both] == [BLOCKS[3][1], BLOCKS[1][1]]
        assert given.log == [*(f"piece {at}" for at in range(5)), "closed"]
        await car.get(BLOCKS[0][0])
    assert given.log[-1] == "closed"


async def test_a_block_is_given_before_the_archive_is_read_to_its_end(
    store: BlockStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_BATCH_BYTES", 1)
    given = Given(CAR, at_once=False)
    async with mirror(given, store) as car:
        asking = asyncio.ensure_future(car.get(BLOCKS[1][0]))
        for _ in range(3):
            given.may.release()
        assert (await asyncio.wait_for(asking, 5)).value == BLOCKS[1][1]
        assert "closed" not in given.log
    assert given.log[-1] == "closed", "whoever closes it closes the stream"


async def test_what_an_archive_does_not_hold_is_told_once_it_was_read(store: BlockStore) -> None:
    given = Given(CAR)
    limits = replace(LIMITS, mirror_again_seconds=0.05)
    async with mirror(given, store, limits) as car:
        for _ in range(3):
            with pytest.raises(Unproven, match=f"{ABSENT}: it was read to its end"):
                await car.get(ABSENT)
        assert given.log.count("closed") == 1
        await asyncio.sleep(0.1)
        with pytest.raises(Unproven):
            await car.get(ABSENT)
        assert (given.log.count("opened again"), given.log.count("closed")) == (1, 2)


async def test_it_is_read_no_further_where_nobody_asks(
    store: BlockStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_BATCH_BYTES", 1)
    given = Given(CAR, at_once=False)
    async with mirror(given, store, replace(LIMITS, mirror_idle_seconds=0.05)) as car:
        asking = asyncio.ensure_future(car.get(BLOCKS[0][0]))
        given.may.release()
        given.may.release()
        await asking
        await asyncio.sleep(0.1)
        given.may.release()
        await asyncio.wait_for(given.closed.wait(), 5)
        assert given.log == ["piece 0", "piece 1", "piece 2", "closed"]
        assert (await car.get(BLOCKS[3][0])).value == BLOCKS[3][1]
        assert given.log.count("opened again") == 1


async def test_while_somebody_waits_it_is_read_on(store: BlockStore) -> None:
    given = Given(CAR, at_once=False)
    async with mirror(given, store, replace(LIMITS, mirror_idle_seconds=0.01)) as car:
        asking = asyncio.ensure_future(car.get(BLOCKS[3][0]))
        for _ in CAR:
            await asyncio.sleep(0.03)
            given.may.release()
        assert (await asking).value == BLOCKS[3][1]
        assert "opened again" not in given.log


async def test_a_block_that_comes_while_the_store_is_asked_is_not_missed(
    store: BlockStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, get = Given(CAR, at_once=False), store.get
    times = iter([True])

    async def slow(cid: Cid) -> Proven[bytes]:
        is_first = next(times, False)
        try:
            return await get(cid)
        finally:
            if is_first:
                for _ in CAR:
                    given.may.release()
                await first

    async with mirror(given, store) as car:
        first = asyncio.ensure_future(car.get(BLOCKS[0][0]))
        given.may.release()
        await asyncio.wait_for(given.begun.wait(), 5)
        monkeypatch.setattr(store, "get", slow)
        assert (await asyncio.wait_for(car.get(BLOCKS[3][0]), 5)).value == BLOCKS[3][1]


async def test_an_archive_has_a_bound(store: BlockStore) -> None:
    given = Given(CAR)
    async with mirror(given, store, replace(LIMITS, mirror_car_bytes=1500)) as car:
        with pytest.raises(Unproven, match="it is over 1500 bytes"):
            await car.get(BLOCKS[0][0])
    assert given.log[-1] == "closed"


async def test_an_altered_archive_gives_nothing(store: BlockStore) -> None:
    given = Given([*CAR[:-1], CAR[-1][:-1] + b"?"])
    async with mirror(given, store) as car:
        with pytest.raises(Unproven, match=f"of {BLOCKS[3][0]}"):
            await car.get(BLOCKS[3][0])


async def test_whoever_waits_while_it_is_closed_is_told(store: BlockStore) -> None:
    given = Given(CAR, at_once=False)
    async with mirror(given, store) as car:
        asking = asyncio.ensure_future(car.get(BLOCKS[0][0]))
        given.may.release()
        await asyncio.wait_for(given.begun.wait(), 5)
    with pytest.raises(Unproven, match="it is closed"):
        await asyncio.wait_for(asking, 5)
    assert given.log == ["piece 0", "closed"]
    with pytest.raises(Unproven, match="it is closed"):
        await car.get(BLOCKS[0][0])
    assert "opened again" not in given.log


async def test_one_block_is_proven_and_kept(store: BlockStore) -> None:
    cid, data = BLOCKS[0]
    given = Given([data[:10], data[10:]])
    block = OneBlock(given.file(), cid, store)
    assert (await block.get(cid)).value == data
    assert (await store.get(cid)).value == data
    assert given.log[-1] == "closed"
    with pytest.raises(Unproven, match="is not the block"):
        await block.get(ABSENT)
    with pytest.raises(ProofError):
        await OneBlock(Given([data + b"?"]).file(), cid, store).get(cid)
    with pytest.raises(TooMuch):
        await OneBlock(Given([bytes(LIMITS.block_bytes), b"?"]).file(), cid, store).get(cid)


async def test_what_is_an_archive() -> None:
    for media_type in ("application/vnd.ipld.car", "Application/Vnd.IPLD.CAR; version=1"):
        assert await is_car(Given([b"none"]).file(media_type))
    assert not await is_car(Given(CAR).file("text/html"))
    assert not await is_car(Given(CAR).file("application/vnd.ipld.car", 404))
    for pieces in (CAR, [b"".join(CAR)], [CAR[0]], [CAR[0], b"\xff" * 4000]):
        given = Given(pieces)
        assert await is_car(given.file())
        assert given.log[-1] == "closed"
    for pieces in ([], [b"<!doctype html>"], [bytes(5000)], [CAR[0][:-1]]):
        assert not await is_car(Given(pieces).file())
