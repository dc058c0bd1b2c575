"""Both engines, the same calls: revm is held to the executable specification.

Each engine starts from nothing and is given what it says is missing until
nothing is; the answers must be the same. The engines may find what is missing
in another order, so that is not compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.evm.generated_calls import ABSENT, PLAIN, Case, make_case, make_sequence
from tests.evm.precompile_inputs import QUICK_INPUTS, SLOW_INPUTS
from tests.evm.token_world import (
    HOLDERS,
    balance,
    balance_of,
    environment,
    increment,
    known_tokens,
    sum_of_balances,
    transfer,
)
from tests.vectors import vectors
from walkaway.errors import CallFailed, CallRefused, InvalidRequest, Refusal, Unsupported
from walkaway.evm.block_overrides import BlockOverrides
from walkaway.evm.engine import (
    BlockEnvironment,
    Call,
    Engine,
    KnownState,
    Manner,
    Missing,
    Outcome,
    Overrides,
)
from walkaway.evm.native import NativeEngine, available
from walkaway.evm.overlay import merged
from walkaway.evm.reference import ReferenceEngine
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.transactions import Authorization

pytestmark = pytest.mark.skipif(not available(), reason="the native kernel is not built")

ROUNDS = 40
Answer = Outcome | InvalidRequest | CallFailed

SEVERAL_FAULTS = {
    "invalid opcode",
    "out of gas",
    "precompile failed",
    "stack overflow",
    "stack underflow",
}
"""An instruction can have several of these at once, and the engines look in another order; and
the specification lets some precompiles run out of gas over malformed input."""


def _input_name(value: object) -> str:
    return f"{len(value)} bytes" if isinstance(value, bytes) else f"{value:#x}"


@pytest.fixture(scope="module")
def engines() -> tuple[Engine, Engine]:
    return NativeEngine(), ReferenceEngine()


def grown(known: KnownState, missing: Missing, truth: KnownState) -> KnownState:
    """The known state with what was missing; what the truth does not name is not there."""
    found = {number: truth.block_hashes.get(number) for number in missing.block_hashes}
    return KnownState(
        {**known.accounts, **{item: truth.accounts.get(item) for item in missing.accounts}},
        {**known.slots, **{place: truth.slots.get(place, 0) for place in missing.slots}},
        {**known.code, **{item: truth.code[item] for item in missing.code}},
        {
            **known.block_hashes,
            **{number: item or keccak256(bytes([number % 256])) for number, item in found.items()},
        },
    )


def settled(
    engine: Engine,
    call: Call,
    block: BlockEnvironment,
    truth: KnownState,
    overrides: dict[bytes, Overrides] | None = None,
) -> Answer:
    """An engine's answer once nothing is missing."""
    known = KnownState()
    for _ in range(ROUNDS):
        try:
            answer = engine.run(call, block, known, overrides)
        except (InvalidRequest, CallFailed) as error:
            return error
        if isinstance(answer, Outcome):
            return answer
        assert answer, "a run that lacked nothing has an outcome"
        before, known = known, grown(known, answer, truth)
        assert known != before, "what is known is not missing"
    pytest.fail(f"still missing something after {ROUNDS} rounds")


def compared(answer: Answer) -> object:
    """What both engines must agree on; of an error, the words too."""
    if not isinstance(answer, Outcome):
        return type(answer), str(answer), getattr(answer, "refusal", None)
    halt = "several faults" if answer.halt in SEVERAL_FAULTS else answer.halt
    return (
        answer.succeeded,
        answer.output,
        answer.gas_used,
        answer.logs,
        halt,
        answer.created,
        answer.gas_before_refund,
        dict(answer.changes),
        answer.recovered,
    )


def settled_case(engine: Engine, case: Case) -> Answer:
    return settled(engine, case.call, case.environment, case.truth, case.overrides)


def agree_on(engines: tuple[Engine, Engine], seeds: range) -> list[Outcome]:
    """The outcomes of the cases of some seeds, each compared."""
    outcomes = []
    for seed in seeds:
        case = make_case(seed)
        native, reference = (settled_case(engine, case) for engine in engines)
        assert compared(native) == compared(reference), f"seed {seed}"
        if isinstance(native, Outcome):
            outcomes.append(native)
    return outcomes


@pytest.mark.parametrize("first", range(0, 2000, 250))
def test_generated_calls_end_the_same(engines: tuple[Engine, Engine], first: int) -> None:
    outcomes = agree_on(engines, range(first, first + 250))
    # The grammar is worth something only where it reaches every kind of ending.
    assert sum(outcome.succeeded for outcome in outcomes) > 75
    assert any(outcome.reverted for outcome in outcomes)
    assert any(outcome.halt for outcome in outcomes)
    assert any(outcome.logs for outcome in outcomes)
    assert any(outcome.created for outcome in outcomes)
    assert any(outcome.gas_before_refund > outcome.gas_used for outcome in outcomes)
    assert any(_told(outcome) for outcome in outcomes)
    changes = [change for outcome in outcomes for change in outcome.changes.values()]
    assert any(change.slots for change in changes)
    assert any(change.storage for change in changes)


