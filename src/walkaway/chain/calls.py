"""Calls over proven state, on any block whose header is proven.

What is proven of a block's state is kept for the next call on it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from walkaway.anchors.spec import ChainSpec, ForkName
from walkaway.chain.discovery import Discovery, KeptState
from walkaway.chain.headers import Headers
from walkaway.chain.host_calls import Host, HostAnswers
from walkaway.chain.simulation_ground import SimulationGround
from walkaway.chain.state import State
from walkaway.errors import Unsupported
from walkaway.evm.block_overrides import BlockOverrides
from walkaway.evm.engine import BlockEnvironment, Call, Outcome
from walkaway.evm.opcodes import may_ask_blob_base_fee
from walkaway.evm.precompiles import displaced_precompiles
from walkaway.evm.proven_call import AskedCall, prove_call
from walkaway.evm.running import RunningEngine, fastest_engine
from walkaway.evm.simulation.allowance import Allowance
from walkaway.evm.simulation.asked import AskedSimulation
from walkaway.evm.simulation.ground import NetworkRules
from walkaway.evm.simulation.simulate import simulate
from walkaway.evm.simulation.simulated import SimulatedBlock
from walkaway.limits import LIMITS
from walkaway.proofs import Proven, derive
from walkaway.proofs.execution.blob_fees import scheduled_blob_base_fee
from walkaway.proofs.execution.header import Header
from walkaway.proofs.proven import Claim
from walkaway.sources.pool import Pool

__all__ = ["BlockOverrides", "Calls"]

EXECUTION_FORKS = {
    ForkName.BELLATRIX: "paris",
    ForkName.CAPELLA: "shanghai",
    ForkName.DENEB: "cancun",
    ForkName.ELECTRA: "prague",
    ForkName.FULU: "osaka",
}
"""The execution fork that came with each consensus fork. Blob-parameter forks change
nothing but the price of blobs, which the chain spec's schedule tells."""

CODE_AT_A_STRETCH = 32 * 1024
"""Bytes of code that are looked through before others may run."""


