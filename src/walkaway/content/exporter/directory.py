"""Directories, in one block or sharded over many: their entries, and the one of a name.

Specification: ipfs/specs ``src/unixfs.md``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from functools import partial
from typing import Final, NamedTuple

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.in_order import Want, in_order
from walkaway.content.exporter.load import apart, load
from walkaway.content.exporter.node import Look, look_at
from walkaway.errors import InvalidRequest, ProofError
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink
from walkaway.proofs.ipfs.hamt import Child
from walkaway.proofs.ipfs.unixfs import Directory, Shard, read_node

__all__ = [
    "SHARD_BYTES",
    "Entry",
    "entries",
    "entries_of",
    "find",
    "find_in",
    "read_shard_below",
]


SHARD_BYTES: Final = 64 * 1024
"""What most shards stay below; how much is fetched ahead goes by it."""


class Entry(NamedTuple):
    """An entry. ``size`` is what the directory says all its blocks take, and proves nothing."""

    name: str
    cid: Cid
    size: int | None


class Bucket(NamedTuple):
    """Where a shard that is to come stands."""

    above: Shard
    child: Child


async def entries(blocks: Blocks, cid: Cid, budget: Budget) -> AsyncGenerator[Entry, None]:
    """The entries of the directory at an address, in the order in which it has them.

    Names are as found: what is no component of a path may be among them. Close
    it (``aclose``) where it is not read to its end.

    Raises:
        Unproven: a block of the directory is not to be had.
        ProofError: one is malformed, or an entry stands where nobody would find it.
        InvalidRequest: it is no directory.
        TooMuch: it is more than one request may fetch.
    """
    look = await look_at(blocks, cid, budget)
    async with aclosing(entries_of(blocks, look, budget)) as listed:
        async for entry in listed:
            yield entry


def entries_of(blocks: Blocks, look: Look, budget: Budget) -> AsyncGenerator[Entry, None]:
    """The entries of a directory that was looked at, as `entries` gives them."""
    if isinstance(look.node, Shard):
        return _sharded(blocks, look.node, budget)
    if isinstance(look.node, Directory):
        return _plain(look.node)
    raise InvalidRequest(f"{look.cid} is no directory")


async def find(blocks: Blocks, cid: Cid, name: str, budget: Budget) -> Entry | None:
    """The entry of a name in the directory at an address, or None: there is none.

    Raises as `entries`.
    """
    return (await find_in(blocks, await look_at(blocks, cid, budget), name, budget))[0]


async def find_in(
    blocks: Blocks, look: Look, name: str, budget: Budget
) -> tuple[Entry | None, tuple[Cid, ...]]:
    """The entry of a name in a directory that was looked at, and the shards on the way to it."""
    if isinstance(look.node, Directory):
        link = look.node.entries.get(name)
        return (None if link is None else _entry(name, link)), ()
    if not isinstance(look.node, Shard):
        raise InvalidRequest(f"{look.cid} is no directory")
    shard, passed = look.node, list[Cid]()
    while (child := shard.find(name)) is not None and child.name is None:
        passed.append(child.link.cid)
        data = await load(blocks, child.link.cid, budget)
        read = partial(read_shard_below, shard, child, data)
        shard = await apart(read, child.link.cid, len(data), budget)
    return (None if child is None else _entry(name, child.link)), tuple(passed)


def read_shard_below(above: Shard, child: Child, data: bytes) -> Shard:
    """A block as the shard in a bucket of another. Raises `ProofError`.

    An empty one is refused too. So each leads to a name, which has one place: a
    shard that stands in two is found out at the first name below it.
    """
    node = read_node(child.link.cid, data)
    if not isinstance(node, Shard) or not node.children:
        raise ProofError("a part of a sharded directory is no shard", got=child.link.cid)
    return above.below(child, node)


def _sharded(blocks: Blocks, root: Shard, budget: Budget) -> AsyncGenerator[Entry, None]:
    def listed(shard: Shard) -> Iterator[Entry | Want[Bucket]]:
        for child in shard.listed():
            if child.name is not None:
                yield _entry(child.name, child.link)
            else:
                depth = len(shard.place) + 1
                yield Want(child.link.cid, Bucket(shard, child), depth, SHARD_BYTES)

    def read(want: Want[Bucket], data: bytes) -> Iterator[Entry | Want[Bucket]]:
        return listed(read_shard_below(*want.about, data))

    return in_order(blocks, listed(root), read, budget)


async def _plain(directory: Directory) -> AsyncGenerator[Entry, None]:
    for name, link in directory.entries.items():
        yield _entry(name, link)


def _entry(name: str, link: PbLink) -> Entry:
    return Entry(name, link.cid, link.size)
