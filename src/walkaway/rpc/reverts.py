"""Why a call failed, in the words that clients know from go-ethereum.

A REVERT may carry ``Error(string)`` or ``Panic(uint256)``, as Solidity encodes
them (https://docs.soliditylang.org/en/latest/control-structures.html#panic-via-assert-and-error-via-require).
"""

from __future__ import annotations

from walkaway.errors import CallFailed, Reverted
from walkaway.evm.engine import Outcome

__all__ = ["failure_of", "revert_reason"]

ERROR = bytes.fromhex("08c379a0")
PANIC = bytes.fromhex("4e487b71")

PANICS = {
    0x00: "generic panic",
    0x01: "assert(false)",
    0x11: "arithmetic underflow or overflow",
    0x12: "division or modulo by zero",
    0x21: "enum overflow",
    0x22: "invalid encoded storage byte array accessed",
    0x31: "out-of-bounds array access; popping on an empty array",
    0x32: "out-of-bounds access of an array or bytesN",
    0x41: "out of memory",
    0x51: "uninitialized function",
}


def failure_of(outcome: Outcome) -> CallFailed:
    """The error that a failed outcome becomes."""
    if not outcome.reverted:
        return CallFailed(outcome.halt)
    reason = revert_reason(outcome.output)
    message = "execution reverted" if reason is None else f"execution reverted: {reason}"
    return Reverted(message, outcome.output)


def revert_reason(data: bytes) -> str | None:
    """What revert data says, or None where it is of neither form."""
    selector, encoded = data[:4], data[4:]
    if selector == PANIC and len(encoded) >= 32:
        code = int.from_bytes(encoded[:32], "big")
        return PANICS.get(code, f"unknown panic code: {code:#x}")
    if selector == ERROR and len(encoded) >= 64:
        return _text(encoded)
    return None


def _text(encoded: bytes) -> str | None:
    at = int.from_bytes(encoded[:32], "big")
    if at + 32 > len(encoded):
        return None
    length = int.from_bytes(encoded[at : at + 32], "big")
    text = encoded[at + 32 : at + 32 + length]
    return text.decode(errors="replace") if len(text) == length else None
