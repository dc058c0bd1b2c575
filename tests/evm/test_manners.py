"""What happens around a run, in each manner and by both engines: pay, transfers, precompiles."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.evm.test_reference import (
    COINBASE,
    HERE,
    OTHER,
    SENDER,
    SOME_ROOT,
    World,
    block,
    call,
    key,
)
from walkaway.errors import CallFailed
from walkaway.evm.engine import (
    BlockEnvironment,
    Call,
    Engine,
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
from walkaway.proofs.execution.signatures import created_address
from walkaway.proofs.execution.trie import EMPTY_ROOT

ENGINES: list[Engine] = [ReferenceEngine(), *([NativeEngine()] if available() else [])]
RICH = 10**18
GONE = Overrides(balance=0, nonce=0, code=b"", storage={})
ETHER = b"\xee" * 20
TRANSFER = keccak256(b"Transfer(address,address,uint256)")

CALL_OTHER = "6000600060006000600373" + OTHER.hex() + "61c350"
"""Pushes what CALL takes to send 3 wei to OTHER; CALLCODE takes the same."""
DIES_FOR_OTHER = "73" + OTHER.hex() + "ff"


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.name.split()[0])
def engine(request: pytest.FixtureRequest) -> Engine:
    made: Engine = request.param
    return made


def world(code: str = "", **slots: int) -> World:
    """SENDER, HERE with code and 5 wei, and nobody at OTHER and the coinbase."""
    made = World().contract(HERE, code, **slots)
    return replace(made, accounts={**made.accounts, OTHER: None, COINBASE: None})


def transaction(
    data: bytes = b"", *, to: bytes | None = HERE, value: int = 0, gas_price: int = 0
) -> Call:
    asked = call(data, value=value, gas_price=gas_price)
    return replace(asked, to=to, manner=Manner.TRANSACTION)


def ran(
    engine: Engine,
    asked: Call,
    of: World,
    environment: BlockEnvironment | None = None,
    overrides: dict[bytes, Overrides] | None = None,
) -> Outcome:
    answer = engine.run(asked, environment or block(), of.known, overrides)
    assert isinstance(answer, Outcome), answer
    return answer


def told(outcome: Outcome) -> list[tuple[bytes, bytes, int]]:
    """The transfers among the logs: from, to, wei."""
    logs = [log for log in outcome.logs if log.address == ETHER]
    assert all(log.topics[0] == TRANSFER and len(log.data) == 32 for log in logs)
    return [
        (log.topics[1][12:], log.topics[2][12:], int.from_bytes(log.data, "big")) for log in logs
    ]


def test_a_transaction_pays_the_coinbase_what_is_over_the_base_fee(engine: Engine) -> None:
    outcome = ran(engine, transaction(gas_price=9, value=2), world())
    assert outcome.gas_used == outcome.gas_before_refund == 21_000
    assert outcome.changes == {
        SENDER: Overrides(balance=RICH - 2 - 21_000 * 9, nonce=2, code=b""),
        HERE: Overrides(balance=7, nonce=1, code=b""),
        COINBASE: Overrides(balance=21_000 * (9 - 7), nonce=0, code=b""),
    }


@pytest.mark.parametrize("price", [0, 7])
def test_where_nothing_is_over_the_base_fee_the_coinbase_is_nobodys_business(
    engine: Engine, price: int
) -> None:
    of = world()
    del of.accounts[COINBASE]
    outcome = ran(engine, transaction(gas_price=price), of)
    assert outcome.changes == {SENDER: Overrides(RICH - 21_000 * price, nonce=2, code=b"")}
    assert COINBASE not in outcome.touched_accounts
    paid = engine.run(transaction(gas_price=8), block(), of.known)
    assert isinstance(paid, Missing)
    assert paid.accounts == {COINBASE}


def test_the_code_of_whoever_is_only_paid_has_to_be_known_too(engine: Engine) -> None:
    of = world()
    code_hash = keccak256(b"\xfe")
    of.accounts[COINBASE] = Account(1, 0, SOME_ROOT, code_hash)
    lacked = engine.run(transaction(gas_price=9), block(), of.known)
    assert isinstance(lacked, Missing)
    assert lacked == Missing(code=frozenset({code_hash}))
    of.code[code_hash] = b"\xfe"
    outcome = ran(engine, transaction(gas_price=9), of)
    assert outcome.changes[COINBASE] == Overrides(21_000 * 2, 1, b"\xfe")


@pytest.mark.parametrize("rich", [COINBASE, HERE, OTHER], ids=["coinbase", "called", "deeper"])
def test_a_balance_does_not_overflow_in_silence(engine: Engine, rich: bytes) -> None:
    of, whole = world(CALL_OTHER + "f1"), {rich: Overrides(balance=2**256 - 1)}
    with pytest.raises(CallFailed, match=r"^balance overflow: .* 2\^256 - 1 wei$"):
        engine.run(transaction(gas_price=9, value=1), block(), of.known, whole)


@pytest.mark.parametrize("logs_transfers", [False, True])
def test_nor_where_somebody_inherits(engine: Engine, logs_transfers: bool) -> None:
    asked = replace(transaction(), logs_transfers=logs_transfers)
    whole = {OTHER: Overrides(balance=2**256 - 5)}
    with pytest.raises(CallFailed, match="balance overflow"):
        engine.run(asked, block(), world(DIES_FOR_OTHER).known, whole)
    fits = {OTHER: Overrides(balance=2**256 - 6)}
    outcome = ran(engine, asked, world(DIES_FOR_OTHER), overrides=fits)
    assert outcome.changes[OTHER].balance == 2**256 - 1
    reverts = {**whole, HERE: Overrides(balance=5, nonce=1, code=bytes.fromhex("fe"))}
    assert ran(engine, asked, world(), overrides=reverts).halt == "invalid opcode"


def test_who_inherits_from_itself_owns_no_more(engine: Engine) -> None:
    whole = {HERE: Overrides(balance=2**256 - 1)}
    assert ran(engine, transaction(), world("30ff"), overrides=whole).succeeded


def test_nor_where_a_contract_is_created_with_ether(engine: Engine) -> None:
    made = created_address(HERE, 1)
    whole = {made: Overrides(balance=2**256 - 1, nonce=0, code=b"", storage={})}
    with pytest.raises(CallFailed, match="balance overflow"):
        engine.run(transaction(), block(), world("5f5f6001f0").known, whole)


CREATES = "5f5f5ff05f5260205ff3"
"""Creates a contract without code, and returns where, or zero."""


@pytest.mark.parametrize(
    ("storage_root", "overrides"),
    [
        (SOME_ROOT, None),
        (SOME_ROOT, Overrides(slots={key(1): 0})),
        (EMPTY_ROOT, Overrides(slots={key(1): 7})),
        (EMPTY_ROOT, Overrides(storage={key(1): 7})),
    ],
    ids=["proven", "not all is overridden", "a slot overridden", "all overridden"],
)
def test_no_contract_is_created_over_storage(
    engine: Engine, storage_root: bytes, overrides: Overrides | None
) -> None:
    """EIP-7610: as where there is code, all the gas given is used, and the creator's nonce."""
    of, made = world(CREATES), created_address(HERE, 1)
    of.accounts[made] = Account(0, 6, storage_root)
    state = {} if overrides is None else {made: overrides}
    outcome = ran(engine, transaction(), of, overrides=state)
    assert outcome.output == bytes(32)
    assert outcome.gas_used > 190_000
    assert outcome.changes[HERE].nonce == 2
    assert made not in outcome.changes
    there = ran(engine, transaction(), of, overrides={made: Overrides(code=b"\0")})
    assert (there.output, there.gas_used) == (outcome.output, outcome.gas_used)
    asked, first = transaction(to=None), created_address(SENDER, 1)
    of.accounts[first] = Account(0, 6, storage_root)
    state = {} if overrides is None else {first: overrides}
    outcome = ran(engine, asked, of, overrides=state)
    assert (outcome.halt, outcome.gas_used) == ("address collision", asked.gas_limit)


