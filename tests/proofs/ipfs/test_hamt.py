"""Sharded directories: each name where its hash says, and found there alone."""

from __future__ import annotations

import pytest

from tests.proofs.ipfs.test_car import read
from tests.vectors import vectors
from walkaway.errors import ProofError, Unsupported
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink
from walkaway.proofs.ipfs.hamt import Child, Shard, bucket, read_shard
from walkaway.proofs.ipfs.unixfs import read_node
from walkaway.proofs.ipfs.unixfs_data import Kind, ModificationTime, UnixFsData

CID = Cid.of(codecs.RAW, b"")
# The first bytes of the hash of "hello" are cb d8 a7.
HELLO = PbLink(CID, "CBhello", 1)
BELOW = PbLink(CID, "01", 2)


def shard_of(*links: PbLink, fanout: int = 256, field: bytes | None = None) -> Shard:
    digits = len(f"{fanout - 1:X}")
    if field is None:
        bits = sum(1 << int((link.name or "")[:digits], 16) for link in links)
        field = bits.to_bytes((bits.bit_length() + 7) // 8, "big")
    message = UnixFsData(
        Kind.HAMT_SHARD, field, None, (), codecs.MURMUR3_X64_64, fanout, 0o755, ModificationTime(1)
    )
    return read_shard(message, links)


def test_a_shard_holds_entries_and_shards() -> None:
    shard = shard_of(BELOW, HELLO)
    below, hello = Child(1, None, BELOW), Child(0xCB, "hello", HELLO)
    assert shard == Shard(256, (below, hello), (), 0o755, ModificationTime(1))
    assert shard.listed() == (below, hello)
    assert shard.find("hello") == hello
    assert shard_of().listed() == ()


def test_a_name_is_found_in_its_bucket_alone() -> None:
    shard = shard_of(PbLink(CID, "CBother"), PbLink(CID, "D7hello"))
    assert shard.find("hello") is None
    assert shard_of(BELOW).find("hello") is None
    into = PbLink(CID, "CB")
    assert shard_of(BELOW, into).find("hello") == Child(0xCB, None, into)
    assert shard_of(BELOW).find("\ud800") is None


def test_a_shard_below_takes_the_next_bits() -> None:
    root = shard_of(PbLink(CID, "CB"))
    below = root.below(root.children[0], shard_of(PbLink(CID, "D8hello")))
    assert below.place == (0xCB,)
    found = below.find("hello")
    assert found is not None
    assert found.name == "hello"
    assert below.listed() == below.children


def test_an_entry_in_a_wrong_shard_is_not_listed() -> None:
    with pytest.raises(ProofError, match="wrong shard"):
        shard_of(PbLink(CID, "CCany")).listed()
    root = shard_of(PbLink(CID, "CA"))
    with pytest.raises(ProofError, match="wrong shard"):
        root.below(root.children[0], shard_of(PbLink(CID, "D8hello"))).listed()


@pytest.mark.parametrize(
    ("fanout", "buckets"),
    [(8, [6, 2, 7]), (16, [0xC, 0xB, 0xD]), (256, [0xCB, 0xD8, 0xA7]), (1024, [0x32F, 0x18A])],
)
def test_buckets_are_cut_from_the_hash_from_its_first_bit(fanout: int, buckets: list[int]) -> None:
    assert [bucket("hello", fanout, depth) for depth in range(len(buckets))] == buckets


def test_a_trie_deeper_than_the_hash_is_refused() -> None:
    assert bucket("hello", 256, 7) == 0x02
    with pytest.raises(ProofError, match="deeper"):
        bucket("hello", 256, 8)
    deepest = Shard(256, (), place=(0,) * 8)
    with pytest.raises(ProofError, match="deeper"):
        deepest.find("hello")


def test_a_shard_is_as_wide_as_the_one_above() -> None:
    root = shard_of(PbLink(CID, "CB"))
    with pytest.raises(ProofError, match="as wide"):
        root.below(root.children[0], shard_of(fanout=16))


@pytest.mark.parametrize("fanout", [None, 0, 4, 24, 255, 2048, 1 << 40])
def test_no_other_width_is_possible(fanout: int | None) -> None:
    message = UnixFsData(Kind.HAMT_SHARD, b"", None, (), codecs.MURMUR3_X64_64, fanout)
    with pytest.raises(ProofError, match="possible width"):
        read_shard(message, ())


@pytest.mark.parametrize("hash_type", [None, codecs.SHA2_256])
def test_no_other_hash_is_read(hash_type: int | None) -> None:
    with pytest.raises(Unsupported, match="sharded by hash"):
        read_shard(UnixFsData(Kind.HAMT_SHARD, b"", None, (), hash_type, 256), ())


@pytest.mark.parametrize(
    ("fault", "links", "field"),
    [
        ("longer than the shard", (), bytes(33)),
        ("as many links", (HELLO,), b""),
        ("as many links", (), b"\x01"),
        ("in its bucket", (HELLO,), b"\x01"),
        ("in its bucket", (HELLO, BELOW), None),
        ("in its bucket", (PbLink(CID, "cbhello"),), None),
        ("in its bucket", (PbLink(CID),), b"\x01"),
        ("in its bucket", (PbLink(CID, "0"),), b"\x01"),
    ],
)
def test_bits_and_links_that_do_not_agree_are_refused(
    fault: str, links: tuple[PbLink, ...], field: bytes | None
) -> None:
    with pytest.raises(ProofError, match=fault):
        shard_of(*links, field=field)


@pytest.mark.parametrize(
    ("archive", "entries"),
    [
        (
            "gateway-conformance/tooling/car/_fixtures/hamt.car",
            {f"{number}.txt" for number in range(1, 1001)},
        ),
        ("unixfs/hamt/fixtures/wikipedia-cryptographic-hash-function.car", set()),
    ],
)
def test_recorded_directories_list_what_they_find(archive: str, entries: set[str]) -> None:
    reader, sections = read(vectors(f"ipfs/{archive}").read_bytes(), piece=65536)
    blocks = {cid: prove_block(cid, data).value for cid, data in sections}

    def load(cid: Cid) -> Shard:
        node = read_node(cid, blocks[cid])
        assert isinstance(node, Shard)
        return node

    assert reader.roots
    root = load(reader.roots[0])
    listed: dict[str, PbLink] = {}
    waiting = [root]
    while waiting:
        shard = waiting.pop()
        for child in shard.listed():
            if child.name is not None:
                listed[child.name] = child.link
            elif child.link.cid in blocks:
                waiting.append(shard.below(child, load(child.link.cid)))
    assert listed.keys() >= entries
    for name, link in listed.items():
        found = root.find(name)
        shard = root
        while found is not None and found.name is None:
            shard = shard.below(found, load(found.link.cid))
            found = shard.find(name)
        assert found is not None
        assert found.link == link
