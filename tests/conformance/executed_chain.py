"""The execution API's conformance chain, run block by block with the executable specification.

The chain is recorded as blocks alone, from Homestead to the second blob-parameter
fork. Running them gives the state after each and the receipts; whatever a header
commits to is held against what came out, so that a mistake here cannot pass as
the recorded chain. Proof of work is not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from ethereum_rlp import rlp as eels_rlp
from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U64, U256, Uint

from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.devnet.execution.eels_forms import EelsForms
from walkaway.devnet.execution.world import Account, WorldState
from walkaway.evm.eels import eels_module, remember_jump_destinations
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.header import EMPTY_OMMERS_HASH, Header, decode_header
from walkaway.proofs.execution.ordered_trie import ordered_root
from walkaway.proofs.execution.receipts import logs_bloom
from walkaway.proofs.execution.requests import requests_hash
from walkaway.proofs.execution.transaction_forms import decode_transaction
from walkaway.proofs.execution.transactions import Transaction
from walkaway.proofs.execution.trie import EMPTY_ROOT
from walkaway.proofs.execution.withdrawals import Withdrawal, decode_withdrawal

__all__ = ["Executed", "executed_chain", "fork_of"]

BLOCK_HASHES = 256
"""How far back BLOCKHASH sees."""

FORKS_BY_NUMBER = (
    (0, "homestead"),
    (3, "tangerine_whistle"),
    (6, "spurious_dragon"),
    (9, "byzantium"),
    (12, "constantinople"),
    (18, "istanbul"),
    (21, "muir_glacier"),
    (24, "berlin"),
    (27, "london"),
    (30, "arrow_glacier"),
    (33, "gray_glacier"),
    (36, "paris"),
    (39, "shanghai"),
    (42, "cancun"),
    (45, "prague"),
    (48, "osaka"),
    (51, "bpo1"),
    (54, "bpo2"),
)
"""As ``genesis.json`` schedules them, those by time by the block of that time."""

# A value of one of EELS' forks, whose types are made anew for each.
Eels = Any


@dataclass(frozen=True, slots=True)
class Executed:
    """One block, and the state after it."""

    block: ExecutionBlock
    world: WorldState


def fork_of(number: int) -> str:
    """The EELS package by whose rules a block runs."""
    return [name for begins, name in FORKS_BY_NUMBER if begins <= number][-1]


@cache
def executed_chain(folder: Path) -> tuple[Executed, ...]:
    """All blocks from genesis on, each run on the state after the one before."""
    genesis = json.loads((folder / "genesis.json").read_bytes())
    chain = [_genesis(genesis)]
    for block in _recorded_blocks((folder / "chain.rlp").read_bytes()):
        chain.append(_run(int(genesis["config"]["chainId"]), chain, block))
    return tuple(chain)


def _genesis(document: Mapping[str, Any]) -> Executed:
    accounts, storage = {}, {}
    for name, entry in document["alloc"].items():
        address = Bytes20(bytes.fromhex(name))
        accounts[address] = Account(
            int(entry.get("nonce", "0x0"), 16),
            int(entry["balance"], 16),
            bytes.fromhex(entry.get("code", "0x")[2:]),
        )
        if slots := entry.get("storage"):
            storage[address] = {
                Bytes32(bytes.fromhex(key[2:])): U256(int(value, 16))
                for key, value in slots.items()
            }
    world = WorldState().changed_to(accounts, storage)
    header = Header(
        parent_hash=bytes(32),
        ommers_hash=EMPTY_OMMERS_HASH,
        coinbase=bytes(20),
        state_root=world.root,
        transactions_root=EMPTY_ROOT,
        receipts_root=EMPTY_ROOT,
        logs_bloom=bytes(256),
        difficulty=int(document["difficulty"], 16),
        number=0,
        gas_limit=int(document["gasLimit"], 16),
        gas_used=0,
        timestamp=int(document["timestamp"], 16),
        extra_data=bytes.fromhex(document["extraData"][2:]),
        prev_randao=bytes(32),
        nonce=int(document["nonce"], 16).to_bytes(8),
    )
    return Executed(ExecutionBlock(header, withdrawals=None), world)


def _recorded_blocks(chain: bytes) -> Iterator[ExecutionBlock]:
    """The blocks of a file that holds one RLP item after the other; no receipts yet."""
    items = rlp.decode(rlp.encode_list(chain))
    assert isinstance(items, list)
    for item in items:
        assert isinstance(item, list)
        header, transactions, ommers, *withdrawals = item
        assert isinstance(transactions, list)
        assert isinstance(ommers, list)
        yield ExecutionBlock(
            decode_header(rlp.encode(header)),
            tuple(_transaction(entry) for entry in transactions),
            withdrawals=_withdrawals(withdrawals[0]) if withdrawals else None,
            ommers=tuple(decode_header(rlp.encode(ommer)) for ommer in ommers),
        )


def _transaction(item: rlp.Item) -> Transaction:
    return decode_transaction(item if isinstance(item, bytes) else rlp.encode(item))


def _withdrawals(item: rlp.Item) -> tuple[Withdrawal, ...]:
    assert isinstance(item, list)
    return tuple(decode_withdrawal(rlp.encode(entry)) for entry in item)


def _run(chain_id: int, chain: list[Executed], recorded: ExecutionBlock) -> Executed:
    """Run a block on the newest state, and hold it against its own header."""
    header, parent = recorded.header, chain[-1]
    assert header.parent_hash == parent.block.hash
    rules = _rules(fork_of(header.number))
    hashes = [item.block.hash for item in chain[-BLOCK_HASHES:]]
    environment = rules.environment(chain_id, header, parent.world, hashes)
    output = rules.apply(environment, recorded)
    receipts = tuple(rules.forms.receipt(output, key) for key in output.receipt_keys)
    requests = tuple(bytes(item) for item in getattr(output, "requests", ()))
    world = rules.forms.world(parent.world, environment.state)
    block = replace(recorded, receipts=receipts, requests=requests)
    came_out = {
        "state_root": world.root,
        "transactions_root": ordered_root([item.encode() for item in block.transactions]),
        "receipts_root": ordered_root([receipt.encode() for receipt in receipts]),
        "logs_bloom": logs_bloom(log for receipt in receipts for log in receipt.logs),
        "gas_used": int(output.block_gas_used),
        "requests_hash": requests_hash(requests) if hasattr(output, "requests") else None,
    }
    for name, value in came_out.items():
        assert getattr(header, name) == value, f"block {header.number}: another {name}"
    return Executed(block, world)


class _Rules:
    """One fork's way to run a block that is given whole."""

    def __init__(self, fork: str) -> None:
        self.forms = EelsForms(fork)
        self._rules: Eels = eels_module(fork, "fork")
        self._vm: Eels = eels_module(fork, "vm")
        self._transactions: Eels = eels_module(fork, "transactions")
        self._blocks: Eels = eels_module(fork, "blocks")
        interpreter: Eels = eels_module(fork, "vm.interpreter")
        remember_jump_destinations(interpreter)

    def environment(
        self, chain_id: int, header: Header, world: WorldState, hashes: list[bytes]
    ) -> Eels:
        """The BlockEnvironment of a header, with whichever of its fields the fork has."""
        values = {
            "chain_id": U64(chain_id),
            "state": self.forms.state(world),
            "block_gas_limit": Uint(header.gas_limit),
            "block_hashes": [Bytes32(item) for item in hashes],
            "coinbase": Bytes20(header.coinbase),
            "number": Uint(header.number),
            "time": U256(header.timestamp),
            "difficulty": Uint(header.difficulty),
            "base_fee_per_gas": Uint(header.base_fee_per_gas or 0),
            "prev_randao": Bytes32(header.prev_randao),
            "excess_blob_gas": U64(header.excess_blob_gas or 0),
            "parent_beacon_block_root": Bytes32(header.parent_beacon_block_root or bytes(32)),
        }
        form = self._vm.BlockEnvironment
        return form(**{name: values[name] for name in values if name in form.__annotations__})

    def apply(self, environment: Eels, block: ExecutionBlock) -> Eels:
        """Run the transactions and what the fork does besides; the BlockOutput."""
        rest: tuple[Iterable[Eels], ...] = ()
        if block.withdrawals is not None:
            rest = (tuple(self.forms.withdrawal(item) for item in block.withdrawals),)
        elif "difficulty" in self._vm.BlockEnvironment.__annotations__:
            rest = (tuple(self.forms.header(ommer) for ommer in block.ommers),)
        transactions = tuple(self._in_block(item) for item in block.transactions)
        return self._rules.apply_body(environment, transactions, *rest)

    def _in_block(self, transaction: Transaction) -> Eels:
        """A transaction as a block's list holds it: whole, or encoded where it has a type."""
        if transaction.type:
            return transaction.encode()
        legacy = getattr(self._transactions, "LegacyTransaction", None)
        form = legacy or self._transactions.Transaction
        return eels_rlp.decode_to(form, transaction.encode())


@cache
def _rules(fork: str) -> _Rules:
    return _Rules(fork)
