"""Files in a piece that is a CAR, each by its own CID.

Where its blocks lie is found out when the first of them is asked for; each is proven
against the CID that led to it, as a block from anybody is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, final

from walkaway.content.budget import Budget
from walkaway.content.exporter.directory import find_in
from walkaway.content.exporter.file import as_file
from walkaway.content.exporter.node import look_at
from walkaway.content.filecoin.held import HeldPiece
from walkaway.content.proven_file import ProvenFile
from walkaway.content.resolve import resolve
from walkaway.errors import InvalidRequest, ProofError, StoreFault, Unproven, Unsupported
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.codecs import IDENTITY
from walkaway.proofs.proven import Evidence, Proven
from walkaway.sources.transports.car_file import BlockPlaces, block_places

__all__ = ["PieceCar"]

_INDEX: Final = "index.html"
_HTML: Final = "text/html"


@final
class PieceCar:
    """A piece, as a place of blocks. Implements `walkaway.content.blocks.Blocks`."""

    def __init__(self, piece: HeldPiece, limits: Limits = LIMITS) -> None:
        self.piece = piece
        self._limits = limits
        self._places: BlockPlaces | None = None
        self._looking = asyncio.Lock()

    async def open(self, root: str, path: Sequence[str], budget: Budget) -> ProvenFile:
        """The file at a path below a CID; of a folder its index.

        Raises as `FilecoinPieces.open`.
        """
        cid = _cid(root)
        resolved = await resolve(self, cid, path, budget)
        if resolved.remainder:
            raise Unsupported("a path that ends inside a block leads to no file")
        look = await look_at(self, resolved.cid, budget)
        is_folder = look.what.is_directory
        if is_folder:
            entry, _ = await find_in(self, look, _INDEX, budget)
            if entry is None:
                raise Unsupported(f"a folder of a piece is not listed, and has no {_INDEX}")
            look = await look_at(self, entry.cid, budget)
        file = as_file(self, look, budget)
        return ProvenFile(
            file.size,
            str(look.cid),
            file.stream,
            await self._because(cid, look.cid),
            media_type=_HTML if is_folder else None,
            is_folder=is_folder,
        )

    async def get(self, cid: Cid) -> Proven[bytes]:
        """A block of the piece, proven against its address.

        Raises:
            Unproven: the piece does not hold it, or is no CAR.
            ProofError: what the piece holds under this address is another block.
            Unsupported: the address's hash function proves nothing.
        """
        if cid.hash_code == IDENTITY:
            return prove_block(cid, cid.digest)
        place = (await self._looked_through()).get(cid.multihash)
        if place is None:
            raise Unproven(
                f"the piece {self.piece.wanted} does not hold the block {cid}", reasons={}
            )
        return await asyncio.to_thread(self._block, cid, place)

    def _block(self, cid: Cid, place: tuple[int, int]) -> Proven[bytes]:
        at, size = place
        return prove_block(cid, self.piece.read(at, at + size))

    async def _looked_through(self) -> BlockPlaces:
        async with self._looking:
            if self._places is None:
                self._places = await asyncio.to_thread(self._look_through)
            return self._places

    def _look_through(self) -> BlockPlaces:
        file = self.piece.file.fd
        if file is None:
            raise StoreFault("a piece is not to be read again where it is kept")
        try:
            return block_places(file, self._limits.archive_blocks)
        except ProofError as error:
            raise Unproven(
                f"the piece {self.piece.wanted} is no CAR that can be read: {error}", reasons={}
            ) from None
        except OSError as error:
            raise StoreFault(f"a piece is not to be read again: {error.strerror}") from None

    async def _because(self, root: Cid, last: Cid) -> Evidence:
        first = await self.get(root)
        return Evidence(
            "each block hashes to the CID that leads to it, and stands in the piece",
            (("root", str(root)), ("file", str(last))),
            (first.because, self.piece.proven.because),
        )


def _cid(text: str) -> Cid:
    try:
        return Cid.parse(text)
    except ProofError as error:
        raise InvalidRequest(f"{text[:100]!r} is no CID: {error}") from None
