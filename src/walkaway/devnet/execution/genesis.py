"""The genesis state: funded accounts, system contracts, contracts to call, and names."""

from __future__ import annotations

from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U256

from walkaway.devnet.execution.accounts import (
    DEV_ACCOUNTS,
    NAMES_OWNER,
    PROXY_ADMIN,
    THIEF,
    dev_account,
)
from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.devnet.execution.compiled import Contract, contract
from walkaway.devnet.execution.engine import EXTRA_DATA, GAS_LIMIT
from walkaway.devnet.execution.names import names_accounts, names_storage
from walkaway.devnet.execution.solidity import mapped, word
from walkaway.devnet.execution.system_contracts import SYSTEM_CONTRACTS
from walkaway.devnet.execution.world import Account, WorldState
from walkaway.proofs.execution.header import EMPTY_OMMERS_HASH, Header
from walkaway.proofs.execution.trie import EMPTY_ROOT

__all__ = [
    "ANSWER_SIGNER",
    "ANY_ANSWERS",
    "COUNTER",
    "SIGNED_ANSWERS",
    "TOKEN",
    "Contract",
    "contract",
    "genesis_block",
    "genesis_world",
]

COUNTER = bytes.fromhex("c0") + bytes(18) + bytes.fromhex("01")
"""The address of `Counter`, which counts and logs."""
SIGNED_ANSWERS = bytes.fromhex("3668") + bytes(17) + bytes.fromhex("01")
"""The address of `SignedAnswers`, which looks up off chain what `ANSWER_SIGNER` signs."""
ANY_ANSWERS = bytes.fromhex("3668") + bytes(17) + bytes.fromhex("02")
"""The address of `AnyAnswers`, which looks up off chain and believes anybody."""
TOKEN = bytes.fromhex("70") + bytes(18) + bytes.fromhex("01")
"""The address of `Token`, an ERC-20 token whose supply the funded accounts share."""

ANSWER_SIGNER = dev_account(9)
"""Whose signature `SignedAnswers` believes."""

ETHER = 10**18
FUNDS = 10_000 * ETHER
TOKENS_EACH = 1_000 * ETHER
BASE_FEE = 10**9


def genesis_world() -> WorldState:
    """The state before the first block."""
    accounts = {
        Bytes20(address): Account(nonce=1, code=code) for address, code in SYSTEM_CONTRACTS.items()
    }
    for account in (*map(dev_account, range(DEV_ACCOUNTS)), NAMES_OWNER, PROXY_ADMIN, THIEF):
        accounts[Bytes20(account.address)] = Account(balance=FUNDS)
    accounts[Bytes20(COUNTER)] = Account(nonce=1, code=contract("Counter").code)
    accounts[Bytes20(TOKEN)] = Account(nonce=1, code=contract("Token").code)
    accounts[Bytes20(SIGNED_ANSWERS)] = Account(nonce=1, code=contract("SignedAnswers").code)
    accounts[Bytes20(ANY_ANSWERS)] = Account(nonce=1, code=contract("AnyAnswers").code)
    accounts |= names_accounts()
    storage = {
        Bytes20(TOKEN): _token_storage(),
        Bytes20(SIGNED_ANSWERS): _signer_storage(),
        **names_storage(),
    }
    return WorldState().changed_to(accounts, storage)


def genesis_block(world: WorldState, timestamp: int) -> ExecutionBlock:
    """Block 0 over ``world``, in the form of the Cancun fork. ``timestamp`` is seconds."""
    return ExecutionBlock(
        Header(
            parent_hash=bytes(32),
            ommers_hash=EMPTY_OMMERS_HASH,
            coinbase=bytes(20),
            state_root=world.root,
            transactions_root=EMPTY_ROOT,
            receipts_root=EMPTY_ROOT,
            logs_bloom=bytes(256),
            difficulty=0,
            number=0,
            gas_limit=GAS_LIMIT,
            gas_used=0,
            timestamp=timestamp,
            extra_data=EXTRA_DATA,
            prev_randao=bytes(32),
            nonce=bytes(8),
            base_fee_per_gas=BASE_FEE,
            withdrawals_root=EMPTY_ROOT,
            blob_gas_used=0,
            excess_blob_gas=0,
            parent_beacon_block_root=bytes(32),
        )
    )


def _token_storage() -> dict[Bytes32, U256]:
    slots = contract("Token").slots
    storage = {word(slots["totalSupply"]): U256(DEV_ACCOUNTS * TOKENS_EACH)}
    for index in range(DEV_ACCOUNTS):
        storage[mapped(slots["balanceOf"], dev_account(index).address)] = U256(TOKENS_EACH)
    return storage


def _signer_storage() -> dict[Bytes32, U256]:
    slot = contract("SignedAnswers").slots["signer"]
    return {word(slot): U256.from_be_bytes(ANSWER_SIGNER.address)}
