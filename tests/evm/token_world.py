"""The devnet's token as known state, and calls over it: one balance, or many in one call."""

from __future__ import annotations

from collections.abc import Sequence

from walkaway.devnet.execution.genesis import COUNTER, TOKEN, contract
from walkaway.evm.engine import BlockEnvironment, Call, KnownState
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.header import EMPTY_OMMERS_HASH, Header
from walkaway.proofs.execution.keccak import keccak256

__all__ = [
    "HOLDERS",
    "balance",
    "balance_of",
    "environment",
    "increment",
    "known_tokens",
    "sum_of_balances",
    "transfer",
]

SENDER = bytes([0xE0, *bytes(19)])
ADDER = bytes([0xAD, *bytes(19)])
HOLDERS = tuple(keccak256(index.to_bytes(2, "big"))[12:] for index in range(500))

BALANCE_OF = bytes.fromhex("70a08231")
TRANSFER = bytes.fromhex("a9059cbb")
STORAGE_ROOT = keccak256(b"the token's storage")

_ADDER_CODE = (
    # The selector to memory; then the sum and the place in the call data, both 0.
    bytes.fromhex("6370a0823160e01b5f52" + "5f5f")
    # While there is call data: the next holder behind the selector, ...
    + bytes.fromhex("5b36811015" + "604457" + "8035600452")
    # ... the token's answer, ...
    + bytes.fromhex("602060406024" + "5f73" + TOKEN.hex() + "5afa50")
    # ... which is added; on to the next.
    + bytes.fromhex("906040510190" + "602001" + "600c56")
)
ADDER_CODE = _ADDER_CODE + bytes.fromhex("5b505f5260205ff3")
"""Adds the balances of the holders in its call data, one word each."""


def environment(fork: str = "osaka") -> BlockEnvironment:
    """A block of a fork."""
    header = Header(
        parent_hash=bytes(32),
        ommers_hash=EMPTY_OMMERS_HASH,
        coinbase=bytes(20),
        state_root=bytes(32),
        transactions_root=bytes(32),
        receipts_root=bytes(32),
        logs_bloom=bytes(256),
        difficulty=0,
        number=100,
        gas_limit=30_000_000,
        gas_used=0,
        timestamp=1_700_000_000,
        extra_data=b"",
        prev_randao=bytes(32),
        nonce=bytes(8),
        base_fee_per_gas=7,
        withdrawals_root=bytes(32),
        blob_gas_used=0,
        excess_blob_gas=0,
        parent_beacon_block_root=bytes(32),
        requests_hash=bytes(32),
    )
    return BlockEnvironment(1337, fork, header)


def balance(holder: bytes) -> int:
    """What a holder has in `known_tokens`."""
    return int.from_bytes(holder[:8], "big")


def known_tokens(holders: Sequence[bytes] = HOLDERS) -> KnownState:
    """Everything that the calls below need."""
    token, counter = contract("Token"), contract("Counter")
    code = {keccak256(body): body for body in (token.code, counter.code, ADDER_CODE)}
    accounts = {
        address: Account(1, 0, STORAGE_ROOT, keccak256(body))
        for address, body in ((TOKEN, token.code), (COUNTER, counter.code), (ADDER, ADDER_CODE))
    }
    slots = {(TOKEN, _slot(holder)): balance(holder) for holder in holders}
    return KnownState({**accounts, SENDER: Account(0, 10**18)}, slots, code)


def balance_of(holder: bytes) -> Call:
    """`balanceOf(holder)` of the token."""
    return Call(SENDER, TOKEN, 100_000, data=BALANCE_OF + holder.rjust(32, b"\0"))


def transfer(holder: bytes, receiver: bytes, value: int) -> Call:
    """`transfer(receiver, value)` by a holder."""
    data = TRANSFER + receiver.rjust(32, b"\0") + value.to_bytes(32, "big")
    return Call(holder, TOKEN, 100_000, data=data)


def increment() -> Call:
    """`increment()` of the counter, which writes two slots and a log."""
    return Call(SENDER, COUNTER, 200_000, data=keccak256(b"increment()")[:4])


def sum_of_balances(holders: Sequence[bytes] = HOLDERS) -> Call:
    """One call that asks the token for each holder's balance, as a multicall does."""
    data = b"".join(holder.rjust(32, b"\0") for holder in holders)
    return Call(SENDER, ADDER, 10_000_000, data=data)


def _slot(holder: bytes) -> bytes:
    layout = contract("Token").slots["balanceOf"]
    return keccak256(holder.rjust(32, b"\0") + layout.to_bytes(32, "big"))
