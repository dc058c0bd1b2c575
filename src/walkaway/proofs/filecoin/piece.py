"""A payload from its piece commitment, as it streams: proven whole, or not at all.

No part of a piece is proven before its end has come, so that what was read must
not be handed on until `PieceProof.finish` gives its value.

Specification: FRC-0069; Filecoin specification, "Piece commitment".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from walkaway.errors import ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs._seal import seal
from walkaway.proofs.filecoin import native
from walkaway.proofs.filecoin.native import NativePieceHasher
from walkaway.proofs.filecoin.piece_cid import PieceCid
from walkaway.proofs.filecoin.piece_tree import (
    LEAF_BYTES,
    LEAST_HEIGHT,
    capacity,
    height_over,
    raised,
)
from walkaway.proofs.filecoin.reference import ReferencePieceHasher
from walkaway.proofs.ipfs.block import NO_CHAIN
from walkaway.proofs.proven import Claim, Evidence, Finality, Proven

__all__ = [
    "Piece",
    "PieceHasher",
    "PieceProof",
    "make_piece",
    "piece_hasher",
    "piece_subject",
    "prove_piece",
]


class PieceHasher(Protocol):
    """Both engines: the least tree over a payload of which parts come one after another."""

    def update(self, payload: bytes) -> None:
        """Take the next part."""

    def root(self) -> tuple[int, bytes]:
        """The height and the root over what has come, without an end to it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What was proven of a payload: the root over it, and how many bytes it has.

    ``piece_bytes`` is the size of the tree's leaves, a power of two: Filecoin's padded size.
    """

    root: bytes
    piece_bytes: int
    payload_bytes: int


def piece_hasher() -> PieceHasher:
    """The kernel's where it is built, else its twin in Python."""
    return NativePieceHasher() if native.available() else ReferencePieceHasher()


def piece_subject(cid: PieceCid, piece_bytes: int) -> tuple[str, bytes, int]:
    """What the claim of a proven piece is about: its CID, and its padded size."""
    return ("filecoin piece", cid.cid.encode(), piece_bytes)


def prove_piece(
    cid: PieceCid, payload: Iterable[bytes], *, piece_bytes: int | None = None
) -> Proven[Piece]:
    """Prove that a payload, in parts of any size, is that of a piece; see `PieceProof`."""
    proof = PieceProof(cid, piece_bytes=piece_bytes)
    for part in payload:
        proof.update(part)
    return proof.finish()


def make_piece(payload: Iterable[bytes]) -> PieceCid:
    """The address, version 2, of a payload of our own.

    Raises `ProofError` where it would be higher than ``LIMITS.piece_height``.
    """
    hasher, payload_bytes = piece_hasher(), 0
    for part in payload:
        payload_bytes += len(part)
        if height_over(payload_bytes) > LIMITS.piece_height:
            raise ProofError(f"a piece is higher than {LIMITS.piece_height}", got=payload_bytes)
        hasher.update(part)
    return PieceCid.over(hasher.root()[1], payload_bytes)


class PieceProof:
    """The proof of one payload while it comes.

    A CID of version 2 commits to each byte and to their number. One of version 1
    takes ``piece_bytes``, the padded size of the piece (a power of two) from where
    the CID came from, never from who serves the payload; how many zeros the payload
    ends with remains unsaid, and there may be none of them.

    Raises `Unsupported` for version 1 without a size, `ProofError` for a size that no
    piece has or that is not this one's.
    """

    def __init__(
        self, cid: PieceCid, *, piece_bytes: int | None = None, hasher: PieceHasher | None = None
    ) -> None:
        self._cid = cid
        self._height = _height(cid, piece_bytes)
        committed = cid.payload_bytes
        self._most = capacity(self._height) if committed is None else committed
        self._hasher = hasher or piece_hasher()
        self._payload_bytes = 0

    def update(self, payload: bytes) -> None:
        """Take the next part. Raises `ProofError` at once where that is too much for the piece."""
        self._payload_bytes += len(payload)
        if self._payload_bytes > self._most:
            raise ProofError(
                "a payload is longer than its piece",
                commitment="piece CID",
                expected=self._most,
                got=self._payload_bytes,
            )
        self._hasher.update(payload)

    def finish(self) -> Proven[Piece]:
        """The proven piece. Raises `ProofError` where the payload is another, or not all of it."""
        committed = self._cid.payload_bytes
        if committed not in (None, self._payload_bytes):
            raise ProofError(
                "a payload is shorter than its piece",
                commitment="piece CID",
                expected=committed,
                got=self._payload_bytes,
            )
        height, root = self._hasher.root()
        root = raised(root, height, self._height)
        if root != self._cid.root:
            raise ProofError(
                "a payload is not that of its piece",
                commitment="piece CID",
                expected=self._cid.root,
                got=root,
            )
        piece = Piece(root, LEAF_BYTES << self._height, self._payload_bytes)
        return _sealed(self._cid, piece)


def _height(cid: PieceCid, piece_bytes: int | None) -> int:
    """How high the piece's tree stands, by what its CID says and what was said beside it."""
    if cid.payload_bytes is not None:
        height = height_over(cid.payload_bytes)
    elif piece_bytes is not None:
        height = max(piece_bytes // LEAF_BYTES, 1).bit_length() - 1
        if not LEAST_HEIGHT <= height <= LIMITS.piece_height:
            raise ProofError("no piece has such a size", got=piece_bytes)
    else:
        raise Unsupported(
            "a piece CID of version 1 proves nothing without the piece's size",
            advice="write its padded size after it, CID:34359738368, or the CID of version 2",
        )
    if piece_bytes not in (None, LEAF_BYTES << height):
        raise ProofError(
            "a piece is of another size",
            commitment="piece CID",
            expected=LEAF_BYTES << height,
            got=piece_bytes,
        )
    return height


def _sealed(cid: PieceCid, piece: Piece) -> Proven[Piece]:
    asked = (("cid", str(cid)), ("piece bytes", piece.piece_bytes))
    return seal(
        piece,
        Claim(NO_CHAIN, None, piece_subject(cid, piece.piece_bytes), Finality.GIVEN),
        Evidence(
            "the payload's tree has the root in its piece CID",
            (("root", piece.root), ("payload bytes", piece.payload_bytes)),
            (Evidence("piece CID that was asked for", asked),),
        ),
    )
