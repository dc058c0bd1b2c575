"""Building a sharded directory: from its entries to the blocks of its shards.

Specification: ipfs/specs ``src/unixfs.md``, "HAMTDirectory". The same entries
give the same blocks in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from walkaway.errors import ProofError
from walkaway.proofs.ipfs import codecs, dag_pb, unixfs_data
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink, PbNode
from walkaway.proofs.ipfs.hamt import bucket, read_shard
from walkaway.proofs.ipfs.unixfs_data import Kind, ModificationTime, UnixFsData

__all__ = ["build_shards"]


def build_shards(
    entries: Mapping[str, PbLink],
    fanout: int = 256,
    *,
    version: int = 1,
    mode: int | None = None,
    mtime: ModificationTime | None = None,
) -> Iterator[tuple[PbLink, bytes]]:
    """The shards of a directory, those below before the one above, so that the root is last.

    Each comes as the link to it, whose ``size`` is that of all below it and its
    own, and as its block. ``version`` is that of the CIDs; ``mode`` and ``mtime``
    are the directory's, and stand in the root. Raises `ProofError` for an empty
    name, for names that no shard could tell apart, and for a width that
    `read_shard` would refuse.
    """
    read_shard(_message(0, fanout), ())
    if "" in entries:
        raise ProofError("an entry of a sharded directory has no name")
    return _Builder(fanout, version, mode, mtime).shards(entries.items(), 0)


@dataclass(frozen=True, slots=True)
class _Builder:
    fanout: int
    version: int
    mode: int | None
    mtime: ModificationTime | None

    def shards(
        self, entries: Iterable[tuple[str, PbLink]], depth: int
    ) -> Iterator[tuple[PbLink, bytes]]:
        """The shards of the entries that have come to the same one at a depth."""
        buckets: dict[int, list[tuple[str, PbLink]]] = {}
        for name, link in entries:
            buckets.setdefault(bucket(name, self.fanout, depth), []).append((name, link))
        digits, bits = len(f"{self.fanout - 1:X}"), 0
        links: list[PbLink] = []
        for at, within in sorted(buckets.items()):
            name, link = within[0]
            if len(within) > 1:
                # The last of those below is the one that stands here.
                name = ""
                for shard in self.shards(within, depth + 1):
                    yield shard
                    link = shard[0]
            bits |= 1 << at
            links.append(PbLink(link.cid, f"{at:0{digits}X}{name}", link.size))
        message = _message(bits, self.fanout)
        if depth == 0:
            message = replace(message, mode=self.mode, mtime=self.mtime)
        block = dag_pb.encode(PbNode(tuple(links), unixfs_data.encode(message)))
        size = len(block) + sum(link.size or 0 for link in links)
        cid = Cid.of(codecs.DAG_PB, block)
        yield PbLink(cid.as_v0() if self.version == 0 else cid, None, size), block


def _message(bits: int, fanout: int) -> UnixFsData:
    field = bits.to_bytes((bits.bit_length() + 7) // 8, "big")
    return UnixFsData(Kind.HAMT_SHARD, field, None, (), codecs.MURMUR3_X64_64, fanout)
