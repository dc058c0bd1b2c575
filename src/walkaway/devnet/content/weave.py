"""What gateways of Arweave hold: transactions, and the data items that stand in them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from walkaway.proofs.arweave.bundle import read_bundle
from walkaway.proofs.arweave.chunk import branch_hash, leaf_hash
from walkaway.proofs.arweave.data_item import read_head
from walkaway.proofs.arweave.tags import is_bundle
from walkaway.proofs.arweave.whole import chunk_ends

__all__ = ["PathedChunk", "StandingItem", "StoredTransaction", "Weave", "pathed_chunks"]

_OFFSET: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class PathedChunk:
    """A chunk of data, from byte ``start`` to ``end``, and the path to it."""

    start: int
    end: int
    path: bytes


@dataclass(frozen=True, slots=True)
class StoredTransaction:
    """A transaction: its header as JSON, its data and how they were cut; they begin at byte
    ``begin`` of the weave, counted from 1.
    """

    header: bytes
    data: bytes
    chunks: tuple[PathedChunk, ...]
    begin: int


@dataclass(frozen=True, slots=True)
class StandingItem:
    """Where an item and its payload begin in the data of a transaction, and where both end."""

    root: str
    start: int
    payload: int
    end: int


@dataclass(slots=True)
class Weave:
    """What a gateway holds: transactions, one behind another, and the items in them."""

    transactions: dict[str, StoredTransaction] = field(default_factory=dict)
    items: dict[str, StandingItem] = field(default_factory=dict)
    _end: int = _OFFSET

    def add(
        self,
        name: str,
        header: bytes,
        data: bytes,
        chunks: Iterable[PathedChunk] | None = None,
    ) -> None:
        """Hold a transaction: its header as JSON, its data, and how they were cut, by default
        as packers do it. For the items in a bundle say `add_bundle` too.
        """
        cut = tuple(pathed_chunks(data)[1] if chunks is None else chunks)
        self.transactions[name] = StoredTransaction(header, data, cut, self._end)
        self._end += len(data)

    def add_bundle(self, name: str) -> None:
        """Find the items in a transaction whose data are a bundle, and those in its items."""
        self._find(name, 0, len(self.transactions[name].data))

    def _find(self, root: str, start: int, end: int) -> None:
        data = self.transactions[root].data
        for entry in read_bundle(data[start:end], end - start).entries:
            first, last = start + entry.start, start + entry.end
            head = read_head(data[first:last])
            if head is None:
                continue
            self.items[str(entry.id)] = StandingItem(root, first, first + head.length, last)
            if is_bundle(head.tags):
                self._find(root, first + head.length, last)


def pathed_chunks(data: bytes) -> tuple[bytes, list[PathedChunk]]:
    """The root of the tree over data as packers cut them, and the path to each chunk.

    An empty chunk at the end, which some trees have, is not among them.
    """
    ends = [0, *chunk_ends(len(data))]
    row = [
        _Node.leaf(start, end, hashlib.sha256(data[start:end]).digest())
        for start, end in pairwise(ends)
    ]
    while len(row) > 1:
        pairs = [row[at : at + 2] for at in range(0, len(row), 2)]
        row = [_Node.branch(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    root = row[0].hash if row else b""
    return root, [chunk for node in row for chunk in node.chunks if chunk.start < chunk.end]


@dataclass(frozen=True, slots=True)
class _Node:
    hash: bytes
    end: int
    chunks: tuple[PathedChunk, ...]

    @classmethod
    def leaf(cls, start: int, end: int, content: bytes) -> _Node:
        path = content + end.to_bytes(32, "big")
        return cls(leaf_hash(content, end), end, (PathedChunk(start, end, path),))

    @classmethod
    def branch(cls, left: _Node, right: _Node) -> _Node:
        step = left.hash + right.hash + left.end.to_bytes(32, "big")
        chunks = tuple(
            PathedChunk(chunk.start, chunk.end, step + chunk.path)
            for chunk in (*left.chunks, *right.chunks)
        )
        return cls(branch_hash(left.hash, right.hash, left.end), right.end, chunks)