@pytest.mark.parametrize(
    ("storage_root", "overrides"),
    [
        (EMPTY_ROOT, Overrides(slots={key(1): 0})),
        (SOME_ROOT, Overrides(storage={})),
        (SOME_ROOT, Overrides(storage={key(1): 0})),
    ],
    ids=["a slot set to zero", "none left", "all but zero left"],
)
def test_a_contract_is_created_where_every_slot_is_zero(
    engine: Engine, storage_root: bytes, overrides: Overrides
) -> None:
    of, made = world(CREATES), created_address(HERE, 1)
    of.accounts[made] = Account(0, 6, storage_root)
    outcome = ran(engine, transaction(), of, overrides={made: overrides})
    assert outcome.output[12:] == made


def test_whether_there_is_storage_has_to_be_known(engine: Engine) -> None:
    made = created_address(HERE, 1)
    whole = {made: Overrides(balance=0, nonce=0, code=b"")}
    lacked = engine.run(transaction(), block(), world(CREATES).known, whole)
    assert lacked == Missing(accounts=frozenset({made}))


def test_a_sender_that_is_coinbase_too_is_paid_its_own_tip(engine: Engine) -> None:
    environment = replace(block(), header=replace(block().header, coinbase=SENDER))
    outcome = ran(engine, transaction(gas_price=9), world(), environment)
    assert outcome.changes == {SENDER: Overrides(RICH - 21_000 * 7, nonce=2, code=b"")}


