"""The conformance chain's own transactions and calls, run by both engines.

Each block is run whole: what the engine says it changed must give the state
root that the block's header has, and what it logged and used the receipts root.
(The reference engine knows the forks from the Merge on.) Then every call that the
suite records, and every message that the chain carried, is asked again at the
end of each fork, where the engines must agree on what comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U256

from tests.conformance.exchanges import exchanges
from tests.conformance.executed_chain import Executed, executed_chain, fork_of
from tests.conformance.node import CHAIN_ID, SPEC
from tests.evm.test_differential import compared, settled
from tests.vectors import vectors
from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.devnet.execution.system_contracts import (
    BEACON_ROOTS,
    CONSOLIDATION_REQUESTS,
    HISTORY_STORAGE,
    WITHDRAWAL_REQUESTS,
)
from walkaway.devnet.execution.world import Account as WorldAccount
from walkaway.devnet.execution.world import WorldState
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
from walkaway.proofs.execution.blob_fees import blob_base_fee
from walkaway.proofs.execution.keccak import EMPTY_HASH, keccak256
from walkaway.proofs.execution.ordered_trie import ordered_root
from walkaway.proofs.execution.receipts import Receipt
from walkaway.proofs.execution.transactions import (
    BlobTransaction,
    LegacyTransaction,
    SetCodeTransaction,
    Transaction,
)

SYSTEM = bytes.fromhex("fffffffffffffffffffffffffffffffffffffffe")
SYSTEM_GAS = 30_000_000
GWEI = 10**9
ETHER = 10**18
FIRST_MERGED = 36
FIRST_WITH_STATUS = 9
"""Byzantium's first: before it a receipt holds a state root (EIP-658)."""
FORK_ENDS = (38, 41, 44, 47, 50, 53, 54)
"""The last block of each fork since the Merge."""
RUNS = {"eth_call", "eth_estimateGas", "eth_createAccessList"}


