"""Files in pieces that are CARs, each by its own CID."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.content.exporter.dags import Dag
from tests.content.filecoin.stand import bytes_of, cid_of_piece, holding, standing
from walkaway.devnet.content.piece_provider import PieceProvider
from walkaway.errors import InvalidRequest, NoSuchPath, ProofError, Unproven, Unsupported
from walkaway.proofs.ipfs import codecs, dag_cbor
from walkaway.proofs.ipfs.car import car_header, car_section
from walkaway.proofs.ipfs.cid import Cid

PAGE = b"<!doctype html><title>held</title>"
MOVIE = random.Random(5).randbytes(600_000)
STEP = 256 * 1024


class Site:
    """A website in a CAR: a page, a large file, a folder without an index, and data."""

    def __init__(self) -> None:
        self.dag = dag = Dag()
        self.page = dag.raw(PAGE)
        parts = [MOVIE[at : at + STEP] for at in range(0, len(MOVIE), STEP)]
        self.movie = dag.file([(dag.raw(part), len(part)) for part in parts])
        self.folder = dag.directory([("movie.bin", self.movie)])
        self.data = dag.put(codecs.DAG_CBOR, dag_cbor.encode({"name": "held"}))
        self.away = Cid.of(codecs.RAW, b"in no piece")
        self.root = dag.directory([
            ("away", self.away), ("data", self.data), ("folder", self.folder),
            ("index.html", self.page),
        ])  # fmt: skip

    def car(self, blocks: dict[Cid, bytes] | None = None) -> bytes:
        sections = self.dag.held | (blocks or {})
        return car_header((self.root,)) + b"".join(
            car_section(cid, data) for cid, data in sections.items()
        )


SITE = Site()
CAR = SITE.car()
PIECE = cid_of_piece(CAR)


async def test_files_are_opened_by_path_and_by_their_own_cid(tmp_path: Path) -> None:
    provider = PieceProvider(holding(CAR))
    async with standing(tmp_path, provider) as stand:
        page = await stand.open(f"{PIECE}/ipfs/{SITE.root}/index.html")
        assert await bytes_of(page) == PAGE
        assert (page.size, page.etag, page.is_folder) == (len(PAGE), str(SITE.page), False)
        movie = await stand.open(f"{PIECE}/ipfs/{SITE.root}/folder/movie.bin")
        assert await bytes_of(movie) == MOVIE
        assert await bytes_of(movie, 262_000, 263_000) == MOVIE[262_000:263_000]
        assert (await stand.open(f"{PIECE}/ipfs/{SITE.movie}")).etag == movie.etag
        whole = await stand.open(PIECE)
        assert await bytes_of(whole) == CAR
    assert provider.asked == 1


async def test_a_folder_is_its_index_and_the_evidence_leads_to_both_cids(tmp_path: Path) -> None:
    async with standing(tmp_path, PieceProvider(holding(CAR))) as stand:
        page = await stand.open(f"{PIECE}/ipfs/{SITE.root}")
        assert await bytes_of(page) == PAGE
        assert (page.is_folder, page.media_type) == (True, "text/html")
        anchors = [dict(anchor.facts)["cid"] for anchor in page.because.anchors()]
        assert anchors == [str(SITE.root), PIECE]
        with pytest.raises(Unsupported, match="not listed"):
            await stand.open(f"{PIECE}/ipfs/{SITE.root}/folder")


async def test_a_block_whose_address_holds_it_needs_no_place(tmp_path: Path) -> None:
    inline = Cid.of(codecs.RAW, b"inline", codecs.IDENTITY)
    async with standing(tmp_path, PieceProvider(holding(CAR))) as stand:
        assert await bytes_of(await stand.open(f"{PIECE}/ipfs/{inline}")) == b"inline"


async def test_what_is_not_in_the_piece(tmp_path: Path) -> None:
    async with standing(tmp_path, PieceProvider(holding(CAR))) as stand:
        with pytest.raises(Unproven, match="does not hold the block"):
            await stand.open(f"{PIECE}/ipfs/{SITE.root}/away")
        with pytest.raises(NoSuchPath, match="nothing is named"):
            await stand.open(f"{PIECE}/ipfs/{SITE.root}/absent")
        with pytest.raises(Unsupported, match="inside a block"):
            await stand.open(f"{PIECE}/ipfs/{SITE.root}/data/name")
        with pytest.raises(InvalidRequest, match="is no CID"):
            await stand.open(f"{PIECE}/ipfs/index.html")


@pytest.mark.parametrize("payload", [b"", b"no archive" * 100, CAR[:-1]])
async def test_a_piece_that_is_no_car(tmp_path: Path, payload: bytes) -> None:
    async with standing(tmp_path, PieceProvider(holding(payload))) as stand:
        with pytest.raises(Unproven, match="is no CAR"):
            await stand.open(f"{cid_of_piece(payload)}/ipfs/{SITE.root}")


async def test_a_piece_whose_maker_put_another_block_under_a_cid(tmp_path: Path) -> None:
    car = SITE.car({SITE.page: PAGE + b"<script>"})
    async with standing(tmp_path, PieceProvider(holding(car))) as stand:
        with pytest.raises(ProofError, match="does not hash"):
            await stand.open(f"{cid_of_piece(car)}/ipfs/{SITE.root}")
