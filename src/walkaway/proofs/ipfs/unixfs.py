"""UnixFS: files, directories and symbolic links in dag-pb nodes and raw blocks.

Specification: ipfs/specs ``src/unixfs.md``. What a node says of its own sizes
is held to add up; what it says of its children's is a claim until each child
is read with ``size`` given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from walkaway.errors import ProofError, Unsupported
from walkaway.proofs.ipfs import codecs, dag_pb, unixfs_data
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink
from walkaway.proofs.ipfs.hamt import Shard, read_shard
from walkaway.proofs.ipfs.unixfs_data import Kind, ModificationTime, UnixFsData

__all__ = [
    "Directory",
    "File",
    "Kind",
    "ModificationTime",
    "Node",
    "Part",
    "Shard",
    "Symlink",
    "UnixFsData",
    "read_node",
]


@dataclass(frozen=True, slots=True)
class Part:
    """A child of a file. ``size`` is how many bytes of the file its parent says it holds."""

    cid: Cid
    size: int


@dataclass(frozen=True, slots=True)
class File:
    """A file or a part of one: its own bytes, then those of its parts in order.

    ``size`` is bytes. A part of size 0 need not be read.
    """

    content: bytes
    parts: tuple[Part, ...]
    size: int
    mode: int | None = None
    mtime: ModificationTime | None = None


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory in one block: its links by name, in the order found.

    Of two entries of one name the first stands. Names are as found: what is no
    component of a path (empty, ``..``, with a slash) may be among them.
    """

    entries: Mapping[str, PbLink]
    mode: int | None = None
    mtime: ModificationTime | None = None


@dataclass(frozen=True, slots=True)
class Symlink:
    """A symbolic link; ``target`` is a path as its maker wrote it."""

    target: bytes
    mode: int | None = None
    mtime: ModificationTime | None = None


Node: TypeAlias = File | Directory | Shard | Symlink
"""What a block can be in UnixFS; a `Shard` is a part of a directory."""


def read_node(cid: Cid, data: bytes, *, size: int | None = None) -> Node:
    """Read a block, proven by the caller to be the one at ``cid``, as a UnixFS node.

    ``size`` is what the parent of a part of a file says that the part holds:
    where it is given, the block must be a file of just that size. Raises
    `ProofError`, and `Unsupported` for codecs and kinds that UnixFS does not read.
    """
    node = _node(cid, data)
    if size is None:
        return node
    if not isinstance(node, File):
        raise ProofError("a part of a file is no file", got=str(cid))
    if node.size != size:
        raise ProofError("a part of a file is not as long as said", expected=size, got=node.size)
    return node


def _node(cid: Cid, data: bytes) -> Node:
    if cid.codec == codecs.RAW:
        return File(data, (), len(data))
    if cid.codec != codecs.DAG_PB:
        raise Unsupported(f"a block of codec 0x{cid.codec:x} is no file or directory")
    block = dag_pb.decode(data)
    if block.data is None:
        raise ProofError("a dag-pb node holds no UnixFS", got=str(cid))
    message = unixfs_data.decode(block.data)
    match message.kind:
        case Kind.FILE | Kind.RAW:
            return _file(message, block.links)
        case Kind.DIRECTORY:
            return _directory(message, block.links)
        case Kind.HAMT_SHARD:
            return read_shard(message, block.links)
        case Kind.SYMLINK:
            return _symlink(message, block.links)
        case _:
            raise Unsupported("UnixFS metadata nodes are reserved and have no meaning yet")


def _file(message: UnixFsData, links: tuple[PbLink, ...]) -> File:
    if len(links) != len(message.blocksizes):
        raise ProofError(
            "a file has not as many parts as sizes",
            expected=len(message.blocksizes),
            got=len(links),
        )
    if any(link.name for link in links):
        raise ProofError("a part of a file has a name")
    content = message.data or b""
    size = len(content) + sum(message.blocksizes)
    if size != (message.filesize or 0):
        raise ProofError(
            "a file's size is not the sum of its parts", expected=message.filesize, got=size
        )
    parts = zip(links, message.blocksizes, strict=True)
    return File(
        content,
        tuple([Part(link.cid, length) for link, length in parts]),
        size,
        message.mode,
        message.mtime,
    )


def _directory(message: UnixFsData, links: tuple[PbLink, ...]) -> Directory:
    entries: dict[str, PbLink] = {}
    for link in links:
        entries.setdefault(link.name or "", link)
    return Directory(MappingProxyType(entries), message.mode, message.mtime)


def _symlink(message: UnixFsData, links: tuple[PbLink, ...]) -> Symlink:
    if links:
        raise ProofError("a symbolic link has children")
    return Symlink(message.data or b"", message.mode, message.mtime)
