"""The native kernel as an engine: what it lacks it names, what is malformed it refuses."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import ModuleType
from typing import TypeVar, cast

import pytest

from tests.evm.token_world import (
    HOLDERS,
    balance,
    balance_of,
    environment,
    known_tokens,
    sum_of_balances,
)
from walkaway.errors import InvalidRequest, Unsupported, WalkawayError
from walkaway.evm import native
from walkaway.evm.engine import Call, KnownState, Missing, Outcome, Overrides
from walkaway.evm.native import NativeEngine, available
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.transactions import AccessListEntry, Authorization

built = pytest.mark.skipif(not available(), reason="the native kernel is not built")

SENDER, CODED, ABSENT = (bytes([index] * 20) for index in (1, 2, 3))
STORAGE_ROOT = keccak256(b"some storage")
READS_SLOT_0 = "5f545f5260205ff3"

Key = TypeVar("Key")
Value = TypeVar("Value")


def run(code: str, *, known: KnownState | None = None, gas: int = 100_000) -> Outcome | Missing:
    """How some code ends."""
    call = Call(SENDER, CODED, gas)
    return NativeEngine().run(call, environment(), known or world(code))


def world(code: str, storage_root: bytes = STORAGE_ROOT) -> KnownState:
    """A sender with some ether, a contract with some storage, and who is not there."""
    body = bytes.fromhex(code)
    contract = Account(1, 0, storage_root, keccak256(body))
    return KnownState(
        {SENDER: Account(0, 10**18), CODED: contract, ABSENT: None}, {}, {keccak256(body): body}
    )


def without(mapping: Mapping[Key, Value], key: Key) -> dict[Key, Value]:
    return {other: value for other, value in mapping.items() if other != key}


@built
def test_every_piece_that_is_withheld_is_named() -> None:
    engine, call, block = NativeEngine(), sum_of_balances(HOLDERS[:6]), environment()
    whole = known_tokens(HOLDERS[:6])
    full = engine.run(call, block, whole)
    assert isinstance(full, Outcome)
    assert (len(full.touched_accounts), len(full.touched_slots)) == (2, 6)
    used_code = set()
    for address in full.touched_accounts:
        account = whole.accounts[address]
        assert account is not None
        used_code.add(account.code_hash)
        answer = engine.run(call, block, replace(whole, accounts=without(whole.accounts, address)))
        assert isinstance(answer, Missing)
        assert answer.accounts == {address}
    for place in full.touched_slots:
        answer = engine.run(call, block, replace(whole, slots=without(whole.slots, place)))
        assert answer == Missing(slots=frozenset({place}))
    assert len(used_code) == 2
    for code_hash in used_code:
        answer = engine.run(call, block, replace(whole, code=without(whole.code, code_hash)))
        assert answer == Missing(code=frozenset({code_hash}))


@built
def test_one_run_finds_all_that_it_can() -> None:
    whole = known_tokens()
    answer = NativeEngine().run(sum_of_balances(), environment(), replace(whole, slots={}))
    assert answer == Missing(slots=frozenset(whole.slots))


@built
def test_nothing_known_is_missing_before_it_is_invalid() -> None:
    call = Call(SENDER, CODED, 100_000, value=10**30, gas_price=10**12)
    answer = NativeEngine().run(call, environment(), KnownState())
    assert isinstance(answer, Missing)
    assert SENDER in answer.accounts


@built
def test_a_call_for_nothing_asks_nothing_of_its_sender() -> None:
    known = world("335f5260205ff3")  # returns CALLER
    unknown = replace(known, accounts=without(known.accounts, SENDER))
    answer = NativeEngine().run(Call(SENDER, CODED, 100_000), environment(), unknown)
    assert isinstance(answer, Outcome)
    assert answer.output.endswith(SENDER)
    for call in (
        Call(SENDER, CODED, 100_000, value=1),
        Call(SENDER, CODED, 100_000, gas_price=1),
        Call(SENDER, None, 100_000),
    ):
        lacking = NativeEngine().run(call, environment(), unknown)
        assert isinstance(lacking, Missing)
        assert SENDER in lacking.accounts


@built
def test_a_sender_that_is_not_needed_is_warm_all_the_same() -> None:
    """Its balance costs 100 gas, not 2600 (EIP-2929): both GAS values are on the stack."""
    answer = run("5a" + "73" + SENDER.hex() + "31505a9003" + "5f5260205ff3")
    assert isinstance(answer, Outcome)
    assert int.from_bytes(answer.output, "big") == 100 + 3 + 2 + 2


@built
def test_a_slot_is_zero_only_where_that_is_proven() -> None:
    place = (CODED, bytes(32))
    assert run(READS_SLOT_0) == Missing(slots=frozenset({place}))
    no_storage = run(READS_SLOT_0, known=world(READS_SLOT_0, Account(0, 0).storage_root))
    assert isinstance(no_storage, Outcome)
    assert no_storage.output == bytes(32)
    known = replace(world(READS_SLOT_0), slots={place: 7})
    answer = run(READS_SLOT_0, known=known)
    assert isinstance(answer, Outcome)
    assert answer.output == (7).to_bytes(32, "big")


@built
def test_the_hash_of_a_block_is_missing_only_where_blockhash_reaches() -> None:
    within = run("6063405f5260205ff3")
    assert within == Missing(block_hashes=frozenset({99}))
    given = replace(world("6063405f5260205ff3"), block_hashes={99: b"\x09" * 32})
    answer = run("", known=given)
    assert isinstance(answer, Outcome)
    assert answer.output == b"\x09" * 32
    itself = run("6064405f5260205ff3")
    assert isinstance(itself, Outcome)
    assert itself.output == bytes(32)


@built
def test_known_state_may_grow_under_the_engine() -> None:
    engine, block = NativeEngine(), environment()
    slots: dict[tuple[bytes, bytes], int] = {}
    known = replace(known_tokens(), slots=slots)
    first = engine.run(balance_of(HOLDERS[0]), block, known)
    assert isinstance(first, Missing)
    slots[next(iter(first.slots))] = 7
    second = engine.run(balance_of(HOLDERS[0]), block, known)
    assert isinstance(second, Outcome)
    assert int.from_bytes(second.output, "big") == 7


@built
def test_states_of_one_size_are_not_taken_for_one_another() -> None:
    engine, block = NativeEngine(), environment()
    states = [
        replace(known_tokens(), slots=dict.fromkeys(known_tokens(HOLDERS[:1]).slots, value))
        for value in range(8)
    ]
    for _ in range(2):
        for value, state in enumerate(states):
            answer = engine.run(balance_of(HOLDERS[0]), block, state)
            assert isinstance(answer, Outcome)
            assert int.from_bytes(answer.output, "big") == value


@built
def test_other_threads_run_meanwhile() -> None:
    """An endless loop of 200 million gas, during which this thread counts."""
    ended: list[Outcome | Missing] = []
    thread = threading.Thread(target=lambda: ended.append(run("5b5f56", gas=200_000_000)))
    steps = 0
    thread.start()
    while thread.is_alive():
        steps += 1
    thread.join()
    (answer,) = ended
    assert isinstance(answer, Outcome)
    assert (answer.halt, answer.gas_used) == ("out of gas", 200_000_000)
    assert steps > 1000


@built
def test_threads_share_an_engine() -> None:
    """More states than are kept, so that threads push each other's out."""
    engine, block = NativeEngine(), environment()
    states = [known_tokens(HOLDERS[index::8]) for index in range(8)]

    def asked(index: int) -> Outcome | Missing:
        return engine.run(balance_of(HOLDERS[index]), block, states[index % 8])

    with ThreadPoolExecutor(4) as threads:
        for holder, answer in zip(HOLDERS, threads.map(asked, range(len(HOLDERS))), strict=True):
            assert isinstance(answer, Outcome)
            assert int.from_bytes(answer.output, "big") == balance(holder)


