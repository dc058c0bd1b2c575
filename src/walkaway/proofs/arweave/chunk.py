"""Chunks of a transaction's data, each proven where it stands, so that large files stream.

``ar_merkle.erl`` of the Arweave node. A leaf hashes a chunk's SHA-256 and the offset of its
end; a branch hashes its two children and the offset between them. In a rebased tree some
subtrees count their offsets from their own begin; where that is so, a path says by 32 zero
bytes, but no hash covers them. So they are not believed: a subtree's own offsets decide.
Where these would fit both ways, the end of the subtree's last chunk does, since it is
counted the same way; the path to that one must then be shown too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from walkaway.errors import ProofError, UnknownEnd
from walkaway.limits import LIMITS
from walkaway.proofs._seal import seal
from walkaway.proofs.arweave.transaction import Transaction
from walkaway.proofs.ipfs.block import NO_CHAIN
from walkaway.proofs.proven import Claim, Evidence, Proven

__all__ = ["CHUNK_BYTES", "Chunk", "branch_hash", "chunk_subject", "leaf_hash", "prove_chunk"]

CHUNK_BYTES: Final = 256 * 1024
"""The most that a chunk holds."""

_HASH_BYTES: Final = 32
_LEAF_BYTES: Final = 2 * _HASH_BYTES
_BRANCH_BYTES: Final = 3 * _HASH_BYTES
_REBASED: Final = bytes(_HASH_BYTES)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes ``start`` to ``end`` (behind the last) of a transaction's data."""

    start: int
    end: int
    data: bytes


def prove_chunk(
    transaction: Proven[Transaction],
    offset: int,
    data_path: bytes,
    chunk: bytes,
    *,
    beside: Sequence[bytes] = (),
) -> Proven[Chunk]:
    """Prove the chunk that holds the byte at ``offset`` of a transaction's data.

    ``data_path`` leads from the data root to the chunk, as ``/chunk`` gives it; ``beside``
    are paths to others. Raises `ProofError`; `UnknownEnd` where it takes the path to
    another one to tell (in a rebased subtree that is longer than what stands before it).
    """
    header = transaction.value
    if not 0 <= offset < header.data_size:
        raise ProofError("no byte stands at an offset", expected=header.data_size, got=offset)
    branches, leaf = _parse(data_path)
    start, end = _descend(header, offset, [*branches, leaf], [_parse(path) for path in beside])
    if end - start > CHUNK_BYTES or len(chunk) != end - start:
        raise ProofError("a chunk is not as long as said", expected=end - start, got=len(chunk))
    got = hashlib.sha256(chunk).digest()
    if got != leaf.content:
        raise ProofError(
            "a chunk is another", commitment="data root", expected=leaf.content, got=got
        )
    return _sealed(transaction, Chunk(start, end, chunk))


def chunk_subject(transaction: Transaction, start: int, end: int) -> tuple[str, bytes, int, int]:
    """What the claim of a proven chunk is about: bytes of a transaction's data."""
    return ("arweave data", transaction.id.digest, start, end)


def leaf_hash(content: bytes, end: int) -> bytes:
    """The hash of a leaf: of a chunk's SHA-256 and the offset behind its last byte."""
    return _of_hashes(content, _note(end))


def branch_hash(left: bytes, right: bytes, note: int) -> bytes:
    """The hash of a branch: of its children's, and the offset between them."""
    return _of_hashes(left, right, _note(note))


@dataclass(frozen=True, slots=True)
class _Leaf:
    content: bytes
    end: int

    @property
    def hash(self) -> bytes:
        return leaf_hash(self.content, self.end)

    def fits(self, start: int, end: int) -> bool:
        """Whether its offset can be counted so that it stands at ``start`` to ``end``."""
        return start < end == self.end


@dataclass(frozen=True, slots=True)
class _Branch:
    left: bytes
    right: bytes
    note: int
    says_rebased: bool
    """Whether the path says that the child which it goes to is rebased."""

    @property
    def hash(self) -> bytes:
        return branch_hash(self.left, self.right, self.note)

    def fits(self, start: int, end: int) -> bool:
        """Whether its offset can be counted so that it stands at ``start`` to ``end``.

        On the right there may be a chunk of no bytes, which some packers put at the end.
        """
        return start < self.note < end or (self.note == end and self.right == _empty_leaf(end))


