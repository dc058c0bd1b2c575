"""Whole blocks, run call by call over each other's changes, end in the state that they commit to.

The devnet's blocks are built by the executable specification, which keeps its
own state; what is run here knows the state before the block, and overrides.
"""

from __future__ import annotations

import pytest
from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U256

from tests.devnet.execution.test_chain import CHAIN_ID, GENESIS_TIME, chain, delegation, sent
from tests.evm.test_differential import settled
from walkaway.devnet.execution.block import ExecutionBlock, PayloadAttributes
from walkaway.devnet.execution.chain import ExecutionChain
from walkaway.devnet.execution.genesis import COUNTER, TOKEN, contract
from walkaway.devnet.execution.system_contracts import (
    BEACON_ROOTS,
    CONSOLIDATION_REQUESTS,
    HISTORY_STORAGE,
    WITHDRAWAL_REQUESTS,
)
from walkaway.devnet.execution.world import Account as WorldAccount
from walkaway.devnet.execution.world import Storage, WorldState
from walkaway.evm.engine import (
    BlockEnvironment,
    Call,
    Engine,
    KnownState,
    Manner,
    Outcome,
    Overrides,
)
from walkaway.evm.native import NativeEngine, available
from walkaway.evm.overlay import merged
from walkaway.evm.reference import ReferenceEngine
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.receipts import Log
from walkaway.proofs.execution.transactions import SetCodeTransaction, Transaction

SYSTEM = b"\xff" * 19 + b"\xfe"
SYSTEM_GAS = 30_000_000
TRANSFER = bytes.fromhex("a9059cbb")
SOMEBODY = b"\x11" * 20

DIES_AT_BIRTH = bytes.fromhex("600160005533ff")
"""Sets a slot, then SELFDESTRUCT to the caller: gone by the end of the transaction."""
SETS_AND_CLEARS = bytes.fromhex("60016001556000600155600260025560016000f3")
"""Leaves two slots of three set, and one byte of code: STOP."""


def engines() -> list[Engine]:
    return [ReferenceEngine(), *([NativeEngine()] if available() else [])]


def busy_block(devnet: ExecutionChain, fork: str, round_: int) -> ExecutionBlock:
    """A block of everything that changes state, on the head."""
    nonce = 6 * round_
    create: dict[str, int | bytes] = {"to": b"", "gas": 700_000}
    devnet.submit(sent(0, nonce))
    devnet.submit(sent(0, nonce + 1, to=SOMEBODY, value=10**15, data=b""))
    devnet.submit(sent(0, nonce + 2, data=contract("Counter").creation, **create))
    devnet.submit(sent(0, nonce + 3, data=DIES_AT_BIRTH, value=5, **create))
    devnet.submit(sent(0, nonce + 4, data=SETS_AND_CLEARS, value=5, **create))
    devnet.submit(sent(0, nonce + 5, data=b"\xff" * 4))  # reverts
    tokens = TRANSFER + SOMEBODY.rjust(32, b"\0") + (10**18).to_bytes(32, "big")
    devnet.submit(sent(1, 2 * round_, to=TOKEN, data=tokens))
    devnet.submit(sent(1, 2 * round_ + 1, to=TOKEN, data=tokens, gas=30_000))  # out of gas
    if fork != "cancun":
        devnet.submit(delegation(3, 2 * round_))
        for index, (target, size) in enumerate(
            ((WITHDRAWAL_REQUESTS, 56), (CONSOLIDATION_REQUESTS, 96)), start=4
        ):
            asking: dict[str, int | bytes] = {"value": 1, "data": b"\xaa" * size, "gas": 300_000}
            devnet.submit(sent(index, round_, to=target, **asking))
    parent = devnet.head
    attributes = PayloadAttributes(
        timestamp=GENESIS_TIME + 12 * (parent.number + 1),
        prev_randao=keccak256(b"randao"),
        parent_beacon_block_root=keccak256(b"beacon"),
        fee_recipient=SOMEBODY if round_ else b"\x22" * 20,
        withdrawals=(),
    )
    block = devnet.produce(parent.hash, attributes)
    devnet.set_head(block.hash, None)
    return block


def known(world: WorldState) -> KnownState:
    accounts: dict[bytes, Account | None] = {}
    code: dict[bytes, bytes] = {}
    for address, account in world.accounts.items():
        code_hash = world.prove(address, []).code_hash
        code[code_hash] = account.code
        root = world.storage_root(address)
        accounts[bytes(address)] = Account(account.nonce, account.balance, root, code_hash)
    slots = {
        (bytes(address), bytes(key)): int(value)
        for address, storage in world.storage.items()
        for key, value in storage.items()
    }
    return KnownState(accounts, slots, code)