@built
def test_calls_as_deep_as_they_go_end() -> None:
    """A contract that calls itself with all of its gas."""
    answer = run("5f5f5f5f5f305af1" + "5f5260205ff3", gas=500_000_000)
    assert isinstance(answer, Outcome)
    assert answer.succeeded


@built
@pytest.mark.parametrize(
    "call",
    [
        Call(SENDER[:-1], CODED, 100_000),
        Call(SENDER, CODED + b"\x00", 100_000),
        Call(SENDER, CODED, -1),
        Call(SENDER, CODED, 2**64),
        Call(SENDER, CODED, 100_000, value=-1),
        Call(SENDER, CODED, 100_000, value=2**256),
        Call(SENDER, CODED, 100_000, gas_price=2**128),
        Call(SENDER, CODED, 100_000, data=cast("bytes", "0x")),
        Call(SENDER, CODED, 100_000, blob_hashes=(b"\x01",)),
        Call(SENDER, CODED, 100_000, blob_hashes=(bytes(32),), max_fee_per_blob_gas=2**127),
        Call(SENDER, CODED, 2**64 - 1, gas_price=2**128 - 1),
        Call(SENDER, CODED, 100_000, access_list=(AccessListEntry(SENDER, (b"",)),)),
        Call(SENDER, CODED, 100_000, authorizations=(Authorization(0, CODED, 0, 256, 1, 1),)),
        Call(SENDER, None, 100_000, authorizations=(Authorization(0, CODED, 0, 0, 1, 1),)),
    ],
)
def test_what_is_malformed_is_the_callers_fault(call: Call) -> None:
    with pytest.raises(InvalidRequest):
        NativeEngine().run(call, environment(), world("00"))


