"""Blocks in memory, what DAGs are built of in these tests, and who asked for what."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import TypeVar

from tests.proofs.ipfs.test_car import read
from tests.vectors import vectors
from walkaway.errors import Unproven
from walkaway.proofs.ipfs import codecs, dag_pb, unixfs_data
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink, PbNode
from walkaway.proofs.ipfs.hamt_build import build_shards
from walkaway.proofs.ipfs.unixfs import Kind, ModificationTime, UnixFsData
from walkaway.proofs.proven import Proven

__all__ = ["Dag", "Gated", "all_of", "conformance", "recorded"]

T = TypeVar("T")

Sized = tuple[Cid, int]
"""A part of a file and how many bytes of it the part is said to hold."""


class Dag:
    """Blocks by address, and how often each was asked for."""

    def __init__(self, held: Mapping[Cid, bytes] | None = None) -> None:
        self.held = dict(held or {})
        self.asked: Counter[Cid] = Counter()

    async def get(self, cid: Cid) -> Proven[bytes]:
        self.asked[cid] += 1
        await asyncio.sleep(0)
        if cid not in self.held:
            raise Unproven("this block is not held here", reasons={"memory": "does not hold it"})
        return prove_block(cid, self.held[cid])

    def put(self, codec: int, data: bytes) -> Cid:
        """Hold a block; its address."""
        cid = Cid.of(codec, data)
        self.held[cid] = data
        return cid

    def raw(self, data: bytes) -> Cid:
        return self.put(codecs.RAW, data)

    def node(self, message: UnixFsData | None, *links: PbLink) -> Cid:
        data = None if message is None else unixfs_data.encode(message)
        return self.put(codecs.DAG_PB, dag_pb.encode(PbNode(links, data)))

    def file(self, parts: Sequence[Sized], content: bytes = b"", size: int | None = None) -> Cid:
        """A file's node: its own bytes, then its parts."""
        sizes = tuple(part[1] for part in parts)
        total = len(content) + sum(sizes) if size is None else size
        links = [PbLink(cid, "", length) for cid, length in parts]
        return self.node(UnixFsData(Kind.FILE, content or None, total, sizes), *links)

    def directory(self, entries: Iterable[tuple[str, Cid]], mode: int | None = None) -> Cid:
        links = [PbLink(cid, name, 7) for name, cid in entries]
        return self.node(UnixFsData(Kind.DIRECTORY, mode=mode), *links)

    def sharded(self, entries: Mapping[str, Cid], fanout: int = 8) -> Cid:
        """A directory in shards, each on its own block."""
        links = {name: PbLink(cid, None, 7) for name, cid in entries.items()}
        root = Cid.of(codecs.RAW, b"")
        for link, block in build_shards(links, fanout):
            root = self.put(codecs.DAG_PB, block)
            assert root == link.cid
        return root

    def shard(self, children: Mapping[int, tuple[str, Cid]], fanout: int = 8) -> Cid:
        """One shard as it is told, sound or not: the name and the address in each bucket."""
        digits = len(f"{fanout - 1:X}")
        bits = sum(1 << at for at in children)
        field = bits.to_bytes(max(1, fanout // 8), "big")
        message = UnixFsData(Kind.HAMT_SHARD, field, None, (), codecs.MURMUR3_X64_64, fanout)
        links = [
            PbLink(cid, f"{at:0{digits}X}{name}", 7) for at, (name, cid) in sorted(children.items())
        ]
        return self.node(message, *links)

    def symlink(self, target: bytes, mtime: ModificationTime | None = None) -> Cid:
        return self.node(UnixFsData(Kind.SYMLINK, target, mtime=mtime))


class Gated(Dag):
    """Gives nothing until it is let, and tells what is being asked for."""

    def __init__(self, dag: Dag) -> None:
        super().__init__()
        self.held = dag.held
        self.gate = asyncio.Event()
        self.going: list[Cid] = []
        self.cancelled: list[Cid] = []
        self.most = 0

    async def get(self, cid: Cid) -> Proven[bytes]:
        self.going.append(cid)
        self.most = max(self.most, len(self.going))
        try:
            await self.gate.wait()
            return await super().get(cid)
        except asyncio.CancelledError:
            self.cancelled.append(cid)
            raise
        finally:
            self.going.remove(cid)


async def all_of(stream: AsyncIterable[T]) -> list[T]:
    """Everything that a stream gives."""
    return [item async for item in stream]


def recorded(path: str) -> tuple[Dag, Cid]:
    """The blocks of a recorded archive, and its root."""
    reader, sections = read(vectors(path).read_bytes())
    assert reader.roots
    return Dag(dict(sections)), reader.roots[0]


def conformance(path: str) -> tuple[Dag, Cid]:
    """A fixture of the gateway conformance suite."""
    return recorded(f"ipfs/gateway-conformance/fixtures/{path}.car")