def hindered(case: Case, outcome: Outcome) -> Iterator[Case]:
    """The case again: with storage where it creates contracts, no room where it sends ether."""
    for address, change in outcome.changes.items():
        before = case.truth.accounts.get(address)
        over = case.overrides.get(address, Overrides())
        if change.storage is not None and before is None:
            wanted = replace(over, slots={bytes(32): 1}, storage=None)
        elif address != case.call.sender and change.balance:
            wanted = replace(over, balance=2**256 - 1)
        else:
            continue
        yield replace(case, overrides={**case.overrides, address: wanted})


def test_generated_calls_that_something_stands_in_the_way_of_end_the_same(
    engines: tuple[Engine, Engine],
) -> None:
    failed = collided = 0
    for seed in range(400):
        case = make_case(seed)
        case = replace(case, call=replace(case.call, manner=Manner.TRANSACTION))
        outcome = settled_case(engines[0], case)
        if not isinstance(outcome, Outcome):
            continue
        for other in hindered(case, outcome):
            native, reference = (settled_case(engine, other) for engine in engines)
            assert compared(native) == compared(reference), f"seed {seed}"
            failed += isinstance(native, CallFailed)
            collided += isinstance(native, Outcome) and native.halt == "address collision"
    assert failed > 10
    assert collided > 3


ETHER = b"\xee" * 20


def _told(outcome: Outcome) -> list[bytes]:
    """The values of the transfers among an outcome's logs."""
    return [log.data for log in outcome.logs if log.address == ETHER]


def agree_on_sequences(engines: tuple[Engine, Engine], seeds: range) -> int:
    """Runs calls one over the other's changes; how many of them saw such a change."""
    saw = 0
    for seed in seeds:
        case, calls = make_sequence(seed)
        overrides = case.overrides
        for place, call in enumerate(calls):
            native, reference = (
                settled(engine, call, case.environment, case.truth, overrides) for engine in engines
            )
            assert compared(native) == compared(reference), f"seed {seed}, call {place}"
            if isinstance(native, Outcome):
                changed = {*overrides} - {*case.overrides, call.sender}
                saw += bool(changed & native.touched_accounts)
                overrides = merged(overrides, native.changes)
    return saw


@pytest.mark.parametrize("first", range(0, 300, 100))
def test_calls_over_what_others_left_end_the_same(
    engines: tuple[Engine, Engine], first: int
) -> None:
    assert agree_on_sequences(engines, range(first, first + 100)) > 10


@pytest.mark.adversary
def test_many_more_calls_over_what_others_left_end_the_same(
    engines: tuple[Engine, Engine],
) -> None:
    assert agree_on_sequences(engines, range(100_000, 100_200)) > 20


@pytest.mark.adversary
def test_many_more_generated_calls_end_the_same(engines: tuple[Engine, Engine]) -> None:
    agree_on(engines, range(100_000, 101_500))


@pytest.mark.parametrize("fork", ["cancun", "prague", "osaka"])
@pytest.mark.parametrize(("address", "data"), QUICK_INPUTS, ids=_input_name)
def test_precompiles_give_the_same(
    engines: tuple[Engine, Engine], address: int, data: bytes, fork: str
) -> None:
    for given in _variants(data):
        _same_precompile(engines, address, given, fork)


@pytest.mark.parametrize(("address", "data"), SLOW_INPUTS, ids=_input_name)
def test_slow_precompiles_give_the_same(
    engines: tuple[Engine, Engine], address: int, data: bytes
) -> None:
    fork = "cancun" if address == 0x0A else "osaka"
    outcome = _same_precompile(engines, address, data, fork)
    assert outcome.succeeded
    assert outcome.output
    _same_precompile(engines, address, data[:-1], fork)


