"""The devnet as one object: chains, time, and sources to reach them by.

Tests drive it by hand (`Devnet.advance`); the demo lets it run with the clock
(`Devnet.start` with ``real_time``)::

    async with Devnet() as devnet:
        devnet.advance(8)
        for source in devnet.sources:
            print(source.name, source.url)
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from dataclasses import dataclass
from types import TracebackType

from walkaway.anchors.load import MINIMAL_PRESET
from walkaway.anchors.spec import BlobBaseFee, ChainSpec, ForkName, ScheduledFork
from walkaway.devnet.beacon.chain import BeaconBlock, BeaconChain
from walkaway.devnet.beacon.state import genesis_validators_root
from walkaway.devnet.execution.chain import ExecutionChain
from walkaway.devnet.execution.names import UNIVERSAL_RESOLVER
from walkaway.devnet.settings import DevnetSettings, SourcePlan
from walkaway.devnet.sources.behaviours import Behaviour, node
from walkaway.devnet.sources.server import SourceServer
from walkaway.devnet.traffic import Traffic
from walkaway.sources.request import Kind

__all__ = ["Checkpoint", "Devnet", "DevnetSource", "devnet_spec"]

NETWORK = "devnet"

# Execution forks by the consensus fork that they come with, and how each
# prices blobs: target, maximum, update fraction, reserve price (EIP-7840).
_EXECUTION_FORKS = {
    ForkName.DENEB: ("cancun", 3, 6, 3_338_477, False),
    ForkName.ELECTRA: ("prague", 6, 9, 5_007_716, False),
    ForkName.FULU: ("osaka", 6, 9, 5_007_716, True),
}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A finalized beacon block to start from: its slot and 32-byte root."""

    slot: int
    root: bytes


@dataclass(frozen=True, slots=True)
class DevnetSource:
    """A source that answers at ``url``."""

    name: str
    operator: str
    kinds: frozenset[Kind]
    behaviour: Behaviour
    url: str


def devnet_spec(settings: DevnetSettings, genesis_time: int) -> ChainSpec:
    """The chain spec of a devnet with these settings. ``genesis_time`` is unix seconds."""
    scheduled = [(fork, 0) for fork in ForkName if fork <= ForkName.DENEB]
    later = ((ForkName.ELECTRA, settings.electra_epoch), (ForkName.FULU, settings.fulu_epoch))
    scheduled += [(fork, epoch) for fork, epoch in later if epoch is not None]
    spec = ChainSpec(
        network=NETWORK,
        chain_id=settings.chain_id,
        preset=MINIMAL_PRESET,
        genesis_time=genesis_time,
        genesis_validators_root=bytes(32),
        seconds_per_slot=settings.seconds_per_slot,
        forks=tuple(
            ScheduledFork(fork, bytes([fork, 0, 0, 1]), epoch) for fork, epoch in scheduled
        ),
        blob_schedule=(),
        universal_resolver=UNIVERSAL_RESOLVER,
    )
    return dataclasses.replace(
        spec,
        genesis_validators_root=genesis_validators_root(spec),
        blob_base_fees=tuple(
            BlobBaseFee(begins, *_EXECUTION_FORKS[fork][1:])
            for fork, begins in _execution_schedule(spec)
        ),
    )


