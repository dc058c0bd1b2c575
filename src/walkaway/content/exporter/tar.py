"""Files and directories as a TAR archive, made as its blocks come.

POSIX.1-2001 pax over ustar; ipfs/specs IPIP-288. The same content gives the
same archive: what says no time of modification is of 1970, and nobody's.
"""

from __future__ import annotations

import tarfile
from collections.abc import AsyncGenerator, Iterator
from typing import Final, NamedTuple, TypeAlias

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.directory import SHARD_BYTES, Bucket, Shards
from walkaway.content.exporter.file import Place, places_within, read_part
from walkaway.content.exporter.in_order import Want, in_order
from walkaway.content.exporter.node import read_block
from walkaway.content.exporter.paths import path_inside
from walkaway.errors import ProofError, TooMuch
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink
from walkaway.proofs.ipfs.unixfs import Directory, File, Node, Shard, Symlink

__all__ = ["tar"]


def tar(blocks: Blocks, cid: Cid, name: str, budget: Budget) -> AsyncGenerator[bytes, None]:
    """An archive of what stands at an address, under a name; a directory with all below it.

    A name that leads out of the archive is refused before anything of its
    directory is given, and so is an entry that would be written through a
    symbolic link. Blocks that are no UnixFS are files. Close it (``aclose``)
    where it is not read to its end.

    Raises:
        ProofError: a block is malformed, or a name is as said above.
        Unproven: a block is not to be had.
        TooMuch: it is more than one request may fetch.
    """
    archive = _Archive(budget)
    begin: list[bytes | Want[_About]] = [Want(cid, name, 0, SHARD_BYTES), _END]
    return in_order(blocks, begin, archive.read, budget)


class _ShardAt(NamedTuple):
    """A shard that is to come, of the directory at a path."""

    path: str
    bucket: Bucket
    shards: Shards


_About: TypeAlias = "str | Place | _ShardAt"
"""What a block is in the archive: what stands at a path, a part of a file, or a shard."""

_RECORD: Final = 512
_END: Final = bytes(2 * _RECORD)
_MODES: Final = 0o777
_UNKNOWN_BYTES: Final = 2 * 1024 * 1024


class _Archive:
    """An archive while it is made: it remembers where symbolic links stand."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._symlinks: set[str] = set()

    def read(self, want: Want[_About], data: bytes) -> Iterator[bytes | Want[_About]]:
        """What of the archive comes from a block, and the blocks that come next."""
        about = want.about
        if isinstance(about, Place):
            yield from _content(read_part(about.part, data), about.at, want.depth)
        elif isinstance(about, _ShardAt):
            shard = about.shards.below(about.bucket.above, about.bucket.child, data)
            yield from self._sharded(about.path, shard, about.shards, want.depth)
        else:
            self._hold_clear(about)
            look = read_block(want.cid, data)
            yield from self._member(about, look.node, data, want.depth)

    def _member(
        self, path: str, node: Node | None, block: bytes, depth: int
    ) -> Iterator[bytes | Want[_About]]:
        if isinstance(node, Directory):
            entries = [self._entry(path, *entry, depth) for entry in node.entries.items()]
            yield _header(path, tarfile.DIRTYPE, node)
            yield from entries
        elif isinstance(node, Shard):
            shards = Shards(self._budget.limits.remembered_blocks)
            below = list(self._sharded(path, node, shards, depth))
            yield _header(path, tarfile.DIRTYPE, node)
            yield from below
        elif isinstance(node, Symlink):
            self._remember_symlink(path)
            yield _header(path, tarfile.SYMTYPE, node, target=node.target)
        else:
            file = File(block, (), len(block)) if node is None else node
            self._budget.foresee(file.size)
            yield _header(path, tarfile.REGTYPE, file, size=file.size)
            yield from _content(file, 0, depth)
            if file.size % _RECORD:
                yield bytes(-file.size % _RECORD)

    def _sharded(
        self, path: str, shard: Shard, shards: Shards, depth: int
    ) -> Iterator[Want[_About]]:
        for child in shard.listed():
            if child.name is not None:
                yield self._entry(path, child.name, child.link, depth)
            else:
                about = _ShardAt(path, Bucket(shard, child), shards)
                yield Want(child.link.cid, about, depth + 1, SHARD_BYTES)

    def _entry(self, path: str, name: str, link: PbLink, depth: int) -> Want[_About]:
        size = _UNKNOWN_BYTES if link.size is None else link.size
        return Want(link.cid, path_inside(path, name), depth + 1, size)

    def _hold_clear(self, path: str) -> None:
        """Hold a path to lead through no symbolic link. Raises `ProofError`."""
        steps = path.split("/") if self._symlinks else []
        for length in range(1, len(steps) + 1):
            if "/".join(steps[:length]) in self._symlinks:
                raise ProofError("an entry stands below a symbolic link", got=repr(path[:100]))

    def _remember_symlink(self, path: str) -> None:
        if len(self._symlinks) == self._budget.limits.remembered_blocks:
            raise TooMuch(f"the content has over {len(self._symlinks)} symbolic links")
        self._symlinks.add(path)


def _content(node: File, at: int, depth: int) -> Iterator[bytes | Want[_About]]:
    if node.content:
        yield node.content
    for place in places_within(node, at, 0, at + node.size):
        yield Want(place.part.cid, place, depth + 1, place.part.size)


def _header(path: str, kind: bytes, node: Node, *, size: int = 0, target: bytes = b"") -> bytes:
    if b"\0" in target:
        raise ProofError("the target of a symbolic link holds a zero byte", got=target)
    member = tarfile.TarInfo(path)
    member.type = kind
    member.size = size
    member.linkname = target.decode("utf-8", "surrogateescape")
    usual = 0o644 if kind == tarfile.REGTYPE else 0o755 if kind == tarfile.DIRTYPE else 0o777
    member.mode = usual if node.mode is None else node.mode & _MODES
    member.mtime = 0 if node.mtime is None else node.mtime.seconds
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