@built
@pytest.mark.parametrize(
    "known",
    [
        KnownState({SENDER[:-1]: None}),
        KnownState({SENDER: Account(-1, 0)}),
        KnownState({SENDER: Account(0, 2**256)}),
        KnownState(slots={(SENDER, b"\x00"): 0}),
        KnownState(code={b"": b""}),
        KnownState(block_hashes={-1: bytes(32)}),
    ],
)
def test_malformed_state_stays_in_the_tree_of_errors(known: KnownState) -> None:
    with pytest.raises(WalkawayError):
        NativeEngine().run(Call(SENDER, CODED, 100_000), environment(), known)


@built
def test_malformed_overrides_are_the_callers_fault() -> None:
    for overrides in ({b"": Overrides()}, {SENDER: Overrides(slots={b"": 1})}):
        with pytest.raises(InvalidRequest):
            NativeEngine().run(balance_of(SENDER), environment(), known_tokens(), overrides)


@built
def test_a_balance_that_is_overridden_whole_needs_no_account() -> None:
    whole = Overrides(balance=5, nonce=0, code=bytes.fromhex("475f5260205ff3"))
    state = KnownState({SENDER: None})
    call = Call(SENDER, CODED, 100_000)
    answer = NativeEngine().run(call, environment(), state, {CODED: whole})
    assert isinstance(answer, Outcome)
    assert int.from_bytes(answer.output, "big") == 5
    partly = NativeEngine().run(call, environment(), state, {CODED: replace(whole, nonce=None)})
    assert partly == Missing(accounts=frozenset({CODED}))


@built
def test_a_fault_of_the_kernel_is_in_the_tree_of_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = NativeEngine()
    kernel = native._kernel()
    assert kernel is not None

    def failing(*_: object) -> object:
        raise kernel.KernelFault("the kernel panicked")

    monkeypatch.setattr(engine, "_run_in_kernel", failing)
    with pytest.raises(WalkawayError, match="panicked"):
        engine.run(balance_of(HOLDERS[0]), environment(), known_tokens())


@pytest.fixture
def without_kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As where the distribution is not installed."""
    native._kernel.cache_clear()
    monkeypatch.setitem(sys.modules, "walkaway_native", None)
    yield
    native._kernel.cache_clear()


@pytest.mark.usefixtures("without_kernel")
def test_a_kernel_of_another_interface_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "walkaway_native", ModuleType("walkaway_native"))
    assert not available()


@pytest.mark.usefixtures("without_kernel")
def test_where_it_is_not_installed_it_says_so() -> None:
    assert not available()
    with pytest.raises(Unsupported, match="not installed"):
        NativeEngine()


@built
def test_it_says_what_it_is() -> None:
    assert NativeEngine().name.startswith("revm ")
    answer = NativeEngine().run(balance_of(HOLDERS[3]), environment(), known_tokens())
    assert isinstance(answer, Outcome)
    assert int.from_bytes(answer.output, "big") == balance(HOLDERS[3])