_Node: TypeAlias = "_Branch | _Leaf"


_Path: TypeAlias = "tuple[list[_Branch], _Leaf]"


def _parse(path: bytes) -> _Path:
    branches: list[_Branch] = []
    at = 0
    while len(path) - at > _LEAF_BYTES:
        says_rebased = path[at : at + _HASH_BYTES] == _REBASED
        at += _HASH_BYTES * says_rebased
        left, right, note = _hashes(path[at : at + _BRANCH_BYTES], 3)
        branches.append(_Branch(left, right, int.from_bytes(note, "big"), says_rebased))
        at += _BRANCH_BYTES
        if len(branches) > LIMITS.arweave_path_branches:
            raise ProofError(f"a data path has over {LIMITS.arweave_path_branches} branches")
    content, end = _hashes(path[at:], 2)
    return branches, _Leaf(content, int.from_bytes(end, "big"))


def _hashes(data: bytes, count: int) -> list[bytes]:
    if len(data) != count * _HASH_BYTES:
        raise ProofError("a data path is cut short or has bytes left over")
    return [data[at : at + _HASH_BYTES] for at in range(0, len(data), _HASH_BYTES)]


def _descend(
    transaction: Transaction, offset: int, path: list[_Node], beside: list[_Path]
) -> tuple[int, int]:
    """Where the leaf stands in the data, as the way to it from the data root decides.

    ``base`` is where the offsets of the subtree at hand begin to count; the others count
    from there.
    """
    expected, base, start, end = transaction.data_root, 0, 0, transaction.data_size
    says_rebased = False
    for node in path:
        if node.hash != expected:
            raise ProofError(
                "a data path leaves its tree",
                commitment="data root",
                expected=expected,
                got=node.hash,
            )
        if start and _is_rebased(node, base, start, end, beside) != says_rebased:
            raise ProofError("a data path says wrongly whether a subtree is rebased")
        if says_rebased:
            base, start, end = base + start, 0, end - start
        if not node.fits(start, end):
            raise ProofError("the offsets in a data path do not fit each other")
        if isinstance(node, _Branch):
            says_rebased = node.says_rebased
            is_left = offset - base < node.note
            start, end = (start, node.note) if is_left else (node.note, end)
            expected = node.left if is_left else node.right
    return base + start, base + end


def _is_rebased(node: _Node, base: int, start: int, end: int, beside: list[_Path]) -> bool:
    """Whether a subtree at ``start`` to ``end``, not at the very begin, counts from its own."""
    is_absolute, is_rebased = node.fits(start, end), node.fits(0, end - start)
    if not (is_absolute and is_rebased):
        return is_rebased
    # The last chunk's end is counted from somewhere, too: these two are never the same, and
    # what a subtree further down makes of it is neither.
    for last in _last_ends(node, beside):
        if last in {end, end - start}:
            return last != end
    raise UnknownEnd(base + end - 1)


def _last_ends(node: _Node, beside: list[_Path]) -> Iterator[int]:
    """The end of a subtree's last chunk, as its leaf says, by each path that leads there."""
    for branches, leaf in beside:
        path: list[_Node] = [*branches, leaf]
        below = [at for at, other in enumerate(path) if other.hash == node.hash]
        for at in below:
            rights = [branch.right for branch in branches[at:]]
            if rights == [other.hash for other in path[at + 1 :]]:
                yield leaf.end


def _of_hashes(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()


def _empty_leaf(end: int) -> bytes:
    return leaf_hash(hashlib.sha256(b"").digest(), end)


def _note(offset: int) -> bytes:
    return offset.to_bytes(_HASH_BYTES, "big")


def _sealed(transaction: Proven[Transaction], chunk: Chunk) -> Proven[Chunk]:
    header = transaction.value
    return seal(
        chunk,
        Claim(
            NO_CHAIN,
            None,
            chunk_subject(header, chunk.start, chunk.end),
            transaction.claim.finality,
        ),
        Evidence(
            "the chunk stands in the tree under the transaction's data root",
            (("start", chunk.start), ("end", chunk.end)),
            (transaction.because,),
        ),
    )
