"""Why no engine runs a call, in one wording for all engines.

What could be no transaction is refused in go-ethereum's words, which wallets
and libraries read to tell one failure from another.
"""

from __future__ import annotations

from walkaway.errors import CallFailed, CallRefused, Refusal
from walkaway.evm.addresses import checksummed
from walkaway.evm.engine import BlockEnvironment, Call
from walkaway.proofs.execution.transactions import GAS_PER_BLOB

__all__ = ["LAST_NONCE", "balance_overflowed", "funds_needed", "refused"]

LAST_NONCE = 2**64 - 1
"""A sender whose nonce this is sends nothing more (EIP-2681)."""


def refused(
    refusal: Refusal, call: Call, environment: BlockEnvironment, figure: int = 0
) -> CallRefused:
    """The error of a call that could be no transaction, of those that engines find.

    ``figure`` is what neither the call nor its block tells: for INTRINSIC_GAS and
    FLOOR_GAS the gas that it takes, for FUNDS the sender's balance in wei, for
    INITCODE_SIZE the most bytes there may be.
    """
    sender = f"address {checksummed(call.sender)}"
    base_fee = environment.header.base_fee_per_gas or 0
    wordings = {
        Refusal.INTRINSIC_GAS: f"intrinsic gas too low: have {call.gas_limit}, want {figure}",
        Refusal.FLOOR_GAS: f"insufficient gas for floor data gas cost: have {call.gas_limit}, "
        f"want {figure}",
        Refusal.FUNDS: f"insufficient funds for gas * price + value: {sender} have {figure} "
        f"want {funds_needed(call)}",
        Refusal.FEE_CAP: f"max fee per gas less than block base fee: {sender}, "
        f"maxFeePerGas: {call.gas_price}, baseFee: {base_fee}",
        Refusal.BLOB_FEE_CAP: f"max fee per blob gas less than block blob gas fee: {sender} "
        f"blobGasFeeCap: {call.max_fee_per_blob_gas}, blobBaseFee: {environment.blob_base_fee}",
        Refusal.INITCODE_SIZE: f"max initcode size exceeded: code size {len(call.data)} "
        f"limit {figure}",
        Refusal.NONCE: f"nonce has max value: {sender}, nonce: {LAST_NONCE}",
    }
    return CallRefused(wordings[refusal], refusal)


def funds_needed(call: Call) -> int:
    """What the sender must own at the least, in wei: for gas, for blobs, and what it sends."""
    blob_gas = len(call.blob_hashes) * GAS_PER_BLOB
    return call.gas_limit * call.gas_price + blob_gas * call.max_fee_per_blob_gas + call.value


def balance_overflowed() -> CallFailed:
    """The error of a call that makes a balance pass 2^256 - 1, of which the specification
    knows no outcome. Only overridden balances lead there."""
    return CallFailed("balance overflow: an account would own more than 2^256 - 1 wei")
