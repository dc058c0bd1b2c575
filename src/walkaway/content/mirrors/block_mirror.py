"""Blocks out of what stands on another network: an archive of them (CAR), or one block's bytes.

Nobody has to be believed for that: each block is proven by its own address, as from anybody.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Final, final

from walkaway.content.proven_file import ProvenFile
from walkaway.content.store.archives import import_car
from walkaway.content.store.block_store import BlockStore
from walkaway.errors import ProofError, StoreFault, TooMuch, Unproven, WalkawayError
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.car import CarReader
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven

__all__ = ["CarMirror", "OneBlock", "is_car"]

_CAR: Final = "application/vnd.ipld.car"
_SNIFFED_BYTES: Final = 4096


async def is_car(file: ProvenFile) -> bool:
    """Whether a file is said to be an archive or, where nobody says what it is, begins like one.

    Raises what is wrong with its beginning, as `WalkawayError`.
    """
    if file.status != 200:
        return False
    if file.media_type is not None:
        return file.media_type.partition(";")[0].strip().lower() == _CAR
    reader = CarReader(max_blocks=LIMITS.archive_blocks)
    try:
        async with aclosing(file.stream(0, _SNIFFED_BYTES)) as pieces:
            async for piece in pieces:
                reader.feed(piece)
    except ProofError:
        return reader.roots is not None
    return reader.roots is not None


@final
class OneBlock:
    """A file as the bytes of one block. Implements `walkaway.content.blocks.Blocks`."""

    def __init__(self, file: ProvenFile, cid: Cid, store: BlockStore) -> None:
        self._file = file
        self._cid = cid
        self._store = store

    async def get(self, cid: Cid) -> Proven[bytes]:
        """The block, proven against its address.

        Raises:
            Unproven: another block is asked for, or the file is not to be had.
            ProofError: the file is another one.
            TooMuch: it is longer than a block can be.
        """
        if cid.multihash != self._cid.multihash:
            raise Unproven(f"the file is not the block {cid}", reasons={})
        data = b""
        async with aclosing(self._file.stream(0, LIMITS.block_bytes + 1)) as pieces:
            async for piece in pieces:
                data += piece
        if len(data) > LIMITS.block_bytes:
            raise TooMuch(f"the file is over the {LIMITS.block_bytes} bytes that a block may have")
        block = await asyncio.to_thread(prove_block, cid, data)
        with suppress(StoreFault):
            await self._store.keep([(cid, block)])
        return block


@final
class CarMirror:
    """The blocks of an archive. Implements `walkaway.content.blocks.Blocks`.

    It is read from its beginning when the first block is asked for that the store does not
    hold, and what is proven of it is kept there. Where nobody has asked for a block for a
    while it is read no further, and ``again`` opens it when somebody does. `close` it.
    """

    def __init__(
        self,
        file: ProvenFile,
        again: Callable[[], Awaitable[ProvenFile]],
        store: BlockStore,
        limits: Limits = LIMITS,
    ) -> None:
        self._file: ProvenFile | None = file
        self._again = again
        self._store = store
        self._limits = limits
        self._reading: asyncio.Task[str | None] | None = None
        self._came = asyncio.Event()
        self._asked = 0.0
        self._ended = 0.0
        self._waiting = 0
        self._is_closed = False

    async def get(self, cid: Cid) -> Proven[bytes]:
        """The block, once it has come.

        Raises:
            Unproven: the archive does not hold it, or was not to be read up to it.
        """
        self._asked = time.monotonic()
        self._waiting += 1
        try:
            return await self._get(cid)
        finally:
            self._waiting -= 1

    async def _get(self, cid: Cid) -> Proven[bytes]:
        while True:
            # What ends while the store is asked may have left the block there after it was.
            came, reading = self._came, self._reading
            has_ended = reading is None or reading.done()
            try:
                return await self._store.get(cid)
            except Unproven:
                why = "it is closed" if self._is_closed else has_ended and self._why_not(reading)
                if why:
                    raise Unproven(
                        f"the CAR there did not give the block {cid}: {why}", reasons={}
                    ) from None
            if has_ended:
                self._begin()
            else:
                await came.wait()

    async def close(self) -> None:
        """Read no further."""
        self._is_closed = True
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    def _begin(self) -> None:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())

    def _why_not(self, reading: asyncio.Task[str | None] | None) -> str | None:
        """Why a reading that has ended gives no more; None where it was given up, or is so long
        ago that it is worth another.
        """
        since = time.monotonic() - self._ended
        if reading is None or since > self._limits.mirror_again_seconds:
            return None
        return reading.result()

    async def _read(self) -> str | None:
        """Read it; how that ended, None where it was given up."""
        try:
            async with self._store.lease(), aclosing(self._pieces()) as pieces:
                await import_car(self._store, pieces, lambda _: self._tell())
        except _NobodyWaitsError:
            return None
        except WalkawayError as error:
            return str(error)
        else:
            return "it was read to its end"
        finally:
            self._ended = time.monotonic()
            self._tell()

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        file, self._file = self._file or await self._again(), None
        size = 0
        async with aclosing(file.stream(0, None)) as pieces:
            async for piece in pieces:
                size += len(piece)
                if size > self._limits.mirror_car_bytes:
                    raise TooMuch(f"it is over {self._limits.mirror_car_bytes} bytes")
                if self._is_idle():
                    raise _NobodyWaitsError
                yield piece

    def _is_idle(self) -> bool:
        since = time.monotonic() - self._asked
        return not self._waiting and since > self._limits.mirror_idle_seconds

    def _tell(self) -> None:
        """Wake all who wait for a block: some more have come, or no more will."""
        self._came.set()
        self._came = asyncio.Event()


class _NobodyWaitsError(Exception):
    """Nobody asks for blocks any more; caught in this module, and nowhere else."""
