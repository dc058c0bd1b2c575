"""Simulated blocks, proven: what comes of them follows from the base block's state and the rules.

The blocks are run one on the other, over the proven state after the base block
and everything that they were asked to find otherwise. The claim names what was
asked by a digest, so that an answer to another simulation cannot stand in for
it. The semantics are go-ethereum's, which the execution API's tests record
(https://ethereum.github.io/execution-apis/, ``eth_simulateV1``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from walkaway.errors import CallRefused, Refusal
from walkaway.evm.proven_call import ProvenState, digest, run_stands_on
from walkaway.evm.simulation.allowance import Allowance
from walkaway.evm.simulation.asked import AskedBlock, AskedSimulation
from walkaway.evm.simulation.block import BlockRun, begun_header
from walkaway.evm.simulation.ground import Ground, NetworkRules
from walkaway.evm.simulation.plan import planned
from walkaway.evm.simulation.simulated import SimulatedBlock
from walkaway.evm.simulation.state import SimulatedState
from walkaway.evm.system_contracts import (
    BEACON_ROOTS,
    REQUEST_CONTRACTS,
    beacon_root_slots,
    block_hash_slot,
)
from walkaway.limits import LIMITS
from walkaway.proofs._seal import seal
from walkaway.proofs.proven import Claim, Evidence, Proven, Subject

__all__ = ["simulate", "simulation_subject"]


async def simulate(
    asked: AskedSimulation,
    ground: Ground,
    rules: NetworkRules,
    allowance: Allowance | None = None,
) -> Proven[tuple[SimulatedBlock, ...]]:
    """Run every block on the one before it, the first on the ground's.

    Raises:
        CallRefused: the blocks do not follow, a call could be no transaction, or more
            would be run or answered than the limits allow.
        CallFailed: a precompile cannot be moved, a system contract fails, or an account
            has no room for what is withdrawn to it.
        Unproven: no source could prove a part of the state that is needed.
        Unsupported: the rules do not tell of such a block, or a call asks for what
            hangs on a state root that is not known.
        TooMuch: more state is needed than the limits allow.
    """
    if sum(len(block.transactions) for block in asked.blocks) > LIMITS.simulated_calls:
        raise CallRefused(
            f"too many calls: a simulation has at most {LIMITS.simulated_calls}", Refusal.TOO_MUCH
        )
    if any(len(block.withdrawals) > LIMITS.block_withdrawals for block in asked.blocks):
        raise CallRefused(
            f"too many withdrawals: a block has at most {LIMITS.block_withdrawals}",
            Refusal.TOO_MUCH,
        )
    parent = ground.state.header.value
    line = planned(parent, asked.blocks)
    allowance = allowance or Allowance()
    state = SimulatedState(ground, allowance)
    await state.prove(_needed(line, rules))
    parent_hash: bytes | None = parent.hash
    hashes = {parent.number: parent.hash}
    simulated: list[SimulatedBlock] = []
    for block in line:
        header = begun_header(parent, parent_hash, block, rules, validates=asked.validates)
        run = BlockRun(block, header, parent_hash, rules, block_hashes=hashes, allowance=allowance)
        done = await run.run(asked, state)
        parent, parent_hash = done.header, done.hash
        if parent_hash is not None:
            hashes[parent.number] = parent_hash
        simulated.append(done)
    subject = await asyncio.to_thread(simulation_subject, asked)
    return _sealed(tuple(simulated), subject, ground.state, ground.engine)


def simulation_subject(asked: AskedSimulation) -> Subject:
    """What the claim of a simulation is about: ``("simulation", digest)``, 32 bytes."""
    return "simulation", digest(asked)


def _needed(line: Sequence[AskedBlock], rules: NetworkRules) -> dict[bytes, set[bytes]]:
    """What the blocks look at for certain, to be proven in one go."""
    wanted: dict[bytes, set[bytes]] = {}
    for block in line:
        number, time = block.overrides.number or 0, block.overrides.timestamp or 0
        for transaction in block.transactions:
            wanted.setdefault(transaction.sender, set())
        for withdrawal in block.withdrawals:
            wanted.setdefault(withdrawal.address, set())
        if rules.has("cancun", time):
            wanted.setdefault(BEACON_ROOTS, set()).update(beacon_root_slots(time))
        if rules.has("prague", time):
            address, key = block_hash_slot(number)
            wanted.setdefault(address, set()).add(key)
            wanted |= {queue.address: set(queue.slots) for queue in REQUEST_CONTRACTS}
    return wanted


def _sealed(
    blocks: tuple[SimulatedBlock, ...], subject: Subject, state: ProvenState, engine: str
) -> Proven[tuple[SimulatedBlock, ...]]:
    under = state.header.claim
    claim = Claim(under.chain_id, under.block_hash, subject, under.finality)
    calls = [call.outcome for block in blocks for call in block.calls]
    facts = (
        ("blocks", len(blocks)),
        ("calls", len(calls)),
        ("proven_pieces", state.pieces),
    )
    rule = "the blocks were run over proven state, and read no value besides"
    return seal(blocks, claim, Evidence(rule, facts, run_stands_on(state, engine, calls)))
