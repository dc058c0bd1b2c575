"""What the tests of Arweave stand on: gateways over one weave, and a pool that asks them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.proofs.arweave.making import SIGNERS, make_bundle, make_header, make_item, sign_header
from tests.sources.stand import HandClock
from walkaway.content.arweave.content import ArweaveContent
from walkaway.content.budget import Budget
from walkaway.content.proven_file import ProvenFile
from walkaway.content.suppliers import Suppliers
from walkaway.devnet.content.arweave import ArweaveSource
from walkaway.devnet.content.weave import Weave, pathed_chunks
from walkaway.limits import LIMITS, Limits
from walkaway.names.pointer import Pointer
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.tags import Tag
from walkaway.sources.evidence import EvidenceStore
from walkaway.sources.pool import Pool
from walkaway.sources.source import Source
from walkaway.sources.transports.http import HttpTransport
from walkaway.sources.transports.http_client import HttpClient

__all__ = [
    "Standing",
    "add_items",
    "add_transaction",
    "asking",
    "bytes_of",
    "item_of",
    "pattern",
    "pointer",
    "standing",
    "tagged",
]


def pattern(size: int) -> bytes:
    """Bytes that are all different somewhere in each chunk."""
    return b"".join(at.to_bytes(4, "big") for at in range(-(-size // 4)))[:size]


def tagged(kind: str) -> tuple[Tag, ...]:
    return (Tag(b"Content-Type", kind.encode()),)


def add_transaction(weave: Weave, data: bytes, kind: str = "text/html") -> str:
    """Sign a transaction of format 2 over data, and hold it."""
    root, chunks = pathed_chunks(data)
    tags = [
        {"name": base64url.encode(tag.name), "value": base64url.encode(tag.value)}
        for tag in tagged(kind)
    ]
    name, header = sign_header(make_header(root, len(data), tags=tags))
    weave.add(str(name), header, data, chunks)
    return str(name)


def add_items(weave: Weave, *items: tuple[ArweaveId, bytes]) -> str:
    """Hold a transaction over a bundle of items."""
    name = add_transaction(weave, make_bundle(items), "application/octet-stream")
    weave.add_bundle(name)
    return name


def item_of(payload: bytes, kind: str = "text/html") -> tuple[ArweaveId, bytes]:
    return make_item(SIGNERS["ed25519"], payload, tags=tagged(kind))


@dataclass
class Standing:
    content: ArweaveContent
    pool: Pool
    lies: Path
    suppliers: Suppliers

    async def open(self, text: str, limits: Limits = LIMITS) -> ProvenFile:
        return await self.content.open(pointer(text), Budget(limits))


@asynccontextmanager
async def standing(
    folder: Path, sources: Sequence[ArweaveSource], limits: Limits = LIMITS
) -> AsyncIterator[Standing]:
    """Content from these gateways, over HTTP, in the order in which they are named."""
    async with AsyncExitStack() as stack:
        urls: list[str] = []
        for source in sources:
            urls.append(await source.start())
            stack.push_async_callback(source.stop)
        yield await stack.enter_async_context(asking(folder, urls, limits))


@asynccontextmanager
async def asking(
    folder: Path, urls: Sequence[str], limits: Limits = LIMITS
) -> AsyncIterator[Standing]:
    """Content from gateways at these addresses, each run by somebody else."""
    client = HttpClient(limits=limits)
    names = [f"gateway-{place}" for place in range(len(urls))]
    sources = [
        Source(name, name, frozenset({"arweave"}), HttpTransport(name, url, client))
        for name, url in zip(names, urls, strict=True)
    ]
    evidence = EvidenceStore(folder / "lies")
    async with Pool(sources, clock=HandClock(), evidence=evidence, seed=1, limits=limits) as pool:
        suppliers = Suppliers(limits)
        content = ArweaveContent(pool, folder / "arweave", limits, suppliers)
        yield Standing(content, pool, folder / "lies", suppliers)


def pointer(text: str) -> Pointer:
    root, *path = text.split("/")
    return Pointer("ar", root, tuple(path))


async def bytes_of(file: ProvenFile, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in file.stream(start, end)])