def left(world: WorldState, changes: dict[bytes, Overrides]) -> WorldState:
    """The world with every change made to it."""
    accounts, storage = dict(world.accounts), dict(world.storage)
    for address, change in changes.items():
        at = Bytes20(address)
        before = world.storage.get(at, {}) if change.storage is None else {}
        slots = change.slots if change.storage is None else change.storage
        after: Storage = {**before, **{Bytes32(key): U256(slots[key]) for key in slots}}
        storage[at] = {key: value for key, value in after.items() if value}
        account = WorldAccount(change.nonce or 0, change.balance or 0, change.code or b"")
        accounts[at] = account
        if account == WorldAccount():
            del accounts[at]
    return world.changed_to(accounts, {at: held for at, held in storage.items() if held})


def as_call(transaction: Transaction, header: Header) -> Call:
    return Call(
        transaction.sender,
        transaction.to,
        transaction.gas_limit,
        transaction.value,
        transaction.data,
        gas_price=transaction.effective_gas_price(header.base_fee_per_gas),
        authorizations=(
            transaction.authorization_list if isinstance(transaction, SetCodeTransaction) else ()
        ),
        manner=Manner.TRANSACTION,
    )


def system_call(to: bytes, data: bytes = b"") -> Call:
    return Call(SYSTEM, to, SYSTEM_GAS, data=data, manner=Manner.SYSTEM)


class Replay:
    """A block over the state before it, one run after another."""

    def __init__(self, engine: Engine, fork: str, world: WorldState, header: Header) -> None:
        self._engine = engine
        self._environment = BlockEnvironment(CHAIN_ID, fork, header)
        self._known = known(world)
        self.changes: dict[bytes, Overrides] = {}

    def run(self, call: Call) -> Outcome:
        answer = settled(self._engine, call, self._environment, self._known, self.changes)
        assert isinstance(answer, Outcome)
        self.changes = merged(self.changes, answer.changes)
        return answer


@pytest.mark.parametrize("fork", ["cancun", "prague", "osaka"])
@pytest.mark.parametrize("engine", engines(), ids=lambda engine: engine.name.split()[0])
def test_blocks_end_in_the_state_that_they_commit_to(engine: Engine, fork: str) -> None:
    devnet = chain(((0, fork),))
    for round_ in range(2):
        before = devnet.world(devnet.head)
        assert before is not None
        block = busy_block(devnet, fork, round_)
        header = block.header
        replay = Replay(engine, fork, before, header)
        replay.run(system_call(BEACON_ROOTS, keccak256(b"beacon")))
        if fork != "cancun":
            replay.run(system_call(HISTORY_STORAGE, header.parent_hash))
        outcomes = [replay.run(as_call(item, header)) for item in block.transactions]
        requests = []
        if fork != "cancun":
            contracts = (WITHDRAWAL_REQUESTS, CONSOLIDATION_REQUESTS)
            requests = [replay.run(system_call(to)).output for to in contracts]
            assert all(requests)
        assert len(outcomes) == (8 if fork == "cancun" else 11)
        assert [kind + item for kind, item in zip((b"\1", b"\2"), requests, strict=False)] == [
            *block.requests
        ]
        told: list[tuple[bool | bytes, tuple[Log, ...]]] = [
            (receipt.outcome, receipt.logs) for receipt in block.receipts
        ]
        assert [(outcome.succeeded, outcome.logs) for outcome in outcomes] == told
        assert sum(outcome.gas_used for outcome in outcomes) == header.gas_used
        assert left(before, replay.changes).root == header.state_root


@pytest.mark.parametrize("engine", engines(), ids=lambda engine: engine.name.split()[0])
def test_nothing_happens_where_the_system_finds_no_code(engine: Engine) -> None:
    devnet = chain(((0, "prague"),))
    world = devnet.world(devnet.head)
    assert world is not None
    replay = Replay(engine, "prague", world, devnet.head.header)
    outcome = replay.run(system_call(SOMEBODY, b"\1" * 32))
    assert outcome.succeeded
    assert not outcome.output
    assert not outcome.gas_used
    assert replay.changes == {}
    assert SYSTEM not in outcome.touched_accounts
    assert COUNTER not in outcome.touched_accounts
