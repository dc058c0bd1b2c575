"""Pieces from providers that may lie: whole and proven, or not at all."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.content.filecoin.stand import bytes_of, cid_of_piece, holding, standing
from walkaway.content.budget import Budget
from walkaway.content.filecoin.content import FilecoinPieces, read_root
from walkaway.content.proven_file import Believed
from walkaway.content.suppliers import Supplied
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.piece_provider import PieceProvider
from walkaway.errors import (
    InvalidRequest,
    NoSuchPath,
    StoreFault,
    TooMuch,
    Unproven,
    Unsupported,
)
from walkaway.limits import LIMITS
from walkaway.names.pointer import Pointer
from walkaway.proofs.filecoin.piece_cid import PieceCid

PAYLOAD = random.Random(7).randbytes(1_500_000)
CID = cid_of_piece(PAYLOAD)
V1 = str(PieceCid.parse(CID).as_v1())
PADDED = 2 * 1024 * 1024
OTHER = random.Random(8).randbytes(1_000)


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_piece_is_given_with_ranges_after_it_was_proven_whole(tmp_path: Path) -> None:
    provider = PieceProvider(holding(PAYLOAD))
    async with standing(tmp_path, provider) as stand:
        file = await stand.open(CID)
        assert (file.size, file.etag, file.believed) == (len(PAYLOAD), CID, ())
        assert await bytes_of(file) == PAYLOAD
        assert await bytes_of(file, 700_000, 1_200_000) == PAYLOAD[700_000:1_200_000]
        assert await bytes_of(file, 1_499_999) == PAYLOAD[-1:]
        assert dict(file.because.because[0].facts)["cid"] == CID
        await stand.open(CID)
    assert provider.asked == 1


async def test_those_who_ask_at_once_share_one_answer(tmp_path: Path) -> None:
    provider = PieceProvider(holding(PAYLOAD))
    async with standing(tmp_path, provider) as stand:
        files = await asyncio.gather(*(stand.open(CID) for _ in range(5)))
        assert {file.etag for file in files} == {CID}
    assert provider.asked == 1


@pytest.mark.parametrize("seed", range(3))
async def test_wrong_bytes_are_a_lie_with_evidence_and_the_next_one_is_asked(
    tmp_path: Path, seed: int
) -> None:
    liar = PieceProvider(holding(PAYLOAD), Manners(Manner.WRONG, seed=seed))
    honest = PieceProvider(holding(PAYLOAD))
    async with standing(tmp_path, liar, honest) as stand:
        for _ in range(8):
            assert await bytes_of(await stand.open(CID)) == PAYLOAD
            if liar.asked:
                break
            stand.content = FilecoinPieces(
                stand.pool, tmp_path / str(seed), suppliers=stand.suppliers
            )
        assert [s.quarantined_until is not None for s in stand.pool.status()] == [True, False]
        assert stand.suppliers.of(CID) == Supplied(CID, ("provider-1",), ("provider-0",))
    (evidence,) = (tmp_path / "lies").glob("*.json")
    said = json.loads(evidence.read_text())
    assert said["commitment"] == "piece CID"
    assert said["asked"] == {"form": "pieces", "cid": CID, "max_bytes": len(PAYLOAD)}
    assert 0 < said["answered"]["bytes"] <= 64 * 1024


@pytest.mark.parametrize("manner", [Manner.SHORT, Manner.ENDLESS, Manner.BUSY, Manner.HANGS])
async def test_what_does_not_come_whole_is_not_given(tmp_path: Path, manner: Manner) -> None:
    provider = PieceProvider(holding(PAYLOAD), Manners(manner))
    limits = replace(LIMITS, request_seconds=0.3, piece_seconds=2.0)
    async with standing(tmp_path, provider, limits=limits) as stand:
        with pytest.raises(Unproven) as refusal:
            await stand.open(CID)
        assert list(refusal.value.reasons) == ["provider-0"]
        assert "lied" not in refusal.value.reasons["provider-0"]
    assert files_in(tmp_path / "pieces") == []


async def test_another_payload_and_a_shorter_one_are_lies(tmp_path: Path) -> None:
    for place, said in enumerate((PAYLOAD[:-1], OTHER, b"")):
        provider = PieceProvider({CID: said})
        async with standing(tmp_path / str(place), provider) as stand:
            with pytest.raises(Unproven, match="lied"):
                await stand.open(CID)
        assert files_in(tmp_path / str(place) / "pieces") == []


async def test_a_longer_answer_ends_where_the_piece_does(tmp_path: Path) -> None:
    provider = PieceProvider({CID: PAYLOAD + b"\0"})
    async with standing(tmp_path, provider) as stand:
        with pytest.raises(Unproven, match=f"larger than {len(PAYLOAD)} bytes"):
            await stand.open(CID)


async def test_nobody_who_has_it(tmp_path: Path) -> None:
    async with standing(tmp_path, PieceProvider({})) as stand:
        with pytest.raises(Unproven, match="does not have it"):
            await stand.open(CID)


async def test_what_was_proven_is_there_offline_and_is_proven_again(tmp_path: Path) -> None:
    async with standing(tmp_path, PieceProvider(holding(PAYLOAD))) as stand:
        await stand.open(CID)
    folder = tmp_path / "pieces"
    pointer = Pointer("piece", CID)
    file = await FilecoinPieces(None, folder).open(pointer, Budget())
    assert await bytes_of(file) == PAYLOAD
    kept = folder / f"{CID}.piece"
    kept.write_bytes(PAYLOAD[:-1] + b"\0")
    with pytest.raises(Unproven, match="not held here"):
        await FilecoinPieces(None, folder).open(pointer, Budget())
    assert files_in(folder) == []


async def test_a_file_that_somebody_wrote_to_is_proven_again(tmp_path: Path) -> None:
    provider = PieceProvider(holding(PAYLOAD))
    async with standing(tmp_path, provider) as stand:
        await stand.open(CID)
        (tmp_path / "pieces" / f"{CID}.piece").write_bytes(OTHER)
        assert await bytes_of(await stand.open(CID)) == PAYLOAD
    assert provider.asked == 2


async def test_a_file_that_is_cut_short_meanwhile_ends_with_a_fault(tmp_path: Path) -> None:
    async with standing(tmp_path, PieceProvider(holding(PAYLOAD))) as stand:
        file = await stand.open(CID)
        (tmp_path / "pieces" / f"{CID}.piece").write_bytes(b"")
        with pytest.raises(StoreFault):
            await bytes_of(file)


async def test_the_oldest_make_room(tmp_path: Path) -> None:
    limits = replace(LIMITS, piece_kept_bytes=len(PAYLOAD) + 500)
    async with standing(tmp_path, PieceProvider(holding(PAYLOAD, OTHER)), limits=limits) as stand:
        first = await stand.open(CID)
        await stand.open(cid_of_piece(OTHER))
        assert files_in(tmp_path / "pieces") == [f"{cid_of_piece(OTHER)}.piece"]
        assert await bytes_of(first) == PAYLOAD


async def test_only_so_many_stay_open(tmp_path: Path) -> None:
    limits = replace(LIMITS, pieces_open=1, piece_kept_bytes=0)
    provider = PieceProvider(holding(PAYLOAD, OTHER))
    async with standing(tmp_path, provider, limits=limits) as stand:
        for payload in (OTHER, PAYLOAD, OTHER):
            assert await bytes_of(await stand.open(cid_of_piece(payload))) == payload
    assert provider.asked == 3


async def test_version_1_with_its_size_leaves_the_zeros_to_the_provider(tmp_path: Path) -> None:
    said = PAYLOAD + bytes(10)
    provider = PieceProvider({V1: said})
    async with standing(tmp_path, provider) as stand:
        file = await stand.open(f"{V1}:{PADDED}")
        assert await bytes_of(file) == said
        assert file.etag == f"{V1}.{len(said)}"
        (believed,) = file.believed
        assert isinstance(believed, Believed)
        assert believed.said_by == ("provider-0",)
        await stand.open(f"{V1}:{PADDED}")
    assert provider.asked == 1
    assert files_in(tmp_path / "pieces") == []


async def test_version_1_under_another_size_is_another_piece(tmp_path: Path) -> None:
    async with standing(tmp_path, PieceProvider(holding(PAYLOAD))) as stand:
        with pytest.raises(Unproven, match="lied"):
            await stand.open(f"{V1}:{2 * PADDED}")


def test_version_1_without_its_size_is_refused() -> None:
    with pytest.raises(Unsupported, match="without the piece's size"):
        read_root(V1)


@pytest.mark.parametrize(
    "text",
    ["", "piece", "bafkqaaa", f"{CID}:", f"{CID}:x", f"{V1}:100", f"{CID}:128", f"{V1}:-1",
     f"{V1}:{10 ** 19}", f"{V1}:{10 ** 30}"],
)  # fmt: skip
async def test_what_names_no_piece(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidRequest, match="names no piece"):
        await FilecoinPieces(None, tmp_path).open(Pointer("piece", text), Budget())


def test_a_size_beside_version_2_that_is_its_own_is_the_same_piece() -> None:
    assert read_root(f"{CID}:{PADDED}") == read_root(CID)


async def test_larger_pieces_than_are_read(tmp_path: Path) -> None:
    limits = replace(LIMITS, piece_payload_bytes=len(PAYLOAD) - 1)
    provider = PieceProvider(holding(PAYLOAD))
    async with standing(tmp_path, provider, limits=limits) as stand:
        for name in (CID, f"{V1}:{PADDED}"):
            with pytest.raises(TooMuch, match="over"):
                await stand.open(name)
        with pytest.raises(TooMuch):
            await FilecoinPieces(stand.pool, tmp_path / "own").open(
                Pointer("piece", CID), Budget(size=1_000)
            )
    assert provider.asked == 0


async def test_a_path_below_a_piece_begins_with_ipfs(tmp_path: Path) -> None:
    async with standing(tmp_path, PieceProvider(holding(PAYLOAD))) as stand:
        for path in ("index.html", "ipfs", "ipns/name"):
            with pytest.raises(NoSuchPath):
                await stand.open(f"{CID}/{path}")


async def test_no_room_is_no_providers_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    provider = PieceProvider(holding(PAYLOAD))
    async with standing(tmp_path, provider) as stand:
        with monkeypatch.context() as patch:
            patch.setattr("os.pwrite", refuse)
            with pytest.raises(StoreFault, match="No space left"):
                await stand.open(CID)
        assert files_in(tmp_path / "pieces") == []
        assert await bytes_of(await stand.open(CID)) == PAYLOAD


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "pieces").write_bytes(b"a file")
    async with standing(tmp_path, PieceProvider(holding(PAYLOAD))) as stand:
        with pytest.raises(StoreFault, match="no room"):
            await stand.open(CID)
