"""CARs in and out: whole DAGs as files, at the memory of a few blocks.

An archive proves nothing: each of its blocks is proven before it is kept, and one
that is not what it says ends the import. What was kept up to there stays, unpinned.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.dag import walk
from walkaway.content.store.block_store import BlockStore
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs.car import CarReader, Section, car_header, car_section
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["EXPORT_LIMITS", "Carried", "Imported", "Progress", "export_car", "import_car"]

EXPORT_LIMITS: Final = replace(LIMITS, remembered_blocks=LIMITS.request_blocks)
"""What an archive for one person may take: each block that it may have can be remembered."""

_BATCH_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Carried:
    """How many blocks were carried so far, and how many bytes of data they have."""

    blocks: int = 0
    size: int = 0

    def and_then(self, sections: list[Section]) -> Carried:
        """With some more."""
        more = sum([len(data) for _, data in sections])
        return Carried(self.blocks + len(sections), self.size + more)


Progress: TypeAlias = Callable[[Carried], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an archive: the roots that it names, and what it held.

    A root need not be among its blocks, nor all that is below one; to pin it tells.
    """

    roots: tuple[Cid, ...]
    carried: Carried


async def import_car(
    store: BlockStore, archive: AsyncIterable[bytes], progress: Progress | None = None
) -> Imported:
    """Prove and keep the blocks of an archive of version 1 or 2, given in pieces of any size.

    Wrap it into a lease where its blocks are to be there when it has ended.

    Raises:
        ProofError: it is no archive, is cut short, or holds a block that is another.
        Unsupported: it holds a block whose address proves nothing.
        StoreFault: the store cannot take it.
    """
    reader = CarReader(max_blocks=store.limits.archive_blocks)
    carried = Carried()
    batch: list[Section] = []
    size = 0
    async for piece in archive:
        for section in reader.feed(piece):
            batch.append(section)
            size += len(section[1])
        if size >= _BATCH_BYTES:
            carried = await _keep(store, batch, carried, progress)
            batch, size = [], 0
    reader.close()
    carried = await _keep(store, batch, carried, progress)
    return Imported(reader.roots or (), carried)


async def export_car(
    blocks: Blocks,
    root: Cid,
    write: Callable[[bytes], Awaitable[None]],
    *,
    budget: Budget,
    progress: Progress | None = None,
) -> Carried:
    """Write the whole DAG below an address as an archive of version 1, depth first.

    Raises `Unproven` where a block is not to be had, `ProofError` where one is malformed,
    `TooMuch` where the budget ends, and what ``write`` does.
    """
    carried = Carried()
    await write(car_header((root,)))
    async with aclosing(walk(blocks, root, budget)) as sections:
        async for cid, data in sections:
            await write(car_section(cid, data))
            carried = carried.and_then([(cid, data)])
            if progress is not None:
                progress(carried)
    return carried


async def _keep(
    store: BlockStore, batch: list[Section], carried: Carried, progress: Progress | None
) -> Carried:
    await store.put_many(batch)
    carried = carried.and_then(batch)
    if progress is not None:
        progress(carried)
    return carried
