"""The suite's fixtures: archives whose nodes are found by path, records, DNSLinks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.vectors import ROOT
from walkaway.proofs.ipfs import codecs, dag_cbor, dag_pb, unixfs_data
from walkaway.proofs.ipfs.car import CarReader
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["FIXTURES", "Fixture", "archives", "dnslinks", "records"]

FIXTURES = ROOT / "ipfs" / "gateway-conformance" / "fixtures"


class Fixture:
    """One archive. Its nodes are found by reading links, with none of the code under test."""

    def __init__(self, name: str) -> None:
        reader = CarReader(max_blocks=10_000)
        self.blocks = dict(reader.feed((FIXTURES / name).read_bytes()))
        reader.close()
        assert reader.roots
        self.root = reader.roots[0]

    def cid(self, *path: str) -> Cid:
        """The address of the node at a path below the root."""
        cid = self.root
        for name in path:
            cid = self.way(name, cid)[-1]
        return cid

    def block(self, *path: str) -> bytes:
        """The block at a path."""
        cid = self.cid(*path)
        return cid.digest if cid.hash_code == codecs.IDENTITY else self.blocks[cid]

    def content(self, *path: str) -> bytes:
        """The bytes of a file that is one block."""
        block = self.block(*path)
        if self.cid(*path).codec == codecs.RAW:
            return block
        return unixfs_data.decode(dag_pb.decode(block).data or b"").data or b""

    def way(self, name: str, above: Cid | None = None) -> list[Cid]:
        """The shards that lead to an entry of a directory, and the entry."""
        node = self.root if above is None else above
        if node.codec == codecs.DAG_CBOR:
            document = dag_cbor.decode(self.blocks[node])
            assert isinstance(document, dict)
            found = document[name]
            # One step below a map is no link: it is the next name's.
            assert isinstance(found, Cid)
            return [found]
        is_sharded = self._is_sharded(node)
        for link in dag_pb.decode(self.blocks[node]).links:
            label = link.name or ""
            if label[2:] == name if is_sharded else label == name:
                return [link.cid]
        if is_sharded:
            for shard in self._shards_of(node):
                below = self.way(name, shard)
                if below:
                    return [shard, *below]
        return []

    def shards(self, above: Cid | None = None) -> Iterator[Cid]:
        """All shards below a sharded directory's root, depth first."""
        for shard in self._shards_of(self.root if above is None else above):
            yield shard
            yield from self.shards(shard)

    def below(self, cid: Cid) -> Iterator[Cid]:
        """All nodes below one, depth first."""
        if cid.codec != codecs.DAG_PB or cid not in self.blocks:
            return
        for link in dag_pb.decode(self.blocks[cid]).links:
            yield link.cid
            yield from self.below(link.cid)

    def _is_sharded(self, cid: Cid) -> bool:
        data = dag_pb.decode(self.blocks[cid]).data
        return unixfs_data.decode(data or b"").kind == unixfs_data.Kind.HAMT_SHARD

    def _shards_of(self, cid: Cid) -> list[Cid]:
        links = dag_pb.decode(self.blocks[cid]).links
        return [link.cid for link in links if len(link.name or "") == 2]


def archives() -> list[Path]:
    """Every archive of the suite."""
    return sorted(FIXTURES.rglob("*.car"))


def records() -> list[Path]:
    """Every IPNS record, the broken ones among them."""
    return sorted(FIXTURES.rglob("*.ipns-record"))


def dnslinks() -> dict[str, str]:
    """Every DNSLink: the domain, and where it leads."""
    found: dict[str, str] = {}
    for path in sorted(FIXTURES.rglob("dnslink.yml")):
        lines = [line.partition("#")[0].strip() for line in path.read_text().splitlines()]
        told = [line.partition(": ")[::2] for line in lines if ": " in line]
        domains = [value for name, value in told if name == "domain"]
        paths = [value.strip() for name, value in told if name == "path"]
        found.update(zip(domains, paths, strict=True))
    return found
