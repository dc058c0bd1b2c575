"""Puts names together: each kind with whom it asks, and all of them held as the person wants.

The chain that names of ENS stand on comes later, or not at all: until it is followed its
place is held (`OpenNames.ens`), so that content by address is served from the first moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from walkaway.chain.clock import SystemClock
from walkaway.cli.config import Settings
from walkaway.content.service import Content
from walkaway.errors import ConfigError, InvalidRequest, StoreFault, Unsupported
from walkaway.names.arns import ArnsNames
from walkaway.names.contract_names import ContractNames
from walkaway.names.dns.dnslink import DnsLinks
from walkaway.names.dns.lookup import DnsLookup
from walkaway.names.ens.ens import Ens
from walkaway.names.every_kind import NamesOfEveryKind
from walkaway.names.held import HeldNames, Lasting
from walkaway.names.history import PointerHistory
from walkaway.names.hold import HoldPolicy, read_span
from walkaway.names.ipns.find import IpnsNames
from walkaway.names.ipns.keys import KeyStore
from walkaway.names.late import LateEns, LateNames
from walkaway.names.resolution import Names
from walkaway.names.spelling import canonical
from walkaway.names.steady import SteadyNames
from walkaway.proofs.ipfs.ipns_name import name_text
from walkaway.sources.defaults import NAME_KINDS, ListedSource
from walkaway.sources.evidence import EvidenceStore
from walkaway.sources.guard import Guard
from walkaway.sources.listed import open_sources
from walkaway.sources.pool import Pool
from walkaway.sources.request import Kind
from walkaway.sources.standing import SourceStatus
from walkaway.sources.transports.http_client import HttpClient

__all__ = [
    "NOT_YET",
    "NamesPlan",
    "OpenNames",
    "held_names",
    "history_path",
    "hold_policy",
    "names_plan",
    "open_names",
    "without_chain",
]

_Decided = Callable[[], Awaitable[frozenset[str]]]
"""Tells the names of which the person decided something, or of which a change waits."""

THE_CHAIN: Final = "the chain"
"""What answers in the stead of ENS while no chain is followed."""
THE_DNS: Final = "the DNS"
NOBODY_ASKED: Final = "nobody is asked: --offline"
NOT_YET: Final = "it is not followed yet"


@dataclass(frozen=True, slots=True)
class NamesPlan:
    """What names are made of.

    ``folder`` is where records of names are kept, and what names said on ``network``.
    ``sources`` are who is asked about names; nobody is where ``offline``. Who ``decides``
    serves names, and does not only look. ``without_chain`` says why names of ENS are not
    resolved, where no chain will be followed.
    """

    folder: Path
    network: str = "mainnet"
    sources: tuple[ListedSource, ...] = ()
    dnslinks: tuple[str, ...] = ()
    unsigned_dns: tuple[str, ...] = ()
    arns_operators: int = 2
    holds: HoldPolicy = field(default_factory=HoldPolicy)
    guard_exceptions: tuple[str, ...] = ()
    offline: bool = False
    decides: bool = False
    without_chain: str = ""


@dataclass(slots=True)
class OpenNames:
    """Names, open. ``names`` resolves those of every kind, as the person holds them.

    ``held`` are the IPNS records of this machine, ``keys`` finds others, ``ens`` is the
    place of the chain's names, and ``dns`` looks up DNS records.
    """

    names: Names
    held: HeldNames
    keys: IpnsNames
    ens: LateEns
    dns: DnsLookup
    history: PointerHistory
    pools: tuple[Pool, ...]

    @contextmanager
    def by_chain(self, ens: Ens, pool: Pool) -> Iterator[None]:
        """Inside, names of ENS are resolved, by a chain that is asked of ``pool``."""
        before = self.pools
        self.pools = (*before, pool)
        try:
            with self.ens.led_by(ens):
                yield
        finally:
            self.pools = before

    def chain_is_away(self, why: str) -> None:
        """Say from now on why names of ENS are not resolved."""
        self.ens.reason = f"it is not followed for now: {why}"

    def resolvers(self) -> Sequence[SourceStatus]:
        """How those stand who are asked about names and nothing else."""
        return tuple(s for s in self.sources() if NAME_KINDS.intersection(s.kinds))

    def sources(self) -> Sequence[SourceStatus]:
        """How those stand who are asked about names, the chain's among them."""
        return tuple(status for pool in self.pools for status in pool.status())


def history_path(folder: Path, network: str) -> Path:
    """The file of what names said; a name may lead elsewhere on each network."""
    return folder / f"{network}.names.sqlite"


def names_plan(settings: Settings, *, offline: bool = False, decides: bool = False) -> NamesPlan:
    """The plan that a person's settings make. Raises `ConfigError`.

    Who serves names ``decides``, by these settings, when a change of one has waited for long
    enough; who looks one up does not.
    """
    return NamesPlan(
        folder=settings.state_directory,
        network=settings.network,
        sources=settings.sources,
        dnslinks=settings.dnslinks,
        unsigned_dns=settings.unsigned_dns,
        arns_operators=settings.arns_operators,
        holds=hold_policy(settings),
        guard_exceptions=settings.guard_exceptions,
        offline=offline,
        decides=decides,
        without_chain=without_chain(settings, offline=offline),
    )