def test_who_runs_out_of_gas_pays_for_all_of_it_and_changes_nothing_else(engine: Engine) -> None:
    outcome = ran(engine, transaction(gas_price=7, value=1), world("6001600155fe", _1=0))
    assert outcome.halt
    assert outcome.gas_used == 200_000
    assert outcome.changes == {SENDER: Overrides(RICH - 200_000 * 7, nonce=2, code=b"")}


def test_what_is_refunded_shows_in_the_gas_before_it_and_in_the_pay(engine: Engine) -> None:
    outcome = ran(engine, transaction(gas_price=7), world("6000600155", _1=1))
    assert outcome.gas_before_refund - outcome.gas_used == 4_800
    assert outcome.changes[SENDER].balance == RICH - outcome.gas_used * 7
    assert outcome.changes[HERE] == Overrides(5, 1, bytes.fromhex("6000600155"), {key(1): 0})


def test_the_gas_before_refund_is_no_less_than_the_floor(engine: Engine) -> None:
    outcome = ran(engine, transaction(b"\1" * 1000), world())
    assert outcome.gas_used == outcome.gas_before_refund == 21_000 + 40 * 1000


def test_nothing_is_told_of_what_a_call_changes_that_is_only_asked(engine: Engine) -> None:
    assert not ran(engine, call(value=1, gas_price=9), world("6001600155", _1=0)).changes


def test_a_slot_that_is_as_it_was_is_no_change(engine: Engine) -> None:
    outcome = ran(engine, transaction(), world("60096001556001600155", _1=1))
    assert outcome.changes.keys() == {SENDER}


def test_the_system_has_neither_account_nor_price(engine: Engine) -> None:
    of = world("3360005532600155" + "3a60025500", _0=0, _1=0, _2=0)
    del of.accounts[SENDER], of.accounts[COINBASE]
    asked = replace(call(gas_limit=100_000), manner=Manner.SYSTEM, value=0)
    outcome = ran(engine, asked, of)
    caller = int.from_bytes(SENDER, "big")
    assert outcome.succeeded
    assert outcome.gas_used == outcome.gas_before_refund < 100_000
    assert outcome.changes.keys() == {HERE}
    assert outcome.changes[HERE].slots == {key(0): caller, key(1): caller}


def test_what_a_run_made_the_next_one_finds(engine: Engine) -> None:
    counts = "60015460010160015560015460005260206000f3"  # adds one to slot 1 and returns it
    of, overrides = world(counts, _1=6), dict[bytes, Overrides]()
    for expected in (7, 8, 9):
        outcome = ran(engine, transaction(gas_price=9), of, overrides=overrides)
        assert int.from_bytes(outcome.output, "big") == expected
        overrides = merged(overrides, outcome.changes)
    assert overrides[SENDER].nonce == 4


def test_who_is_created_has_only_the_storage_that_it_set(engine: Engine) -> None:
    of = world()
    init = bytes.fromhex("60016002556000600355" + "60016000f3")
    born = ran(engine, transaction(init, to=None), of, _absent(of)).created
    assert born is not None
    outcome = ran(engine, transaction(init, to=None, value=4), of)
    assert outcome.changes[born] == Overrides(4, 1, b"\0", storage={key(2): 1})


def _absent(of: World) -> BlockEnvironment:
    """The environment, with nobody where SENDER's next contract goes."""
    lacked = ReferenceEngine().run(transaction(to=None), block(), of.known)
    assert isinstance(lacked, Missing)
    of.accounts.update(dict.fromkeys(lacked.accounts))
    return block()


@pytest.mark.parametrize("fork", ["paris", "shanghai"])
def test_before_cancun_whoever_destroys_itself_is_gone(engine: Engine, fork: str) -> None:
    outcome = ran(engine, transaction(), world(DIES_FOR_OTHER), block(fork))
    assert outcome.changes[HERE] == GONE
    assert outcome.changes[OTHER] == Overrides(5, 0, b"")


def test_since_cancun_it_stays_but_for_its_ether(engine: Engine) -> None:
    outcome = ran(engine, transaction(), world(DIES_FOR_OTHER))
    assert outcome.changes[HERE] == Overrides(0, 1, bytes.fromhex(DIES_FOR_OTHER))


def test_a_coinbase_that_is_destroyed_takes_its_pay_along(engine: Engine) -> None:
    environment = block("shanghai")
    environment = replace(environment, header=replace(environment.header, coinbase=HERE))
    outcome = ran(engine, transaction(gas_price=9), world(DIES_FOR_OTHER), environment)
    assert outcome.changes[HERE] == GONE