def _variants(data: bytes) -> list[bytes]:
    """The input, shortened, lengthened, and with a bit changed here and there."""
    changed = [
        data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        for place in range(0, len(data), max(1, len(data) // 4))
    ]
    return [data, data[:-1], data + b"\x00", *changed]


def _same_precompile(
    engines: tuple[Engine, Engine], address: int, data: bytes, fork: str
) -> Outcome:
    truth = KnownState({PLAIN: None})
    call = Call(PLAIN, address.to_bytes(20, "big"), 1_000_000, data=data)
    native, reference = (settled(engine, call, environment(fork), truth) for engine in engines)
    assert compared(native) == compared(reference)
    assert isinstance(native, Outcome)
    return native


@pytest.mark.parametrize("fork", ["paris", "shanghai", "cancun", "prague", "osaka", "bpo2"])
def test_the_token_answers_the_same(engines: tuple[Engine, Engine], fork: str) -> None:
    calls = [
        *(balance_of(holder) for holder in HOLDERS[:5]),
        transfer(HOLDERS[0], HOLDERS[1], 5),
        transfer(HOLDERS[0], HOLDERS[1], 2**255),
        transfer(HOLDERS[0], ABSENT, balance(HOLDERS[0])),
        sum_of_balances(HOLDERS[:20]),
        increment(),
    ]
    for call in calls:
        native, reference = (
            settled(engine, call, environment(fork), known_tokens()) for engine in engines
        )
        assert compared(native) == compared(reference)


def test_the_sum_is_that_of_the_balances(engines: tuple[Engine, Engine]) -> None:
    for engine in engines:
        answer = settled(engine, sum_of_balances(), environment(), known_tokens())
        assert isinstance(answer, Outcome)
        assert int.from_bytes(answer.output, "big") == sum(map(balance, HOLDERS))


ASKED = balance_of(HOLDERS[0])


REFUSED = {
    Refusal.INTRINSIC_GAS: replace(ASKED, gas_limit=20_999),
    Refusal.FLOOR_GAS: replace(ASKED, data=b"\x01" * 1000, gas_limit=40_000),
    Refusal.FUNDS: replace(ASKED, gas_price=10**30),
    Refusal.FEE_CAP: replace(ASKED, gas_price=6, manner=Manner.TRANSACTION),
    Refusal.BLOB_FEE_CAP: replace(ASKED, blob_hashes=(b"\x01" * 32,), max_fee_per_blob_gas=2),
    Refusal.INITCODE_SIZE: replace(ASKED, to=None, data=bytes(49_153), gas_limit=10_000_000),
    Refusal.NONCE: replace(ASKED, manner=Manner.TRANSACTION),
}


WORDS = {
    refusal: re.compile(words)
    for refusal, words in {
        Refusal.INTRINSIC_GAS: r"intrinsic gas too low: have 20999, want 21\d{3}",
        Refusal.FLOOR_GAS: "insufficient gas for floor data gas cost: have 40000, want 61000",
        Refusal.FUNDS: r"insufficient funds for gas \* price \+ value: address 0x[0-9a-fA-F]{40} "
        r"have \d+ want \d{35,}",
        Refusal.FEE_CAP: "max fee per gas less than block base fee: address 0x[0-9a-fA-F]{40}, "
        "maxFeePerGas: 6, baseFee: 7",
        Refusal.BLOB_FEE_CAP: "max fee per blob gas less than block blob gas fee: "
        "address 0x[0-9a-fA-F]{40} blobGasFeeCap: 2, blobBaseFee: 3",
        Refusal.INITCODE_SIZE: "max initcode size exceeded: code size 49153 limit 49152",
        Refusal.NONCE: "nonce has max value: address 0x[0-9a-fA-F]{40}, "
        "nonce: 18446744073709551615",
    }.items()
}
"""As go-ethereum says it."""


@pytest.mark.parametrize(("refusal", "call"), REFUSED.items())
def test_what_could_be_no_transaction_fails_at_the_same(
    engines: tuple[Engine, Engine], refusal: Refusal, call: Call
) -> None:
    block = replace(environment(), blob_base_fee=3)
    last = {call.sender: Overrides(nonce=2**64 - 1)} if refusal is Refusal.NONCE else None
    native, reference = (settled(engine, call, block, known_tokens(), last) for engine in engines)
    assert isinstance(native, CallRefused)
    assert native.refusal is refusal
    assert WORDS[refusal].fullmatch(str(native))
    assert compared(native) == compared(reference)


@pytest.mark.parametrize(
    "call",
    [
        replace(ASKED, value=10**30),
        replace(ASKED, gas_limit=2**63, gas_price=2**120),
        replace(ASKED, gas_limit=2**64 - 1, gas_price=2**128 - 1, value=2**256 - 1),
    ],
)
def test_whoever_lacks_funds_is_refused_for_that(
    engines: tuple[Engine, Engine], call: Call
) -> None:
    native, reference = (settled(engine, call, environment(), known_tokens()) for engine in engines)
    assert isinstance(native, CallRefused)
    assert native.refusal is Refusal.FUNDS
    assert compared(native) == compared(reference)


BLOB = replace(ASKED, blob_hashes=(bytes(32),))
DELEGATION = Authorization(1, ABSENT, 0, 0, 1, 1)


@pytest.mark.parametrize(
    ("fork", "call", "reason"),
    [
        ("osaka", replace(BLOB, to=None), "cannot create a contract"),
        ("osaka", replace(ASKED, to=None, manner=Manner.SYSTEM), "creates no contract"),
        ("shanghai", BLOB, "blobs came with Cancun, the block is shanghai"),
        ("cancun", replace(ASKED, authorizations=(DELEGATION,)), "came with Prague"),
        ("osaka", replace(ASKED, gas_price=2**128), "gas price: not from 0"),
        ("osaka", replace(BLOB, max_fee_per_blob_gas=2**128), "max fee per blob gas: not"),
        ("osaka", replace(ASKED, gas_limit=2**64), "gas: not from 0"),
        ("osaka", replace(ASKED, value=2**256), "value: not from 0"),
        ("osaka", replace(ASKED, value=-1), "value: not from 0"),
    ],
)
def test_what_no_fork_knows_or_no_engine_holds_is_refused_without_a_name(
    engines: tuple[Engine, Engine], fork: str, call: Call, reason: str
) -> None:
    native, reference = (
        settled(engine, call, environment(fork), known_tokens()) for engine in engines
    )
    assert type(native) is InvalidRequest
    assert reason in str(native)
    assert compared(native) == compared(reference)


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (BlockOverrides(base_fee_per_gas=2**64), "base fee per gas: not from 0"),
        (BlockOverrides(timestamp=2**64), "block time: not from 0"),
    ],
)
def test_a_block_that_no_engine_holds_is_refused(
    engines: tuple[Engine, Engine], wanted: BlockOverrides, reason: str
) -> None:
    block = environment()
    block = replace(block, header=wanted.header(block.header))
    native, reference = (settled(engine, ASKED, block, known_tokens()) for engine in engines)
    assert reason in str(native)
    assert compared(native) == compared(reference)


