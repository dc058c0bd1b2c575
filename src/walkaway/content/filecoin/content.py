"""Opening pieces of Filecoin: the payload as a file, and what is in it where it is a CAR.

A piece proves nothing but as a whole, so it is fetched whole before its first byte is given.

Pointers: ``/piece/CID`` is the payload, ``/piece/CID/ipfs/CID/path`` a file in it, by its own
CID. A CID of version 1 is followed by the piece's padded size: ``CID:BYTES``.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from pathlib import Path
from typing import Final, final

from walkaway.chain.single_flight import SingleFlight
from walkaway.content.budget import Budget
from walkaway.content.filecoin.held import HeldPiece, WantedPiece
from walkaway.content.filecoin.kept import KeptPieces
from walkaway.content.filecoin.piece_car import PieceCar
from walkaway.content.filecoin.received import ReceivedPiece
from walkaway.content.proven_file import Believed, ProvenFile
from walkaway.content.suppliers import Suppliers
from walkaway.errors import (
    InvalidRequest,
    NoSuchPath,
    ProofError,
    SourceFault,
    StoreFault,
    TooMuch,
    Unproven,
)
from walkaway.limits import LIMITS, Limits
from walkaway.names.pointer import Pointer
from walkaway.proofs.filecoin.piece import Piece, PieceProof
from walkaway.proofs.filecoin.piece_cid import PieceCid
from walkaway.proofs.proven import Proven
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, PieceRequest

__all__ = ["FilecoinPieces", "read_root"]

_ASK: Final = (
    "leave --offline out, or list a provider, of whom none is known beforehand: whoever stored "
    'the piece knows them. [[source]] name = "provider", operator = "...", kinds = ["piece"], '
    'url = "https://..."'
)
_SIZE: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
_ZEROS: Final = (
    "how many zeros the payload ends with, which a piece CID of version 1 leaves open: "
    "it is given as long as the provider sent it"
)


@final
class FilecoinPieces:
    """Opens pointers of the network ``piece``. Implements `OpensFiles`.

    ``pool`` holds providers, sources of kind ``piece``; None asks nobody. ``folder`` is this
    class's own: what was proven is kept there, so that it is there offline too. ``suppliers``
    is told which providers gave what.
    """

    def __init__(
        self,
        pool: Pool | None,
        folder: Path,
        limits: Limits = LIMITS,
        suppliers: Suppliers | None = None,
    ) -> None:
        self._pool = pool
        self._suppliers = Suppliers(limits) if suppliers is None else suppliers
        self._kept = KeptPieces(folder, limits)
        self._limits = limits
        self._flights: SingleFlight[HeldPiece] = SingleFlight()
        self._open: OrderedDict[WantedPiece, PieceCar] = OrderedDict()

    async def open(self, pointer: Pointer, budget: Budget) -> ProvenFile:
        """What stands where a pointer leads; the piece is proven whole before it is opened.

        Raises:
            NoSuchPath: the path leads nowhere; that is proven.
            Unproven: nobody supplied the piece, or it does not hold a block on the path.
            ProofError: the piece holds what is malformed.
            Unsupported: the CID is of version 1 and its padded size is not there, or the
                path leads to what is no file.
            InvalidRequest: the pointer names no piece.
            TooMuch: it is larger than is read.
            StoreFault: there is no room for it.
        """
        wanted = read_root(pointer.root)
        if pointer.path and (len(pointer.path) < 2 or pointer.path[0] != "ipfs"):
            raise NoSuchPath("below a piece stands what is in it by its own CID: ipfs/CID/path")
        car = await self._piece(wanted, budget)
        if not pointer.path:
            return _payload(car.piece)
        return await car.open(pointer.path[1], pointer.path[2:], budget)

    async def _piece(self, wanted: WantedPiece, budget: Budget) -> PieceCar:
        car = self._open.get(wanted)
        if car is not None and car.piece.file.is_unchanged():
            self._open.move_to_end(wanted)
            return car
        held = await self._flights.run(wanted, lambda: self._find(wanted, budget))
        car = PieceCar(held, self._limits)
        self._open[wanted] = car
        while len(self._open) > self._limits.pieces_open:
            self._open.popitem(last=False)
        return car

    async def _find(self, wanted: WantedPiece, budget: Budget) -> HeldPiece:
        """A piece from this machine, or from whoever gives it first."""
        most = _most(wanted, self._limits)
        held = await asyncio.to_thread(self._kept.open, wanted)
        if held is not None:
            return held
        if self._pool is None:
            raise Unproven(f"the piece {wanted} is not held here", reasons={}, advice=_ASK)
        budget.foresee(wanted.cid.payload_bytes or 0)
        await asyncio.to_thread(self._kept.prepare)
        held = await self._fetch(self._pool, wanted, most)
        budget.spend(held.file.size)
        return held

    async def _fetch(self, pool: Pool, wanted: WantedPiece, most: int) -> HeldPiece:
        received: list[ReceivedPiece] = []

        def receive() -> ReceivedPiece:
            proof = PieceProof(wanted.cid, piece_bytes=wanted.piece_bytes)
            received.append(self._kept.receive(proof))
            return received[-1]

        def judge(answer: Answer) -> tuple[Proven[Piece], ReceivedPiece, str]:
            if not isinstance(answer.body, ReceivedPiece):
                raise SourceFault("gave no piece")
            return answer.body.finish(), answer.body, answer.source

        request = PieceRequest(wanted.cid.cid, most, receive)
        noted = self._suppliers.about(str(wanted.cid))
        try:
            proven, whole, source = await pool.first_proven(
                request, noted.noting(judge), deadline=self._limits.piece_seconds, heavy=True
            )
        except Unproven:
            fault = next((answer.fault for answer in received if answer.fault), "")
            if fault:
                raise StoreFault(fault) from None
            raise
        else:
            return await asyncio.to_thread(self._kept.keep, wanted, proven, whole, source)
        finally:
            for answer in received:
                await asyncio.to_thread(answer.discard)


def read_root(text: str) -> WantedPiece:
    """The piece that a pointer's root names.

    Raises `InvalidRequest` where it names none, `Unsupported` for version 1 without a size.
    """
    name, divided, size = text.partition(":")
    try:
        if divided and not _SIZE.fullmatch(size):
            raise ProofError("no size of a piece", got=size)
        wanted = WantedPiece(PieceCid.parse(name), int(size) if divided else None)
        PieceProof(wanted.cid, piece_bytes=wanted.piece_bytes)
    except ProofError as error:
        raise InvalidRequest(
            f"{text[:100]!r} names no piece: {error}",
            advice="a padded size is a power of two, from 128 bytes on: piece://CID:BYTES",
        ) from None
    return WantedPiece(wanted.cid) if wanted.cid.version != 1 else wanted


def _most(wanted: WantedPiece, limits: Limits) -> int:
    """The most bytes that the payload may have. Raises `TooMuch`."""
    most = wanted.cid.payload_bytes
    if most is None:
        most = (wanted.piece_bytes or 0) // 128 * 127
    if most > limits.piece_payload_bytes:
        raise TooMuch(f"a piece is over {limits.piece_payload_bytes} bytes")
    return most


def _payload(piece: HeldPiece) -> ProvenFile:
    size = piece.file.size
    if piece.wanted.cid.version == 1:
        said_by = (piece.source,) if piece.source else ()
        believed: tuple[Believed, ...] = (Believed(_ZEROS, said_by),)
        etag = f"{piece.wanted.cid}.{size}"
    else:
        believed, etag = (), str(piece.wanted.cid)
    return ProvenFile(size, etag, piece.stream, piece.proven.because, believed=believed)
