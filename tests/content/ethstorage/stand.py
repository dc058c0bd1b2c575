"""What the tests of EthStorage stand on: blobs with their hashes, and nodes that hold them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from tests.proofs.blobs.encode import compact
from walkaway.chain.clock import SystemClock
from walkaway.content.ethstorage.blob_supply import BlobSupply
from walkaway.content.ethstorage.kzg_process import KzgProcess
from walkaway.content.suppliers import Suppliers
from walkaway.devnet.content.es_node import EsNode, StoredBlob
from walkaway.limits import LIMITS, Limits
from walkaway.sources.evidence import EvidenceStore
from walkaway.sources.pool import Pool
from walkaway.sources.source import Source
from walkaway.sources.transports.http import HttpTransport
from walkaway.sources.transports.http_client import HttpClient

__all__ = ["QUICK", "Stand", "held", "kzg_process", "read_of", "standing"]

QUICK = replace(
    LIMITS,
    request_seconds=1.0,
    blob_seconds=5.0,
    hedge_first_seconds=0.3,
    retry_pause_seconds=0.0,
    explore_share=0.0,
)


@cache
def kzg_process() -> KzgProcess:
    """One for all tests: it takes seconds to begin, and ends with this process."""
    return KzgProcess()


@cache
def held(data: bytes) -> StoredBlob:
    """A blob in the compact form, with its versioned hash."""
    blob = compact(data)
    digest = sha256(kzg_process().commitment(blob)).digest()
    return StoredBlob(b"\x01" + digest[1:], blob)


def read_of(index: int, name: bytes, start: int, size: int, *, how: int = 2) -> bytes:
    """The precompile's input."""
    words = b"".join(number.to_bytes(32, "big") for number in (index, how, start, size))
    return words + name[:24].ljust(32, b"\0")


@dataclass
class Stand:
    supply: BlobSupply
    pool: Pool
    suppliers: Suppliers


@asynccontextmanager
async def standing(
    nodes: Mapping[str, EsNode], *, limits: Limits = QUICK, evidence: Path | None = None
) -> AsyncIterator[Stand]:
    """A supply over nodes, each started."""
    async with AsyncExitStack() as stack:
        client = HttpClient(limits=limits)
        client.join()
        stack.push_async_callback(client.leave)
        sources: list[Source] = []
        for name, node in nodes.items():
            url = await node.start()
            stack.push_async_callback(node.stop)
            transport = HttpTransport(name, url, client)
            sources.append(Source(name, name, frozenset({"blobs"}), transport))
        store = None if evidence is None else EvidenceStore(evidence)
        pool = Pool(sources, clock=SystemClock(), evidence=store, seed=1, limits=limits)
        stack.push_async_callback(pool.close)
        suppliers = Suppliers(limits)
        supply = BlobSupply(pool, kzg=kzg_process(), suppliers=suppliers, limits=limits)
        yield Stand(supply, pool, suppliers)
