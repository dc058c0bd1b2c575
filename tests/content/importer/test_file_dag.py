"""The DAG of a file: all leaves at one depth, nodes filled in order, and the file again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkaway.content.importer.file_dag import NO_METADATA, Block, FileDag, Metadata, leaf
from walkaway.content.importer.profiles import UNIXFS_V0_2015, UNIXFS_V1_2025, Profile
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.unixfs import File, ModificationTime, Part, read_node

V0 = replace(UNIXFS_V0_2015, chunk_bytes=4, file_links=3)
V1 = replace(UNIXFS_V1_2025, chunk_bytes=4, file_links=3)
METADATA = Metadata(0o640, ModificationTime(-5, 7))


def build(profile: Profile, chunks: list[bytes], metadata: Metadata = NO_METADATA) -> list[Block]:
    dag = FileDag(profile, metadata)
    blocks: list[Block] = []
    for chunk in chunks:
        made = leaf(profile, chunk)
        blocks += [made, *dag.add(made[0], len(chunk))]
    return blocks + list(dag.finish())


def shape(cid: Cid, blocks: dict[Cid, bytes]) -> object:
    """The file's chunks, in as many lists as there are nodes above them."""
    node = read_node(cid, blocks[cid])
    assert isinstance(node, File)
    return [shape(part.cid, blocks) for part in node.parts] if node.parts else node.content


def balanced(chunks: list[bytes], width: int) -> object:
    """The same by the layout's definition: a tree as low as can be, filled from the left."""
    height = 1
    while width**height < len(chunks):
        height += 1

    def filled(part: list[bytes], height: int) -> object:
        if height == 0:
            return part[0]
        step = width ** (height - 1)
        return [filled(part[at : at + step], height - 1) for at in range(0, len(part), step)]

    return filled(chunks, height)


@pytest.mark.parametrize("profile", [V0, V1], ids=lambda profile: profile.name)
@settings(max_examples=60)
@given(count=st.integers(2, 90), last=st.integers(1, 4))
def test_the_layout_is_balanced(profile: Profile, count: int, last: int) -> None:
    chunks = [number.to_bytes(4, "big") for number in range(count - 1)] + [b"last"[:last]]
    built = build(profile, chunks)
    blocks = {link.cid: block.value for link, block in built}
    root = built[-1][0]
    assert shape(root.cid, blocks) == balanced(chunks, profile.file_links)
    node = read_node(root.cid, blocks[root.cid], size=4 * (count - 1) + last)
    assert isinstance(node, File)
    assert root.size == sum(map(len, [block.value for _, block in built]))
    assert {cid.version for cid in blocks} == {profile.cid_version}


def test_a_node_says_how_much_of_the_file_each_part_holds() -> None:
    built = build(V1, [b"aaaa", b"bbbb", b"cc"])
    node = read_node(built[-1][0].cid, built[-1][1].value)
    assert isinstance(node, File)
    assert [part.size for part in node.parts] == [4, 4, 2]
    assert node.parts[2] == Part(leaf(V1, b"cc")[0].cid, 2)
    assert (node.content, node.size) == (b"", 10)


@pytest.mark.parametrize(
    ("profile", "cid"),
    [
        (V0, "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"),
        (V1, "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
    ],
)
def test_the_empty_file(profile: Profile, cid: str) -> None:
    assert str(leaf(profile, b"")[0].cid) == cid


@pytest.mark.parametrize("count", [2, 3, 10])
def test_what_is_known_of_a_file_stands_in_its_root_alone(count: int) -> None:
    built = build(V0, [b"aaaa"] * count, METADATA)
    *below, root = [read_node(link.cid, block.value) for link, block in built]
    assert isinstance(root, File)
    assert (root.mode, root.mtime) == (METADATA.mode, METADATA.mtime)
    for node in below:
        assert isinstance(node, File)
        assert (node.mode, node.mtime) == (None, None)


def test_a_file_of_one_chunk_keeps_what_is_known_of_it() -> None:
    link, block = leaf(V0, b"aaaa", METADATA)
    node = read_node(link.cid, block.value)
    assert node == File(b"aaaa", (), 4, METADATA.mode, METADATA.mtime)
