"""A transaction's data as a whole: cut as packers cut it, it must give the data root.

``merkle.ts`` of arweave-js: chunks of 256 KiB; where less than 32 KiB would be left for
the last, what is left is halved; where nothing would be left, an empty chunk ends the
tree. Data that were cut otherwise are proven by their chunks' paths alone (`chunk`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final, final

from walkaway.errors import ProofError
from walkaway.proofs._seal import seal
from walkaway.proofs.arweave.chunk import CHUNK_BYTES, branch_hash, chunk_subject, leaf_hash
from walkaway.proofs.arweave.transaction import Transaction
from walkaway.proofs.ipfs.block import NO_CHAIN
from walkaway.proofs.proven import Claim, Evidence, Proven

__all__ = ["LEAST_CHUNK_BYTES", "WholeProof", "chunk_ends", "prove_whole"]

LEAST_CHUNK_BYTES: Final = 32 * 1024
"""Less is not left for the last chunk, where there is one before it."""


@final
class WholeProof:
    """Proves a transaction's data that come piece by piece, holding one chunk and few hashes.

    Nothing of them is proven before `finish`: for bytes to hand on, use `prove_chunk`.
    """

    def __init__(self, transaction: Proven[Transaction]) -> None:
        self._transaction = transaction
        self._ends = chunk_ends(transaction.value.data_size)
        self._chunk = hashlib.sha256()
        self._at = 0
        self._end = next(self._ends, 0)
        # Full subtrees, the widest first: how many leaves, the hash, the offset of the end.
        self._subtrees: list[tuple[int, bytes, int]] = []

    def update(self, piece: bytes) -> None:
        """Take the bytes that follow. Raises `ProofError` for more than there should be."""
        size = self._transaction.value.data_size
        if self._at + len(piece) > size:
            raise ProofError("data are longer than signed", expected=size)
        view = memoryview(piece)
        while view:
            part = view[: self._end - self._at]
            self._chunk.update(part)
            self._at += len(part)
            view = view[len(part) :]
            self._close()

    def finish(self) -> Proven[int]:
        """Seal how many bytes they are, after the last one. Raises `ProofError`."""
        header = self._transaction.value
        if self._at != header.data_size:
            raise ProofError("data are cut short", expected=header.data_size, got=self._at)
        root = self._root()
        if root != header.data_root:
            raise ProofError(
                "data do not hash to their root",
                commitment="data root",
                expected=header.data_root,
                got=root,
            )
        return _sealed(self._transaction)

    def _close(self) -> None:
        """End the chunk where it is full, and the empty one behind it where there is one."""
        while self._at == self._end:
            self._add(leaf_hash(self._chunk.digest(), self._end))
            self._chunk = hashlib.sha256()
            self._end = next(self._ends, -1)

    def _add(self, node: bytes) -> None:
        """Nodes pair from the left, layer by layer; one that is left over waits."""
        width, end = 1, self._at
        while self._subtrees and self._subtrees[-1][0] == width:
            _, left, note = self._subtrees.pop()
            node, width = branch_hash(left, node, note), 2 * width
        self._subtrees.append((width, node, end))

    def _root(self) -> bytes:
        if not self._subtrees:
            return b""
        _, node, _ = self._subtrees[-1]
        for _, left, note in reversed(self._subtrees[:-1]):
            node = branch_hash(left, node, note)
        return node


def prove_whole(transaction: Proven[Transaction], data: bytes) -> Proven[int]:
    """Prove that ``data`` are a transaction's data, all of them. Raises `ProofError`."""
    proof = WholeProof(transaction)
    proof.update(data)
    return proof.finish()


def chunk_ends(size: int) -> Iterator[int]:
    """The offsets at which the chunks of data of ``size`` bytes end; none where it is 0."""
    end = 0
    while size - end >= CHUNK_BYTES:
        rest = size - end
        is_short = 0 < rest - CHUNK_BYTES < LEAST_CHUNK_BYTES
        end += (rest + 1) // 2 if is_short else CHUNK_BYTES
        yield end
    if size:
        yield size


def _sealed(transaction: Proven[Transaction]) -> Proven[int]:
    header = transaction.value
    return seal(
        header.data_size,
        Claim(
            NO_CHAIN,
            None,
            chunk_subject(header, 0, header.data_size),
            transaction.claim.finality,
        ),
        Evidence(
            "the data hash to the transaction's data root",
            (("bytes", header.data_size),),
            (transaction.because,),
        ),
    )
