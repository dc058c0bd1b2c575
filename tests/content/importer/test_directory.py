"""Directories: in one block up to the profile's threshold, sharded above it; and links."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.proofs.ipfs.test_car import read
from tests.proofs.ipfs.test_hamt_build import entries_of
from tests.vectors import vectors
from walkaway.content.importer.directory import directory, symlink
from walkaway.content.importer.file_dag import Block, Metadata, leaf
from walkaway.content.importer.profiles import UNIXFS_V0_2015, UNIXFS_V1_2025, Profile
from walkaway.proofs.ipfs.dag_pb import PbLink
from walkaway.proofs.ipfs.unixfs import (
    Directory,
    ModificationTime,
    Node,
    Shard,
    Symlink,
    read_node,
)

METADATA = Metadata(0o1755, ModificationTime(1, 2))


def nodes(blocks: list[Block]) -> list[Node]:
    return [read_node(link.cid, block.value) for link, block in blocks]


@pytest.mark.parametrize(
    ("profile", "cid"),
    [
        (UNIXFS_V0_2015, "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn"),
        (UNIXFS_V1_2025, "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"),
    ],
)
def test_the_empty_directory(profile: Profile, cid: str) -> None:
    ((link, block),) = directory(profile, {})
    assert (str(link.cid), link.size) == (cid, len(block.value))


@pytest.mark.parametrize("profile", [UNIXFS_V0_2015, UNIXFS_V1_2025], ids=lambda p: p.name)
def test_the_order_of_the_entries_does_not_matter(profile: Profile) -> None:
    entries = {name: leaf(profile, name.encode())[0] for name in ("b", "a", "é", "B", "a b")}
    ((root, block),) = directory(profile, entries)
    ((other, _),) = directory(profile, dict(reversed(entries.items())))
    assert root == other
    node = read_node(root.cid, block.value)
    assert isinstance(node, Directory)
    assert list(node.entries) == sorted(entries, key=str.encode)
    assert {name: link.cid for name, link in node.entries.items()} == {
        name: link.cid for name, link in entries.items()
    }
    assert root.size == len(block.value) + sum(link.size or 0 for link in entries.values())


def test_a_directory_weighs_what_its_profile_weighs() -> None:
    entries = {name: leaf(UNIXFS_V0_2015, b"x")[0] for name in ("a", "b", "c")}
    ((_, whole),) = directory(UNIXFS_V0_2015, entries)
    v0 = replace(UNIXFS_V0_2015, shard_above_bytes=3 * (1 + 34))
    v1 = replace(UNIXFS_V1_2025, cid_version=0, shard_above_bytes=len(whole.value))
    for profile in (v0, v1):
        assert isinstance(nodes(list(directory(profile, entries)))[-1], Directory)
        less = replace(profile, shard_above_bytes=profile.shard_above_bytes - 1)
        assert isinstance(nodes(list(directory(less, entries)))[-1], Shard)


@pytest.mark.parametrize("profile", [UNIXFS_V0_2015, UNIXFS_V1_2025], ids=lambda p: p.name)
def test_a_sharded_directory_holds_the_same(profile: Profile) -> None:
    small = replace(profile, shard_above_bytes=100, shard_fanout=8)
    entries = {f"{number}.txt": leaf(profile, bytes(number))[0] for number in range(100)}
    built = list(directory(small, entries, METADATA))
    blocks = {link.cid: block.value for link, block in built}
    root = built[-1][0]
    assert entries_of(root.cid, blocks) == {
        name: PbLink(link.cid, None, link.size) for name, link in entries.items()
    }
    assert {cid.version for cid in blocks} == {profile.cid_version}
    node = nodes(built)[-1]
    assert isinstance(node, Shard)
    assert (node.mode, node.mtime) == (METADATA.mode, METADATA.mtime)


def test_what_is_known_of_a_directory_weighs_too() -> None:
    entries = {"a": leaf(UNIXFS_V1_2025, b"x")[0]}
    ((_, bare),) = directory(UNIXFS_V1_2025, entries)
    profile = replace(UNIXFS_V1_2025, shard_above_bytes=len(bare.value))
    assert isinstance(nodes(list(directory(profile, entries)))[-1], Directory)
    assert isinstance(nodes(list(directory(profile, entries, METADATA)))[-1], Shard)


def test_a_symbolic_link_keeps_any_bytes() -> None:
    link, block = symlink(UNIXFS_V1_2025, b"../\xff", METADATA)
    assert read_node(link.cid, block.value) == Symlink(b"../\xff", METADATA.mode, METADATA.mtime)


def test_recorded_symbolic_links_are_built_again_to_the_same_addresses() -> None:
    archive = vectors("ipfs/gateway-conformance/fixtures/path_gateway_unixfs/symlink.car")
    _, sections = read(archive.read_bytes(), piece=65536)
    found = {cid: read_node(cid, block) for cid, block in sections}
    links = {cid: node for cid, node in found.items() if isinstance(node, Symlink)}
    assert "QmTB8BaCJdCH5H3k7GrxJsxgDNmNYGGR71C58ERkivXoj5" in map(str, links)
    for cid, node in links.items():
        assert symlink(UNIXFS_V0_2015, node.target)[0].cid == cid
