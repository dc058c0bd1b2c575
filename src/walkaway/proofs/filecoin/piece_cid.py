"""CIDs of pieces: the root of a payload's tree and, in version 2, its exact length.

Version 1 names the root alone, which proves nothing by itself: the nodes of any
level are a payload under the same root. It takes the piece's size, which
Filecoin's own deals hold beside it. Version 2 holds the tree's height and the
number of zeros that were appended.

Specification: FRC-0069; multiformats/multicodec ``table.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.filecoin.piece_tree import LEAST_HEIGHT, capacity, height_over
from walkaway.proofs.ipfs import codecs, multihash, varint
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["PieceCid"]

_UNSEALED_COMMITMENT = 0xF101
_TRUNCATED_SHA2 = 0x1012
_PADDED_TREE = 0x1011
_ROOT_BYTES = 32


@dataclass(frozen=True, slots=True)
class PieceCid:
    """A piece's address. ``payload_bytes`` is None in version 1, which does not say it.

    Made by `parse`, `of` and `over`, which check it.
    """

    root: bytes
    payload_bytes: int | None

    @classmethod
    def over(cls, root: bytes, payload_bytes: int | None) -> PieceCid:
        """The address of a payload's root: version 2, or 1 without the length.

        Raises `ProofError` where no payload has such a root, and for pieces higher than
        ``LIMITS.piece_height``.
        """
        if len(root) != _ROOT_BYTES or root[-1] > 0x3F:
            raise ProofError("the root of a piece is 254 bits", got=root)
        if payload_bytes is not None:
            _hold_to_height(height_over(payload_bytes))
        return cls(root, payload_bytes)

    @classmethod
    def parse(cls, text: str) -> PieceCid:
        """Read an address, of either version, as people write it. Raises `ProofError`."""
        return cls.of(Cid.parse(text))

    @classmethod
    def of(cls, cid: Cid) -> PieceCid:
        """The piece that a CID names. Raises `ProofError` where it names none."""
        function, digest = multihash.decode(cid.multihash)
        if (cid.codec, function) == (_UNSEALED_COMMITMENT, _TRUNCATED_SHA2):
            return cls.over(digest, None)
        if (cid.codec, function) == (codecs.RAW, _PADDED_TREE):
            return cls.over(*_read_padded_tree(digest))
        raise ProofError("a CID names no piece", got=str(cid))

    @property
    def version(self) -> int:
        """1 or 2: whether it commits to the length."""
        return 1 if self.payload_bytes is None else 2

    @property
    def cid(self) -> Cid:
        """The CID itself."""
        if self.payload_bytes is None:
            return Cid(1, _UNSEALED_COMMITMENT, multihash.encode(_TRUNCATED_SHA2, self.root))
        height = height_over(self.payload_bytes)
        padding = capacity(height) - self.payload_bytes
        digest = varint.encode(padding) + bytes((height,)) + self.root
        return Cid(1, codecs.RAW, multihash.encode(_PADDED_TREE, digest))

    def __str__(self) -> str:
        return str(self.cid)

    def as_v1(self) -> PieceCid:
        """The same root, without the length."""
        return PieceCid(self.root, None)

    def as_v2(self, payload_bytes: int) -> PieceCid:
        """The address that also commits to a length, in bytes.

        Raises `ProofError` where this one commits to another, or the length is too great.
        """
        if self.payload_bytes not in (None, payload_bytes):
            raise ProofError(
                "a piece is of another length",
                commitment="piece CID",
                expected=self.payload_bytes,
                got=payload_bytes,
            )
        return PieceCid.over(self.root, payload_bytes)


def _read_padded_tree(digest: bytes) -> tuple[bytes, int]:
    """Root and length from ``padding | height | root``, of which a length has only one form."""
    padding, at = varint.decode(digest)
    if len(digest) != at + 1 + _ROOT_BYTES:
        raise ProofError("a piece's digest is not as long as its parts", got=digest)
    height = digest[at]
    if height < LEAST_HEIGHT:
        raise ProofError("a piece is less than a quad high", got=height)
    _hold_to_height(height)
    payload_bytes = capacity(height) - padding
    if payload_bytes < 0 or height_over(payload_bytes) != height:
        raise ProofError("a piece is padded more than it takes", got=padding)
    return digest[at + 1 :], payload_bytes


def _hold_to_height(height: int) -> None:
    if height > LIMITS.piece_height:
        raise ProofError(f"a piece is higher than {LIMITS.piece_height}", got=height)
