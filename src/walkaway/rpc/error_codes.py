"""The fixed JSON-RPC error codes: which failure has which number.

The first six are JSON-RPC's own and EIP-1474's
(https://eips.ethereum.org/EIPS/eip-1474#error-codes); the rest are ours, one
for each branch of the tree in `walkaway.errors`, from -32010 downwards. They are
part of the interface: a number never changes its meaning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from walkaway.errors import (
    CallFailed,
    CallRefused,
    ConfigError,
    InvalidRequest,
    ProofError,
    Refusal,
    Rejected,
    Reverted,
    SourceFault,
    Stale,
    StillPending,
    TooMuch,
    UnknownMethod,
    Unproven,
    Unsupported,
    WalkawayError,
)

__all__ = [
    "CALL_FAILED",
    "ERROR_CODES",
    "INTERNAL",
    "INVALID_PARAMS",
    "INVALID_REQUEST",
    "LIMIT_EXCEEDED",
    "METHOD_NOT_FOUND",
    "PARSE_ERROR",
    "PROOF_FAILED",
    "REJECTED",
    "REVERTED",
    "STALE",
    "STILL_PENDING",
    "TIMED_OUT",
    "UNPROVEN",
    "UNSUPPORTED",
    "VM_ERROR",
    "ErrorCode",
    "code_of",
    "speakable",
]

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL = -32603
REVERTED = 3
STILL_PENDING = 4
CALL_FAILED = -32000
REJECTED = -32003
UNSUPPORTED = -32004
LIMIT_EXCEEDED = -32005
PROOF_FAILED = -32010
UNPROVEN = -32011
STALE = -32012
MISCONFIGURED = -32013
TIMED_OUT = -32014
VM_ERROR = -32015


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A code and what it tells the caller, as the documentation prints it."""

    code: int
    name: str
    meaning: str


ERROR_CODES = (
    ErrorCode(PARSE_ERROR, "parse error", "the body is not JSON"),
    ErrorCode(INVALID_REQUEST, "invalid request", "the body is JSON, but no JSON-RPC 2.0 call"),
    ErrorCode(METHOD_NOT_FOUND, "method not found", "walkaway does not know this method"),
    ErrorCode(INVALID_PARAMS, "invalid parameters", "the message names the parameter"),
    ErrorCode(
        INTERNAL,
        "internal error",
        "a fault in walkaway, of which nothing is told; from `eth_simulateV1` also what "
        "go-ethereum has no code for, with the reason",
    ),
    ErrorCode(
        UNSUPPORTED,
        "not supported",
        "walkaway cannot prove an answer of this kind yet, so it gives none and forwards nothing",
    ),
    ErrorCode(REVERTED, "reverted", "the call ended in REVERT; `data` is what it gave back"),
    ErrorCode(
        STILL_PENDING,
        "still pending",
        "it was sent, but stands in no proven block yet; `data` is its hash (EIP-7966)",
    ),
    ErrorCode(
        CALL_FAILED,
        "call failed",
        "the call ran out of gas, could not be paid for, or was stopped because it ran too long",
    ),
    ErrorCode(
        REJECTED,
        "transaction rejected",
        "no submitter took it; the message is theirs, `data.sources` what each said",
    ),
    ErrorCode(LIMIT_EXCEEDED, "limit exceeded", "too large, too many, or too busy; try less"),
    ErrorCode(
        PROOF_FAILED,
        "proof failed",
        "data contradicted the commitment, or an answer was not to what was asked",
    ),
    ErrorCode(
        UNPROVEN,
        "unproven",
        "no source could supply a proof; `data.sources` holds the reason of each",
    ),
    ErrorCode(
        STALE,
        "stale",
        "the proven head is too old; `data.age_seconds` says how old",
    ),
    ErrorCode(MISCONFIGURED, "configuration", "a setting keeps this from being answered"),
    ErrorCode(TIMED_OUT, "timed out", "no proof within the time a call may take"),
    ErrorCode(VM_ERROR, "VM error", "in a simulation's answer: a call that halted, and why"),
    ErrorCode(-38010, "nonce too low", "in a simulation that validates"),
    ErrorCode(-38011, "nonce too high", "in a simulation that validates"),
    ErrorCode(-38012, "fee cap too low", "a simulated call offers less than the base fee"),
    ErrorCode(-38013, "intrinsic gas", "a simulated call's gas does not pay for its beginning"),
    ErrorCode(-38014, "insufficient funds", "a simulated call's sender cannot pay for it"),
    ErrorCode(-38015, "block gas limit", "a simulated call asks for more than its block has left"),
    ErrorCode(-38020, "block number", "simulated blocks' numbers do not rise"),
    ErrorCode(-38021, "block timestamp", "simulated blocks' times do not rise"),
    ErrorCode(-38025, "initcode too large", "a simulated call creates a contract by too much"),
    ErrorCode(
        -38026,
        "client limit",
        "more blocks, calls, gas or bytes than `eth_simulateV1` takes; the message names the limit",
    ),
)

_REFUSALS: Mapping[Refusal, int] = {
    Refusal.NONCE_TOO_LOW: -38010,
    Refusal.NONCE_TOO_HIGH: -38011,
    Refusal.NONCE: INTERNAL,
    Refusal.FEE_CAP: -38012,
    Refusal.BLOB_FEE_CAP: INTERNAL,
    Refusal.INTRINSIC_GAS: -38013,
    Refusal.FLOOR_GAS: -38013,
    Refusal.FUNDS: -38014,
    Refusal.BLOCK_GAS: -38015,
    Refusal.BLOCK_NUMBER: -38020,
    Refusal.BLOCK_TIME: -38021,
    Refusal.INITCODE_SIZE: -38025,
    Refusal.TOO_MUCH: -38026,
}
"""As go-ethereum answers `eth_simulateV1`; where it has no code of its own, INTERNAL."""

_CODES: Mapping[type[WalkawayError], int] = {
    InvalidRequest: INVALID_PARAMS,
    CallFailed: CALL_FAILED,
    Reverted: REVERTED,
    TooMuch: LIMIT_EXCEEDED,
    UnknownMethod: METHOD_NOT_FOUND,
    Unsupported: UNSUPPORTED,
    ProofError: PROOF_FAILED,
    Unproven: UNPROVEN,
    Rejected: REJECTED,
    SourceFault: UNPROVEN,
    Stale: STALE,
    StillPending: STILL_PENDING,
    ConfigError: MISCONFIGURED,
}

# The lookbehind and the possessive quantifier keep the time linear in the text's length.
_ADDRESS = re.compile(r"(?<![a-zA-Z0-9+.-])[a-zA-Z0-9+.-]++://\S+")


def code_of(error: WalkawayError) -> int:
    """The code of the nearest ancestor that has one; of a refused call, that of its reason."""
    if isinstance(error, CallRefused):
        return _REFUSALS[error.refusal]
    for kind in type(error).__mro__:
        if kind in _CODES:
            return _CODES[kind]
    return INTERNAL


def speakable(text: str) -> str:
    """The text without anything that could be an address with a key in it.

    Errors name their sources and hold no URLs; this is the second lock.
    """
    return _ADDRESS.sub("(address withheld)", text)
