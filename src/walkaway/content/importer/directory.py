"""The blocks of a directory, in one or in shards, and of a symbolic link.

Specification: ipfs/specs ``src/unixfs.md`` and IPIP-499, "HAMTDirectory threshold".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from walkaway.content.importer.file_dag import NO_METADATA, Block, Metadata, node
from walkaway.content.importer.profiles import DirectoryWeight, Profile
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.dag_pb import PbLink
from walkaway.proofs.ipfs.hamt_build import build_shards
from walkaway.proofs.ipfs.unixfs_data import Kind, UnixFsData

__all__ = ["directory", "symlink"]


def directory(
    profile: Profile, entries: Mapping[str, PbLink], metadata: Metadata = NO_METADATA
) -> Iterator[Block]:
    """The blocks of a directory; the last is its root. ``entries`` are links by name."""
    weight = sum(len(name.encode()) + len(link.cid.encode()) for name, link in entries.items())
    # A block is heavier than the names and addresses in it: what these shard is not tried.
    if weight <= profile.shard_above_bytes:
        block = _in_one(profile, entries, metadata)
        whole = profile.weight is DirectoryWeight.BLOCK
        if not whole or len(block[1].value) <= profile.shard_above_bytes:
            yield block
            return
    shards = build_shards(
        entries,
        profile.shard_fanout,
        version=profile.cid_version,
        mode=metadata.mode,
        mtime=metadata.mtime,
    )
    for link, data in shards:
        yield link, prove_block(link.cid, data)


def symlink(profile: Profile, target: bytes, metadata: Metadata = NO_METADATA) -> Block:
    """The block of a symbolic link to a path."""
    message = UnixFsData(Kind.SYMLINK, target, mode=metadata.mode, mtime=metadata.mtime)
    return node(profile, (), message)


def _in_one(profile: Profile, entries: Mapping[str, PbLink], metadata: Metadata) -> Block:
    links = tuple([PbLink(link.cid, name, link.size) for name, link in entries.items()])
    message = UnixFsData(Kind.DIRECTORY, mode=metadata.mode, mtime=metadata.mtime)
    return node(profile, links, message)
