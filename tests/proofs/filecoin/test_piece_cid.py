"""CIDs of pieces: both versions, each with one form."""

from __future__ import annotations

import random

import pytest

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.filecoin.piece_cid import PieceCid
from walkaway.proofs.filecoin.piece_tree import capacity, height_over
from walkaway.proofs.ipfs import multihash, varint
from walkaway.proofs.ipfs.cid import Cid

ROOT = bytes(range(32))
# FRC-0069's own: the zeros of a sector of 32 and of 64 GiB.
SECTORS = [
    (
        30,
        "baga6ea4seaqao7s73y24kcutaosvacpdjgfe5pw76ooefnyqw4ynr3d2y6x2mpq",
        "bafkzcibcaapao7s73y24kcutaosvacpdjgfe5pw76ooefnyqw4ynr3d2y6x2mpq",
    ),
    (
        31,
        "baga6ea4seaqomqafu276g53zko4k23xzh4h4uecjwicbmvhsuqi7o4bhthhm4aq",
        "bafkzcibcaap6mqafu276g53zko4k23xzh4h4uecjwicbmvhsuqi7o4bhthhm4aq",
    ),
]


def padded_tree(padding: bytes, height: int, root: bytes = ROOT, codec: int = 0x55) -> Cid:
    return Cid(1, codec, multihash.encode(0x1011, padding + bytes((height,)) + root))


@pytest.mark.parametrize(("height", "first", "second"), SECTORS)
def test_versions_turn_into_one_another(height: int, first: str, second: str) -> None:
    one, two = PieceCid.parse(first), PieceCid.parse(second)
    assert (one.version, two.version) == (1, 2)
    assert two.payload_bytes == capacity(height)
    assert (two.as_v1(), one.as_v2(capacity(height)), two.as_v2(capacity(height))) == (
        one,
        two,
        two,
    )
    assert (str(one), str(two)) == (first, second)


def test_a_length_that_is_committed_to_is_the_only_one() -> None:
    piece = PieceCid.over(ROOT, 500)
    with pytest.raises(ProofError, match="of another length"):
        piece.as_v2(501)


@pytest.mark.parametrize("size", [0, 1, 126, 127, 128, 254, 255, 508, 509, 10**6, 2**36])
def test_every_length_is_read_as_it_is_written(size: int) -> None:
    piece = PieceCid.over(ROOT, size)
    assert PieceCid.of(piece.cid) == piece
    assert capacity(height_over(size)) >= size


@pytest.mark.parametrize(
    ("padding", "height"),
    [(0, 0), (0, 1), (128, 2), (127, 3), (128, 3), (254, 3), (255, 3), (2**62, 20)],
)
def test_a_length_in_a_tree_of_another_height_is_refused(padding: int, height: int) -> None:
    with pytest.raises(ProofError, match="a piece is"):
        PieceCid.of(padded_tree(varint.encode(padding), height))


def test_a_padding_has_its_shortest_form() -> None:
    with pytest.raises(ProofError, match="shortest"):
        PieceCid.of(padded_tree(b"\x81\x00", 3))


@pytest.mark.parametrize("root", [ROOT[:31], ROOT + b"\0", b""])
def test_a_digest_is_as_long_as_its_parts(root: bytes) -> None:
    with pytest.raises(ProofError, match="as long as its parts"):
        PieceCid.of(padded_tree(b"\0", 5, root))
    with pytest.raises(ProofError, match="254 bits"):
        PieceCid.of(Cid(1, 0xF101, multihash.encode(0x1012, root)))


def test_a_digest_of_a_padding_alone_is_refused() -> None:
    with pytest.raises(ProofError, match="as long as its parts"):
        PieceCid.of(Cid(1, 0x55, multihash.encode(0x1011, b"\0")))


@pytest.mark.parametrize("last", [0x40, 0x80, 0xC0, 0xFF])
def test_a_root_has_254_bits(last: int) -> None:
    with pytest.raises(ProofError, match="254 bits"):
        PieceCid.over(ROOT[:31] + bytes((last,)), None)
    with pytest.raises(ProofError, match="254 bits"):
        PieceCid.of(padded_tree(b"\0", 5, ROOT[:31] + bytes((last,))))


def test_a_tree_is_bounded() -> None:
    most = capacity(LIMITS.piece_height)
    assert PieceCid.over(ROOT, most).payload_bytes == most
    with pytest.raises(ProofError, match="higher than"):
        PieceCid.over(ROOT, most + 1)
    with pytest.raises(ProofError, match="higher than"):
        PieceCid.of(padded_tree(b"\0", LIMITS.piece_height + 1))


@pytest.mark.parametrize(
    "cid",
    [
        Cid.of(0x55, b"a block"),
        padded_tree(b"\0", 5, codec=0x70),
        Cid(1, 0xF101, multihash.encode(0x12, ROOT)),
        Cid(1, 0x55, multihash.encode(0x1012, ROOT)),
        Cid(1, 0xF101, multihash.encode(0x1011, b"\0\x05" + ROOT)),
        Cid(1, 0xF102, multihash.encode(0x1012, ROOT)),
    ],
    ids=str,
)
def test_a_cid_of_anything_else_names_no_piece(cid: Cid) -> None:
    with pytest.raises(ProofError, match="names no piece"):
        PieceCid.of(cid)


def test_whatever_is_read_is_written_the_same_and_the_rest_refused() -> None:
    dice, sound = random.Random(69), PieceCid.over(ROOT, 700).cid.encode()
    read = 0
    for _ in range(5_000):
        changed = bytearray(sound)
        for _ in range(dice.randrange(1, 4)):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        data = bytes(changed[: dice.choice((len(changed), dice.randrange(len(changed))))])
        try:
            piece = PieceCid.of(Cid.decode(data))
        except ProofError:
            continue
        read += 1
        assert piece.cid.encode() == data
    assert read