def hold_policy(settings: Settings) -> HoldPolicy:
    """How long changes of names wait, by a person's settings. Raises `ConfigError`."""
    spans = {_name(name): read_span(span) for name, span in map(_divided, settings.holds)}
    return HoldPolicy(settings.hold, spans)


@asynccontextmanager
async def open_names(plan: NamesPlan, content: Content) -> AsyncIterator[OpenNames]:
    """Names of every kind; IPNS records are asked of those whom ``content`` asks.

    Raises:
        ConfigError: a folder or a setting cannot be used, or an address of a source.
    """
    clock = SystemClock()
    evidence = EvidenceStore(plan.folder / "evidence")
    client = HttpClient(guard=Guard(plan.guard_exceptions))
    listed = [source for source in plan.sources if NAME_KINDS.intersection(source.kinds)]

    def pool(kind: Kind) -> Pool:
        asked = [] if plan.offline else listed
        return Pool(open_sources(asked, {kind}, client), clock=clock, evidence=evidence)

    async with AsyncExitStack() as stack:
        client.join()
        stack.push_async_callback(client.leave)
        resolvers = await stack.enter_async_context(pool("dns"))
        arweave = await stack.enter_async_context(pool("arweave"))
        history = PointerHistory(history_path(plan.folder, plan.network))
        stack.callback(history.close)
        held = _held_in(plan.folder, plan.dnslinks, history.lasting)
        keys = IpnsNames(held, () if plan.offline else (content.routers, content.pool), clock=clock)
        ens = LateEns(THE_CHAIN, plan.without_chain or NOT_YET, advice=_advice(plan))
        dns = DnsLookup(resolvers, clock)
        every_kind = NamesOfEveryKind(
            held,
            keys,
            ens,
            ContractNames(ens),
            LateNames(THE_DNS, NOBODY_ASKED, advice=_advice(plan))
            if plan.offline
            else DnsLinks(dns, clock, allowed_unsigned=plan.unsigned_dns),
            ArnsNames(
                None if plan.offline else arweave, clock=clock, operators=plan.arns_operators
            ),
        )
        names = SteadyNames(every_kind, history, plan.holds, clock, decides=plan.decides)
        yield OpenNames(names, held, keys, ens, dns, history, (resolvers, arweave))


def held_names(settings: Settings) -> HeldNames:
    """The names that this machine holds, and the person's own. Raises `ConfigError`.

    Nothing is open for longer than it is read.
    """
    path = history_path(settings.state_directory, settings.network)

    async def decided() -> frozenset[str]:
        # A look makes no file.
        if not await asyncio.to_thread(path.exists):
            return frozenset()
        with closing(PointerHistory(path)) as history:
            return await history.lasting()

    return _held_in(settings.state_directory, settings.dnslinks, decided)


def _held_in(folder: Path, dnslinks: Sequence[str], decided: _Decided) -> HeldNames:
    """The names that are held in a folder; the records of those stay that are ``decided`` on."""
    return HeldNames(
        folder / "ipns",
        SystemClock(),
        dnslinks=dict(map(_divided, dnslinks)),
        lasting=_lasting(decided, KeyStore(folder / "keys")),
    )


def _lasting(decided: _Decided, keys: KeyStore) -> Lasting:
    """The names whose records stay: those that the person decided something of, or has keys of."""

    async def lasting() -> frozenset[str]:
        try:
            # One that cannot be read is told of where keys are looked at.
            own = await asyncio.to_thread(keys.readable)
        except ConfigError as error:
            raise StoreFault(f"which records stay cannot be told: {error}") from None
        return await decided() | {name_text(key.name) for key in own}

    return lasting


def _divided(entry: str) -> tuple[str, str]:
    name, _, rest = entry.partition("=")
    return name, rest


def _name(text: str) -> str:
    try:
        return canonical(text)
    except (InvalidRequest, Unsupported) as error:
        raise ConfigError(f"holds names {text[:100]!r}: {error}", advice=error.advice) from None


def without_chain(settings: Settings, *, offline: bool) -> str:
    """Why no chain will be followed for names; empty where one will."""
    if offline:
        return NOBODY_ASKED
    if not settings.ens:
        return "it is not followed for names: ens = false"
    missing = [kind for kind in ("beacon", "execution") if not _has(settings, kind)]
    return f"there is no source of kind {' or '.join(missing)}" if missing else ""


def _has(settings: Settings, kind: str) -> bool:
    return any(kind in source.kinds for source in settings.sources)


def _advice(plan: NamesPlan) -> str:
    if plan.without_chain:
        return "content opens by its address all the same"
    return "wait until the chain is followed: walkaway status shows how far it is"
