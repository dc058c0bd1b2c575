"""500 balances in one call: found, proven in a handful of round trips, and right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.chain.devnet_chain import devnet_of, pool_of
from tests.multicall import BALANCES, HOLDERS, MULTICALL, balances_call, balances_of, world
from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain, ChainSettings
from walkaway.devnet.network import Devnet
from walkaway.evm import native
from walkaway.evm.engine import Call, Outcome
from walkaway.evm.proven_call import AskedCall
from walkaway.evm.reference import ReferenceEngine
from walkaway.evm.running import ThreadedEngine
from walkaway.proofs.execution.transaction_forms import decode_transaction

REQUESTS = 6
"""An access list, refused, while the contract is proven; its code; the token, its code; and all
500 slots at once: five round trips."""


@pytest.fixture(scope="module")
def devnet() -> Devnet:
    """A devnet in which 500 hold the token. No source of it gives access lists."""
    made = devnet_of()
    for raw in world(made.spec.chain_id):
        made.execution.submit(decode_transaction(raw))
    made.advance(4)
    return made


@asynccontextmanager
async def calling(devnet: Devnet, engine: ThreadedEngine) -> AsyncIterator[Chain]:
    async with devnet, pool_of(devnet) as pool:
        settings = ChainSettings(checkpoint=devnet.checkpoint.root)
        chain = Chain(devnet.spec, pool, settings, clock=devnet, engine=engine)
        await chain.start(follow=False)
        yield chain
        await chain.stop()


async def outcome(chain: Chain) -> Outcome:
    header = chain.head(Tag.LATEST)
    call = Call(bytes(20), MULTICALL, 50_000_000, data=balances_call())
    asked = AskedCall(call, chain.calls.environment(header.value, call))
    return (await chain.calls.run(header, asked)).value


@pytest.mark.parametrize("engine", ["reference", "native"])
async def test_500_balances_take_a_handful_of_round_trips(devnet: Devnet, engine: str) -> None:
    if engine == "native" and not native.available():
        pytest.skip("the native kernel is not built")
    runs = ReferenceEngine() if engine == "reference" else native.NativeEngine()
    async with calling(devnet, ThreadedEngine(runs)) as chain:
        before = devnet.requests("alder")
        found = await outcome(chain)
        assert balances_of(found.output) == BALANCES
        assert len(found.touched_slots) == len(HOLDERS)
        assert devnet.requests("alder") - before <= REQUESTS


async def test_what_is_proven_is_not_fetched_again(devnet: Devnet) -> None:
    if not native.available():
        pytest.skip("the native kernel is not built")
    async with calling(devnet, ThreadedEngine(native.NativeEngine())) as chain:
        first = await outcome(chain)
        asked = devnet.requests("alder")
        assert (await outcome(chain)).output == first.output
        assert devnet.requests("alder") == asked
