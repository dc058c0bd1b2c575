"""Building sharded directories: what is built is found again, and is the only form."""

from __future__ import annotations

import pytest

from tests.proofs.ipfs.test_car import read
from tests.vectors import vectors
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink
from walkaway.proofs.ipfs.hamt import Shard
from walkaway.proofs.ipfs.hamt_build import build_shards
from walkaway.proofs.ipfs.unixfs import ModificationTime, read_node

CID = Cid.of(codecs.RAW, b"")
ENTRIES = {f"{number}.txt": PbLink(CID, None, number) for number in range(300)}


def read_shard(cid: Cid, block: bytes) -> Shard:
    shard = read_node(cid, block)
    assert isinstance(shard, Shard)
    return shard


def entries_of(root: Cid, blocks: dict[Cid, bytes]) -> dict[str, PbLink]:
    """All entries below a root whose blocks are at hand, their links without a name."""
    entries: dict[str, PbLink] = {}
    waiting = [read_shard(root, blocks[root])]
    while waiting:
        shard = waiting.pop()
        for child in shard.listed():
            if child.name is not None:
                entries[child.name] = child.link._replace(name=None)
            else:
                below = read_shard(child.link.cid, blocks[child.link.cid])
                waiting.append(shard.below(child, below))
    return entries


@pytest.mark.parametrize("fanout", [8, 16, 256, LIMITS.shard_fanout])
def test_what_is_built_is_listed_again(fanout: int) -> None:
    built = list(build_shards(ENTRIES, fanout))
    blocks = {link.cid: block for link, block in built}
    root = built[-1][0]
    assert entries_of(root.cid, blocks) == ENTRIES
    sizes = sum(number for number in range(300)) + sum(map(len, blocks.values()))
    assert root.size == sizes


def test_the_order_of_the_entries_does_not_matter() -> None:
    reversed_entries = dict(reversed(ENTRIES.items()))
    assert list(build_shards(ENTRIES)) == list(build_shards(reversed_entries))


def test_an_empty_directory_is_one_empty_shard() -> None:
    ((link, block),) = build_shards({})
    assert read_shard(link.cid, block) == Shard(256, ())


def test_what_could_not_be_read_again_is_not_built() -> None:
    with pytest.raises(ProofError, match="no name"):
        build_shards({"": PbLink(CID)})
    with pytest.raises(ProofError, match="possible width"):
        build_shards(ENTRIES, 100)


def test_what_the_directory_is_stands_in_its_root_alone() -> None:
    mtime = ModificationTime(-1, 5)
    built = list(build_shards(ENTRIES, 8, mode=0o755, mtime=mtime))
    *below, root = [read_shard(link.cid, block) for link, block in built]
    assert (root.mode, root.mtime) == (0o755, mtime)
    assert below
    assert {(shard.mode, shard.mtime) for shard in below} == {(None, None)}


def test_shards_of_version_0_link_to_each_other_so() -> None:
    built = list(build_shards(ENTRIES, 8, version=0))
    blocks = {link.cid: block for link, block in built}
    assert {cid.version for cid in blocks} == {0}
    assert entries_of(built[-1][0].cid, blocks) == ENTRIES


def test_names_of_one_hash_are_not_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("walkaway.proofs.ipfs.hamt.murmur3_x64_64", lambda name: 0)
    with pytest.raises(ProofError, match="deeper"):
        list(build_shards({"a": PbLink(CID), "b": PbLink(CID)}))


def test_a_recorded_directory_is_built_again_to_the_same_address() -> None:
    archive = vectors("ipfs/gateway-conformance/tooling/car/_fixtures/hamt.car")
    reader, sections = read(archive.read_bytes(), piece=65536)
    assert reader.roots
    blocks = dict(sections)
    entries = entries_of(reader.roots[0], blocks)
    assert len(entries) >= 1000
    built = list(build_shards(entries))
    assert built[-1][0].cid == reader.roots[0]
    assert all(blocks[link.cid] == block for link, block in built)
