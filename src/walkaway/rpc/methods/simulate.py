"""Blocks that never were, run on top of one that was."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from walkaway.chain.unknown import BeyondHead
from walkaway.errors import CallFailed
from walkaway.evm.simulation.allowance import shown_bytes
from walkaway.evm.simulation.simulate import simulation_subject
from walkaway.evm.simulation.simulated import SimulatedBlock
from walkaway.limits import LIMITS
from walkaway.proofs import Proven
from walkaway.proofs.execution.header import Header
from walkaway.rpc.ask import Ask
from walkaway.rpc.encode_simulation import simulated_blocks
from walkaway.rpc.jsonrpc import Encoded
from walkaway.rpc.methods.calls import on_block
from walkaway.rpc.methods.method import Answer, Method
from walkaway.rpc.params import Params
from walkaway.rpc.simulation_params import simulation_params

__all__ = ["METHODS"]


async def simulate(ask: Ask, params: Params) -> Answer:
    """`eth_simulateV1`."""
    wanted = await asyncio.to_thread(simulation_params, params, ask.chain.spec.chain_id)
    block = params.block()
    params.end()
    found = await ask.chain.header(block)
    if isinstance(found, BeyondHead):
        raise CallFailed(f"header not found: {found}")

    subject = await asyncio.to_thread(simulation_subject, wanted.asked)

    async def run(header: Proven[Header]) -> Encoded:
        async with ask.chain.calls.simulation(header, wanted.asked) as proven:
            blocks = await ask.take(proven, subject, block)
            ask.share.reserve(await asyncio.to_thread(_bytes, blocks))
            return await simulated_blocks(blocks, shows_transactions=wanted.shows_transactions)

    return await on_block(ask, block, run)


def _bytes(blocks: Iterable[SimulatedBlock]) -> int:
    """How long the answer will be, about."""
    calls = [call for block in blocks for call in block.calls]
    return sum(shown_bytes(call.outcome) for call in calls)


METHODS = (
    Method(
        "eth_simulateV1",
        "simulation, block = latest",
        "the blocks are run here, over state proven under the base block's header; a state root "
        "that no proof decides is null, and so is what hangs on it; at most "
        f"{LIMITS.simulated_blocks} blocks, and in all {LIMITS.simulated_calls:,} calls, "
        f"{LIMITS.call_gas:,} gas, and {LIMITS.simulated_answer_bytes // 2**20} MiB of outputs "
        "and logs as JSON",
        simulate,
    ),
)
