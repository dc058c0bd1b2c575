"""Stores, and DAGs to put into them: what these tests share."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import replace

from tests.content.exporter.dags import Dag
from walkaway.content.store.block_store import BlockStore
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["counted_by_hand", "damage", "limited", "put_all", "raw", "rows", "tree"]


def raw(seed: int, size: int = 1000) -> tuple[Cid, bytes]:
    """A block of random bytes, the same for a seed."""
    data = random.Random(seed).randbytes(size)
    return Cid.of(codecs.RAW, data), data


def tree(seed: int, *, leaves: int = 12, size: int = 1000, wide: int = 4) -> tuple[Cid, Dag]:
    """A file of random leaves under two levels of nodes, and its root."""
    dag = Dag()
    parts = [(dag.raw(raw(seed * 1000 + at, size)[1]), size) for at in range(leaves)]
    middle = [parts[at : at + wide] for at in range(0, leaves, wide)]
    return dag.file([(dag.file(some), size * len(some)) for some in middle]), dag


def limited(size: int) -> Limits:
    """Limits of a store that keeps so many bytes."""
    return replace(LIMITS, store_bytes=size)


async def put_all(store: BlockStore, dag: Dag) -> None:
    await store.put_many(dag.held.items())


def rows(store: BlockStore, query: str) -> list[tuple[object, ...]]:
    """What the file of a store says, asked behind its back."""
    file = sqlite3.connect(store.folder / "blocks.sqlite")
    try:
        return file.execute(query).fetchall()
    finally:
        file.close()


def damage(store: BlockStore, cid: Cid, data: object) -> None:
    """Put other bytes in the place of a block's."""
    file = sqlite3.connect(store.folder / "blocks.sqlite")
    query = "UPDATE content SET data = ? WHERE id = (SELECT id FROM block WHERE name = ?)"
    with file:
        assert file.execute(query, (data, cid.multihash)).rowcount == 1
    file.close()


def counted_by_hand(store: BlockStore) -> None:
    """Hold what the store counts as it goes against what is there."""
    [kept] = rows(store, "SELECT blocks, bytes FROM state")
    [there] = rows(store, "SELECT count(*), coalesce(sum(length(data)), 0) FROM content")
    assert kept == there
    assert not rows(store, "SELECT id FROM content EXCEPT SELECT id FROM block")
    assert not rows(store, "SELECT id FROM block WHERE size NOTNULL EXCEPT SELECT id FROM content")
    assert not rows(store, "SELECT pin FROM held EXCEPT SELECT id FROM pin")
    query = "SELECT id FROM block WHERE pins <> (SELECT count(*) FROM held WHERE block = block.id)"
    assert not rows(store, query)
