"""Files, and ranges of them, as streams of proven bytes.

Specification: ipfs/specs ``src/unixfs.md``. Only the blocks that a range needs
are fetched. Each is held to the size that its parent gives it, so that what a
file says of its length is either so or ends in a `ProofError`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.in_order import Want, in_order
from walkaway.content.exporter.node import Look, look_at
from walkaway.errors import InvalidRequest, ProofError
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.unixfs import (
    File,
    ModificationTime,
    Part,
    Symlink,
    read_node,
)

__all__ = ["Place", "UnixFsFile", "as_file", "open_file", "places_within", "read_part"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in its file a part begins, in bytes."""

    part: Part
    at: int


class UnixFsFile:
    """A file of which only the first block was fetched so far. ``size`` is bytes."""

    def __init__(self, blocks: Blocks, cid: Cid, node: File, budget: Budget) -> None:
        self.cid = cid
        self._blocks = blocks
        self._node = node
        self._budget = budget

    @property
    def size(self) -> int:
        """How many bytes the file has, as its first block says."""
        return self._node.size

    @property
    def mode(self) -> int | None:
        """Its permissions as POSIX has them, where it says."""
        return self._node.mode

    @property
    def mtime(self) -> ModificationTime | None:
        """When it was last changed, where it says."""
        return self._node.mtime

    def stream(self, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
        """The bytes from ``start`` up to but without ``end``, in pieces of a block at most.

        Close it (``aclose``) where it is not read to its end: what it still
        fetches is then cancelled.

        Raises:
            InvalidRequest: the range is not within the file.
            TooMuch: it is longer than one request may fetch.
            ProofError: a part of the file is not what its parent says.
            Unproven: a part of the file is not to be had.
        """
        stop = self.size if end is None else end
        if not 0 <= start <= stop <= self.size:
            raise InvalidRequest(f"bytes {start} to {stop} are not within {self.size} bytes")
        self._budget.foresee(stop - start)

        def pieces(node: File, at: int, depth: int) -> Iterator[bytes | Want[Place]]:
            content = node.content[max(start - at, 0) : max(stop - at, 0)]
            if content:
                yield content
            for place in places_within(node, at, start, stop):
                yield Want(place.part.cid, place, depth + 1, place.part.size)

        def read(want: Want[Place], data: bytes) -> Iterator[bytes | Want[Place]]:
            node = read_part(want.about.part, data, self._budget)
            return pieces(node, want.about.at, want.depth)

        return in_order(self._blocks, pieces(self._node, 0, 0), read, self._budget)


async def open_file(blocks: Blocks, cid: Cid, budget: Budget) -> UnixFsFile:
    """The file at an address. What `as_file` says of other blocks holds here too.

    Raises:
        Unproven: its first block is not to be had.
        ProofError: that block is malformed, or contradicts itself.
        InvalidRequest: it is no file.
        TooMuch: the request has used up what it may fetch.
    """
    return as_file(blocks, await look_at(blocks, cid, budget), budget)


def as_file(blocks: Blocks, look: Look, budget: Budget) -> UnixFsFile:
    """What was looked at, as a file.

    A symbolic link reads as its target, and a block that is no UnixFS as
    itself, as gateways give them. Raises `InvalidRequest` for a directory.
    """
    node = look.node
    if look.what.is_directory:
        raise InvalidRequest(f"{look.cid} is a directory, not a file")
    if isinstance(node, Symlink):
        node = File(node.target, (), len(node.target), node.mode, node.mtime)
    if not isinstance(node, File):
        node = File(look.block, (), len(look.block))
    return UnixFsFile(blocks, look.cid, node, budget)


def places_within(node: File, at: int, start: int, stop: int) -> Iterator[Place]:
    """The parts of a node, which begins ``at`` in its file, that hold bytes of a range."""
    at += len(node.content)
    for part in node.parts:
        if at >= stop or start >= stop:
            return
        if part.size and at + part.size > start:
            yield Place(part, at)
        at += part.size


def read_part(part: Part, data: bytes, budget: Budget) -> File:
    """A part of a file, as long as it is said to be, weighed by what it gives.

    Raises `ProofError`, naming the block, and `TooMuch`.
    """
    node = read_node(part.cid, data, size=part.size)
    if not isinstance(node, File):
        raise ProofError("a part of a file is no file", got=part.cid)
    budget.weigh(len(data) - len(node.content), len(node.content))
    return node
