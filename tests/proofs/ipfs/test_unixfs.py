"""UnixFS: files whose sizes add up, directories, symbolic links, and nothing that lies."""

from __future__ import annotations

import pytest

from tests.proofs.ipfs.test_car import read
from tests.vectors import vectors
from walkaway.errors import ProofError, Unsupported
from walkaway.proofs.ipfs import codecs, dag_pb, unixfs_data
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink, PbNode
from walkaway.proofs.ipfs.unixfs import (
    Directory,
    File,
    Kind,
    ModificationTime,
    Node,
    Part,
    Shard,
    Symlink,
    UnixFsData,
    read_node,
)

TIME = ModificationTime(1_700_000_000)
LEAF = Cid.of(codecs.RAW, b"abc")


def read_pb(message: UnixFsData | None, *links: PbLink, size: int | None = None) -> Node:
    data = None if message is None else unixfs_data.encode(message)
    block = dag_pb.encode(PbNode(links, data))
    return read_node(Cid.of(codecs.DAG_PB, block), block, size=size)


def test_a_raw_block_is_a_file() -> None:
    assert read_node(LEAF, b"abc") == read_node(LEAF, b"abc", size=3) == File(b"abc", (), 3)


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.RAW])
def test_a_file_is_its_own_bytes_and_then_its_parts(kind: Kind) -> None:
    message = UnixFsData(kind, b"xy", 10, (3, 5), mode=0o600, mtime=TIME)
    node = read_pb(message, PbLink(LEAF, "", 9), PbLink(LEAF), size=10)
    assert node == File(b"xy", (Part(LEAF, 3), Part(LEAF, 5)), 10, 0o600, TIME)


def test_an_empty_file_need_not_say_its_size() -> None:
    assert read_pb(UnixFsData(Kind.FILE)) == File(b"", (), 0)


@pytest.mark.parametrize(
    ("fault", "message", "links"),
    [
        ("sum of its parts", UnixFsData(Kind.FILE, b"ab", 3), ()),
        ("sum of its parts", UnixFsData(Kind.FILE, b"ab"), ()),
        ("sum of its parts", UnixFsData(Kind.FILE, None, 2, (3,)), (PbLink(LEAF),)),
        ("as many parts", UnixFsData(Kind.FILE, None, 3, (3,)), ()),
        ("as many parts", UnixFsData(Kind.FILE, b"", 0), (PbLink(LEAF),)),
        ("has a name", UnixFsData(Kind.FILE, None, 3, (3,)), (PbLink(LEAF, "a"),)),
        ("has children", UnixFsData(Kind.SYMLINK, b"a"), (PbLink(LEAF),)),
        ("no UnixFS", None, ()),
    ],
)
def test_a_node_that_contradicts_itself_is_refused(
    fault: str, message: UnixFsData | None, links: tuple[PbLink, ...]
) -> None:
    with pytest.raises(ProofError, match=fault):
        read_pb(message, *links)


def test_a_part_that_is_not_what_its_parent_says_is_refused() -> None:
    for said in (2, 4):
        with pytest.raises(ProofError, match="not as long"):
            read_node(LEAF, b"abc", size=said)
    with pytest.raises(ProofError, match="is no file"):
        read_pb(UnixFsData(Kind.DIRECTORY), size=0)


def test_a_directory_keeps_its_order_and_the_first_of_a_name() -> None:
    other = Cid.of(codecs.RAW, b"other")
    links = [PbLink(LEAF, "a", 3), PbLink(other, "a", 5), PbLink(other, "b"), PbLink(LEAF)]
    node = read_pb(UnixFsData(Kind.DIRECTORY, mode=0o755, mtime=TIME), *links)
    assert node == Directory({"": links[3], "a": links[0], "b": links[2]}, 0o755, TIME)
    block = bytes.fromhex("0a020801")
    for link in reversed(links):
        block += dag_pb.encode(PbNode((link,)))
    unsorted = read_node(Cid.of(codecs.DAG_PB, block), block)
    assert isinstance(unsorted, Directory)
    assert list(unsorted.entries.items()) == [("", links[3]), ("b", links[2]), ("a", links[1])]


def test_a_symbolic_link_has_a_target() -> None:
    assert read_pb(UnixFsData(Kind.SYMLINK, b"../a", mode=0o777)) == Symlink(b"../a", 0o777)
    assert read_pb(UnixFsData(Kind.SYMLINK)) == Symlink(b"")


def test_a_shard_is_a_part_of_a_directory() -> None:
    assert read_pb(UnixFsData(Kind.HAMT_SHARD, None, None, (), 0x22, 256)) == Shard(256, ())


def test_what_unixfs_does_not_read_is_said_to_be_so() -> None:
    with pytest.raises(Unsupported, match="0x71"):
        read_node(Cid.of(codecs.DAG_CBOR, b"\xf6"), b"\xf6")
    with pytest.raises(Unsupported, match="metadata"):
        read_pb(UnixFsData(Kind.METADATA))


def test_the_published_addresses_of_the_empty_file_and_directory() -> None:
    file = dag_pb.encode(PbNode((), unixfs_data.encode(UnixFsData(Kind.FILE, None, 0))))
    directory = dag_pb.encode(PbNode((), unixfs_data.encode(UnixFsData(Kind.DIRECTORY))))
    assert str(Cid.of(codecs.DAG_PB, file)) == (
        "bafybeif7ztnhq65lumvvtr4ekcwd2ifwgm3awq4zfr3srh462rwyinlb4y"
    )
    assert str(Cid.of(codecs.DAG_PB, directory)) == (
        "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"
    )


def test_the_recorded_directory_opens_to_the_last_byte() -> None:
    archive = vectors("ipfs/gateway-conformance/fixtures/path_gateway_unixfs/dir-with-files.car")
    reader, sections = read(archive.read_bytes(), piece=4096)
    assert reader.roots
    blocks = {cid.multihash: prove_block(cid, data).value for cid, data in sections}
    root = read_node(reader.roots[0], blocks[reader.roots[0].multihash])
    assert isinstance(root, Directory)
    assert list(root.entries) == ["ascii-copy.txt", "ascii.txt", "hello.txt", "multiblock.txt"]

    def content(cid: Cid, size: int | None = None) -> bytes:
        file = read_node(cid, blocks[cid.multihash], size=size)
        assert isinstance(file, File)
        return file.content + b"".join([content(part.cid, part.size) for part in file.parts])

    assert content(root.entries["hello.txt"].cid) == b"hello world\n"
    assert len(content(root.entries["multiblock.txt"].cid)) == 1026
