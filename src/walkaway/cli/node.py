"""Puts the floors together: sources into a pool, a chain on it, a server in front."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from walkaway.anchors.spec import ChainSpec
from walkaway.chain.chain import Chain, ChainSettings
from walkaway.chain.clock import SystemClock
from walkaway.chain.follower import SyncProgress
from walkaway.chain.offchain_calls import OffchainCalls
from walkaway.cli.config import Settings
from walkaway.errors import ConfigError
from walkaway.names.dns.lookup import DnsLookup
from walkaway.names.dns.oracle import DnsProofs
from walkaway.names.ens.batch_gateway import OwnGateway
from walkaway.names.ens.ens import Ens
from walkaway.names.ens.resolver_record import ResolverRecord
from walkaway.rpc.http_server import LOOPBACK_ADDRESSES
from walkaway.rpc.server import RpcServer
from walkaway.sizes import MEGABYTE
from walkaway.sources.clock import Clock
from walkaway.sources.defaults import CHAIN_KINDS, ListedSource
from walkaway.sources.evidence import EvidenceStore
from walkaway.sources.gateways import Gateways
from walkaway.sources.guard import Guard
from walkaway.sources.listed import open_sources
from walkaway.sources.pool import Pool
from walkaway.sources.transports.http_client import HttpClient

__all__ = ["Listen", "Node", "listen_addresses", "open_node", "open_pool", "plan"]


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen, and who may speak besides this machine's own pages.

    ``or_any_port`` takes another port where ``port`` cannot be had.
    """

    hosts: tuple[str, ...] = LOOPBACK_ADDRESSES
    port: int = 8545
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    or_any_port: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a node is made of, besides its sources and its chain spec.

    Unless ``serves_endpoint``, the chain is followed and nobody is answered.
    """

    chain: ChainSettings
    listen: Listen
    evidence: Path
    guard_exceptions: tuple[str, ...] = ()
    offchain_lookups: bool = False
    ens_gateways: bool = True
    serves_endpoint: bool = True

    @property
    def folder(self) -> Path:
        """Where it is kept whose code resolves names."""
        return self.chain.state_directory or self.evidence.parent


@dataclass(frozen=True, slots=True)
class Node:
    """A followed chain, the pool below it, and the server in front.

    ``offchain`` follows lookups, whether the endpoint does or not; ``ens`` resolves
    names. ``server`` listens where an endpoint is served.
    """

    chain: Chain
    offchain: OffchainCalls
    ens: Ens
    pool: Pool
    server: RpcServer
    evidence: EvidenceStore


def listen_addresses(settings: Settings) -> tuple[str, ...]:
    """The addresses to listen on."""
    return LOOPBACK_ADDRESSES if settings.host == "localhost" else (settings.host,)


def plan(settings: Settings) -> Plan:
    """The plan that a person's settings make."""
    return Plan(
        chain=ChainSettings(
            checkpoint=settings.checkpoint,
            operators=settings.checkpoint_operators,
            state_directory=settings.state_directory,
            cache_bytes=settings.cache_megabytes * MEGABYTE,
            head_age_limit=settings.head_age_seconds,
        ),
        listen=Listen(
            listen_addresses(settings),
            settings.port,
            settings.allowed_hosts,
            settings.allowed_origins,
        ),
        evidence=settings.state_directory / "evidence",
        guard_exceptions=settings.guard_exceptions,
        offchain_lookups=settings.offchain_lookups,
        ens_gateways=settings.ens_gateways,
        serves_endpoint="rpc" in settings.serve,
    )


def open_pool(
    listed: Sequence[ListedSource],
    *,
    clock: Clock,
    evidence: EvidenceStore,
    client: HttpClient,
) -> Pool:
    """A pool over those of these sources that are asked about the chain."""
    return Pool(open_sources(listed, CHAIN_KINDS, client), clock=clock, evidence=evidence)


@asynccontextmanager
async def open_node(
    spec: ChainSpec,
    listed: Sequence[ListedSource],
    made: Plan,
    *,
    dns: DnsLookup | None = None,
    tell: Callable[[str], None] = lambda _: None,
    progress: Callable[[SyncProgress], None] = lambda _: None,
) -> AsyncIterator[Node]:
    """A node that is synced and serves; everything is closed on the way out.

    ``dns`` finds the records that prove DNS names to ENS; gateways do where there is none.

    Raises:
        WalkawayError: why it cannot start. The port is reserved first, so that
            one which is taken is told at once, and opened last, so that nobody
            is answered before there is a head.
    """
    clock = SystemClock()
    evidence = EvidenceStore(made.evidence)
    client = HttpClient(guard=Guard(made.guard_exceptions))
    pool = open_pool(listed, clock=clock, evidence=evidence, client=client)
    gateways = Gateways(client)
    chain = Chain(spec, pool, made.chain, clock=clock, tell=tell, progress=progress)
    proofs = None if dns is None else DnsProofs(dns)
    offchain = OffchainCalls(chain.calls, OwnGateway(gateways, proofs))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(pool)
        stack.push_async_callback(gateways.close)
        ens = _ens(chain, OwnGateway(gateways if made.ens_gateways else None, proofs), made)
        server = _server(chain, made, offchain if made.offchain_lookups else None, ens)
        stack.push_async_callback(server.stop)
        await stack.enter_async_context(chain)
        if made.serves_endpoint:
            await stack.enter_async_context(server)
        yield Node(chain, offchain, ens, pool, server, evidence)


def _ens(chain: Chain, gateways: OwnGateway, made: Plan) -> Ens:
    return Ens(chain, gateways, chain.spec, ResolverRecord(made.folder, chain.spec.network))


def _server(chain: Chain, made: Plan, offchain: OffchainCalls | None, ens: Ens) -> RpcServer:
    """A server that has its port already, if it is to listen at all."""
    listen = made.listen

    def server(port: int) -> RpcServer:
        server = RpcServer(
            chain,
            listen.hosts,
            port,
            allowed_hosts=listen.allowed_hosts,
            allowed_origins=listen.allowed_origins,
            offchain=offchain,
            ens=ens,
        )
        if made.serves_endpoint:
            server.reserve()
        return server

    try:
        return server(listen.port)
    except ConfigError:
        if not listen.or_any_port:
            raise
        return server(0)
