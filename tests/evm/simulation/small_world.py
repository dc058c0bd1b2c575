"""A base block to simulate on: the devnet's genesis with a few accounts besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U256

from tests.conformance.node import BLOB_BASE_FEES
from tests.devnet.execution import test_chain as devnet_chain
from tests.evm.simulation.world_ground import WorldGround
from walkaway.devnet.execution.world import Account, WorldState
from walkaway.evm.engine import Engine
from walkaway.evm.reference import ReferenceEngine
from walkaway.evm.simulation.asked import AskedBlock, AskedSimulation
from walkaway.evm.simulation.ground import NetworkRules
from walkaway.evm.simulation.simulate import simulate
from walkaway.evm.simulation.simulated import SimulatedBlock

__all__ = ["POOR", "RICH", "RULES", "ground_of", "simulated"]

FORK = "osaka"
RICH, POOR = b"\xc0" * 20, b"\xc1" * 20
RULES = NetworkRules(devnet_chain.CHAIN_ID, lambda _: FORK, BLOB_BASE_FEES, None)


def ground_of(
    accounts: Mapping[bytes, Account] | None = None,
    storage: Mapping[bytes, Mapping[int, int]] | None = None,
    engine: Engine | None = None,
) -> WorldGround:
    """Ground on a world with these accounts, their slots by number, and a rich account."""
    devnet = devnet_chain.chain(((0, FORK),))
    world = devnet.world(devnet.head)
    assert isinstance(world, WorldState)
    given = {RICH: Account(balance=10**20), **(accounts or {})}
    world = world.changed_to(
        {**world.accounts, **{Bytes20(at): account for at, account in given.items()}},
        {
            **world.storage,
            **{
                Bytes20(at): {Bytes32(key.to_bytes(32)): U256(slots[key]) for key in slots}
                for at, slots in (storage or {}).items()
            },
        },
    )
    header = replace(devnet.head.header, state_root=world.root)
    return WorldGround(engine or ReferenceEngine(), RULES.chain_id, header, world)


async def simulated(
    *blocks: AskedBlock, ground: WorldGround | None = None, **options: bool
) -> tuple[SimulatedBlock, ...]:
    """The blocks, run."""
    asked = AskedSimulation(blocks, **options)
    return (await simulate(asked, ground or ground_of(), RULES)).value
