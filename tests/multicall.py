"""500 holders of the devnet's token, and one call that asks for the balance of each.

The world is made by transactions alone, so that any execution node that
begins with the devnet's accounts can be brought to it: one creates the
contract, one gives it tokens, and it hands them out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eth_abi.abi import decode, encode

from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.execution.genesis import TOKEN, contract
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.signatures import created_address

__all__ = ["BALANCES", "HOLDERS", "MULTICALL", "balances_call", "balances_of", "world"]

HOLDERS = tuple(keccak256(b"holder %d" % index)[12:] for index in range(500))
BALANCES = tuple(range(1, len(HOLDERS) + 1))
"""What each holder has, in the token's smallest unit."""

MAKER = dev_account(1)
MULTICALL = created_address(MAKER.address, 0)
"""The contract that calls many others (`contracts/Multicall.sol`)."""

AGGREGATE = keccak256(b"aggregate3((address,bool,bytes)[])")[:4]
BALANCE_OF = keccak256(b"balanceOf(address)")[:4]
TRANSFER = keccak256(b"transfer(address,uint256)")[:4]
HANDED_OUT_AT_ONCE = 100
MAX_FEE = 20 * 10**9


def world(chain_id: int) -> Iterator[bytes]:
    """The signed transactions that make the world, in their order."""
    tokens = [
        TRANSFER + encode(["address", "uint256"], [holder, balance])
        for holder, balance in zip(HOLDERS, BALANCES, strict=True)
    ]
    steps = [
        (None, contract("Multicall").creation),
        (TOKEN, TRANSFER + encode(["address", "uint256"], [MULTICALL, sum(BALANCES)])),
        *(
            (MULTICALL, _aggregate(tokens[at : at + HANDED_OUT_AT_ONCE]))
            for at in range(0, len(tokens), HANDED_OUT_AT_ONCE)
        ),
    ]
    for nonce, (to, data) in enumerate(steps):
        fields: dict[str, int | bytes] = {
            "chainId": chain_id,
            "nonce": nonce,
            "gas": 5_000_000,
            "data": data,
            "maxFeePerGas": MAX_FEE,
            "maxPriorityFeePerGas": 10**9,
        }
        yield MAKER.sign(fields if to is None else fields | {"to": to})


def balances_call(holders: Sequence[bytes] = HOLDERS) -> bytes:
    """The call data that asks for the balance of each holder."""
    return _aggregate([BALANCE_OF + encode(["address"], [holder]) for holder in holders])


def balances_of(output: bytes) -> tuple[int, ...]:
    """The balances that an answer to `balances_call` gives."""
    (results,) = decode(["(bool,bytes)[]"], output)
    assert all(succeeded for succeeded, _ in results)
    return tuple(int.from_bytes(said, "big") for _, said in results)


def _aggregate(calls: Sequence[bytes]) -> bytes:
    listed = [(TOKEN, False, call) for call in calls]
    return AGGREGATE + encode(["(address,bool,bytes)[]"], [listed])
