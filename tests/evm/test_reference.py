"""The reference engine: what is not known reads as nothing, and gas is the specification's."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import pytest

from walkaway.errors import InvalidRequest, Unsupported, WalkawayError
from walkaway.evm.engine import BlockEnvironment, Call, KnownState, Missing, Outcome, Overrides
from walkaway.evm.lazy_state import Reads
from walkaway.evm.reference import ReferenceEngine
from walkaway.limits import LIMITS
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import EMPTY_HASH, keccak256
from walkaway.proofs.execution.transactions import AccessListEntry, Authorization

ENGINE = ReferenceEngine()
FORKS = ("paris", "shanghai", "cancun", "prague", "osaka", "bpo1", "bpo2")

SENDER = b"\x5e" * 20
HERE = b"\xc0" * 20
OTHER = b"\x0e" * 20
COINBASE = b"\xcb" * 20
SOME_ROOT = b"\x01" * 32

HEADER = Header(
    parent_hash=bytes(32),
    ommers_hash=bytes(32),
    coinbase=COINBASE,
    state_root=bytes(32),
    transactions_root=bytes(32),
    receipts_root=bytes(32),
    logs_bloom=bytes(256),
    difficulty=0,
    number=1000,
    gas_limit=30_000_000,
    gas_used=0,
    timestamp=1_700_000_000,
    extra_data=b"",
    prev_randao=b"\x0d" * 32,
    nonce=bytes(8),
    base_fee_per_gas=7,
    withdrawals_root=bytes(32),
    blob_gas_used=0,
    excess_blob_gas=0,
    parent_beacon_block_root=bytes(32),
)


def block(fork: str = "prague", blob_base_fee: int = 1) -> BlockEnvironment:
    return BlockEnvironment(1, fork, HEADER, blob_base_fee)


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


@dataclass
class World:
    """Known state in the making; `contract` puts code at an address."""

    accounts: dict[bytes, Account | None] = field(
        default_factory=lambda: {SENDER: Account(1, 10**18)}
    )
    slots: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    code: dict[bytes, bytes] = field(default_factory=dict)
    block_hashes: dict[int, bytes] = field(default_factory=dict)

    def contract(self, address: bytes, code: str, **slots: int) -> World:
        body = bytes.fromhex(code)
        code_hash = keccak256(body) if body else EMPTY_HASH
        self.accounts[address] = Account(1, 5, SOME_ROOT, code_hash)
        self.code[code_hash] = body
        for name, value in slots.items():
            self.slots[address, key(int(name[1:]))] = value
        return self

    @property
    def known(self) -> KnownState:
        return KnownState(self.accounts, self.slots, self.code, self.block_hashes)


def ran(call: Call, world: World, fork: str = "prague") -> Outcome:
    result = ENGINE.run(call, block(fork), world.known)
    assert isinstance(result, Outcome), result
    return result


def call(
    data: bytes = b"",
    *,
    gas_limit: int = 200_000,
    value: int = 0,
    gas_price: int = 0,
    access_list: tuple[AccessListEntry, ...] = (),
    authorizations: tuple[Authorization, ...] = (),
    blob_hashes: tuple[bytes, ...] = (),
) -> Call:
    return Call(
        SENDER,
        HERE,
        gas_limit,
        value,
        data,
        gas_price,
        access_list,
        authorizations,
        blob_hashes,
    )


# Reads its slot 1, the hash of block 999 and the balance of OTHER; calls OTHER,
# which writes its own slot 2; returns slot 1.
EVERYTHING = (
    "6103e74050"  # BLOCKHASH(999)
    "730e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e3150"  # BALANCE(OTHER)
    "6000600060006000600073" + OTHER.hex() + "61c350f150"  # CALL(OTHER)
    "60015460005260206000f3"  # return SLOAD(1)
)


def whole() -> World:
    world = World().contract(HERE, EVERYTHING, _1=77).contract(OTHER, "6001600255", _2=0)
    world.block_hashes[999] = b"\x99" * 32
    return world


@pytest.mark.parametrize("fork", FORKS)
def test_a_call_over_whole_state_has_an_outcome(fork: str) -> None:
    outcome = ran(call(), whole(), fork)
    assert outcome.succeeded
    assert int.from_bytes(outcome.output) == 77
    assert outcome.touched_slots == {(HERE, key(1)), (OTHER, key(2))}
    assert {HERE, OTHER} <= outcome.touched_accounts


def pieces() -> list[tuple[str, object]]:
    world = whole()
    named: list[tuple[str, object]] = [("accounts", HERE), ("accounts", OTHER)]
    named += [("slots", slot) for slot in world.slots]
    named += [("code", code_hash) for code_hash in world.code]
    return [*named, ("block_hashes", 999)]


@pytest.mark.parametrize("fork", FORKS)
@pytest.mark.parametrize(("kind", "piece"), pieces())
def test_each_piece_left_out_is_named_and_never_read_as_zero(
    kind: str, piece: object, fork: str
) -> None:
    world = whole()
    del getattr(world, kind)[piece]
    result = ENGINE.run(call(), block(fork), world.known)
    assert isinstance(result, Missing)
    assert piece in getattr(result, kind)


def test_a_sender_who_pays_nothing_need_not_be_known_and_one_who_pays_must() -> None:
    world = whole()
    del world.accounts[SENDER]
    assert isinstance(ENGINE.run(call(), block(), world.known), Outcome)
    for paying in (call(value=1), call(gas_price=8)):
        result = ENGINE.run(paying, block(), world.known)
        assert isinstance(result, Missing)
        assert result.accounts == {SENDER}


def test_a_failed_inner_call_leaves_the_state_behind_it_lazily_known() -> None:
    # Calls OTHER, which writes slot 2 and reverts; then OTHER again with data, which
    # reads slot 2: the value behind, not the one that was rolled back.
    inner = "36600e57600960025560006000fd5b60025460005260206000f3"
    outer = (
        "6000600060006000600073" + OTHER.hex() + "61c350f150"
        "6020600060016000600073" + OTHER.hex() + "61c350f15060206000f3"
    )
    world = World().contract(HERE, outer).contract(OTHER, inner, _2=41)
    assert int.from_bytes(ran(call(), world).output) == 41
    del world.slots[OTHER, key(2)]
    missing = ENGINE.run(call(), block(), world.known)
    assert isinstance(missing, Missing)
    assert missing.slots == {(OTHER, key(2))}


def test_a_slot_set_to_zero_and_read_again_is_zero_without_a_question() -> None:
    world = World().contract(HERE, "600060015560015460005260206000f3", _1=5)
    assert ran(call(), world).output == bytes(32)


def test_an_account_proven_absent_has_no_slots_to_prove() -> None:
    world = World().contract(HERE, "60015400")
    world.accounts[HERE] = replace(
        world.accounts[HERE] or Account(0, 0), storage_root=Account(0, 0).storage_root
    )
    assert ran(call(), world).succeeded


def test_the_refund_for_a_cleared_slot_is_at_most_a_fifth() -> None:
    world = World().contract(HERE, "6000600155", _1=5)
    outcome = ran(call(), world)
    used = 21_000 + 3 + 3 + 5_000
    assert outcome.gas_used == used - min(4_800, used // 5)


def test_call_data_costs_at_least_its_floor_from_prague_on() -> None:
    world = World().contract(HERE, "")
    data = b"\x01" * 1000
    assert ran(call(data), world, "cancun").gas_used == 21_000 + 16 * 1000
    assert ran(call(data), world, "prague").gas_used == 21_000 + 40 * 1000


def test_an_access_list_is_paid_for_and_warms() -> None:
    world = World().contract(HERE, "60015450", _1=5)
    cold = ran(call(), world).gas_used
    listed = (AccessListEntry(HERE, (key(1),)),)
    warm = ran(call(access_list=listed), world).gas_used
    assert cold == 21_000 + 3 + 2_100 + 2
    assert warm == 21_000 + 2_400 + 1_900 + 3 + 100 + 2


def test_the_coinbase_is_warm_from_shanghai_on() -> None:
    world = World().contract(HERE, "413150")  # BALANCE(COINBASE)
    world.accounts[COINBASE] = None
    cold, warm = (ran(call(), world, fork).gas_used for fork in ("paris", "shanghai"))
    assert cold - warm == 2_600 - 100


def test_a_creation_gives_the_code_and_the_address_by_the_senders_nonce() -> None:
    created = keccak256(bytes.fromhex("d694") + SENDER + b"\x01")[12:]
    world = World()
    world.accounts[created] = None
    creating = Call(SENDER, None, 200_000, data=bytes.fromhex("60fe60005360016000f3"))
    outcome = ran(creating, world)
    assert outcome.succeeded
    assert outcome.created == created
    assert outcome.output == b"\xfe"
    for taken in (Account(1, 0), Account(0, 0, SOME_ROOT)):
        world.accounts[created] = taken
        collided = ran(creating, world)
        assert collided.halt == "address collision"
        assert collided.created is None
        assert collided.gas_used == 200_000


@pytest.mark.parametrize(
    ("code", "halt"),
    [
        ("fe", "invalid opcode"),
        ("50", "stack underflow"),
        ("600056", "invalid jump destination"),
        ("5b600056", "out of gas"),
        ("3d600060003e60016000600a3e", "read out of bounds"),
    ],
)
def test_exceptional_halts_have_names_and_take_all_gas(code: str, halt: str) -> None:
    outcome = ran(call(), World().contract(HERE, code))
    assert (outcome.succeeded, outcome.reverted, outcome.halt) == (False, False, halt)
    assert outcome.output == b""
    assert outcome.gas_used == 200_000


def test_a_revert_gives_its_data_back_and_no_logs() -> None:
    outcome = ran(call(), World().contract(HERE, "60006000a060aa60005360016000fd"))
    assert outcome.reverted
    assert outcome.output == b"\xaa"
    assert outcome.logs == ()


def test_a_delegated_target_runs_the_code_it_points_to() -> None:
    pointer = "ef0100" + OTHER.hex()
    world = World().contract(HERE, pointer, _1=9).contract(OTHER, "60015460005260206000f3")
    assert int.from_bytes(ran(call(), world).output) == 9
    del world.accounts[OTHER]
    missing = ENGINE.run(call(), block(), world.known)
    assert isinstance(missing, Missing)
    assert OTHER in missing.accounts


def test_authorizations_cost_even_where_their_signature_is_none() -> None:
    bad = Authorization(1, OTHER, 0, 0, 1, 1)
    plain = ran(call(), World().contract(HERE, "")).gas_used
    world = World().contract(HERE, "")
    signed = ENGINE.run(call(authorizations=(bad,)), block(), world.known)
    if isinstance(signed, Missing):  # a signature of somebody is recovered
        world.accounts |= dict.fromkeys(signed.accounts)
        signed = ENGINE.run(call(authorizations=(bad,)), block(), world.known)
    assert isinstance(signed, Outcome)
    assert signed.gas_used == plain + 25_000


def test_precompiles_run() -> None:
    # SHA-256 of nothing, through a call to 0x02.
    code = "60206000600060006000600261c350f15060206000f3"
    world = World().contract(HERE, code)
    world.accounts[(2).to_bytes(20)] = None
    assert ran(call(), world).output.hex().startswith("e3b0c44298fc1c149afbf4c8996fb924")


def test_the_blob_base_fee_is_the_environments() -> None:
    world = World().contract(HERE, "4a60005260206000f3")
    result = ENGINE.run(call(), block("osaka", 123), world.known)
    assert isinstance(result, Outcome)
    assert int.from_bytes(result.output) == 123


def test_overrides_stand_over_what_is_known() -> None:
    world = World()
    shows = Overrides(
        balance=3,
        nonce=0,
        code=bytes.fromhex("4760015401600254016000" + "5260206000f3"),
        storage={key(1): 40},
    )
    result = ENGINE.run(call(), block(), world.known, {HERE: shows})
    assert isinstance(result, Outcome)  # HERE itself need not be known
    assert int.from_bytes(result.output) == 43
    only_slots = Overrides(code=bytes.fromhex("60015460005260206000f3"), slots={key(1): 8})
    world.contract(HERE, "")
    result = ENGINE.run(call(), block(), world.known, {HERE: only_slots})
    assert isinstance(result, Outcome)
    assert int.from_bytes(result.output) == 8


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (call(gas_limit=20_999), "intrinsic gas too low"),
        (call(b"\1" * 1000, gas_limit=40_000), "floor data gas"),
        (call(value=10**18 + 1), "insufficient funds"),
        (call(gas_price=10**18), "insufficient funds"),
        (Call(SENDER, None, 10**7, data=bytes(2 * 24_576 + 1)), "max initcode size exceeded"),
        (Call(SENDER, None, 10**6, blob_hashes=(b"\1" * 32,)), "cannot create"),
    ],
)
def test_what_cannot_be_a_transaction_is_refused(asked: Call, reason: str) -> None:
    with pytest.raises(InvalidRequest, match=reason):
        ENGINE.run(asked, block(), World().contract(HERE, "").known)


def test_a_nonce_that_has_run_out_is_refused() -> None:
    world = World().contract(HERE, "")
    world.accounts[SENDER] = Account(2**64 - 1, 5)
    with pytest.raises(InvalidRequest, match="max value"):
        ENGINE.run(call(value=1), block(), world.known)


def test_forks_that_are_not_known_and_forms_before_their_fork_are_refused() -> None:
    with pytest.raises(Unsupported):
        ENGINE.run(call(), block("amsterdam"), World().known)
    with pytest.raises(InvalidRequest, match="Prague"):
        ENGINE.run(
            call(authorizations=(Authorization(1, OTHER, 0, 0, 1, 1),)),
            block("cancun"),
            World().known,
        )
    with pytest.raises(InvalidRequest, match="Cancun"):
        ENGINE.run(call(blob_hashes=(b"\1" * 32,)), block("shanghai"), World().known)


def test_hundreds_of_calls_deep_is_a_result_and_no_crash() -> None:
    # Calls itself with all its gas until none is left.
    deep = "60006000600060006000305af15000"
    outcome = ran(call(gas_limit=3_000_000), World().contract(HERE, deep))
    assert outcome.succeeded


AT_ONCE = ReferenceEngine(replace(LIMITS, evm_explore_seconds=0.0, evm_long_seconds=0.0))
"""To it each run has gone long from the beginning, and is looked at no further when it lacks."""


def test_a_run_that_went_long_goes_on_with_what_it_lacked() -> None:
    world, supplied = whole(), list[Missing]()
    accounts, slots = dict[bytes, Account | None](), dict[tuple[bytes, bytes], int]()
    code = dict[bytes, bytes]()
    known = KnownState(accounts, slots, code, world.block_hashes)

    def supply(missing: Missing) -> bool:
        supplied.append(missing)
        accounts.update({at: world.accounts.get(at) for at in missing.accounts})
        slots.update({slot: world.slots[slot] for slot in missing.slots})
        code.update({each: world.code[each] for each in missing.code})
        return True

    assert AT_ONCE.run(call(), block(), known, None, supply) == ran(call(), world)
    assert len(supplied) == len(accounts) + len(slots) + len(code)


def test_a_run_that_lacks_something_is_not_followed_for_long() -> None:
    reads = Reads(lambda _: False, explore_seconds=0.02)
    time.sleep(0.03)
    reads.go_on()  # nothing is lacking
    assert reads.lacks(account=OTHER)
    reads.go_on()  # as long again as it took to come here
    time.sleep(0.06)
    with pytest.raises(WalkawayError, match="long enough"):
        reads.go_on()
    assert reads.missing() == Missing(frozenset({OTHER}))
