"""Payloads from their pieces: whole, exactly as long, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.vectors import vectors
from walkaway.errors import ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.filecoin.fr32 import expanded
from walkaway.proofs.filecoin.native import NativePieceHasher, lanes
from walkaway.proofs.filecoin.piece import (
    Piece,
    PieceHasher,
    PieceProof,
    make_piece,
    piece_subject,
    prove_piece,
)
from walkaway.proofs.filecoin.piece_cid import PieceCid
from walkaway.proofs.filecoin.piece_tree import capacity, height_over, parents
from walkaway.proofs.filecoin.reference import ReferencePieceHasher
from walkaway.proofs.proven import Finality

PAYLOAD = random.Random(1).randbytes(1_000)
PIECE = make_piece([PAYLOAD])
FOURS = b"".join(bytes((index,)) * 127 for index in range(4))
# FRC-0069's test cases.
CASES = [
    (FOURS, "bafkzcibcaaces3nobte6ezpp4wqan2age2s5yxcatzotcvobhgcmv5wi2xh5mbi"),
    (b"", "bafkzcibcp4bdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy"),
    (bytes(127), "bafkzcibcaabdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy"),
    (bytes(128), "bafkzcibcpybwiktap34inmaex4wbs6cghlq5i2j2yd2bb2zndn5ep7ralzphkdy"),
    (FOURS + bytes(508), "bafkzcibcaac542av3szurbbscwuu3zjssvfwbpsvbjf6y3tukvlgl2nf5rha6pa"),
    (FOURS + bytes(4), "bafkzcibd7abqlxticxolgseegik2stpfgkkuwyf6kufex3doorkvmzpjuxwe4dz4"),
    (FOURS + bytes(5), "bafkzcibd64bqlxticxolgseegik2stpfgkkuwyf6kufex3doorkvmzpjuxwe4dz4"),
]


@pytest.mark.parametrize(("payload", "cid"), CASES)
def test_the_specifications_own_cases(payload: bytes, cid: str) -> None:
    assert str(make_piece([payload])) == cid
    piece = prove_piece(PieceCid.parse(cid), [payload]).value
    assert piece.payload_bytes == len(payload)
    assert piece.root == PieceCid.parse(cid).root


@pytest.mark.parametrize(("name", "byte"), [("0xCC.txt", 0xCC), ("zero.txt", 0)])
def test_recorded_commitments_by_every_engine(name: str, byte: int) -> None:
    lines = (vectors("filecoin") / name).read_text("utf-8").split()
    assert len(lines) == 18
    for line in lines:
        size, piece_bytes, cid = line.split(",")
        piece, payload = PieceCid.parse(cid), bytes((byte,)) * int(size)
        hashers: list[PieceHasher] = [ReferencePieceHasher(), *map(NativePieceHasher, lanes())]
        for hasher in hashers:
            proof = PieceProof(piece, piece_bytes=int(piece_bytes), hasher=hasher)
            proof.update(payload)
            assert proof.finish().value == Piece(piece.root, int(piece_bytes), int(size))
        exact = piece.as_v2(int(size))
        assert prove_piece(exact, [payload], piece_bytes=int(piece_bytes)).value.root == piece.root


def test_the_claim_names_the_piece_and_its_size() -> None:
    proven = prove_piece(PIECE, [PAYLOAD[:300], b"", PAYLOAD[300:]])
    assert proven.value == Piece(PIECE.root, 1024, 1_000)
    assert proven.claim.subject == piece_subject(PIECE, 1024)
    assert proven.claim.subject == ("filecoin piece", PIECE.cid.encode(), 1024)
    assert (proven.claim.chain_id, proven.claim.block_hash) == (0, None)
    assert proven.claim.finality is Finality.GIVEN
    [anchor] = proven.because.anchors()
    assert anchor.facts == (("cid", str(PIECE)), ("piece bytes", 1024))


@pytest.mark.parametrize("at", [0, 30, 31, 126, 127, 500, 999])
def test_another_payload_is_refused(at: int) -> None:
    changed = bytearray(PAYLOAD)
    changed[at] ^= 0x80
    with pytest.raises(ProofError, match="not that of its piece"):
        prove_piece(PIECE, [bytes(changed)])


def test_a_longer_payload_is_refused_at_once() -> None:
    proof = PieceProof(PIECE)
    proof.update(PAYLOAD)
    with pytest.raises(ProofError, match="longer than its piece"):
        proof.update(b"\0")


@pytest.mark.parametrize("size", [0, 1, 999])
def test_a_shorter_payload_is_refused_though_its_root_be_the_same(size: int) -> None:
    piece = make_piece([bytes(1_000)])
    with pytest.raises(ProofError, match="shorter than its piece"):
        prove_piece(piece, [bytes(size)])


def test_version_1_proves_nothing_without_a_size() -> None:
    with pytest.raises(Unsupported, match="without the piece's size"):
        PieceProof(PIECE.as_v1())


def test_nodes_are_no_payload_where_the_size_is_given() -> None:
    """The nodes above the leaves have 254 bits, as leaves do, and the same root above them."""
    payload = random.Random(2).randbytes(254)
    level = parents(expanded(payload))
    bits = sum(
        int.from_bytes(level[32 * at : 32 * at + 32], "little") << 254 * at for at in range(4)
    )
    forged, root = bits.to_bytes(127, "little"), make_piece([payload]).as_v1()
    assert make_piece([forged]).as_v1() == root
    with pytest.raises(ProofError, match="not that of its piece"):
        prove_piece(root, [forged], piece_bytes=256)


def test_version_1_says_nothing_of_zeros_at_the_end() -> None:
    root = PIECE.as_v1()
    for zeros in (0, 1, 16):
        piece = prove_piece(root, [PAYLOAD, bytes(zeros)], piece_bytes=1024).value
        assert piece == Piece(root.root, 1024, 1_000 + zeros)
    with pytest.raises(ProofError, match="longer than its piece"):
        prove_piece(root, [PAYLOAD, bytes(17)], piece_bytes=1024)


def test_a_tree_that_is_higher_than_its_payload_takes_is_zeros() -> None:
    whole = make_piece([FOURS + bytes(508 * 15)])
    assert prove_piece(whole.as_v1(), [FOURS], piece_bytes=8192).value.payload_bytes == 508
    with pytest.raises(ProofError, match="not that of its piece"):
        prove_piece(whole.as_v1(), [FOURS], piece_bytes=4096)


@pytest.mark.parametrize(
    "size", [-128, -1, 0, 1, 64, 127, 129, 1000, 1025, 32 << (LIMITS.piece_height + 1), 2**70]
)
def test_a_size_that_no_piece_has_is_refused(size: int) -> None:
    with pytest.raises(ProofError, match="size"):
        PieceProof(PIECE.as_v1(), piece_bytes=size)


def test_a_size_that_contradicts_the_cid_is_refused() -> None:
    with pytest.raises(ProofError, match="of another size"):
        PieceProof(PIECE, piece_bytes=2048)


def test_a_piece_of_our_own_is_bounded() -> None:
    class Vast(bytes):
        def __len__(self) -> int:
            return capacity(LIMITS.piece_height) + 1

    def parts() -> Iterator[bytes]:
        yield Vast()
        pytest.fail("it was refused too late")

    with pytest.raises(ProofError, match="higher than"):
        make_piece(parts())


@pytest.mark.parametrize(
    ("size", "height"), [(0, 2), (1, 2), (127, 2), (128, 3), (254, 3), (255, 4), (508, 4), (509, 5)]
)
def test_a_tree_is_as_high_as_its_payload_takes(size: int, height: int) -> None:
    assert height_over(size) == height
    assert capacity(height) >= size