def test_ether_that_comes_and_goes_is_told_before_the_logs_of_where_it_goes(
    engine: Engine,
) -> None:
    of = world("60006000a0" + CALL_OTHER + "f1" + DIES_FOR_OTHER)
    outcome = ran(engine, replace(call(value=2), logs_transfers=True), of)
    assert told(outcome) == [(SENDER, HERE, 2), (HERE, OTHER, 3), (HERE, OTHER, 4)]
    assert [log.address for log in outcome.logs] == [ETHER, HERE, ETHER, ETHER]
    assert [log.address for log in ran(engine, call(value=2), of).logs] == [HERE]


def test_what_is_created_is_told_with_its_address(engine: Engine) -> None:
    of = world()
    asked = replace(call(value=2), to=None, logs_transfers=True)
    outcome = ran(engine, asked, of, _absent(of))
    assert outcome.created is not None
    assert told(outcome) == [(SENDER, outcome.created, 2)]


def test_ether_that_stays_is_not_told(engine: Engine) -> None:
    """CALLCODE, DELEGATECALL, a call of nothing, and one of more than there is."""
    delegated = "600060006000600073" + OTHER.hex() + "61c350f4"
    too_much = CALL_OTHER.replace("6003", "60ff")
    of = world(CALL_OTHER + "f2" + delegated + CALL_OTHER.replace("6003", "6000") + "f1")
    outcome = ran(engine, replace(call(value=1), logs_transfers=True), of)
    assert told(outcome) == [(SENDER, HERE, 1)]
    of = world(too_much + "f1")
    assert told(ran(engine, replace(call(), logs_transfers=True), of)) == []


def test_a_transfer_that_is_reverted_is_not_told(engine: Engine) -> None:
    of = world(CALL_OTHER + "f1" + "60006000fd")
    assert told(ran(engine, replace(call(value=1), logs_transfers=True), of)) == []
    inner = World().contract(OTHER, "60006000fd").known
    of = world(CALL_OTHER + "f1")
    of.accounts[OTHER] = inner.accounts[OTHER]
    of.code.update(inner.code)
    outcome = ran(engine, replace(call(value=1), logs_transfers=True), of)
    assert told(outcome) == [(SENDER, HERE, 1)]


SHA256, IDENTITY = (bytes(19) + bytes([own]) for own in (2, 4))


def test_a_moved_precompile_runs_where_it_was_moved_and_nowhere_else(engine: Engine) -> None:
    of = world("fe")
    of.accounts.update({SHA256: None, IDENTITY: None})
    moved = replace(block(), precompiles={HERE: SHA256, SHA256: None})
    asked = replace(call(b"\1"), sender=SENDER)
    assert len(ran(engine, asked, of, moved).output) == 32
    assert ran(engine, replace(asked, to=SHA256), of, moved).output == b""
    assert ran(engine, replace(asked, to=IDENTITY), of, moved).output == b"\1"
    assert len(ran(engine, replace(asked, to=SHA256), of).output) == 32


def test_code_runs_in_a_precompiles_place(engine: Engine) -> None:
    of = world()
    of.accounts[SHA256] = None
    there = {SHA256: Overrides(code=bytes.fromhex("60ff60005260206000f3"))}
    gone = replace(block(), precompiles={SHA256: None})
    outcome = ran(engine, replace(call(), to=SHA256), of, gone, there)
    assert int.from_bytes(outcome.output, "big") == 0xFF


def test_the_addresses_that_are_warm_stay_the_forks(engine: Engine) -> None:
    """As go-ethereum warms them: the precompile that is gone, not the place it went to."""
    looks = "73{}3100"
    of = world(looks.format(OTHER.hex()))
    cold = ran(engine, call(), of, replace(block(), precompiles={OTHER: SHA256, SHA256: None}))
    of = world(looks.format(SHA256.hex()))
    of.accounts[SHA256] = None
    warm = ran(engine, call(), of, replace(block(), precompiles={OTHER: SHA256, SHA256: None}))
    assert cold.gas_used - warm.gas_used == 2600 - 100


def test_no_delegation_is_followed_from_where_a_precompile_is(engine: Engine) -> None:
    of = world("ef0100" + OTHER.hex())
    moved = replace(block(), precompiles={HERE: IDENTITY})
    assert ran(engine, call(b"\7"), of, moved).output == b"\7"
    assert ran(engine, call(b"\7"), of).output == b""
    calls_here = "6000600060016000600073" + HERE.hex() + "61c350f13d60005260206000f3"
    there = World().contract(OTHER, calls_here)
    of.accounts[OTHER], of.code = there.accounts[OTHER], {**of.code, **there.code}
    asked = replace(call(), to=OTHER)
    assert int.from_bytes(ran(engine, asked, of, moved).output, "big") == 1
