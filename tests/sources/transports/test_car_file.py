"""A CAR file as a source: its blocks are found by where they lie, and proven like any other."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.vectors import vectors
from walkaway.errors import NotKnown, SourceFault, SourceLacks
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.car import CarReader, car_header, car_section, car_v2_prefix
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sources.request import BlockRequest, ProvidersRequest, RpcRequest
from walkaway.sources.transports.car_file import CarFileTransport, archive_path

DATA = [b"", b"one", b"two" * 1000, bytes(300_000)]
CIDS = [Cid.of(codecs.RAW, data) for data in DATA]
V1 = car_header((CIDS[1],)) + b"".join(map(car_section, CIDS, DATA))


def v2_prefix(offset: int, size: int) -> bytes:
    """What stands before an archive, with any place and length of it."""
    whole = car_v2_prefix(size)
    return whole[:-24] + offset.to_bytes(8, "little") + whole[-16:]


def archive(folder: Path, content: bytes = V1) -> CarFileTransport:
    path = folder / "site.car"
    path.write_bytes(content)
    return CarFileTransport("site", path)


@pytest.mark.parametrize("before", [b"", car_v2_prefix(len(V1))])
@pytest.mark.parametrize("after", [b"", b"an index that nobody reads"])
async def test_every_block_is_found(tmp_path: Path, before: bytes, after: bytes) -> None:
    transport = archive(tmp_path, before + V1 + (after if before else b""))
    answers = [await transport.fetch(BlockRequest(cid)) for cid in CIDS]
    assert [answer.body for answer in answers] == DATA
    as_v0 = Cid(0, codecs.DAG_PB, CIDS[1].multihash)
    assert (await transport.fetch(BlockRequest(as_v0))).body == DATA[1]
    await transport.close()
    await transport.close()


async def test_what_it_does_not_hold_is_not_known(tmp_path: Path) -> None:
    transport = archive(tmp_path)
    with pytest.raises(NotKnown):
        await transport.fetch(BlockRequest(Cid.of(codecs.RAW, b"another")))
    with pytest.raises(SourceLacks, match="nothing but blocks"):
        await transport.fetch(ProvidersRequest(CIDS[0]))
    (lacking,) = await transport.fetch_batch([RpcRequest("eth_chainId")])
    assert isinstance(lacking, SourceLacks)
    await transport.close()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no archive"),
        (b"plain text, and more of it than a header has", "no archive"),
        (V1[:-1], "cut short"),
        (V1 + b"\x05", "no archive"),
        (V1 + b"\x03abc", "no archive"),
        (car_v2_prefix(len(V1) + 1) + V1, "no archive"),
        (car_v2_prefix(len(V1) - 1) + V1, "cut short"),
        (v2_prefix(0, 40) + V1, "lies outside"),
        (v2_prefix(2**63 + 5, 100) + V1, "lies outside"),
        (v2_prefix(2**64 - 1, 2**64 - 1) + V1, "lies outside"),
        (v2_prefix(51, 2**64 - 1) + V1, "lies outside"),
        (car_header(()) + b"\xff\xff\xff\x7f" + CIDS[1].encode(), "not one of an address"),
        (car_header(()) + b"\x20" + CIDS[1].encode(), "not one of an address"),
    ],
)
async def test_what_is_no_archive_is_a_fault(tmp_path: Path, content: bytes, says: str) -> None:
    transport = archive(tmp_path, content)
    with pytest.raises(SourceFault, match=says):
        await transport.fetch(BlockRequest(CIDS[1]))
    await transport.close()


async def test_a_missing_file_is_a_fault_without_its_path(tmp_path: Path) -> None:
    transport = CarFileTransport("site", tmp_path / "none.car")
    with pytest.raises(SourceFault, match="cannot be read") as raised:
        await transport.fetch(BlockRequest(CIDS[1]))
    assert str(tmp_path) not in str(raised.value)
    assert transport.scrub(f"in {tmp_path / 'none.car'}") == "in (a file)"


@pytest.mark.parametrize("when", [0, 1])
async def test_a_disk_that_fails_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: int
) -> None:
    transport = archive(tmp_path)
    for _ in range(when):
        await transport.fetch(BlockRequest(CIDS[1]))

    def fails(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.pread", fails)
    with pytest.raises(SourceFault, match="cannot be read: Input/output error"):
        await transport.fetch(BlockRequest(CIDS[1]))
    await transport.close()


async def test_too_many_blocks_are_refused(tmp_path: Path) -> None:
    archive(tmp_path)
    transport = CarFileTransport("site", tmp_path / "site.car", replace(LIMITS, archive_blocks=3))
    with pytest.raises(SourceFault, match="more than 3 blocks"):
        await transport.fetch(BlockRequest(CIDS[1]))
    assert len(CIDS) == 4


async def test_many_who_ask_at_once_open_it_once(tmp_path: Path) -> None:
    transport = archive(tmp_path)
    answers = await asyncio.gather(*(transport.fetch(BlockRequest(CIDS[2])) for _ in range(20)))
    assert {answer.body for answer in answers} == {DATA[2]}
    await transport.close()


async def test_recorded_archives_give_each_of_their_blocks() -> None:
    paths = sorted(vectors("ipfs/gateway-conformance").rglob("*.car"))
    assert paths
    for path in paths:
        reader = CarReader(max_blocks=100_000)
        sections = reader.feed(path.read_bytes())
        transport = CarFileTransport(path.name, path)
        for cid, data in sections:
            answer = await transport.fetch(BlockRequest(cid))
            assert answer.body == data
            prove_block(cid, answer.body)
        await transport.close()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
async def test_what_is_no_file_keeps_nobody_waiting(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "site.car")
    transport = CarFileTransport("site", tmp_path / "site.car")
    try:
        async with asyncio.timeout(5):
            with pytest.raises(SourceFault, match="is no file that can be read"):
                await transport.fetch(BlockRequest(CIDS[0]))
    finally:
        # Whoever waits in it after all is let go.
        with suppress(OSError):
            os.close(os.open(tmp_path / "site.car", os.O_WRONLY | os.O_NONBLOCK))


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///home/me/a%20site.car", Path("/home/me/a site.car")),
        ("https://a.example/site.car", None),
    ],
)
def test_which_addresses_name_a_file(url: str, path: Path | None) -> None:
    assert archive_path(url) == path
