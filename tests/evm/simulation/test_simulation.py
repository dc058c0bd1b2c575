"""Simulated blocks on a small world: what each leaves the next, and what nobody can know."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U256

from tests.evm.simulation.small_world import POOR, RICH, RULES, ground_of, simulated
from tests.evm.simulation.world_ground import WorldGround
from tests.evm.test_blocks import engines
from tests.proofs.execution.test_requests import PARTS, encoded
from walkaway.devnet.execution.world import Account
from walkaway.errors import (
    CallFailed,
    CallRefused,
    InvalidRequest,
    ProofError,
    Refusal,
    Unsupported,
)
from walkaway.evm.block_overrides import BlockOverrides
from walkaway.evm.engine import Engine, Outcome, Overrides
from walkaway.evm.proven_call import AskedCall
from walkaway.evm.refusals import LAST_NONCE
from walkaway.evm.simulation.asked import AskedBlock, AskedSimulation, AskedTransaction
from walkaway.evm.simulation.block import TRANSFER_ADDRESS
from walkaway.evm.simulation.simulate import simulate, simulation_subject
from walkaway.evm.simulation.simulated import SimulatedBlock
from walkaway.evm.system_contracts import block_hash_slot
from walkaway.limits import LIMITS
from walkaway.proofs import Finality
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.requests import DEPOSIT_TOPIC, requests_hash
from walkaway.proofs.execution.withdrawals import Withdrawal

HERE = b"\xaa" * 20

CLEARS = bytes.fromhex("5f5f55")
"""Sets slot 0 to zero."""
BALANCE_OF_POOR = bytes.fromhex("73" + POOR.hex() + "315f5260205ff3")
HASH_OF_ARGUMENT = bytes.fromhex("5f35405f5260205ff3")
GOES = bytes.fromhex("5fff")
"""SELFDESTRUCT, to the zero address."""
LOGS = bytes.fromhex("5f5fa0")
"""Logs nothing, without topics."""
TO_SHA256 = b"\2".rjust(20, b"\0")


def call(
    to: bytes | None = POOR, value: int = 0, data: bytes = b"", gas: int | None = None
) -> AskedTransaction:
    return AskedTransaction(RICH, to, gas, value=value, data=data)


def block(*calls: AskedTransaction, **fields: Any) -> AskedBlock:
    return replace(AskedBlock(transactions=calls), **fields)


def code_at(code: bytes, at: bytes = HERE) -> dict[bytes, Overrides]:
    return {at: Overrides(code=code)}


def key(number: int) -> bytes:
    return number.to_bytes(32)


def returned(simulated: SimulatedBlock, index: int = 0) -> int:
    outcome = simulated.calls[index].outcome
    assert outcome.succeeded
    return int.from_bytes(outcome.output, "big")


async def test_a_block_finds_what_the_one_before_left() -> None:
    first, second, third = await simulated(
        block(call(value=7)),
        block(call(HERE), state=code_at(BALANCE_OF_POOR)),
        block(call(HERE)),
    )
    assert (returned(second), returned(third)) == (7, 7)
    assert [item.calls[0].transaction.nonce for item in (first, second, third)] == [0, 1, 2]
    assert (second.parent_hash, third.parent_hash) == (first.hash, second.hash)
    assert first.hash == first.header.hash


async def test_withdrawals_are_paid_in_gwei_after_the_calls() -> None:
    paid = Withdrawal(index=1, validator_index=2, address=POOR, amount=3)
    first, second = await simulated(
        block(call(HERE), state=code_at(BALANCE_OF_POOR), withdrawals=(paid,)), block(call(HERE))
    )
    assert (returned(first), returned(second)) == (0, 3 * 10**9)
    assert first.withdrawals == (paid,)


async def test_an_account_has_room_for_what_is_withdrawn_to_it_or_the_simulation_fails() -> None:
    paid = Withdrawal(index=1, validator_index=2, address=POOR, amount=1)
    full = {POOR: Overrides(balance=2**256 - 10**9)}
    with pytest.raises(CallFailed, match="balance overflow"):
        await simulated(block(state=full, withdrawals=(paid,)))
    nearly = {POOR: Overrides(balance=2**256 - 1 - 2 * 10**9)}
    (done,) = await simulated(block(state=nearly, withdrawals=(paid, paid)))
    assert done.state_root is not None


async def test_withdrawals_before_shanghai_are_refused() -> None:
    paid = Withdrawal(index=1, validator_index=2, address=POOR, amount=3)
    asked = AskedSimulation((block(withdrawals=(paid,)),))
    rules = replace(RULES, fork_at=lambda _: "paris")
    with pytest.raises(InvalidRequest, match="the block is paris"):
        await simulate(asked, ground_of(), rules)
    before = await simulate(AskedSimulation((block(),)), ground_of(), rules)
    assert before.value[0].withdrawals is None
    assert before.value[0].header.withdrawals_root is None


async def test_gas_is_shared_by_block_and_simulation() -> None:
    limit = BlockOverrides(gas_limit=100_000)
    (shared,) = await simulated(block(call(), call(), overrides=limit))
    assert [item.transaction.gas_limit for item in shared.calls] == [100_000, 79_000]
    with pytest.raises(CallRefused, match="remaining: 79000, required: 79001") as refused:
        await simulated(block(call(), call(gas=79_001), overrides=limit))
    assert refused.value.refusal is Refusal.BLOCK_GAS
    wide = BlockOverrides(gas_limit=10 * LIMITS.call_gas)
    first, second = await simulated(block(call(), overrides=wide), block(call()))
    assert first.calls[0].transaction.gas_limit == LIMITS.call_gas
    assert second.calls[0].transaction.gas_limit == LIMITS.call_gas - 21_000


async def test_what_the_engine_refuses_is_said_as_a_simulation_says_it() -> None:
    with pytest.raises(CallRefused, match=r"^err: .*\(supplied gas 20999\)$") as refused:
        await simulated(block(call(gas=20_999)))
    assert refused.value.refusal is Refusal.INTRINSIC_GAS


@pytest.mark.parametrize("engine", engines(), ids=lambda engine: engine.name.split()[0])
async def test_a_base_fee_that_outgrows_what_engines_hold_is_refused(engine: Engine) -> None:
    full = replace(call(HERE), gas_price=2**64 - 1)
    state = {RICH: Overrides(balance=2**128), **code_at(b"\xfe")}
    first = BlockOverrides(gas_limit=100_000, base_fee_per_gas=2**64 - 1)
    blocks = block(full, overrides=first, state=state), block()
    with pytest.raises(InvalidRequest, match=r"^base fee per gas: not from 0 to 2\*\*64 - 1$"):
        await simulated(*blocks, validates=True, ground=ground_of(engine=engine))


async def test_too_many_calls_or_withdrawals_are_refused_before_any_runs() -> None:
    ground = ground_of()
    with pytest.raises(CallRefused, match="too many calls"):
        await simulated(block(*[call()] * (LIMITS.simulated_calls + 1)), ground=ground)
    paid = Withdrawal(index=1, validator_index=2, address=POOR, amount=3)
    for count, raises in ((LIMITS.block_withdrawals + 1, True), (LIMITS.block_withdrawals, False)):
        with pytest.raises(CallRefused, match="withdrawals") if raises else nullcontext():
            await simulated(block(), block(withdrawals=(paid,) * count), ground=ground)
        assert bool(ground.asked) is not raises


@pytest.mark.parametrize("engine", engines(), ids=lambda engine: engine.name.split()[0])
async def test_transfers_are_shown_and_stay_out_of_the_receipt(engine: Engine) -> None:
    ground = ground_of(engine=engine)
    (done,) = await simulated(
        block(call(HERE, value=5), state=code_at(LOGS)), ground=ground, logs_transfers=True
    )
    shown = done.calls[0].outcome.logs
    assert [log.address for log in shown] == [TRANSFER_ADDRESS, HERE]
    assert [log.address for log in done.calls[0].receipt.logs] == [HERE]


@pytest.mark.parametrize("engine", engines(), ids=lambda engine: engine.name.split()[0])
async def test_code_that_logs_where_transfers_are_shown_is_in_the_receipt(engine: Engine) -> None:
    ground = ground_of(engine=engine)
    (done,) = await simulated(
        block(call(TRANSFER_ADDRESS, value=5), state=code_at(LOGS, TRANSFER_ADDRESS)),
        ground=ground,
        logs_transfers=True,
    )
    assert len(done.calls[0].outcome.logs) == 2
    assert [log.topics for log in done.calls[0].receipt.logs] == [()]


@pytest.mark.parametrize("engine", engines(), ids=lambda engine: engine.name.split()[0])
async def test_the_last_nonce_is_followed_by_the_first(engine: Engine) -> None:
    odd = {RICH: Overrides(nonce=LAST_NONCE)}
    calls = block(call(), call(), call(), state=odd)
    (done,) = await simulated(calls, ground=ground_of(engine=engine))
    assert [item.transaction.nonce for item in done.calls] == [LAST_NONCE, 0, 1]
    with pytest.raises(CallRefused, match="nonce"):
        await simulated(block(call(None), state=odd), ground=ground_of(engine=engine))


async def test_hashes_of_simulated_blocks_are_found_by_later_ones() -> None:
    base = ground_of().state.header.value
    asked = [(base.number + at).to_bytes(32) for at in range(3)]
    first, second = await simulated(
        block(),
        block(*[call(HERE, data=number) for number in asked], state=code_at(HASH_OF_ARGUMENT)),
    )
    assert first.hash is not None
    hashes = [int.from_bytes(item or b"", "big") for item in (base.hash, first.hash)]
    assert [returned(second, at) for at in range(3)] == [*hashes, 0]


def close_slots() -> tuple[int, int]:
    """Two slots that part too deep in their trie for a third to be found beside one of them."""
    seen: dict[bytes, int] = {}
    for number in range(1 << 16):
        beginning = keccak256(number.to_bytes(32))[: (LIMITS.neighbour_nibbles + 1) // 2]
        if beginning in seen:
            return seen[beginning], number
        seen[beginning] = number
    raise AssertionError("hashes do not meet")


def clears_beside_a_deep_neighbour() -> tuple[bytes, WorldGround]:
    """A contract that clears a slot, by which another is left alone, deep in its trie."""
    cleared, left = close_slots()
    code = bytes.fromhex("5f61" + cleared.to_bytes(2).hex() + "55")
    return code, ground_of({HERE: Account(code=code)}, {HERE: {cleared: 1, left: 1, 1 << 20: 1}})


async def test_a_root_that_hangs_on_a_node_nobody_showed_is_null_and_so_is_what_follows() -> None:
    _, ground = clears_beside_a_deep_neighbour()
    base = ground.state.header.value
    before, at, after = await simulated(block(), block(call(HERE)), block(), ground=ground)
    assert before.hash is not None
    assert (at.parent_hash, at.state_root, at.hash) == (before.hash, None, None)
    assert (after.parent_hash, after.state_root, after.hash) == (None, None, None)
    assert after.size == before.size
    asks = call(POOR, data=(base.number + 1).to_bytes(32))
    with pytest.raises(Unsupported, match="hash"):
        await simulated(
            block(call(HERE)),
            block(asks, state=code_at(HASH_OF_ARGUMENT, POOR)),
            ground=clears_beside_a_deep_neighbour()[1],
        )


async def test_the_history_contract_does_not_tell_a_hash_that_is_not_known() -> None:
    _, ground = clears_beside_a_deep_neighbour()
    number = ground.state.header.value.number + 1
    history, _ = block_hash_slot(number)
    asks = call(history, data=number.to_bytes(32))
    with pytest.raises(Unsupported, match="root is not known"):
        await simulated(block(call(HERE)), block(asks), ground=ground)
    known, told = await simulated(block(call()), block(asks))
    assert told.calls[0].outcome.output == known.hash


@pytest.mark.parametrize("others", [1, 2, 16, 200])
async def test_a_neighbour_that_is_not_deep_is_found_and_gives_the_true_root(others: int) -> None:
    slots = {0: 1} | {number: number for number in range(1, others + 1)}
    ground, shown = (ground_of({HERE: Account(code=CLEARS)}, {HERE: slots}) for _ in range(2))
    shown.shows_all = True
    (done,) = await simulated(block(call(HERE)), ground=ground)
    (truth,) = await simulated(block(call(HERE)), ground=shown)
    assert len(shown.asked) == 2
    assert done.state_root == truth.state_root is not None


async def test_overrides_alone_give_the_root_of_the_world_that_they_make() -> None:
    """Before Cancun, when the network called no contracts."""
    rules = replace(RULES, fork_at=lambda _: "paris")
    ground = ground_of({HERE: Account(1, 2, CLEARS)}, {HERE: {0: 1, 1: 1, 2: 2}})
    before, here = ground.world, Bytes20(HERE)
    for wanted, account, slots in (
        (Overrides(balance=9), Account(1, 9, CLEARS), {0: 1, 1: 1, 2: 2}),
        (Overrides(nonce=9, code=b"\1"), Account(9, 2, b"\1"), {0: 1, 1: 1, 2: 2}),
        (Overrides(slots={key(1): 7, key(3): 3}), None, {0: 1, 1: 7, 2: 2, 3: 3}),
        (Overrides(slots={key(1): 0}), None, {0: 1, 2: 2}),
        (Overrides(storage={key(1): 7, key(5): 0}), None, {1: 7}),
        (Overrides(storage={}), None, {}),
    ):
        proven = await simulate(AskedSimulation((block(state={HERE: wanted}),)), ground, rules)
        after = {**before.accounts, here: account or before.account(HERE)}
        held = {Bytes32(key(at)): U256(value) for at, value in slots.items()}
        storage = {at: kept for at, kept in before.storage.items() if at != here}
        storage |= {here: held} if held else {}
        assert proven.value[0].state_root == before.changed_to(after, storage).root, wanted


async def test_accounts_that_go_leave_the_true_root() -> None:
    """Before Cancun, when code could still remove its account (EIP-6780)."""
    rules = replace(RULES, fork_at=lambda _: "shanghai")
    looked_for = 0
    for number in range(12):
        doomed = keccak256(bytes([number]))[:20]
        ground = ground_of({doomed: Account(balance=1, code=GOES)})
        before = ground.world
        proven = await simulate(AskedSimulation((block(call(doomed)),)), ground, rules)
        after = {at: account for at, account in before.accounts.items() if at != doomed}
        after[Bytes20(RICH)] = replace(before.account(RICH), nonce=1)
        heir = before.account(bytes(20))
        after[Bytes20(bytes(20))] = replace(heir, balance=heir.balance + 1)
        assert proven.value[0].state_root == before.changed_to(after, before.storage).root
        looked_for += len(ground.asked) - 2
    assert looked_for > 0


@pytest.mark.parametrize(
    ("code", "is_known"),
    [
        ("00", True),
        ("73" + POOR.hex() + "3100", False),
        ("5f5f5f5f5f73" + POOR.hex() + "5af100", False),
    ],
)
async def test_where_an_empty_account_may_have_been_touched_the_root_is_not_known(
    code: str, is_known: bool
) -> None:
    odd = code_at(bytes.fromhex(code)) | {POOR: Overrides(balance=0)}
    (done,) = await simulated(block(call(HERE), state=odd))
    assert (done.state_root is not None) is is_known


async def test_an_account_that_is_overridden_to_nothing_stays_until_it_is_touched() -> None:
    (plain,) = await simulated(block())
    stays, goes = await simulated(block(state={POOR: Overrides(balance=0)}), block(call(POOR)))
    assert stays.state_root not in {None, plain.state_root}
    (same,) = await simulated(block(call(POOR), state={POOR: Overrides(balance=0)}))
    (without,) = await simulated(block(call(POOR)))
    assert same.state_root == without.state_root
    assert goes.state_root is not None


async def test_an_override_that_says_nothing_changes_nothing() -> None:
    (plain,) = await simulated(block())
    (same,) = await simulated(block(state={POOR: Overrides()}))
    assert same == plain


async def test_precompiles_move_for_one_block() -> None:
    moved = {TO_SHA256: HERE}
    hashed, after = await simulated(
        block(call(HERE), call(TO_SHA256), moved_precompiles=moved),
        block(call(HERE), call(TO_SHA256)),
    )
    assert [len(item.outcome.output) for item in hashed.calls] == [32, 0]
    assert [len(item.outcome.output) for item in after.calls] == [0, 32]
    for wrong, state in (({POOR: HERE}, {}), (moved, {HERE: Overrides(balance=1)})):
        with pytest.raises(CallFailed, match=r"is not a precompile|is already overridden"):
            await simulated(block(moved_precompiles=wrong, state=state))


async def test_a_simulation_is_sealed_for_what_was_asked_alone() -> None:
    asked = AskedSimulation((block(call(value=1)),))
    ground = ground_of()
    proven = await simulate(asked, ground, RULES)
    base = ground.state.header.claim
    assert proven.claim.subject == simulation_subject(asked)
    assert (proven.claim.chain_id, proven.claim.block_hash) == (base.chain_id, base.block_hash)
    assert proven.claim.finality is Finality.GIVEN
    for other in (
        AskedSimulation((block(call(value=2)),)),
        AskedSimulation((block(call(value=1)), block())),
        replace(asked, validates=True),
        replace(asked, logs_transfers=True),
    ):
        assert simulation_subject(other) != proven.claim.subject


async def test_nothing_that_a_simulation_changes_is_taken_for_proven() -> None:
    ground = ground_of()
    truth = {at: ground.state.known.accounts.get(at) for at in (RICH, POOR)}
    assert truth == {RICH: None, POOR: None}
    await simulated(
        block(call(value=7), state={POOR: Overrides(balance=5)}), block(call(POOR)), ground=ground
    )
    rich = ground.state.known.accounts[RICH]
    assert rich is not None
    assert (rich.nonce, rich.balance) == (0, 10**20)
    assert ground.state.known.accounts.get(POOR) is None


async def test_a_run_that_looked_at_what_is_not_proven_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ground = ground_of()

    async def runs_wildly(asked: AskedCall) -> Outcome:
        del asked
        return Outcome(True, b"", 21_000, touched_accounts=frozenset({keccak256(b"x")[:20]}))

    monkeypatch.setattr(ground, "run", runs_wildly)
    with pytest.raises(ProofError, match="not proven"):
        await simulated(block(call()), ground=ground)


async def test_proofs_are_asked_for_in_one_go_where_blocks_change_nothing_else() -> None:
    ground = ground_of()
    await simulated(*[block()] * 20, ground=ground)
    assert len(ground.asked[0]) == 4
    assert len(ground.asked) == 21


async def test_a_system_contract_that_fails_fails_the_simulation() -> None:
    address, _ = block_hash_slot(1)
    with pytest.raises(CallFailed, match="system call failed"):
        await simulated(block(state=code_at(bytes.fromhex("fe"), address)))


async def test_a_deposit_that_is_none_fails_the_simulation_and_one_that_is_shows_in_the_hash() -> (
    None
):
    rules = replace(RULES, deposit_contract=HERE)
    topic = "7f" + DEPOSIT_TOPIC.hex()
    asked = AskedSimulation((block(call(HERE), state=code_at(bytes.fromhex(topic + "5f5fa1"))),))
    with pytest.raises(CallFailed, match="deposit"):
        await simulate(asked, ground_of(), rules)
    copies = bytes.fromhex("365f5f37" + topic + "365fa1")
    deposit = encoded([bytes([number]) * size for number, size in enumerate(PARTS)])
    asked = AskedSimulation((block(call(HERE, data=deposit), state=code_at(copies)),))
    (told,) = (await simulate(asked, ground_of(), rules)).value
    (not_told,) = (await simulate(asked, ground_of(), RULES)).value
    assert not_told.header.requests_hash == requests_hash([])
    shown = b"".join(bytes([number]) * size for number, size in enumerate(PARTS))
    assert told.header.requests_hash == requests_hash([b"\0" + shown])
