"""Calls on a devnet over proven state: the devnet's own answers, from lying sources too."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from tests.chain.devnet_chain import BEACON, EXECUTION, Behaviour, SourcePlan, devnet_of, pool_of
from walkaway.chain import calls
from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain, ChainSettings
from walkaway.chain.gas_estimate import estimate_gas
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.execution.engine import MessageCall
from walkaway.devnet.execution.genesis import COUNTER, TOKEN
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings
from walkaway.errors import CallFailed, RanTooLong, Unproven, Unsupported
from walkaway.evm.block_overrides import BlockOverrides
from walkaway.evm.engine import BlockEnvironment, Call, KnownState, Missing, Outcome, Overrides
from walkaway.evm.opcodes import may_ask_blob_base_fee
from walkaway.evm.proven_call import AskedCall
from walkaway.evm.reference import ReferenceEngine
from walkaway.evm.running import RunningEngine, ThreadedEngine
from walkaway.evm.worker import Learns
from walkaway.proofs import Proven
from walkaway.proofs.execution.keccak import keccak256

RICH = dev_account(7).address
BALANCE_OF = keccak256(b"balanceOf(address)")[:4] + RICH.rjust(32, b"\0")
TRANSFER = (
    keccak256(b"transfer(address,uint256)")[:4]
    + dev_account(1).address.rjust(32, b"\0")
    + (10**15).to_bytes(32)
)
LIARS = (Behaviour.LYING_BALANCE, Behaviour.FORGED_STATE, Behaviour.GARBAGE, Behaviour.STALE)


@asynccontextmanager
async def calling(devnet: Devnet, engine: RunningEngine | None = None) -> AsyncIterator[Chain]:
    async with devnet, pool_of(devnet) as pool:
        settings = ChainSettings(checkpoint=devnet.checkpoint.root)
        engine = engine or ThreadedEngine(ReferenceEngine())
        chain = Chain(devnet.spec, pool, settings, clock=devnet, engine=engine)
        await chain.start(follow=False)
        yield chain
        await chain.stop()


async def run(
    chain: Chain,
    call: Call,
    overrides: Mapping[bytes, Overrides] | None = None,
    of_block: BlockOverrides | None = None,
) -> Outcome:
    header = await chain.header(Tag.LATEST)
    assert isinstance(header, Proven)
    environment = chain.calls.environment(header.value, call, of_block)
    asked = AskedCall(call, environment, overrides or {})
    proven = await chain.calls.run(header, asked)
    assert proven.claim.subject == asked.subject
    assert proven.claim.block_hash == header.value.hash
    return proven.value


def devnets_own(devnet: Devnet, chain: Chain, call: Call) -> bytes:
    block = devnet.execution.block(chain.head(Tag.LATEST).value.hash)
    assert call.to is not None
    assert block is not None
    message = MessageCall(call.sender, call.to, call.data, call.value, call.gas_limit)
    return devnet.execution.call(block, message).output


@pytest.mark.parametrize("fork", ["cancun", "prague", "osaka"])
async def test_a_call_gives_what_the_devnet_itself_gives(fork: str) -> None:
    epochs = {"cancun": (None, None), "prague": (0, None), "osaka": (0, 0)}[fork]
    settings = DevnetSettings(electra_epoch=epochs[0], fulu_epoch=epochs[1])
    devnet = devnet_of(settings=settings)
    async with calling(devnet) as chain:
        for call in (
            Call(bytes(20), TOKEN, 1_000_000, data=BALANCE_OF),
            Call(RICH, TOKEN, 1_000_000, data=TRANSFER),
            Call(RICH, COUNTER, 1_000_000, data=keccak256(b"increment()")[:4]),
        ):
            outcome = await run(chain, call)
            assert outcome.succeeded
            assert outcome.output == devnets_own(devnet, chain, call)
        header = await chain.header(Tag.LATEST)
        assert isinstance(header, Proven)
        assert chain.calls.environment(header.value, call).fork == fork


async def test_a_transfer_logs_and_a_sender_without_tokens_reverts() -> None:
    devnet = devnet_of()
    async with calling(devnet) as chain:
        paid = await run(chain, Call(RICH, TOKEN, 1_000_000, data=TRANSFER))
        assert [log.address for log in paid.logs] == [TOKEN]
        unpaid = await run(chain, Call(b"\x77" * 20, TOKEN, 1_000_000, data=TRANSFER))
        assert unpaid.reverted
        assert unpaid.logs == ()


async def test_no_liar_changes_a_result() -> None:
    plans = [SourcePlan(f"liar{i}", EXECUTION, lie) for i, lie in enumerate(LIARS)]
    devnet = devnet_of(*plans, SourcePlan("honest", EXECUTION), SourcePlan("beacon", BEACON))
    async with calling(devnet) as chain:
        call = Call(bytes(20), TOKEN, 1_000_000, data=BALANCE_OF)
        for _ in range(4):
            assert (await run(chain, call)).output == devnets_own(devnet, chain, call)
            devnet.advance()
            await chain.advance()


async def test_liars_alone_get_no_result() -> None:
    devnet = devnet_of(
        SourcePlan("liar", EXECUTION, Behaviour.FORGED_STATE), SourcePlan("beacon", BEACON)
    )
    async with calling(devnet) as chain:
        with pytest.raises(Unproven):
            await run(chain, Call(bytes(20), TOKEN, 1_000_000, data=BALANCE_OF))


async def test_what_was_proven_is_not_asked_again() -> None:
    devnet = devnet_of()
    async with calling(devnet) as chain:
        call = Call(bytes(20), TOKEN, 1_000_000, data=BALANCE_OF)
        await run(chain, call)
        asked = devnet.requests("alder")
        await run(chain, call)
        assert devnet.requests("alder") == asked


class Overtaken(ThreadedEngine):
    """Gives what its first run lacked only after another call has been answered."""

    def __init__(self) -> None:
        super().__init__(ReferenceEngine())
        self.began = asyncio.Event()
        self.answered = asyncio.Event()

    async def run(
        self,
        call: Call,
        environment: BlockEnvironment,
        state: KnownState,
        overrides: Mapping[bytes, Overrides] | None = None,
        learns: Learns | None = None,
    ) -> Outcome | Missing:
        is_first = not self.began.is_set()
        self.began.set()
        result = await super().run(call, environment, state, overrides, learns)
        if is_first:
            await self.answered.wait()
        return result


async def test_what_another_call_learned_meanwhile_is_no_fault() -> None:
    engine = Overtaken()
    async with calling(devnet_of(), engine) as chain:
        call = Call(bytes(20), TOKEN, 1_000_000, data=BALANCE_OF)
        overtaken = asyncio.create_task(run(chain, call))
        await engine.began.wait()
        outcome = await run(chain, call)
        engine.answered.set()
        assert await overtaken == outcome


async def test_block_hashes_come_from_ancestors_that_the_header_leads_to() -> None:
    devnet = devnet_of()
    async with calling(devnet) as chain:
        head = chain.head(Tag.LATEST).value.number
        asker = bytes.fromhex("5f35405f5260205ff3")  # the hash of the block in the call data
        odd = {b"\x11" * 20: Overrides(code=asker)}
        for number in (head - 1, head - 5):
            call = Call(bytes(20), b"\x11" * 20, 100_000, data=number.to_bytes(32))
            block = devnet.execution.block_at(number)
            assert block is not None
            assert (await run(chain, call, odd)).output == block.header.hash
        unborn = Call(bytes(20), b"\x11" * 20, 100_000, data=head.to_bytes(32))
        with pytest.raises(Unsupported):
            await run(chain, unborn, odd, BlockOverrides(number=head + 3))


async def test_overrides_of_state_and_block_are_what_the_call_sees() -> None:
    devnet = devnet_of()
    async with calling(devnet) as chain:
        here = b"\x11" * 20
        shows = {
            "4760005260206000f3": 11,  # its own balance
            "60035460005260206000f3": 22,  # its slot 3
            "4260005260206000f3": 33,  # the time
            "4a60005260206000f3": 44,  # the blob base fee
        }
        of_block = BlockOverrides(timestamp=devnet.spec.genesis_time + 33, blob_base_fee=44)
        for code, value in shows.items():
            odd = Overrides(balance=11, code=bytes.fromhex(code), slots={(3).to_bytes(32): 22})
            outcome = await run(chain, Call(bytes(20), here, 100_000), {here: odd}, of_block)
            shown = int.from_bytes(outcome.output)
            assert shown == (devnet.spec.genesis_time + 33 if value == 33 else value)


async def test_the_blob_base_fee_that_a_call_reads_is_held_against_the_parent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at: list[tuple[bytes, int]] = []

    def look(code: bytes) -> bool:
        looked_at.append((code, threading.get_ident()))
        return may_ask_blob_base_fee(code)

    monkeypatch.setattr(calls, "may_ask_blob_base_fee", look)
    devnet, loop = devnet_of(), threading.get_ident()
    async with calling(devnet) as chain:
        here = b"\x11" * 20
        asked = Call(RICH, TOKEN, 100_000, data=BALANCE_OF)
        for _ in range(2):
            assert (await run(chain, asked)).succeeded
            # Proven code is looked at once, and what is short at once.
            assert [thread for _, thread in looked_at] == [loop]
        large = {here: Overrides(code=bytes(40_000))}
        assert (await run(chain, Call(bytes(20), here, 100_000), large)).succeeded
        ((code, thread),) = looked_at[1:]
        assert code == bytes(40_000)
        assert thread != loop
        odd = {here: Overrides(code=bytes.fromhex("4a60005260206000f3"))}
        assert int.from_bytes((await run(chain, Call(bytes(20), here, 100_000), odd)).output) == 1


async def test_an_estimate_is_enough_and_hardly_more() -> None:
    devnet = devnet_of()
    async with calling(devnet) as chain:

        async def probe(gas_limit: int) -> Outcome:
            return await run(chain, Call(RICH, TOKEN, gas_limit, data=TRANSFER))

        needed = await estimate_gas(probe, 1_000_000)
        assert isinstance(needed, int)
        assert (await probe(needed)).succeeded
        assert not (await probe(needed * 97 // 100)).succeeded
        with pytest.raises(CallFailed, match="gas required exceeds allowance"):
            await estimate_gas(probe, 30_000)


async def test_a_run_that_was_stopped_says_nothing_of_how_much_gas_suffices() -> None:
    async def probe(gas_limit: int) -> Outcome:
        if gas_limit < 1_000_000:
            raise RanTooLong("execution aborted")
        return Outcome(True, b"", 500_000)

    with pytest.raises(RanTooLong):
        await estimate_gas(probe, 1_000_000)


async def test_many_balances_take_a_handful_of_round_trips() -> None:
    holders = [keccak256(number.to_bytes(2)) for number in range(200)]
    ask = "63" + BALANCE_OF[:4].hex() + "60e01b600052"
    code = ask
    for holder in holders:
        code += "73" + holder[:20].hex() + "600452"
        code += "602060406024600060" + "0073" + TOKEN.hex() + "61fffff150"
    code += "60406000f3"
    devnet = devnet_of()
    async with calling(devnet) as chain:
        here = b"\x11" * 20
        odd = {here: Overrides(code=bytes.fromhex(code))}
        before = devnet.requests("alder")
        outcome = await run(chain, Call(bytes(20), here, 10_000_000), odd)
        assert outcome.succeeded
        assert len(outcome.touched_slots) == len(holders)
        assert devnet.requests("alder") - before <= 6
