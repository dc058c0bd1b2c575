"""The devnet's execution chain against EELS' own rules, and its proofs against ours."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from eth_account import Account
from ethereum_rlp import rlp as eels_rlp
from ethereum_types.numeric import U64

from walkaway.devnet.beacon.payload import execution_requests_of
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.execution.block import ExecutionBlock, PayloadAttributes
from walkaway.devnet.execution.chain import ExecutionChain
from walkaway.devnet.execution.engine import MessageCall, engine
from walkaway.devnet.execution.genesis import COUNTER, TOKEN
from walkaway.devnet.execution.system_contracts import (
    CONSOLIDATION_REQUESTS,
    WITHDRAWAL_REQUESTS,
)
from walkaway.errors import InvalidRequest
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.transaction_forms import decode_transaction
from walkaway.proofs.execution.transactions import Transaction
from walkaway.proofs.execution.trie import verify
from walkaway.proofs.execution.withdrawals import Withdrawal

CHAIN_ID = 1337
GENESIS_TIME = 1_000
INCREMENT = bytes.fromhex("d09de08a")
COUNT = bytes.fromhex("06661abd")
ALL_CANCUN = ((0, "cancun"),)
CROSSING = ((0, "cancun"), (GENESIS_TIME + 18, "prague"), (GENESIS_TIME + 36, "osaka"))


def chain(forks: tuple[tuple[int, str], ...] = CROSSING) -> ExecutionChain:
    return ExecutionChain(CHAIN_ID, GENESIS_TIME, forks)


def sent(index: int, nonce: int, **fields: int | bytes) -> Transaction:
    defaults: dict[str, int | bytes] = {
        "chainId": CHAIN_ID,
        "nonce": nonce,
        "gas": 100_000,
        "maxFeePerGas": 10**10,
        "maxPriorityFeePerGas": 10**9,
        "to": COUNTER,
        "value": 0,
        "data": INCREMENT,
    }
    return decode_transaction(dev_account(index).sign(defaults | fields))


def delegation(index: int, nonce: int) -> Transaction:
    """An EIP-7702 transaction that lets the sender's account run the counter's code."""
    authority = Account.from_key(dev_account(index).key)
    chosen = {"chainId": CHAIN_ID, "address": COUNTER, "nonce": nonce + 1}
    fields = {
        "type": 4,
        "chainId": CHAIN_ID,
        "nonce": nonce,
        "gas": 100_000,
        "maxFeePerGas": 10**10,
        "maxPriorityFeePerGas": 10**9,
        "to": b"\x11" * 20,
        "value": 0,
        "data": b"",
        "authorizationList": [authority.sign_authorization(chosen)],
    }
    return decode_transaction(bytes(authority.sign_transaction(fields).raw_transaction))


def legacy(index: int, nonce: int, **fields: int | bytes) -> Transaction:
    defaults: dict[str, int | bytes] = {
        "chainId": CHAIN_ID,
        "nonce": nonce,
        "gas": 21_000,
        "gasPrice": 10**10,
        "to": b"\x11" * 20,
        "value": 7,
    }
    return decode_transaction(dev_account(index).sign(defaults | fields))


def advance(devnet: ExecutionChain, *, on: bytes | None = None, seed: int = 0) -> ExecutionBlock:
    parent = devnet.block(on) if on else devnet.head
    assert parent is not None
    number = parent.number + 1
    withdrawal = Withdrawal(number, 3, b"\x77" * 20, 12_345)
    attributes = PayloadAttributes(
        timestamp=GENESIS_TIME + 6 * number,
        prev_randao=keccak256(b"randao %d %d" % (number, seed)),
        parent_beacon_block_root=keccak256(b"beacon %d" % number),
        fee_recipient=b"\x22" * 20,
        withdrawals=(withdrawal,),
    )
    return devnet.produce(parent.hash, attributes)


def busy_chain(blocks: int = 9) -> ExecutionChain:
    devnet = chain()
    for nonce in range(blocks):
        devnet.submit(sent(0, nonce))
        devnet.submit(legacy(1, nonce))
        devnet.set_head(advance(devnet).hash, None)
    return devnet


def eels_block(fork: str, block: ExecutionBlock) -> Any:
    module = import_module(f"ethereum.forks.{fork}.blocks")
    rules = engine(fork)
    decoded = [rules.forms.transaction(item) for item in block.transactions]
    transactions = import_module(f"ethereum.forks.{fork}.transactions")
    return module.Block(
        header=eels_rlp.decode_to(module.Header, block.header.rlp()),
        transactions=tuple(transactions.encode_transaction(item) for item in decoded),
        ommers=(),
        withdrawals=tuple(
            eels_rlp.decode_to(module.Withdrawal, item.encode()) for item in block.withdrawals or ()
        ),
    )


@pytest.mark.parametrize("fork", ["cancun", "prague", "osaka"])
def test_eels_accepts_every_block(fork: str) -> None:
    devnet = chain(((0, fork),))
    rules = import_module(f"ethereum.forks.{fork}.fork")
    first = advance(devnet)
    devnet.set_head(first.hash, None)
    world = devnet.world(first)
    assert world is not None
    # The genesis header has Cancun's form, so EELS starts from the block after it.
    theirs = rules.BlockChain(
        [eels_block(fork, first)], engine(fork).forms.state(world), U64(CHAIN_ID)
    )
    for nonce in range(3):
        devnet.submit(sent(0, nonce))
        devnet.submit(legacy(1, nonce))
        block = advance(devnet)
        assert len(block.transactions) == 2
        devnet.set_head(block.hash, None)
        rules.state_transition(theirs, eels_block(fork, block))
    assert len(theirs.blocks) == 4


@pytest.mark.parametrize("fork", ["prague", "osaka"])
def test_requests_of_contracts_are_in_the_block(fork: str) -> None:
    devnet = chain(((0, fork),))
    devnet.set_head(advance(devnet).hash, None)
    world = devnet.world(devnet.head)
    assert world is not None
    rules = import_module(f"ethereum.forks.{fork}.fork")
    theirs = rules.BlockChain(
        [eels_block(fork, devnet.head)], engine(fork).forms.state(world), U64(CHAIN_ID)
    )
    withdrawal, consolidation = b"\xaa" * 48 + (7).to_bytes(8), b"\xbb" * 48 + b"\xcc" * 48
    devnet.submit(sent(0, 0, to=WITHDRAWAL_REQUESTS, data=withdrawal, value=1, gas=200_000))
    devnet.submit(sent(0, 1, to=CONSOLIDATION_REQUESTS, data=consolidation, value=1, gas=300_000))
    block = advance(devnet)
    assert [receipt.outcome for receipt in block.receipts] == [True, True]
    sender = dev_account(0).address
    amount = (7).to_bytes(8, "little")
    assert block.requests == (
        b"\x01" + sender + withdrawal[:48] + amount,
        b"\x02" + sender + consolidation,
    )
    rules.state_transition(theirs, eels_block(fork, block))
    requests = execution_requests_of(block)
    assert int(requests.withdrawals[0].amount) == 7
    assert bytes(requests.consolidations[0].target_pubkey) == b"\xcc" * 48
    assert requests.encode_bytes()[12:] == b"".join(item[1:] for item in block.requests)


def test_forks_follow_the_timestamp() -> None:
    devnet = busy_chain()
    forms = [devnet.block_at(number) for number in range(1, 9)]
    has_requests = [block.header.requests_hash is not None for block in forms if block]
    assert has_requests == [False, False, True, True, True, True, True, True]
    assert [devnet.rules(GENESIS_TIME + after).fork for after in (17, 18, 35, 36)] == [
        "cancun",
        "prague",
        "prague",
        "osaka",
    ]


def test_every_account_and_slot_is_provable_at_every_block() -> None:
    devnet = busy_chain(4)
    for number in range(5):
        block = devnet.block_at(number)
        assert block is not None
        world = devnet.world(block)
        assert world is not None
        assert world.root == block.header.state_root
        for address in world.accounts:
            keys = [bytes(key) for key in world.storage.get(address, {})][:20]
            proof = world.prove(address, keys)
            leaf = verify(block.header.state_root, keccak256(address), proof.nodes)
            account = proof.account
            assert leaf == rlp.encode(
                [account.nonce, account.balance, proof.storage_root, proof.code_hash]
            )
            for key, value, nodes in proof.slots:
                assert value
                assert verify(proof.storage_root, keccak256(key), nodes) == rlp.encode(value)


def test_absence_is_provable() -> None:
    devnet = busy_chain(2)
    world = devnet.world(devnet.head)
    assert world is not None
    for seed in range(40):
        nobody = keccak256(b"nobody %d" % seed)
        proof = world.prove(nobody[:20], [])
        assert verify(world.root, keccak256(nobody[:20]), proof.nodes) is None
        slots = world.prove(TOKEN, [nobody])
        (_, value, nodes) = slots.slots[0]
        assert value == 0
        assert verify(slots.storage_root, keccak256(nobody), nodes) is None


def test_a_delegated_account_runs_anothers_code() -> None:
    devnet = chain(((0, "prague"),))
    devnet.set_head(advance(devnet).hash, None)
    devnet.submit(delegation(0, 0))
    devnet.set_head(advance(devnet).hash, None)
    assert devnet.head.receipts[0].outcome is True
    world = devnet.world(devnet.head)
    assert world is not None
    assert world.account(dev_account(0).address).code == b"\xef\x01\x00" + COUNTER
    count = MessageCall(bytes(20), dev_account(0).address, COUNT, 0, 100_000)
    outcome = devnet.call(devnet.head, count)
    assert (int.from_bytes(outcome.output), outcome.error) == (0, "")
    assert len(outcome.output) == 32


def test_a_call_cannot_spend_what_is_not_there() -> None:
    devnet = busy_chain(1)
    poor = MessageCall(b"\x99" * 20, COUNTER, COUNT, 1, 100_000)
    assert devnet.call(devnet.head, poor).error == "InsufficientBalance"


def test_withdrawals_reach_their_account() -> None:
    devnet = busy_chain(3)
    world = devnet.world(devnet.head)
    assert world is not None
    assert world.account(b"\x77" * 20).balance == 3 * 12_345 * 10**9


def test_a_reorg_puts_transactions_back() -> None:
    devnet = busy_chain(3)
    fork_point = devnet.block_at(1)
    assert fork_point is not None
    count = MessageCall(bytes(20), COUNTER, COUNT, 0, 100_000)
    assert int.from_bytes(devnet.call(devnet.head, count).output) == 3
    old = devnet.block_at(2)
    assert old is not None
    moved = old.transactions[0].hash
    empty = advance(devnet, on=fork_point.hash, seed=1)
    assert not empty.transactions
    devnet.set_head(empty.hash, None)
    assert devnet.head is empty
    assert devnet.place(moved) is None
    assert not devnet.is_canonical(old)
    assert int.from_bytes(devnet.call(devnet.head, count).output) == 1
    devnet.set_head(advance(devnet).hash, None)
    place = devnet.place(moved)
    assert place is not None
    assert place.block is devnet.head
    assert int.from_bytes(devnet.call(devnet.head, count).output) == 3


def test_two_chains_are_the_same_chain() -> None:
    assert busy_chain(3).head.hash == busy_chain(3).head.hash


@pytest.mark.parametrize(
    ("transaction", "reason"),
    [
        (lambda: sent(0, 0, chainId=1), "chain id"),
        (lambda: sent(0, 0, value=10**30), "insufficient funds"),
        (lambda: sent(99, 0), "insufficient funds"),
        (lambda: sent(0, 0, gas=20_000), "not valid under cancun"),
        (lambda: delegation(0, 0), "not valid under cancun"),
    ],
)
def test_the_pool_refuses_what_no_block_can_hold(transaction: Any, reason: str) -> None:
    with pytest.raises(InvalidRequest, match=reason):
        chain().submit(transaction())


def test_a_price_below_the_base_fee_waits() -> None:
    devnet = chain()
    devnet.submit(sent(0, 0, maxFeePerGas=1, maxPriorityFeePerGas=1))
    devnet.set_head(advance(devnet).hash, None)
    assert not devnet.head.transactions
    assert len(devnet.mempool) == 1
    with pytest.raises(InvalidRequest, match="already known"):
        devnet.submit(sent(0, 0, maxFeePerGas=1, maxPriorityFeePerGas=1))


def test_the_pool_waits_for_a_missing_nonce() -> None:
    devnet = chain()
    devnet.submit(sent(0, 1))
    devnet.set_head(advance(devnet).hash, None)
    assert not devnet.head.transactions
    devnet.submit(sent(0, 0))
    devnet.set_head(advance(devnet).hash, None)
    assert [item.nonce for item in devnet.head.transactions] == [0, 1]
    with pytest.raises(InvalidRequest, match="nonce too low"):
        devnet.submit(sent(0, 0, value=1))