@pytest.fixture(params=["native", "reference"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "reference":
        return ReferenceEngine()
    if not available():
        pytest.skip("the native kernel is not built")
    return NativeEngine()


def environment(parent: ExecutionBlock, block: ExecutionBlock) -> BlockEnvironment:
    price = 1
    if block.header.excess_blob_gas is not None:
        price = blob_base_fee(parent.header, block.header, SPEC.blob_base_fees)
    return BlockEnvironment(CHAIN_ID, fork_of(block.number), block.header, price)


def known(world: WorldState, before: Iterable[Executed]) -> KnownState:
    """All that there is."""
    accounts: dict[bytes, Account | None] = {
        bytes(address): Account(
            item.nonce,
            item.balance,
            world.storage_root(address),
            keccak256(item.code) if item.code else EMPTY_HASH,
        )
        for address, item in world.accounts.items()
    }
    return KnownState(
        accounts,
        {
            (bytes(address), bytes(key)): int(value)
            for address, slots in world.storage.items()
            for key, value in slots.items()
        },
        {keccak256(item.code): item.code for item in world.accounts.values()},
        {item.block.number: item.block.hash for item in before},
    )


def changed(world: WorldState, changes: Mapping[bytes, Overrides]) -> WorldState:
    """The state as the changes left it; what is left empty is gone (EIP-161)."""
    accounts, storage = dict(world.accounts), dict(world.storage)
    for name, change in changes.items():
        address = Bytes20(name)
        before = world.account(name)
        after = WorldAccount(
            before.nonce if change.nonce is None else change.nonce,
            before.balance if change.balance is None else change.balance,
            before.code if change.code is None else change.code,
        )
        accounts[address] = after
        slots = dict(storage.pop(address, {})) if change.storage is None else {}
        given = change.slots if change.storage is None else change.storage
        slots |= {Bytes32(key): U256(value) for key, value in given.items()}
        if kept := {key: value for key, value in slots.items() if value}:
            storage[address] = kept
        if after == WorldAccount():
            del accounts[address]
    return world.changed_to(accounts, storage)


def message(transaction: Transaction, base_fee: int | None) -> Call:
    """A transaction as an engine runs it."""
    call = Call(
        sender=transaction.sender,
        to=transaction.to,
        gas_limit=transaction.gas_limit,
        value=transaction.value,
        data=transaction.data,
        gas_price=transaction.effective_gas_price(base_fee),
        manner=Manner.TRANSACTION,
    )
    if not isinstance(transaction, LegacyTransaction):
        call = replace(call, access_list=transaction.access_list)
    if isinstance(transaction, BlobTransaction):
        hashes, most = transaction.blob_versioned_hashes, transaction.max_fee_per_blob_gas
        call = replace(call, blob_hashes=hashes, max_fee_per_blob_gas=most)
    if isinstance(transaction, SetCodeTransaction):
        call = replace(call, authorizations=transaction.authorization_list)
    return call


class BlockRun:
    """One block, run call by call; ``changes`` is what they left so far."""

    def __init__(self, engine: Engine, before: Sequence[Executed], block: ExecutionBlock) -> None:
        self._engine = engine
        self._parent = before[-1]
        self._truth = known(self._parent.world, before)
        self._block = block
        self._environment = environment(self._parent.block, block)
        self._changes: dict[bytes, Overrides] = {}

    def run(self) -> tuple[bytes, bytes]:
        """The state root and the receipts root that come out."""
        header = self._block.header
        if header.parent_beacon_block_root is not None:
            self._call_contract(BEACON_ROOTS, header.parent_beacon_block_root)
        if header.requests_hash is not None:
            self._call_contract(HISTORY_STORAGE, header.parent_hash)
        receipts = ordered_root([receipt.encode() for receipt in self._receipts()])
        if header.difficulty:
            self._pay_miners()
        for withdrawal in self._block.withdrawals or ():
            self._credit(withdrawal.address, withdrawal.amount * GWEI)
        if header.requests_hash is not None:
            self._call_contract(WITHDRAWAL_REQUESTS)
            self._call_contract(CONSOLIDATION_REQUESTS)
        return changed(self._parent.world, self._changes).root, receipts

    def _receipts(self) -> Iterator[Receipt]:
        used = 0
        for transaction in self._block.transactions:
            outcome = self._run(message(transaction, self._block.header.base_fee_per_gas))
            used += outcome.gas_used
            yield Receipt(transaction.type, outcome.succeeded, used, outcome.logs)

    def _call_contract(self, to: bytes, data: bytes = b"") -> None:
        self._run(Call(SYSTEM, to, SYSTEM_GAS, data=data, manner=Manner.SYSTEM))

    def _pay_miners(self) -> None:
        """As Ethash was paid: the block's miner, a 32nd more for each ommer, and theirs."""
        block = self._block
        reward = 3 * ETHER if fork_of(block.number) == "byzantium" else 2 * ETHER
        self._credit(block.header.coinbase, reward + len(block.ommers) * reward // 32)
        for ommer in block.ommers:
            age = block.number - ommer.number
            self._credit(ommer.coinbase, (8 - age) * reward // 8)

    def _credit(self, address: bytes, wei: int) -> None:
        so_far = self._changes.get(address, Overrides()).balance
        balance = self._parent.world.account(address).balance if so_far is None else so_far
        self._changes = merged(self._changes, {address: Overrides(balance=balance + wei)})

    def _run(self, call: Call) -> Outcome:
        answer = settled(self._engine, call, self._environment, self._truth, self._changes)
        assert isinstance(answer, Outcome), f"block {self._block.number}: {answer}"
        self._changes = merged(self._changes, answer.changes)
        return answer


def assert_comes_out(engine: Engine, numbers: range) -> None:
    """Each block's roots are those of its header."""
    executed = executed_chain(vectors("rpc-conformance"))
    for number in numbers:
        block = executed[number].block
        roots = BlockRun(engine, executed[:number], block).run()
        assert roots == (block.header.state_root, block.header.receipts_root), f"block {number}"


def test_every_block_since_the_merge_comes_out_as_its_header_says(engine: Engine) -> None:
    assert_comes_out(engine, range(FIRST_MERGED, FORK_ENDS[-1] + 1))


@pytest.mark.skipif(not available(), reason="the native kernel is not built")
def test_the_kernel_knows_the_forks_of_before_the_merge() -> None:
    assert_comes_out(NativeEngine(), range(FIRST_WITH_STATUS, FIRST_MERGED))


def recorded_calls() -> list[Call]:
    """What the suite asks of `eth_call` and its like, and what the chain's transactions did."""
    folder = vectors("rpc-conformance")
    asked = [
        _recorded_call(exchange.request["params"][0])
        for exchange in exchanges(folder)
        if exchange.method in RUNS and exchange.request["params"]
    ]
    carried = [
        replace(
            message(transaction, item.block.header.base_fee_per_gas),
            manner=Manner.ASKED,
            gas_price=0,
            max_fee_per_blob_gas=0,
        )
        for item in executed_chain(folder)
        for transaction in item.block.transactions
    ]
    return list(dict.fromkeys(asked + carried))


def _recorded_call(members: dict[str, Any]) -> Call:
    to = members.get("to")
    return Call(
        sender=_octets(members.get("from", "0x" + "00" * 20)),
        to=None if to is None else _octets(to),
        gas_limit=int(members.get("gas", hex(SYSTEM_GAS)), 16),
        value=int(members.get("value", "0x0"), 16),
        data=_octets(members.get("input") or members.get("data") or "0x"),
    )


def _octets(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


@pytest.mark.skipif(not available(), reason="the native kernel is not built")
@pytest.mark.parametrize("number", FORK_ENDS, ids=fork_of)
def test_recorded_messages_end_the_same_at_the_end_of_each_fork(number: int) -> None:
    executed = executed_chain(vectors("rpc-conformance"))
    block = environment(executed[number - 1].block, executed[number].block)
    truth = known(executed[number].world, executed[:number])
    outcomes = []
    for call in recorded_calls():
        native, reference = (
            settled(engine, call, block, truth) for engine in (NativeEngine(), ReferenceEngine())
        )
        assert compared(native) == compared(reference), call
        outcomes.append(native)
    ran = [outcome for outcome in outcomes if isinstance(outcome, Outcome)]
    assert len(ran) > 50
    assert any(outcome.reverted for outcome in ran)
    assert any(outcome.logs for outcome in ran)
    assert any(outcome.created for outcome in ran)
