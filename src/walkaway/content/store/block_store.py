"""Blocks kept on this machine, each proven again whenever it is read.

Whoever could write into the folder, and whatever befell the disk, costs a
question and never makes an answer: a block that no longer hashes to its address
is dropped, and asked for anew. Several processes may use one folder at a time.
Where the blocks pass the store's limit, those that no pin and no lease holds
leave, least recently used first; no write is refused for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.store import pins, rows
from walkaway.content.store.database import Database
from walkaway.content.store.leases import Lease, lasting
from walkaway.content.store.pinning import Progress, complete
from walkaway.content.store.pins import Pin
from walkaway.content.store.room import Bounds, Gone, make_room, remove_oldest
from walkaway.content.store.rows import Stat
from walkaway.errors import InvalidRequest, ProofError, StoreFault, Unproven
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.block import block_subject, prove_block
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven

__all__ = ["BlockStore", "Stat"]

log = logging.getLogger("walkaway.content")

T = TypeVar("T")

_USES = 1024
"""How many uses are remembered between two writes, to be written with the second."""


class BlockStore:
    """The blocks in a folder. A `Blocks`, a context manager, and safe to use from many tasks.

    Every method may raise `StoreFault`: the disk is full, or the file damaged.
    """

    def __init__(self, folder: Path, database: Database, limits: Limits) -> None:
        self.folder = folder
        self.limits = limits
        self._file = database
        self._bounds = Bounds(limits.store_bytes, limits.store_spare_bytes)
        self._used: set[int] = set()

    @classmethod
    def open(cls, folder: Path, limits: Limits = LIMITS) -> Self:
        """Open the store in a folder, which is made where there is none.

        It keeps ``limits.store_bytes``. Raises `ConfigError` where the folder cannot be used,
        or a newer walkaway has written to it.
        """
        return cls(folder, Database(folder, limits), limits)

    def close(self) -> None:
        """Let go of the folder, once what runs has ended. May be called again."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def get(self, cid: Cid) -> Proven[bytes]:
        """The block, proven now.

        Raises:
            Unproven: the store does not hold it, or held something else under its name.
            Unsupported: the address's hash function proves nothing.
        """
        if cid.hash_code == codecs.IDENTITY:
            return prove_block(cid, cid.digest)
        row = await self._file.read(lambda file: rows.prove(file, cid))
        if row is None:
            raise _not_held(cid, "does not hold it")
        block, proven = row
        if proven is None:
            log.warning("a kept block was damaged, and is dropped: %s", cid)
            with contextlib.suppress(StoreFault):
                await self._file.write(lambda file: rows.drop_damaged(file, cid))
            raise _not_held(cid, "what it held was damaged, and is dropped")
        if len(self._used) < _USES:
            self._used.add(block)
        return proven

    async def has(self, cid: Cid) -> bool:
        """Whether there are bytes for a block; what they prove, only `get` can tell."""
        if cid.hash_code == codecs.IDENTITY:
            return True
        return await self._file.read(lambda file: rows.holds(file, cid))

    async def put(self, cid: Cid, data: bytes) -> Proven[bytes]:
        """Prove a block, and keep it. Raises `ProofError`, `Unsupported`."""
        proven = await asyncio.to_thread(prove_block, cid, data)
        await self.keep([(cid, proven)])
        return proven

    async def put_many(self, sections: Iterable[tuple[Cid, bytes]]) -> None:
        """Prove blocks, and keep all of them or none. Raises `ProofError`, `Unsupported`."""
        given = list(sections)
        await self.keep(await asyncio.to_thread(_prove_all, given))

    async def keep(self, blocks: Sequence[tuple[Cid, Proven[bytes]]]) -> None:
        """Keep blocks that are proven already: all of them, or none.

        Raises:
            ProofError: what is proven is another block.
        """
        named: list[tuple[bytes, bytes]] = []
        for cid, proven in blocks:
            if proven.claim.subject != block_subject(cid):
                raise ProofError("what is proven is another block", expected=cid.encode())
            if cid.hash_code != codecs.IDENTITY:
                named.append((cid.multihash, proven.value))
        if named:
            await self._write(lambda file: self._keep(file, named))

    @contextlib.asynccontextmanager
    async def lease(self) -> AsyncIterator[None]:
        """While it lasts, nothing that is put leaves the store, new or not.

        It ends with the block, or with the process.
        """
        try:
            lease = Lease(self.folder)
        except OSError as error:
            raise StoreFault(f"the block store cannot be written: {error.strerror}") from None
        try:
            await self._write(lease.begin)
            yield
        finally:
            lease.release()

    async def pin(
        self,
        cid: Cid,
        name: str = "",
        recursive: bool = True,
        *,
        blocks: Blocks | None = None,
        budget: Budget | None = None,
        progress: Progress | None = None,
    ) -> Pin:
        """Keep a DAG, or one block, until `unpin`.

        What is not there yet comes from ``blocks``, within a budget. A pin that fails on the
        way keeps what it has, and goes on where it was when it is made again.

        Raises:
            Unproven: a block is not to be had; says which.
            ProofError: a block is not of its codec's form.
            InvalidRequest: somebody removed the pin meanwhile, or its name is no Unicode text.
            TooMuch: the DAG is over the budget, or too deep.
        """
        async with self.lease():
            number = await self._write(
                lambda file: pins.begin(file, cid, name, recursive=recursive)
            )
            await complete(
                self,
                cid,
                recursive=recursive,
                hold=lambda cids: self._write(lambda file: pins.hold(file, number, cids)),
                blocks=self if blocks is None else blocks,
                budget=Budget(self.limits) if budget is None else budget,
                progress=progress,
            )
            # On return it has reached the disk.
            await self._write(
                lambda file: pins.finish(file, number, recursive=recursive), durable=True
            )
        made = await self._file.read(lambda file: pins.pin_of(file, cid))
        if made is None:
            raise InvalidRequest("the pin was removed while it was made")
        return made

    async def unpin(self, cid: Cid) -> None:
        """Remove a pin. Its blocks leave when their room is needed.

        Raises:
            InvalidRequest: it is not pinned.
        """
        await self._write(lambda file: pins.remove(file, cid), durable=True)

    async def pins(self) -> list[Pin]:
        """Every pin, in the order in which they were made."""
        return await self._file.read(pins.all_pins)

    async def collect(self, progress: Callable[[Gone], None] | None = None) -> Gone:
        """Remove every block that no pin and no lease holds, and give the room back.

        ``progress`` is told, as it grows, what has left so far.
        """
        total = Gone()
        while True:
            gone = await self._write(lambda file: remove_oldest(file, self.folder))
            if not gone.blocks:
                break
            total = Gone(total.blocks + gone.blocks, total.size + gone.size)
            if progress is not None:
                progress(total)
        before, free = None, await self._shrink()
        while free and free != before:
            before, free = free, await self._shrink()
        return total

    async def stat(self) -> Stat:
        """What the store holds."""
        return await self._file.read(self._count)

    async def _write(self, work: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> T:
        """One transaction that also writes down which blocks were read since the last one."""
        used, self._used = self._used, set()

        def whole(file: sqlite3.Connection) -> T:
            rows.note_uses(file, used)
            return work(file)

        return await self._file.write(whole, durable=durable)

    async def _shrink(self) -> int:
        is_full = self._file.is_full
        return await self._file.alone(lambda file: rows.shrink(file, is_full=is_full))

    def _keep(self, file: sqlite3.Connection, named: list[tuple[bytes, bytes]]) -> None:
        coming = sum([len(data) for _, data in named])
        make_room(file, self.folder, self._bounds, coming)
        rows.insert(file, named)

    def _count(self, file: sqlite3.Connection) -> Stat:
        return rows.count(
            file,
            leases=len(lasting(file, self.folder)),
            limit=self.limits.store_bytes,
            file_size=self._file.size(),
        )


def _not_held(cid: Cid, reason: str) -> Unproven:
    return Unproven(f"{cid} is not held on this machine", reasons={"store": reason})


def _prove_all(sections: list[tuple[Cid, bytes]]) -> list[tuple[Cid, Proven[bytes]]]:
    return [(cid, _prove_one(cid, data)) for cid, data in sections]


def _prove_one(cid: Cid, data: bytes) -> Proven[bytes]:
    try:
        return prove_block(cid, data)
    except ProofError as error:
        raise ProofError(f"of {cid}: {error}") from None
