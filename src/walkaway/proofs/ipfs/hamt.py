"""Sharded directories: a trie of blocks in which a name's hash says where it stands.

Specification: ipfs/specs ``src/unixfs.md``, "HAMTDirectory". A step at a time:
`read_shard` reads one block, `Shard.find` and `Shard.listed` say which to read
next, and `Shard.below` puts that one in its place. Bits are taken from the
hash's most significant end, and the bit field is one big-endian number, as the
implementations have it that made the directories there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from walkaway.errors import ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.dag_pb import PbLink
from walkaway.proofs.ipfs.murmur3 import murmur3_x64_64
from walkaway.proofs.ipfs.unixfs_data import ModificationTime, UnixFsData

__all__ = ["Child", "Shard", "bucket", "read_shard"]

_HASH_BITS = 64


@dataclass(frozen=True, slots=True)
class Child:
    """What stands in a bucket: an entry of the directory, or a shard where ``name`` is None."""

    bucket: int
    name: str | None
    link: PbLink


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard. ``place`` is the buckets that lead to it from the root, which has none."""

    fanout: int
    children: tuple[Child, ...]
    place: tuple[int, ...] = ()
    mode: int | None = None
    mtime: ModificationTime | None = None

    def find(self, name: str) -> Child | None:
        """The entry of that name, the shard to look for it in, or None: it is not here.

        Raises `ProofError` where the trie is deeper than the hash is long.
        """
        wanted = bucket(name, self.fanout, len(self.place))
        for child in self.children:
            if child.bucket == wanted:
                return child if child.name in (None, name) else None
        return None

    def listed(self) -> tuple[Child, ...]:
        """The children in the order of their buckets, each entry where its name's hash says.

        Raises `ProofError` for an entry that stands where nobody would find it.
        """
        for child in self.children:
            if child.name is not None:
                place = [bucket(child.name, self.fanout, at) for at in range(len(self.place) + 1)]
                if place != [*self.place, child.bucket]:
                    raise ProofError("an entry stands in a wrong shard", got=child.name)
        return self.children

    def below(self, child: Child, shard: Shard) -> Shard:
        """A shard that was read by itself, put where it stands: in a bucket of this one.

        Raises `ProofError` where it is not as wide as this one.
        """
        if shard.fanout != self.fanout:
            raise ProofError(
                "a shard is not as wide as the one above", expected=self.fanout, got=shard.fanout
            )
        return replace(shard, place=(*self.place, child.bucket))


def read_shard(message: UnixFsData, links: Sequence[PbLink]) -> Shard:
    """Read a shard from its node's message and links, as if it were the root.

    Raises `ProofError` where the bit field and the links do not say the same,
    `Unsupported` for a hash other than murmur3-x64-64.
    """
    fanout = _fanout(message)
    digits = len(f"{fanout - 1:X}")
    field = message.data or b""
    if len(field) > fanout // 8:
        raise ProofError("a shard's bit field is longer than the shard is wide", got=len(field))
    bits = int.from_bytes(field, "big")
    if bits.bit_count() != len(links):
        raise ProofError(
            "a shard has not as many links as its bit field says",
            expected=bits.bit_count(),
            got=len(links),
        )
    occupied = [at for at in range(fanout) if bits >> at & 1]
    children = tuple([_child(at, digits, link) for at, link in zip(occupied, links, strict=True)])
    return Shard(fanout, children, mode=message.mode, mtime=message.mtime)


def bucket(name: str, fanout: int, depth: int) -> int:
    """The bucket of a name in the shards ``depth`` steps below the root.

    Raises `ProofError` where the hash has no bits left for that depth.
    """
    width = fanout.bit_length() - 1
    left = _HASH_BITS - (depth + 1) * width
    if left < 0:
        raise ProofError("a sharded directory is deeper than its hash is long", got=depth)
    # A lone surrogate is in no name that a block holds: it is looked for, and not found.
    return murmur3_x64_64(name.encode(errors="surrogatepass")) >> left & fanout - 1


def _fanout(message: UnixFsData) -> int:
    if message.hash_type != codecs.MURMUR3_X64_64:
        raise Unsupported(f"no directory is read that is sharded by hash {message.hash_type}")
    fanout = message.fanout or 0
    if fanout.bit_count() != 1 or not 8 <= fanout <= LIMITS.shard_fanout:
        raise ProofError("a shard is of no possible width", got=message.fanout)
    return fanout


def _child(at: int, digits: int, link: PbLink) -> Child:
    label = link.name or ""
    if label[:digits] != f"{at:0{digits}X}":
        raise ProofError("a shard's link does not stand in its bucket", expected=at, got=label)
    return Child(at, label[digits:] or None, link)
