"""A file, or a directory with all below it, member by member, as its blocks come.

What archives and folders are made of. Every entry of a directory is refused of
which one name is, before any of them is given. Symbolic links and names that are
paths of several steps are refused together: by such a name something could be
written through a link, and plain names lead through none, since a directory has
each but once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.directory import SHARD_BYTES, Bucket, read_shard_below
from walkaway.content.exporter.file import Place, places_within, read_part
from walkaway.content.exporter.in_order import Want, in_order
from walkaway.content.exporter.node import read_block
from walkaway.errors import ProofError
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink
from walkaway.proofs.ipfs.unixfs import Directory, File, ModificationTime, Node, Shard, Symlink

__all__ = ["Join", "Member", "MemberKind", "members"]

Join: TypeAlias = Callable[[str, str], str]
"""Makes a path of that of a directory and a name in it, or refuses the name."""


class MemberKind(Enum):
    """What a member is."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"


@dataclass(frozen=True, slots=True)
class Member:
    """A member: of a file ``size`` bytes follow; ``target`` is where a symbolic link leads.

    ``mode`` is permissions alone, without the bits that give a program its owner's rights.
    """

    path: str
    kind: MemberKind
    size: int = 0
    target: bytes = b""
    mode: int | None = None
    mtime: ModificationTime | None = None


def members(
    blocks: Blocks, cid: Cid, path: str, budget: Budget, join: Join
) -> AsyncGenerator[Member | bytes, None]:
    """What stands at an address, under a path, and all below it: each member, then its bytes.

    Directories come before what is in them. Blocks that are no UnixFS are
    files. Close it (``aclose``) where it is not read to its end.

    Raises:
        ProofError: a block is malformed, or an entry could lead through a symbolic link.
        Unproven: a block is not to be had.
        TooMuch: it is more than one request may fetch.
        WalkawayError: what ``join`` raised.
    """
    tree = _Tree(budget, join)
    root: Want[_About] = Want(cid, path, 0, SHARD_BYTES)
    return in_order(blocks, [root], tree.read, budget)


class _EntryAt(NamedTuple):
    """An entry that is to come. Its path is made at its turn: those of many are much longer."""

    parent: str
    name: str


class _ShardAt(NamedTuple):
    """A shard that is to come, of the directory at a path."""

    path: str
    bucket: Bucket


_About: TypeAlias = "str | _EntryAt | Place | _ShardAt"
"""What a block is in the tree: what stands at a path, an entry, a part of a file, or a shard."""

_PERMISSIONS: Final = 0o777
_UNKNOWN_BYTES: Final = 2 * 1024 * 1024
_MEMBER_BYTES: Final = 512
"""What a member by itself comes to, whether in an archive or on a disk."""


class _Tree:
    """A tree while it is walked: it remembers what it met that does not go together."""

    def __init__(self, budget: Budget, join: Join) -> None:
        self._budget = budget
        self._join = join
        self._has_symlink = False
        self._has_winding_name = False

    def read(self, want: Want[_About], data: bytes) -> Iterator[Member | bytes | Want[_About]]:
        """What comes of a block, and the blocks that come next."""
        about = want.about
        if isinstance(about, Place):
            yield from _content(read_part(about.part, data, self._budget), about.at, want.depth)
        elif isinstance(about, _ShardAt):
            shard = read_shard_below(*about.bucket, data)
            self._budget.weigh(len(data), 0)
            yield from self._sharded(about.path, shard, want.depth)
        else:
            look = read_block(want.cid, data)
            node = File(data, (), len(data)) if look.node is None else look.node
            content = len(node.content) if isinstance(node, File) else 0
            self._budget.weigh(len(data) - content, content + _MEMBER_BYTES)
            if isinstance(about, _EntryAt):
                self._hold_apart(about.name, node)
                about = self._join(*about)
            yield from self._member(about, node, want.depth)

    def _member(self, path: str, node: Node, depth: int) -> Iterator[Member | bytes | Want[_About]]:
        mode = None if node.mode is None else node.mode & _PERMISSIONS
        if isinstance(node, File):
            self._budget.foresee(node.size)
            yield Member(path, MemberKind.FILE, node.size, mode=mode, mtime=node.mtime)
            yield from _content(node, 0, depth)
        elif isinstance(node, Symlink):
            yield Member(path, MemberKind.SYMLINK, 0, node.target, mode, node.mtime)
        else:
            yield Member(path, MemberKind.DIRECTORY, mode=mode, mtime=node.mtime)
            yield from self._entries(path, node, depth)

    def _entries(self, path: str, node: Directory | Shard, depth: int) -> Iterator[Want[_About]]:
        if isinstance(node, Shard):
            yield from self._sharded(path, node, depth)
            return
        for name, link in node.entries.items():
            yield self._entry(path, name, link, depth)

    def _sharded(self, path: str, shard: Shard, depth: int) -> Iterator[Want[_About]]:
        for child in shard.listed():
            if child.name is not None:
                yield self._entry(path, child.name, child.link, depth)
            else:
                about = _ShardAt(path, Bucket(shard, child))
                yield Want(child.link.cid, about, depth + 1, SHARD_BYTES)

    def _entry(self, path: str, name: str, link: PbLink, depth: int) -> Want[_About]:
        self._join(path, name)  # Held to be a path before anything of its directory is given.
        size = _UNKNOWN_BYTES if link.size is None else link.size
        return Want(link.cid, _EntryAt(path, name), depth + 1, size)

    def _hold_apart(self, name: str, node: Node) -> None:
        """Hold symbolic links and names of several steps to be in no tree together."""
        self._has_symlink |= isinstance(node, Symlink)
        self._has_winding_name |= "/" in name or name == ".."
        if self._has_symlink and self._has_winding_name:
            raise ProofError("an entry could lead through a symbolic link", got=repr(name[:100]))


def _content(node: File, at: int, depth: int) -> Iterator[bytes | Want[_About]]:
    if node.content:
        yield node.content
    for place in places_within(node, at, 0, at + node.size):
        yield Want(place.part.cid, place, depth + 1, place.part.size)
