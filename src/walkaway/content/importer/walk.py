"""From what is on the disk to blocks, children before their parents.

Runs in a thread of its own and knows nothing of stores: whoever takes the
batches decides what becomes of them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from threading import Event
from typing import TypeAlias

from walkaway.content.importer.ahead import Ahead, Place
from walkaway.content.importer.directory import directory, symlink
from walkaway.content.importer.file_dag import NO_METADATA, Block, FileDag, Metadata, leaf
from walkaway.content.importer.profiles import Profile
from walkaway.content.importer.reading import chunks_of_file, chunks_of_stream
from walkaway.content.importer.tree import (
    FolderFound,
    Found,
    ImportOptions,
    LinkFound,
    RegularFile,
    Tree,
)
from walkaway.content.symlinks import leads_out
from walkaway.errors import Unreadable
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink
from walkaway.proofs.proven import Proven

__all__ = ["Batch", "PathGiven", "Root", "Stream", "Walk", "Wrapped"]

Batch: TypeAlias = "list[tuple[Cid, Proven[bytes]]]"
"""Blocks that go to the store together."""


@dataclass(frozen=True, slots=True)
class PathGiven:
    """What is at a path."""

    path: Path


@dataclass(frozen=True, slots=True)
class Stream:
    """What an open file descriptor gives until its end."""

    descriptor: int


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A directory that is on no disk, and what is in it by name."""

    members: Mapping[str, PathGiven | Stream]


Root: TypeAlias = PathGiven | Stream | Wrapped


class Walk:
    """One import. ``done`` is the bytes of files whose blocks have been handed out.

    ``links_out`` counts the symbolic links that lead out of what is imported, and
    ``first_link_out`` is the path of the first.
    """

    def __init__(
        self,
        profile: Profile,
        options: ImportOptions,
        threads: Executor,
        limits: Limits = LIMITS,
    ) -> None:
        # Raw blocks have no place for metadata; as Kubo, no leaf of such an import is raw.
        raw_leaves = profile.raw_leaves and not (options.mode or options.mtime)
        self._profile = replace(profile, raw_leaves=raw_leaves)
        self._options = options
        self._tree = Tree(options, limits)
        self._limits = limits
        self._ahead = Ahead(threads, limits)
        self._stopped = Event()
        self._root: Cid | None = None
        self.done = 0
        self.links_out = 0
        self.first_link_out: Path | None = None

    @property
    def root(self) -> Cid:
        """The address of what was imported, once all batches have been taken."""
        if self._root is None:
            raise Unreadable("the import was stopped before its end")
        return self._root

    @property
    def hidden_passed_over(self) -> int:
        """How many names were left out because they begin with a dot."""
        return self._tree.hidden_passed_over

    def stop(self) -> None:
        """Look and wait no longer: streams end here. Safe to call from any thread."""
        self._stopped.set()

    def measure(self, root: Root) -> int | None:
        """How many bytes the files hold, or None where nobody can know before the end.

        Raises what `batches` raises for all but the files' content.
        """
        tree = Tree(self._options, self._limits)
        members = root.members.values() if isinstance(root, Wrapped) else (root,)
        size = 0
        for member in members:
            if isinstance(member, Stream):
                return None
            size += self._size(tree, tree.look(member.path))
        return size

    def batches(self, root: Root) -> Generator[Batch, None, None]:
        """The blocks, in batches of bounded size, the root's last.

        Raises:
            Unreadable: something on the disk cannot be read, or not taken as it is.
            TooMuch: a folder passes a limit.
        """
        batch: Batch = []
        size = 0
        for link, block in self._blocks(root):
            batch.append((link.cid, block))
            size += len(block.value)
            full = size >= self._limits.import_batch_bytes
            if full or len(batch) >= self._limits.import_batch_blocks:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _blocks(self, root: Root) -> Iterator[Block]:
        yield from self._given(root, self._at_the_top, 0)
        yield from self._ahead.rest()

    def _given(self, given: Root, place: Place, depth: int) -> Iterator[Block]:
        match given:
            case PathGiven(path):
                yield from self._visit(self._tree.look(path), place, depth)
            case Stream(descriptor):
                chunks = chunks_of_stream(descriptor, self._profile.chunk_bytes, self._stopped)
                yield from self._file(chunks, NO_METADATA, place)
            case Wrapped(members):
                entries: dict[str, PbLink] = {}
                for name, member in members.items():
                    self._tree.name_bytes(name, "the directory")
                    yield from self._given(member, partial(self._enter, entries, name), depth + 1)
                self._ahead.then(partial(directory, self._profile, entries), place)

    def _visit(self, found: Found, place: Place, depth: int) -> Iterator[Block]:
        """The blocks of what was found below so many folders of the import."""
        match found:
            case RegularFile(metadata=metadata):
                chunks = chunks_of_file(found, self._profile.chunk_bytes)
                yield from self._file(chunks, metadata, place)
            case LinkFound(path, target, metadata):
                self._note_link(path, target, depth)
                made = symlink(self._profile, target, metadata)
                self._ahead.then(lambda: iter((made,)), place)
            case FolderFound(path, metadata, inside):
                entries: dict[str, PbLink] = {}
                for name in self._tree.listed(found):
                    child = self._tree.look(path / name, inside)
                    yield from self._visit(child, partial(self._enter, entries, name), depth + 1)
                self._ahead.then(partial(directory, self._profile, entries, metadata), place)
        yield from self._ahead.due()

    def _note_link(self, path: Path, target: bytes, depth: int) -> None:
        if leads_out(target, depth):
            self.links_out += 1
            self.first_link_out = self.first_link_out or path

    def _size(self, tree: Tree, found: Found) -> int:
        if isinstance(found, FolderFound):
            size = 0
            for name in tree.listed(found):
                if self._stopped.is_set():
                    break
                size += self._size(tree, tree.look(found.path / name, found.inside))
            return size
        return found.size if isinstance(found, RegularFile) else 0

    def _file(self, chunks: Iterator[bytes], metadata: Metadata, place: Place) -> Iterator[Block]:
        first = next(chunks, b"")
        second = next(chunks, None)
        if second is None:
            self._leaf(first, metadata, place)
            return
        dag = FileDag(self._profile, metadata)
        for chunk in chain((first, second), chunks):
            self._leaf(chunk, NO_METADATA, partial(dag.add, size=len(chunk)))
            yield from self._ahead.due()
        self._ahead.then(dag.finish, place)

    def _leaf(self, data: bytes, metadata: Metadata, place: Place) -> None:
        def count(link: PbLink) -> Iterator[Block]:
            self.done += len(data)
            return place(link)

        self._ahead.leaf(partial(leaf, self._profile, data, metadata), len(data), count)

    def _enter(self, entries: dict[str, PbLink], name: str, link: PbLink) -> Iterator[Block]:
        entries[name] = link
        return iter(())

    def _at_the_top(self, link: PbLink) -> Iterator[Block]:
        self._root = link.cid
        return iter(())
