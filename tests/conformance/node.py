"""The conformance chain behind the devnet's beacon side, and walkaway following it.

The recorded answers were given with block 54 as head, safe and finalized block
at once: so the slots after it repeat it as their payload until it is final.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from tests.conformance.executed_chain import Executed, executed_chain
from walkaway.anchors.load import MINIMAL_PRESET
from walkaway.anchors.spec import BlobBaseFee, ChainSpec, ForkName, ScheduledFork
from walkaway.chain.chain import Chain, ChainSettings
from walkaway.devnet.beacon.chain import BeaconChain
from walkaway.devnet.beacon.state import genesis_validators_root
from walkaway.devnet.execution.blobs import CarriedBlob
from walkaway.devnet.execution.block import ExecutionBlock, PayloadAttributes, TransactionPlace
from walkaway.devnet.execution.engine import CallOutcome, MessageCall
from walkaway.devnet.execution.world import WorldState
from walkaway.devnet.settings import BEACON, EXECUTION
from walkaway.devnet.sources.behaviours import Behaviour, node
from walkaway.devnet.sources.server import SourceServer
from walkaway.errors import InvalidRequest
from walkaway.evm.running import RunningEngine
from walkaway.proofs.execution.transactions import Transaction
from walkaway.sources.pool import Pool
from walkaway.sources.source import Source
from walkaway.sources.transports.http import HttpTransport
from walkaway.sources.transports.http_client import HttpClient

__all__ = [
    "BLOCKS_PER_FORK",
    "CHAIN_ID",
    "SPEC",
    "ConformanceNetwork",
    "RecordedChain",
    "conformance_network",
]

TWO_HONEST = (Behaviour.HONEST, Behaviour.HONEST)
CHAIN_ID = 3503995874084926
SECONDS_PER_BLOCK = 10
BLOCKS_PER_FORK = 3
SLOTS_UNTIL_FINAL = 4 * BLOCKS_PER_FORK

BLOB_BASE_FEES = (
    BlobBaseFee(timestamp=420, target=3, max=6, update_fraction=3338477, reserve_price=False),
    BlobBaseFee(timestamp=450, target=6, max=9, update_fraction=5007716, reserve_price=False),
    BlobBaseFee(timestamp=480, target=6, max=9, update_fraction=5007716, reserve_price=True),
    BlobBaseFee(timestamp=510, target=10, max=15, update_fraction=8346193, reserve_price=True),
    BlobBaseFee(timestamp=540, target=14, max=21, update_fraction=11684671, reserve_price=True),
)

FORK_BLOCKS = {
    ForkName.PHASE0: 0,
    ForkName.ALTAIR: 0,
    ForkName.BELLATRIX: 36,
    ForkName.CAPELLA: 39,
    ForkName.DENEB: 42,
    ForkName.ELECTRA: 45,
    ForkName.FULU: 48,
}
"""The block with which each consensus fork's execution fork begins."""


