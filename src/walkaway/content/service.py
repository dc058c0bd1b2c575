"""The content service: the store, the sources, and the network behind them, opened together."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from walkaway.chain.chain import Chain
from walkaway.content.arweave.content import ArweaveContent
from walkaway.content.ethstorage.blob_supply import BlobSupply
from walkaway.content.filecoin.content import FilecoinPieces
from walkaway.content.filecoin.pdp import PdpVerifier
from walkaway.content.mirrors.mirrors import Mirrors
from walkaway.content.mirrors.table import MirrorTable
from walkaway.content.network import NetworkBlocks
from walkaway.content.open import Networks
from walkaway.content.proven_file import OpensFiles
from walkaway.content.providers import Providers
from walkaway.content.store.block_store import BlockStore
from walkaway.content.store.rows import Stat
from walkaway.content.suppliers import Suppliers
from walkaway.content.web3.calls import ProvenCalls
from walkaway.content.web3.contracts import Web3Content
from walkaway.limits import LIMITS, Limits
from walkaway.names.contract_names import LooksUp
from walkaway.names.pointer import Network, Pointer
from walkaway.sources.clock import Clock
from walkaway.sources.defaults import ListedSource
from walkaway.sources.evidence import EvidenceStore
from walkaway.sources.guard import Guard
from walkaway.sources.listed import open_sources
from walkaway.sources.pool import Pool
from walkaway.sources.request import Kind
from walkaway.sources.standing import SourceStatus
from walkaway.sources.transports.http_client import HttpClient

__all__ = ["Content", "ContentPlan", "ContentStatus", "open_content"]

_SUPPLY: frozenset[Kind] = frozenset({"content", "kubo"})
_ROUTING: frozenset[Kind] = frozenset({"routing"})
_BLOBS: frozenset[Kind] = frozenset({"blobs"})
_PIECES: frozenset[Kind] = frozenset({"piece"})
_PDP: frozenset[Kind] = frozenset({"pdp"})
_ARWEAVE: frozenset[Kind] = frozenset({"arweave"})

_THE_CHAIN = "the chain"
"""What answers in the stead of contracts while no chain is followed."""


@dataclass(frozen=True, slots=True)
class ContentPlan:
    """What content is made of: where it is kept, how much, and who is asked for it.

    ``offline`` asks nobody but the archives on this machine. ``guard_exceptions`` are
    private addresses that a provider may have. ``without_chain`` says why pages of contracts
    are not to be had while no chain is followed. ``mirrors`` are pairs of an address and a
    place where the same release stands (`MirrorTable`).
    """

    folder: Path
    evidence: Path
    store_bytes: int = LIMITS.store_bytes
    sources: tuple[ListedSource, ...] = ()
    guard_exceptions: tuple[str, ...] = ()
    offline: bool = False
    without_chain: str = "it is not followed yet"
    mirrors: tuple[tuple[Pointer, Pointer], ...] = ()


@dataclass(frozen=True, slots=True)
class ContentStatus:
    """How content stands at unix time ``now``: what the store holds, and how each of those
    does who are asked for blocks, who name providers, and who were named.
    """

    now: float
    store: Stat
    sources: tuple[SourceStatus, ...]
    routers: tuple[SourceStatus, ...]
    found: tuple[SourceStatus, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """Content, open. ``blocks`` gives from the store and the network, ``store`` from the
    store alone, ``networks`` what is on others too; ``pool`` holds the configured sources,
    ``found`` the providers that routers named, ``routers`` those who name them, ``others``
    who is asked for what is not on IPFS, ``suppliers`` who of them gave it. ``contracts`` gives
    pages of contracts, ``blobs`` what of them is kept in blobs, ``pdp`` what is said of who
    holds a piece, None where nobody is asked.
    """

    store: BlockStore
    blocks: NetworkBlocks
    networks: Networks
    pool: Pool
    found: Pool
    routers: Pool
    others: tuple[Pool, ...]
    suppliers: Suppliers
    contracts: Web3Content
    blobs: BlobSupply
    pdp: PdpVerifier | None
    clock: Clock

    @contextmanager
    def by_chain(self, chain: Chain, names: LooksUp) -> Iterator[None]:
        """Inside, pages of contracts are had by this chain; ``names`` looks up those that are
        arguments of calls."""
        with self.contracts.led_by(ProvenCalls(chain, names, self.blobs)):
            yield

    async def status(self) -> ContentStatus:
        """How it stands now. Raises `StoreFault` where the store cannot be read."""
        pools = (self.pool, self.routers, self.found)
        sources, routers, found = [tuple(pool.status()) for pool in pools]
        sources += tuple(status for pool in self.others for status in pool.status())
        return ContentStatus(self.clock.now(), await self.store.stat(), sources, routers, found)


@asynccontextmanager
async def open_content(
    plan: ContentPlan, *, clock: Clock, limits: Limits = LIMITS
) -> AsyncIterator[Content]:
    """Open it; what was fetched is written, and everything closed, on the way out.

    Raises:
        ConfigError: a folder cannot be used, an address of a source, or a mirror.
    """
    limits = replace(limits, store_bytes=plan.store_bytes)
    sources = [entry for entry in plan.sources if not plan.offline or _is_archive(entry)]
    evidence = EvidenceStore(plan.evidence, limits=limits)
    client = HttpClient(guard=Guard(plan.guard_exceptions), limits=limits)

    def pool(kinds: frozenset[Kind]) -> Pool:
        opened = open_sources(sources, kinds, client)
        return Pool(opened, clock=clock, evidence=evidence, limits=limits)

    async with AsyncExitStack() as stack:
        store = stack.enter_context(BlockStore.open(plan.folder, limits))
        client.join()
        stack.push_async_callback(client.leave)
        supply = await stack.enter_async_context(pool(_SUPPLY))
        routers = await stack.enter_async_context(pool(_ROUTING))
        found = await stack.enter_async_context(pool(frozenset()))
        gateways = await stack.enter_async_context(pool(_ARWEAVE))
        blob_nodes = await stack.enter_async_context(pool(_BLOBS))
        providers_of_pieces = await stack.enter_async_context(pool(_PIECES))
        rpcs_of_filecoin = await stack.enter_async_context(pool(_PDP))
        providers = Providers(routers, found, client, timer=time.monotonic, limits=limits)
        blocks = NetworkBlocks(
            store,
            supply if supply.status() else None,
            providers if routers.status() else None,
            limits=limits,
        )
        stack.push_async_callback(blocks.written)
        suppliers = Suppliers(limits)
        arweave = ArweaveContent(
            gateways if gateways.status() else None, plan.folder / "arweave", limits, suppliers
        )
        blobs = BlobSupply(blob_nodes, suppliers=suppliers, limits=limits)
        stack.callback(blobs.close)
        contracts = Web3Content(_THE_CHAIN, plan.without_chain, limits=limits)
        pieces = FilecoinPieces(
            providers_of_pieces if providers_of_pieces.status() else None,
            plan.folder / "pieces",
            limits,
            suppliers,
        )
        elsewhere: dict[Network, OpensFiles] = {"ar": arweave, "web3": contracts, "piece": pieces}
        mirrors = Mirrors(
            MirrorTable(plan.mirrors, limits), elsewhere, store, note=blocks.note, limits=limits
        )
        stack.push_async_callback(mirrors.close)
        networks = Networks(blocks, elsewhere, mirrors)
        pdp = PdpVerifier(rpcs_of_filecoin, limits=limits) if rpcs_of_filecoin.status() else None
        others = (gateways, blob_nodes, providers_of_pieces, rpcs_of_filecoin)
        yield Content(
            store,
            blocks,
            networks,
            supply,
            found,
            routers,
            others,
            suppliers,
            contracts,
            blobs,
            pdp,
            clock,
        )


def _is_archive(entry: ListedSource) -> bool:
    return entry.url.startswith("file:")
