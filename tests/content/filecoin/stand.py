"""What the tests of pieces stand on: providers over HTTP, and a pool that asks them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.sources.stand import HandClock
from walkaway.content.budget import Budget
from walkaway.content.filecoin.content import FilecoinPieces
from walkaway.content.proven_file import ProvenFile
from walkaway.content.suppliers import Suppliers
from walkaway.devnet.content.piece_provider import PieceProvider
from walkaway.limits import LIMITS, Limits
from walkaway.names.pointer import Pointer
from walkaway.proofs.filecoin.piece import make_piece
from walkaway.sources.evidence import EvidenceStore
from walkaway.sources.pool import Pool
from walkaway.sources.source import Source
from walkaway.sources.transports.http import HttpTransport
from walkaway.sources.transports.http_client import HttpClient

__all__ = ["Standing", "bytes_of", "cid_of_piece", "holding", "standing"]


def cid_of_piece(payload: bytes) -> str:
    return str(make_piece([payload]))


def holding(*payloads: bytes) -> dict[str, bytes]:
    """What a provider serves that holds these, by CIDs of both versions."""
    pieces = [(make_piece([payload]), payload) for payload in payloads]
    return {str(name): held for cid, held in pieces for name in (cid, cid.as_v1())}


@dataclass
class Standing:
    content: FilecoinPieces
    pool: Pool
    lies: Path
    suppliers: Suppliers

    async def open(self, text: str, limits: Limits = LIMITS) -> ProvenFile:
        root, *path = text.split("/")
        return await self.content.open(Pointer("piece", root, tuple(path)), Budget(limits))


@asynccontextmanager
async def standing(
    folder: Path, *providers: PieceProvider, limits: Limits = LIMITS
) -> AsyncIterator[Standing]:
    """Pieces from these providers, each run by somebody else, asked in this order."""
    async with AsyncExitStack() as stack:
        client = HttpClient(limits=limits)
        sources: Sequence[Source] = [
            Source(
                f"provider-{place}",
                f"provider-{place}",
                frozenset({"piece"}),
                HttpTransport(f"provider-{place}", await provider.start(), client),
            )
            for place, provider in enumerate(providers)
        ]
        for provider in providers:
            stack.push_async_callback(provider.stop)
        evidence = EvidenceStore(folder / "lies")
        pool = Pool(sources, clock=HandClock(), evidence=evidence, seed=1, limits=limits)
        await stack.enter_async_context(pool)
        suppliers = Suppliers(limits)
        content = FilecoinPieces(pool, folder / "pieces", limits, suppliers)
        yield Standing(content, pool, folder / "lies", suppliers)


async def bytes_of(file: ProvenFile, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in file.stream(start, end)])