def _spec(begins: Mapping[ForkName, int]) -> ChainSpec:
    """One slot a block, and epochs as long as the recorded chain's forks lie apart."""
    spec = ChainSpec(
        network="conformance",
        chain_id=CHAIN_ID,
        preset=replace(MINIMAL_PRESET, slots_per_epoch=BLOCKS_PER_FORK),
        genesis_time=0,
        genesis_validators_root=bytes(32),
        seconds_per_slot=SECONDS_PER_BLOCK,
        forks=tuple(
            ScheduledFork(fork, bytes([fork, 0, 0, 1]), block // BLOCKS_PER_FORK)
            for fork, block in begins.items()
        ),
        blob_schedule=(),
        blob_base_fees=BLOB_BASE_FEES,
    )
    return replace(spec, genesis_validators_root=genesis_validators_root(spec))


SPEC = _spec(FORK_BLOCKS)
"""What the node under test is told of the network."""

_BEACON_SPEC = _spec(FORK_BLOCKS | {fork: 0 for fork in FORK_BLOCKS if fork <= ForkName.DENEB})
"""The devnet's beacon chain knows no state before Deneb, and begins with it."""


class RecordedChain:
    """The executed blocks: an `ExecutionBackend` that gives them out, and a `ReadableChain`.

    After the newest one there is no other: it is given out again.
    """

    def __init__(self, executed: tuple[Executed, ...]) -> None:
        self.chain_id = CHAIN_ID
        self._blocks = [item.block for item in executed]
        self._numbers = {block.hash: block.number for block in self._blocks}
        self._worlds = {item.block.hash: item.world for item in executed}
        self._places = {
            transaction.hash: TransactionPlace(block, index)
            for block in self._blocks
            for index, transaction in enumerate(block.transactions)
        }
        self._waiting: dict[bytes, Transaction] = {}
        self.genesis = self.head = self.finalized = self._blocks[0]

    def produce(self, parent_hash: bytes, attributes: PayloadAttributes) -> ExecutionBlock:
        """See `ExecutionBackend`."""
        return self._blocks[min(self._numbers[parent_hash] + 1, len(self._blocks) - 1)]

    def set_head(self, block_hash: bytes, finalized_hash: bytes | None) -> None:
        """See `ExecutionBackend`."""
        self.head = self._blocks[self._numbers[block_hash]]
        if finalized_hash is not None:
            self.finalized = self._blocks[self._numbers[finalized_hash]]

    def block(self, block_hash: bytes) -> ExecutionBlock | None:
        """See `ReadableChain`."""
        number = self._numbers.get(block_hash)
        return None if number is None else self._blocks[number]

    def block_at(self, number: int) -> ExecutionBlock | None:
        """See `ReadableChain`."""
        return self._blocks[number] if 0 <= number <= self.head.number else None

    def world(self, block: ExecutionBlock) -> WorldState | None:
        """See `ReadableChain`."""
        return self._worlds[block.hash]

    def place(self, transaction_hash: bytes) -> TransactionPlace | None:
        """See `ReadableChain`."""
        return self._places.get(transaction_hash)

    def waiting(self, transaction_hash: bytes) -> Transaction | None:
        """See `ReadableChain`."""
        return self._waiting.get(transaction_hash)

    def next_nonce(self, address: bytes) -> int:
        """See `ReadableChain`; nothing that waits is ever mined."""
        return self._worlds[self.head.hash].account(address).nonce

    def submit(self, transaction: Transaction, blobs: tuple[CarriedBlob, ...] = ()) -> None:
        """See `ReadableChain`. It waits for ever, for no block is made any more."""
        self._waiting[transaction.hash] = transaction

    def call(self, block: ExecutionBlock, call: MessageCall) -> CallOutcome:
        """See `ReadableChain`."""
        raise InvalidRequest("this source runs no calls")


@dataclass(frozen=True)
class ConformanceNetwork:
    """The recorded chain, signed; its time stands still at the newest slot. A `Clock`."""

    execution: RecordedChain
    beacon: BeaconChain

    def now(self) -> float:
        """Unix seconds, in the middle of the newest slot."""
        return SPEC.time_of_slot(self.beacon.head.slot) + SECONDS_PER_BLOCK / 2

    @asynccontextmanager
    async def following(
        self, engine: RunningEngine | None = None, behaviours: Sequence[Behaviour] = TWO_HONEST
    ) -> AsyncIterator[Chain]:
        """A chain at the network's head, with a plain source of each behaviour, over sockets."""
        servers = [
            SourceServer(node(behaviour, self.execution, self.beacon, seed))
            for seed, behaviour in enumerate(behaviours)
        ]
        client = HttpClient()
        sources = []
        for number, server in enumerate(servers):
            name = f"source {number}"
            transport = HttpTransport(name, await server.start(), client)
            sources.append(Source(name, name, EXECUTION | BEACON, transport))
        settings = ChainSettings(checkpoint=self.beacon.finalized.root)
        try:
            async with Pool(sources, clock=self, seed=7) as pool:
                chain = Chain(SPEC, pool, settings, clock=self, engine=engine)
                await chain.start(follow=False)
                try:
                    yield chain
                finally:
                    await chain.stop()
        finally:
            for server in servers:
                await server.stop()


@cache
def conformance_network(folder: Path) -> ConformanceNetwork:
    """The recorded chain of ``folder``, executed, signed and final; made once."""
    executed = executed_chain(folder)
    execution = RecordedChain(executed)
    beacon = BeaconChain(_BEACON_SPEC, execution)
    for slot in range(1, len(executed) + SLOTS_UNTIL_FINAL):
        beacon.propose(slot)
    return ConformanceNetwork(execution, beacon)
