"""What the tests of mirrors stand on: a release, and sources of each network over sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.content.exporter.dags import Dag
from walkaway.chain.clock import SystemClock
from walkaway.content.service import Content, ContentPlan, open_content
from walkaway.devnet.content.arweave import ArweaveSource
from walkaway.devnet.content.arweave_publisher import ArweavePublisher
from walkaway.devnet.content.manners import Manners
from walkaway.devnet.content.piece_provider import PieceProvider
from walkaway.devnet.content.source import ContentSource
from walkaway.devnet.content.weave import Weave
from walkaway.limits import LIMITS, Limits
from walkaway.names.pointer import Pointer
from walkaway.proofs.arweave.tags import Tag
from walkaway.proofs.filecoin.piece import make_piece
from walkaway.proofs.ipfs.car import car_header, car_section
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sources.defaults import ListedSource
from walkaway.sources.request import Kind

__all__ = ["PAGE", "PATIENT", "Release", "Sources", "ipfs"]

PAGE: Final = b"<!doctype html><title>here</title>"
PATIENT: Final = replace(LIMITS, mirror_patience_seconds=60.0)
"""What is silent is waited for; who is asked in vain says so at once in these tests."""
_CAR: Final = (Tag(b"Content-Type", b"application/vnd.ipld.car"),)


def ipfs(cid: Cid, *path: str) -> Pointer:
    return Pointer("ipfs", str(cid), path)


class Release:
    """A page, a folder with a page of its own, and a file in parts, as a DAG and as files."""

    def __init__(self) -> None:
        self.dag = dag = Dag()
        self.leaves = [bytes([number]) * 1000 for number in range(5)]
        self.page = dag.raw(PAGE)
        self.large = dag.file([(dag.raw(leaf), len(leaf)) for leaf in self.leaves])
        self.docs = dag.directory([("index.html", dag.raw(b"<p>docs")), ("large", self.large)])
        self.root = dag.directory([("docs", self.docs), ("index.html", self.page)])
        self.files = {
            "index.html": (PAGE, "text/html"),
            "docs/index.html": (b"<p>docs", "text/html"),
            "docs/large": (b"".join(self.leaves), "application/octet-stream"),
        }

    @property
    def blocks(self) -> dict[bytes, bytes]:
        return {cid.multihash: data for cid, data in self.dag.held.items()}

    def car(self, **altered: bytes) -> bytes:
        """The DAG as an archive; what stands under ``root`` may be ``altered``."""
        held = self.dag.held | ({self.root: altered["root"]} if altered else {})
        return car_header((self.root,)) + b"".join(car_section(*one) for one in held.items())


@dataclass
class Sources:
    """Who has what: ``ipfs`` blocks, ``weave`` what is on Arweave, ``pieces`` by their CIDs;
    each in its manners.
    """

    ipfs: ContentSource
    arweave: ArweaveSource
    filecoin: PieceProvider

    @classmethod
    def of(
        cls,
        blocks: dict[bytes, bytes] | None = None,
        *pieces: bytes,
        ipfs: Manners | None = None,
        arweave: Manners | None = None,
        filecoin: Manners | None = None,
    ) -> Sources:
        held = {str(make_piece([payload])): payload for payload in pieces}
        return cls(
            ContentSource(blocks or {}, ipfs),
            ArweaveSource(Weave(), arweave),
            PieceProvider(held, filecoin),
        )

    def website(self, release: Release) -> Pointer:
        """The files of a release, published on Arweave under a manifest."""
        publisher = ArweavePublisher(self.arweave.weave)
        return Pointer("ar", publisher.website(release.files, "index.html"))

    def archive(self, car: bytes) -> Pointer:
        """An archive, published on Arweave."""
        return Pointer("ar", ArweavePublisher(self.arweave.weave).transaction(car, _CAR))

    def piece(self) -> Pointer:
        """The piece that there is."""
        return Pointer("piece", next(iter(self.filecoin.pieces)))

    @asynccontextmanager
    async def content(
        self,
        folder: Path,
        release: Pointer,
        mirrors: Sequence[Pointer],
        limits: Limits = PATIENT,
    ) -> AsyncIterator[Content]:
        """Content from all of them, with mirrors of a release."""
        kinds: tuple[Kind, ...] = ("content", "arweave", "piece")
        async with AsyncExitStack() as stack:
            listed: list[ListedSource] = []
            for kind, source in zip(kinds, (self.ipfs, self.arweave, self.filecoin), strict=True):
                url = await source.start()
                stack.push_async_callback(source.stop)
                listed.append(ListedSource(f"a {kind} source", kind, (kind,), url))
            plan = ContentPlan(
                folder / "store",
                folder / "evidence",
                sources=tuple(listed),
                mirrors=tuple((release, mirror) for mirror in mirrors),
                store_bytes=10**8,
            )
            yield await stack.enter_async_context(
                open_content(plan, clock=SystemClock(), limits=limits)
            )
