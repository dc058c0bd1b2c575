"""The DAG of a file: its chunks as leaves, and the nodes above them, all leaves equally deep.

Specification: ipfs/specs ``src/unixfs.md`` and IPIP-499, layout "balanced".
Every block comes with the link to it, whose ``size`` is that of all below it
and its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from walkaway.content.importer.profiles import Profile
from walkaway.proofs.ipfs import codecs, dag_pb, unixfs_data
from walkaway.proofs.ipfs.block import make_block
from walkaway.proofs.ipfs.dag_pb import PbLink, PbNode
from walkaway.proofs.ipfs.unixfs_data import Kind, ModificationTime, UnixFsData
from walkaway.proofs.proven import Proven

__all__ = ["NO_METADATA", "Block", "FileDag", "Metadata", "leaf", "node"]

Block: TypeAlias = "tuple[PbLink, Proven[bytes]]"
"""A block and the link to it, which has no name yet."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What UnixFS keeps of an inode: permission bits, and when its content changed."""

    mode: int | None = None
    mtime: ModificationTime | None = None


NO_METADATA = Metadata()


def leaf(profile: Profile, data: bytes, metadata: Metadata = NO_METADATA) -> Block:
    """The block of a chunk. ``metadata`` is for a chunk that is a whole file.

    A raw block has no place for it, so that profile and metadata exclude each other.
    """
    if profile.raw_leaves:
        cid, block = make_block(codecs.RAW, data)
        return PbLink(cid, "", len(data)), block
    message = UnixFsData(
        Kind.FILE, data or None, len(data), mode=metadata.mode, mtime=metadata.mtime
    )
    return node(profile, (), message)


def node(profile: Profile, links: tuple[PbLink, ...], message: UnixFsData) -> Block:
    """The block of a UnixFS node."""
    data = dag_pb.encode(PbNode(links, unixfs_data.encode(message)))
    cid, block = make_block(codecs.DAG_PB, data, version=profile.cid_version)
    return PbLink(cid, "", len(data) + sum(link.size or 0 for link in links)), block


class FileDag:
    """Builds the nodes above the leaves of a file, of which there must be two or more.

    Holds no more than the links of one unfinished node at each height.
    """

    def __init__(self, profile: Profile, metadata: Metadata = NO_METADATA) -> None:
        self._profile = profile
        self._metadata = metadata
        self._rows: list[list[tuple[PbLink, int]]] = []

    def add(self, link: PbLink, size: int) -> Iterator[Block]:
        """Take the next leaf, with ``size`` bytes of the file; the nodes that it completes."""
        return self._place(link, size, height=0)

    def finish(self) -> Iterator[Block]:
        """What is left of the nodes; the last is the root."""
        height = 0
        while height < len(self._rows) - 1:
            yield from self._close(height)
            height += 1
        yield self._packed(self._rows[height], self._metadata)

    def _place(self, link: PbLink, size: int, height: int) -> Iterator[Block]:
        if height == len(self._rows):
            self._rows.append([])
        if len(self._rows[height]) == self._profile.file_links:
            yield from self._close(height)
        self._rows[height].append((link, size))

    def _close(self, height: int) -> Iterator[Block]:
        """Make a node of the links at a height, and hang it up one higher."""
        row, self._rows[height] = self._rows[height], []
        block = self._packed(row, NO_METADATA)
        yield block
        yield from self._place(block[0], sum(size for _, size in row), height + 1)

    def _packed(self, row: list[tuple[PbLink, int]], metadata: Metadata) -> Block:
        sizes = tuple([size for _, size in row])
        message = UnixFsData(
            Kind.FILE, None, sum(sizes), sizes, mode=metadata.mode, mtime=metadata.mtime
        )
        return node(self._profile, tuple([link for link, _ in row]), message)