class Calls:
    """Runs calls on any block whose header is proven. Close it when done."""

    def __init__(
        self,
        spec: ChainSpec,
        pool: Pool,
        state: State,
        headers: Headers,
        engine: RunningEngine | None = None,
    ) -> None:
        self._spec = spec
        self._headers = headers
        self._running = engine or fastest_engine()
        self._discovery = Discovery(pool, state, headers, self._running)
        self._kept: OrderedDict[Claim, KeptState] = OrderedDict()
        self._simulating = asyncio.Semaphore(LIMITS.simulations)
        self._large = asyncio.Lock()

    @property
    def engine(self) -> str:
        """The name of the engine."""
        return self._running.name

    def close(self) -> None:
        """End the engine's processes, where it has any."""
        self._running.close()

    def environment(
        self,
        header: Header,
        call: Call,
        wanted: BlockOverrides | None = None,
        overridden: Iterable[bytes] = (),
    ) -> BlockEnvironment:
        """What the call sees of the block that it runs in.

        As execution clients have it, a call that offers no price sees no base
        fee, and no precompile runs at the address of an ``overridden`` account.
        Raises `Unsupported` for a fork that no engine knows, or one that the
        chain spec has no price of blobs for.
        """
        wanted = wanted or BlockOverrides()
        run_in = wanted.header(header)
        blob_base_fee = wanted.blob_base_fee
        if blob_base_fee is None:
            has_blobs = header.excess_blob_gas is not None
            schedule = self._spec.blob_base_fees
            blob_base_fee = scheduled_blob_base_fee(header, schedule) if has_blobs else 1
        if not call.gas_price:
            run_in = replace(run_in, base_fee_per_gas=0)
        fork = self.fork(run_in.timestamp)
        return BlockEnvironment(
            chain_id=self._spec.chain_id,
            fork=fork,
            header=run_in,
            blob_base_fee=blob_base_fee,
            precompiles=displaced_precompiles(fork, overridden),
        )

    async def run(
        self,
        header: Proven[Header],
        asked: AskedCall,
        *,
        leads_on: bool = False,
        host: Host | None = None,
    ) -> Proven[Outcome]:
        """The outcome of a call on the state after a block.

        ``leads_on`` says that the call may go on to where no call on the block has been,
        though the contract that it begins with is known: then a hint is worth asking for.
        ``host`` supplies precompiles that no fork has.

        Raises:
            Unproven: no source could prove a part of the state that the call needs, or
                what a precompile of the host reads.
            TooMuch: the call needs more state, or more rounds, than the limits allow.
            Unsupported: the engine does not know the fork, or the chain spec does not
                explain the block's blob base fee and the call may ask for it.
            InvalidRequest: the call cannot be a transaction.
        """
        kept = self._kept_state(header)
        answers = None if host is None else HostAnswers(host)
        outcome = await self._discovery.outcome(kept, asked, leads_on=leads_on, host=answers)
        await self._check_blob_base_fee(kept, asked)
        if answers is None:
            return prove_call(kept.proven, asked, outcome, self.engine)
        asked = answers.given_to(asked)
        return prove_call(kept.proven, asked, outcome, self.engine, answers.proven)

    @asynccontextmanager
    async def simulation(
        self, header: Proven[Header], asked: AskedSimulation
    ) -> AsyncIterator[Proven[tuple[SimulatedBlock, ...]]]:
        """Blocks that follow ``header``'s; raises what `walkaway.evm.simulation` does.

        Nothing that they change is kept. Let go of them when the context ends: only so
        many simulations run at a time, and only one that is large is held.
        """
        if header.value.excess_blob_gas is not None:
            parent = await self._headers.parent(header)
            derive.blob_base_fee(parent, header, self._spec.blob_base_fees)
        rules = NetworkRules(
            chain_id=self._spec.chain_id,
            fork_at=self.fork,
            blob_base_fees=self._spec.blob_base_fees,
            deposit_contract=self._spec.deposit_contract,
        )
        async with self._simulating, AsyncExitStack() as held:

            async def turn() -> None:
                await held.enter_async_context(self._large)

            ground = SimulationGround(self._discovery, self._kept_state(header))
            yield await simulate(asked, ground, rules, Allowance(turn))

    def _kept_state(self, header: Proven[Header]) -> KeptState:
        kept = self._kept.get(header.claim)
        if kept is None or kept.proven.pieces > LIMITS.call_pieces:
            kept = self._kept[header.claim] = KeptState(header)
        self._kept.move_to_end(header.claim)
        while len(self._kept) > LIMITS.call_states:
            self._kept.popitem(last=False)
        return kept

    def fork(self, timestamp: int) -> str:
        """The execution fork of a unix time. Raises `Unsupported` where no engine knows it."""
        fork = self._spec.fork_at_slot(self._spec.slot_at_time(timestamp)).name
        if fork not in EXECUTION_FORKS:
            if fork < ForkName.BELLATRIX:
                raise Unsupported(
                    f"calls are not run before the Merge: the time is {timestamp}",
                    advice="leave the block's time out, or give one of after the Merge in seconds",
                )
            raise Unsupported(f"calls on blocks of {fork.label} are not run")
        return EXECUTION_FORKS[fork]

    async def _check_blob_base_fee(self, kept: KeptState, asked: AskedCall) -> None:
        """Hold the blob base fee against the block's parent, where the call may ask for it."""
        header = kept.proven.header
        if header.value.excess_blob_gas is None or kept.blob_base_fee_is_proven:
            return
        looked_at, known = kept.code_without_blob_base_fee, kept.proven.known.code
        fresh = {at: code for at, code in known.items() if at not in looked_at}
        overridden = [wanted.code or b"" for wanted in asked.overrides.values()]
        init = [asked.call.data] if asked.call.to is None else []
        pays = asked.call.max_fee_per_blob_gas
        if pays or await _any_may_ask([*fresh.values(), *overridden, *init]):
            parent = await self._headers.parent(header)
            derive.blob_base_fee(parent, header, self._spec.blob_base_fees)
            kept.blob_base_fee_is_proven = True
        looked_at.update(fresh)


async def _any_may_ask(codes: Sequence[bytes]) -> bool:
    """Whether any of the codes may ask for the blob base fee; much code is read off the loop."""

    def looked_through() -> bool:
        return any(map(may_ask_blob_base_fee, codes))

    if sum(map(len, codes)) <= CODE_AT_A_STRETCH:
        return looked_through()
    return await asyncio.to_thread(looked_through)