def test_no_engine_guesses_at_a_fork(engines: tuple[Engine, Engine]) -> None:
    for engine in engines:
        with pytest.raises(Unsupported):
            engine.run(balance_of(HOLDERS[0]), environment("fusaka"), known_tokens())


@pytest.mark.parametrize("name", ["eth_call1", "eth_call_electra"])
def test_a_recorded_call_to_mainnets_largest_token(
    engines: tuple[Engine, Engine], name: str
) -> None:
    """The proxy of USDC and what is behind it. That the proofs hold is tested elsewhere."""
    folder = vectors(f"mainnet-recordings/{name}")
    asked = json.loads((folder / "test.json").read_text())
    message = asked["params"][0]
    call = Call(
        bytes(20),
        bytes.fromhex(message["to"][2:]),
        100_000,
        data=bytes.fromhex(message["data"][2:]),
    )
    for engine in engines:
        answer = settled(engine, call, environment("prague"), _recorded_state(folder))
        assert isinstance(answer, Outcome)
        assert "0x" + answer.output.hex() == asked["expected_result"]


def _recorded_state(folder: Path) -> KnownState:
    """The state that the recorded answers to eth_getProof and eth_getCode tell of."""
    accounts: dict[bytes, Account | None] = {}
    slots: dict[tuple[bytes, bytes], int] = {}
    code: dict[bytes, bytes] = {}
    for path in folder.glob("eth_getProof_*.json"):
        proof = json.loads(path.read_text())["result"]
        address = bytes.fromhex(proof["address"][2:])
        accounts[address] = Account(
            int(proof["nonce"], 16),
            int(proof["balance"], 16),
            bytes.fromhex(proof["storageHash"][2:]),
            bytes.fromhex(proof["codeHash"][2:]),
        )
        for slot in proof["storageProof"]:
            key = int(slot["key"], 16).to_bytes(32, "big")
            slots[address, key] = int(slot["value"], 16)
    for path in folder.glob("eth_getCode_*.json"):
        body = bytes.fromhex(json.loads(path.read_text())["result"][2:])
        code[keccak256(body)] = body
    return KnownState(accounts, slots, code)


@pytest.mark.parametrize(
    "overrides",
    [
        {HOLDERS[0]: Overrides(balance=10**20)},
        {ABSENT: Overrides(code=bytes.fromhex("5f545f5260205ff3"), slots={bytes(32): 7})},
        {ABSENT: Overrides(code=bytes.fromhex("5f545f5260205ff3"), storage={})},
        {ABSENT: Overrides(balance=1, nonce=1, code=bytes.fromhex("475f5260205ff3"))},
        {ABSENT: Overrides(code=bytes.fromhex("ef0100") + HOLDERS[3])},
    ],
)
@pytest.mark.parametrize("fork", ["cancun", "osaka"])
def test_overrides_mean_the_same(
    engines: tuple[Engine, Engine], overrides: dict[bytes, Overrides], fork: str
) -> None:
    call = Call(HOLDERS[0], ABSENT, 100_000, value=1 if HOLDERS[0] in overrides else 0)
    native, reference = (
        settled(engine, call, environment(fork), known_tokens(), overrides) for engine in engines
    )
    assert isinstance(native, Outcome)
    assert compared(native) == compared(reference)
