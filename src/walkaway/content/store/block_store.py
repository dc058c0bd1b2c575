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
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.store import pins
from walkaway.content.store.clock import tick
from walkaway.content.store.database import Database
from walkaway.content.store.leases import Lease, oldest
from walkaway.content.store.pinning import Progress, complete
from walkaway.content.store.pins import Pin
from walkaway.content.store.room import Gone, make_room, remove_oldest
from walkaway.errors import ProofError, StoreFault, Unproven
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
_PAGES = 2048
"""How many free pages of the file are given back at a time, so that others may write between."""


@dataclass(frozen=True, slots=True)
class Stat:
    """What a store holds: blocks, the bytes of their data, and how much of both is pinned.

    ``limit`` is how many bytes of data it keeps, ``file_size`` what its file takes up.
    """

    blocks: int
    size: int
    pinned_blocks: int
    pinned_size: int
    pins: int
    leases: int
    limit: int
    file_size: int


class BlockStore:
    """The blocks in a folder. A `Blocks`, a context manager, and safe to use from many tasks.

    Every method may raise `StoreFault`: the disk is full, or the file damaged.
    """

    def __init__(self, folder: Path, database: Database, limits: Limits) -> None:
        self.folder = folder
        self.limits = limits
        self._file = database
        self._leases = folder / "leases"
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
        row = await self._file.read(lambda file: _prove(file, cid))
        if row is None:
            raise _not_held(cid, "does not hold it")
        block, proven = row
        if proven is None:
            log.warning("a kept block was damaged, and is dropped: %s", cid)
            await self._file.write(lambda file: _drop(file, block))
            raise _not_held(cid, "what it held was damaged, and is dropped")
        if len(self._used) < _USES:
            self._used.add(block)
        return proven

    async def has(self, cid: Cid) -> bool:
        """Whether there are bytes for a block; what they prove, only `get` can tell."""
        if cid.hash_code == codecs.IDENTITY:
            return True
        return await self._file.read(lambda file: _holds(file, cid))

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
        rows: list[tuple[bytes, bytes]] = []
        for cid, proven in blocks:
            if proven.claim.subject != block_subject(cid):
                raise ProofError("what is proven is another block", expected=cid.encode())
            if cid.hash_code != codecs.IDENTITY:
                rows.append((cid.multihash, proven.value))
        if rows:
            await self._write(lambda file: self._insert(file, rows))

    @contextlib.asynccontextmanager
    async def lease(self) -> AsyncIterator[None]:
        """While it lasts, nothing that is put leaves the store, new or not.

        It ends with the block, or with the process.
        """
        try:
            lease = Lease(self._leases)
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
            InvalidRequest: somebody removed the pin meanwhile.
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
        return next(pin for pin in await self.pins() if pin.cid == cid)

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
            gone = await self._write(lambda file: remove_oldest(file, self._leases))
            if not gone.blocks:
                break
            total = Gone(total.blocks + gone.blocks, total.size + gone.size)
            if progress is not None:
                progress(total)
        before, free = None, await self._file.alone(_shrink)
        while free and free != before:
            before, free = free, await self._file.alone(_shrink)
        return total

    async def stat(self) -> Stat:
        """What the store holds."""
        blocks, size, pinned, pinned_size, count, leases = await self._write(self._count)
        return Stat(
            blocks=blocks,
            size=size,
            pinned_blocks=pinned,
            pinned_size=pinned_size,
            pins=count,
            leases=leases,
            limit=self.limits.store_bytes,
            file_size=self._file.size(),
        )

    async def _write(self, work: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> T:
        """One transaction that also writes down which blocks were read since the last one."""
        used, self._used = self._used, set()

        def whole(file: sqlite3.Connection) -> T:
            if used:
                now = tick(file)
                file.executemany("UPDATE block SET used = ? WHERE id = ?", [(now, b) for b in used])
            return work(file)

        return await self._file.write(whole, durable=durable)

    def _insert(self, file: sqlite3.Connection, rows: list[tuple[bytes, bytes]]) -> None:
        now = tick(file)
        for name, data in rows:
            query = """
                INSERT INTO block (name, size, used) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE
                SET used = excluded.used, size = coalesce(size, excluded.size) RETURNING id
            """
            block = file.execute(query, (name, len(data), now)).fetchone()[0]
            file.execute("INSERT OR IGNORE INTO content VALUES (?, ?)", (block, data))
        written = sum([len(data) for _, data in rows])
        make_room(file, self._leases, self.limits.store_bytes, written)

    def _count(self, file: sqlite3.Connection) -> tuple[int, int, int, int, int, int]:
        oldest(file, self._leases)
        query = """
            SELECT blocks, bytes,
                (SELECT count(size) FROM block WHERE pins > 0),
                (SELECT coalesce(sum(size), 0) FROM block WHERE pins > 0),
                (SELECT count(*) FROM pin), (SELECT count(*) FROM lease)
            FROM state
        """
        blocks, size, pinned, pinned_size, count, leases = file.execute(query).fetchone()
        return blocks, size, pinned, pinned_size, count, leases


def _not_held(cid: Cid, reason: str) -> Unproven:
    return Unproven(f"{cid} is not held on this machine", reasons={"store": reason})


def _prove(file: sqlite3.Connection, cid: Cid) -> tuple[int, Proven[bytes] | None] | None:
    """The row's number and the block; None for it where the bytes are not the block's."""
    query = "SELECT id, data FROM block JOIN content USING (id) WHERE name = ?"
    row = file.execute(query, (cid.multihash,)).fetchone()
    if row is None:
        return None
    block, data = row
    if not isinstance(data, bytes):
        return block, None
    try:
        return block, prove_block(cid, data)
    except ProofError:
        return block, None


def _prove_all(sections: list[tuple[Cid, bytes]]) -> list[tuple[Cid, Proven[bytes]]]:
    return [(cid, prove_block(cid, data)) for cid, data in sections]


def _holds(file: sqlite3.Connection, cid: Cid) -> bool:
    query = "SELECT 1 FROM block WHERE name = ? AND size IS NOT NULL"
    return file.execute(query, (cid.multihash,)).fetchone() is not None


def _drop(file: sqlite3.Connection, block: int) -> None:
    """Forget damaged bytes. Where a pin holds them, their place stays, and the pin says so."""
    query = "UPDATE pin SET complete = 0 WHERE id IN (SELECT pin FROM held WHERE block = ?)"
    file.execute(query, (block,))
    file.execute("UPDATE block SET size = NULL WHERE id = ?", (block,))
    file.execute("DELETE FROM block WHERE id = ? AND pins = 0", (block,))


def _shrink(file: sqlite3.Connection) -> int:
    """Give back some of the free pages of the file; how many there are after that."""
    # A script is stepped to its end, where a statement without columns frees one page.
    file.executescript(f"PRAGMA incremental_vacuum({_PAGES});")
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return int(file.execute("PRAGMA freelist_count").fetchone()[0])