class Devnet:
    """One network. Not started it has no sources, but its chains can be driven all the same."""

    def __init__(
        self, settings: DevnetSettings | None = None, *, genesis_time: int | None = None
    ) -> None:
        self.settings = settings = settings or DevnetSettings()
        if genesis_time is None:
            genesis_time = int(time.time()) - settings.warm_slots * settings.seconds_per_slot
        self.spec = devnet_spec(settings, genesis_time)
        forks = tuple(
            (begins, _EXECUTION_FORKS[fork][0]) for fork, begins in _execution_schedule(self.spec)
        )
        self.execution = ExecutionChain(settings.chain_id, genesis_time, forks)
        self.beacon = BeaconChain(self.spec, self.execution, settings.seed)
        self.slot = 0
        """The slot that is now; tests move it with `advance` and `skip`."""
        self._traffic = Traffic(self.execution)
        self._servers: dict[str, tuple[DevnetSource, SourceServer]] = {}
        self._clockwork: asyncio.Task[None] | None = None
        self.advance(settings.warm_slots)

    @property
    def checkpoint(self) -> Checkpoint:
        """The finalized block, to start a light client from."""
        finalized = self.beacon.finalized
        return Checkpoint(finalized.slot, finalized.root)

    @property
    def sources(self) -> tuple[DevnetSource, ...]:
        """The sources that answer now."""
        return tuple(source for source, _ in self._servers.values())

    def now(self) -> float:
        """The devnet's time in unix seconds: in the middle of the slot that is now."""
        return self.spec.time_of_slot(self.slot) + self.spec.seconds_per_slot / 2

    def advance(self, slots: int = 1) -> BeaconBlock:
        """Let so many slots pass, each with a block; the new head."""
        for _ in range(slots):
            self.slot += 1
            self._traffic.send(self.settings.transactions_per_block)
            self.beacon.propose(self.slot)
        return self.beacon.head

    def skip(self, slots: int = 1) -> None:
        """Let so many slots pass without a block."""
        self.slot += slots

    def reorg(self, depth: int = 1) -> BeaconBlock:
        """Replace the newest ``depth`` blocks, then let a slot pass on the new branch.

        Raises `InvalidRequest` where that would take back what is final.
        """
        self.beacon.reorg(depth)
        return self.advance()

    async def start(self, *, real_time: bool = False) -> None:
        """Open the sources. With ``real_time`` slots pass by the clock from here on."""
        for plan in self.settings.sources:
            await self.add_source(plan)
        if real_time:
            self._clockwork = asyncio.create_task(self._follow_clock())

    async def stop(self) -> None:
        """Stop the clock and close every source."""
        if self._clockwork is not None:
            self._clockwork.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._clockwork
            self._clockwork = None
        for name in list(self._servers):
            await self.remove_source(name)

    async def __aenter__(self) -> Devnet:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def add_source(self, plan: SourcePlan) -> DevnetSource:
        """Open one more source on a port of its own."""
        seed = self.settings.seed + len(self._servers)
        server = SourceServer(node(plan.behaviour, self.execution, self.beacon, seed))
        url = await server.start()
        source = DevnetSource(plan.name, plan.name, plan.kinds, plan.behaviour, url)
        self._servers[plan.name] = source, server
        return source

    async def remove_source(self, name: str) -> None:
        """Close a source; from then on its port refuses."""
        _, server = self._servers.pop(name)
        await server.stop()

    def behave(self, name: str, behaviour: Behaviour) -> None:
        """Let a source behave otherwise from its next answer on."""
        source, server = self._servers[name]
        server.node = node(behaviour, self.execution, self.beacon, self.settings.seed)
        self._servers[name] = dataclasses.replace(source, behaviour=behaviour), server

    def requests(self, name: str) -> int:
        """How many requests a source has been asked."""
        return self._servers[name][1].asked

    async def _follow_clock(self) -> None:
        """Make each slot's block when the slot begins; slots that were slept through stay empty."""
        while True:
            slot = max(self.slot, self.spec.slot_at_time(time.time())) + 1
            await asyncio.sleep(max(0.0, self.spec.time_of_slot(slot) - time.time()))
            if slot <= self.slot:
                # A reorg in the meantime has taken this slot.
                continue
            self.slot = slot
            self._traffic.send(self.settings.transactions_per_block)
            head = self.beacon.head
            block = await asyncio.to_thread(self.beacon.build, slot, head)
            # A reorg in the meantime has taken the head away: this slot stays empty.
            if self.beacon.head is head:
                self.beacon.adopt(block)


def _execution_schedule(spec: ChainSpec) -> list[tuple[ForkName, int]]:
    """The forks with an execution fork of their own, each with the time that it begins."""
    return [
        (fork.name, spec.time_of_slot(fork.epoch * spec.preset.slots_per_epoch))
        for fork in spec.forks
        if fork.name in _EXECUTION_FORKS
    ]
