"""Our endpoint as a person has it, over anvil behind the devnet's beacon side.

anvil executes and answers JSON-RPC; the devnet's beacon chain takes its blocks
and signs them, so that there is something to prove anvil's answers against::

    async with anvil_endpoint(tmp_path) as serving:
        print(serving.url, serving.ws_url, serving.anvil.url)
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.interop.anvil_execution import AnvilExecution
from tests.interop.anvil_process import Anvil, AnvilError, anvil_process
from walkaway.anchors.spec import ChainSpec
from walkaway.chain.chain import ChainSettings
from walkaway.cli.node import Listen, Node, Plan, open_node
from walkaway.devnet.beacon.api import BeaconApi
from walkaway.devnet.beacon.chain import BeaconChain
from walkaway.devnet.beacon.light_client_server import LightClientServer
from walkaway.devnet.execution.rpc import AnswersCalls, RpcFailure
from walkaway.devnet.network import devnet_spec
from walkaway.devnet.settings import DevnetSettings
from walkaway.devnet.sources.behaviours import Node as SourceNode
from walkaway.devnet.sources.execution_lies import LyingBalance
from walkaway.devnet.sources.faults import Fault, FaultyWay
from walkaway.devnet.sources.server import SourceServer
from walkaway.rpc.error_codes import INVALID_PARAMS
from walkaway.rpc.jsonrpc import Fraction, Json, Received
from walkaway.sources.defaults import ListedSource

__all__ = ["AnvilEndpoint", "AnvilNetwork", "anvil_endpoint", "anvil_network", "endpoint_over"]

SECONDS_PER_SLOT = 2


@dataclass(frozen=True, slots=True)
class AnvilNetwork:
    """anvil, the beacon chain that signs its blocks, and where both answer.

    ``beacon_url`` is the beacon API; ``liar_url`` is a source that passes on
    what anvil says, but makes everybody richer.
    """

    spec: ChainSpec
    anvil: Anvil
    beacon: BeaconChain
    beacon_url: str
    liar_url: str
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def sources(self) -> tuple[ListedSource, ...]:
        """All three, to be asked by a node."""
        return (
            ListedSource("anvil", "anvil", ("execution", "submit"), self.anvil.url),
            ListedSource("beacon", "beacon", ("beacon", "checkpoint"), self.beacon_url),
            ListedSource("liar", "liar", ("execution",), self.liar_url),
        )

    async def advance(self, slots: int = 1) -> None:
        """Let so many slots pass, each with a block, in anvil's time and not the clock's."""
        for _ in range(slots):
            await self._propose(self.beacon.head.slot + 1)

    async def reorg(self, number: int) -> None:
        """Replace the blocks from a height on; what they held is mined again."""
        async with self._turn:
            depth = self.beacon.head.execution.number - number + 1
            await asyncio.to_thread(self.beacon.reorg, depth)

    async def follow_clock(self) -> None:
        """Make each slot's block when the slot begins, for ever."""
        while True:
            slot = max(self.beacon.head.slot, self.spec.slot_at_time(time.time())) + 1
            await asyncio.sleep(max(0.0, self.spec.time_of_slot(slot) - time.time()))
            await self._propose(slot)

    async def _propose(self, slot: int) -> None:
        async with self._turn:
            block = await asyncio.to_thread(self.beacon.build, slot, self.beacon.head)
            self.beacon.adopt(block)


@dataclass(frozen=True, slots=True)
class AnvilEndpoint:
    """The node that serves, and the network that knows what is true."""

    node: Node
    network: AnvilNetwork

    @property
    def anvil(self) -> Anvil:
        """anvil itself, to be asked directly."""
        return self.network.anvil

    @property
    def url(self) -> str:
        """Over HTTP."""
        return self.node.server.url

    @property
    def ws_url(self) -> str:
        """Over WebSocket."""
        return self.url.replace("http://", "ws://", 1)


@asynccontextmanager
async def anvil_endpoint(
    state: Path, *, seconds_per_slot: int = SECONDS_PER_SLOT
) -> AsyncIterator[AnvilEndpoint]:
    """A synced node over anvil, the beacon side and a liar; a block every slot.

    ``state`` is the folder where the node keeps what it keeps.
    """
    async with (
        anvil_network(seconds_per_slot) as network,
        endpoint_over(network, network.sources, state) as made,
    ):
        yield made


@asynccontextmanager
async def endpoint_over(
    network: AnvilNetwork, listed: Sequence[ListedSource], state: Path
) -> AsyncIterator[AnvilEndpoint]:
    """A synced node over these sources of a network, whose slots pass by the clock meanwhile."""
    clockwork = asyncio.create_task(network.follow_clock())
    made = Plan(
        chain=ChainSettings(checkpoint=network.beacon.finalized.root, state_directory=state),
        listen=Listen(port=0),
        evidence=state / "evidence",
    )
    try:
        async with open_node(network.spec, listed, made) as node:
            yield AnvilEndpoint(node, network)
    finally:
        clockwork.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await clockwork


@asynccontextmanager
async def anvil_network(seconds_per_slot: int = SECONDS_PER_SLOT) -> AsyncIterator[AnvilNetwork]:
    """The network without a node of ours, with finality to start from; its clock stands still."""
    settings = DevnetSettings(seconds_per_slot=seconds_per_slot)
    genesis_time = int(time.time()) - settings.warm_slots * seconds_per_slot
    spec = devnet_spec(settings, genesis_time)
    async with anvil_process(spec.chain_id, genesis_time - seconds_per_slot) as anvil:
        execution = await asyncio.to_thread(AnvilExecution, anvil, spec)
        beacon = BeaconChain(spec, execution, settings.seed)
        passed = _PassedOn(anvil)
        honest, lying = _served(passed, beacon), _served(LyingBalance(passed), beacon)
        try:
            network = AnvilNetwork(spec, anvil, beacon, await honest.start(), await lying.start())
            await network.advance(settings.warm_slots)
            yield network
        finally:
            await honest.stop()
            await lying.stop()


class _PassedOn:
    """Passes calls on to anvil."""

    def __init__(self, anvil: Anvil) -> None:
        self._anvil = anvil

    def answer(self, method: str, params: tuple[Received, ...]) -> Json:
        """See `AnswersCalls`."""
        try:
            result: Json = self._anvil.ask(method, *map(_sent, params))
        except AnvilError as error:
            raise RpcFailure(error.code, str(error), error.data) from error
        return result


def _sent(value: Received) -> Json:
    """A value as it came, to be sent on; our own node sends no fractions."""
    if isinstance(value, Fraction):
        raise RpcFailure(INVALID_PARAMS, "a fraction is no parameter")
    if isinstance(value, list):
        return [_sent(item) for item in value]
    if isinstance(value, dict):
        return {name: _sent(item) for name, item in value.items()}
    return value


def _served(calls: AnswersCalls, beacon: BeaconChain) -> SourceServer:
    api = BeaconApi(beacon, LightClientServer(beacon))
    return SourceServer(SourceNode(calls, api, FaultyWay(Fault.NONE, seed=0)))
