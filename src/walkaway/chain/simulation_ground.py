"""What a simulation stands on: the proven state of its base block, which grows as it asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from walkaway.chain.discovery import Discovery, KeptState
from walkaway.errors import Unproven
from walkaway.evm.engine import Outcome
from walkaway.evm.proven_call import AskedCall
from walkaway.proofs.execution.accounts import StateProof

__all__ = ["SimulationGround"]


class SimulationGround:
    """`walkaway.evm.simulation.ground.Ground`, over what is kept of a block's state.

    Runs need values, state roots the nodes that prove them. Nodes are not kept
    from call to call; each piece that a simulation changes is asked for once more.
    """

    def __init__(self, discovery: Discovery, kept: KeptState) -> None:
        self._discovery = discovery
        self._kept = kept
        self._shown: dict[bytes, set[bytes]] = {}
        self.state = kept.proven
        self.engine = discovery.engine.name

    async def run(self, asked: AskedCall) -> Outcome:
        """See `walkaway.evm.simulation.ground.Ground`."""
        return await self._discovery.outcome(self._kept, asked)

    async def prove(
        self, wanted: Mapping[bytes, Iterable[bytes]]
    ) -> list[tuple[bytes, StateProof]]:
        """See `walkaway.evm.simulation.ground.Ground`. Raises `Unproven`, `TooMuch`."""
        asked = {address: set(keys) for address, keys in wanted.items()}
        new = {
            address: keys - self._shown.get(address, set())
            for address, keys in asked.items()
            if address not in self._shown or not keys <= self._shown[address]
        }
        if not new:
            return []
        found = []
        for proof in await self._discovery.learn(self._kept, new):
            address = proof.account.claim.subject[1]
            assert isinstance(address, bytes)
            self._shown.setdefault(address, set()).update(proof.nodes.slot_nodes)
            found.append((address, proof.nodes))
        for address, keys in new.items():
            if not keys <= self._shown.get(address, set()) or address not in self._shown:
                raise Unproven(f"the state of 0x{address.hex()} could not be proven", reasons={})
        return found
