"""Simulations over a devnet's sources: what they ask for, and what they keep."""

from __future__ import annotations

import pytest

from tests.chain.devnet_chain import devnet_of, pool_of
from tests.chain.test_calls import BALANCE_OF, RICH, TRANSFER, calling, run
from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain, ChainSettings
from walkaway.devnet.execution.genesis import TOKEN
from walkaway.errors import SourceLacks, Unproven
from walkaway.evm.engine import Call, Overrides
from walkaway.evm.reference import ReferenceEngine
from walkaway.evm.running import ThreadedEngine
from walkaway.evm.simulation.asked import AskedBlock, AskedSimulation, AskedTransaction
from walkaway.evm.simulation.simulated import SimulatedBlock
from walkaway.proofs import Proven
from walkaway.sources.request import Answer, Request, RpcRequest

POOR = b"\xc1" * 20
SEND = AskedTransaction(RICH, TOKEN, data=TRANSFER)


async def simulated(chain: Chain, *blocks: AskedBlock) -> tuple[SimulatedBlock, ...]:
    header = await chain.header(Tag.LATEST)
    assert isinstance(header, Proven)
    async with chain.calls.simulation(header, AskedSimulation(blocks)) as proven:
        return proven.value


async def test_empty_blocks_take_one_round_trip_together() -> None:
    devnet = devnet_of()
    async with calling(devnet) as chain:
        await simulated(chain, AskedBlock())
        before = devnet.requests("alder")
        done = await simulated(chain, *[AskedBlock()] * 40)
        assert devnet.requests("alder") - before <= 2
        assert all(block.hash is not None for block in done)


async def test_the_next_call_on_the_block_finds_nothing_of_a_simulation() -> None:
    async with calling(devnet_of()) as chain:
        asks = Call(bytes(20), TOKEN, 1_000_000, data=BALANCE_OF)
        before = (await run(chain, asks)).output
        rich = {RICH: Overrides(balance=10**30)}
        (done,) = await simulated(chain, AskedBlock(state=rich, transactions=(SEND, SEND)))
        assert all(call.outcome.succeeded for call in done.calls)
        assert (await run(chain, asks)).output == before


async def test_an_account_that_no_source_proves_fails_the_simulation() -> None:
    devnet = devnet_of()

    def hides_the_poor(request: Request, answer: Answer) -> Answer:
        if isinstance(request, RpcRequest) and POOR.hex() in str(request.params):
            raise SourceLacks("it keeps that to itself")
        return answer

    async with devnet, pool_of(devnet, twists={"alder": hides_the_poor}) as pool:
        settings = ChainSettings(checkpoint=devnet.checkpoint.root)
        engine = ThreadedEngine(ReferenceEngine())
        chain = Chain(devnet.spec, pool, settings, clock=devnet, engine=engine)
        await chain.start(follow=False)
        assert (await simulated(chain, AskedBlock(transactions=(SEND,))))[0].hash is not None
        odd = {address: Overrides(balance=1) for address in (POOR, b"\xc2" * 20)}
        with pytest.raises(Unproven, match=POOR.hex()):
            await simulated(chain, AskedBlock(state=odd))
        await chain.stop()
