"""Every error that walkaway raises, as one tree.

::

    WalkawayError
    ├── ProofError            the data is wrong: it does not follow from the commitment
    │   └── Elsewhere         it follows from another commitment (a reorg, a lag)
    ├── SourceFault           one source failed to supply anything that could be checked
    │   ├── SourceBusy        it asked to be left alone for a while (a mild fault)
    │   └── SourceLacks       it said, or showed, that it cannot serve this (no fault)
    │       └── NotKnown      it says that what was asked for does not exist (no fault)
    ├── Unproven              no source could supply a proof; lists each with its reason
    │   ├── NoNetwork         no source could even be reached
    │   ├── NoSuchName        a name leads nowhere; that is proven
    │   └── UnsignedName      a name's own zone proves nothing: only a resolver's word is left
    ├── Rejected              no submitter took a transaction; says what they hold against it
    ├── StillPending          a transaction that was sent stands in no proven block yet
    ├── Stale                 the proven head is too old to answer for "latest"
    ├── Unsupported           walkaway does not prove this (yet)
    │   ├── UnknownNode           a changed trie's root hangs on a node that nobody showed
    │   └── UnknownEnd            a chunk's place hangs on where a subtree ends, not shown
    ├── NoSuchPath            a path leads nowhere in its content; that is proven
    ├── Unreadable            a file on this machine cannot be read, or taken as it is
    ├── Unwritable            a file on this machine cannot be written, or is there already
    ├── StoreFault            the store on this machine could not be read or written
    ├── NoEndpoint            no endpoint answers where the command line looked for one
    ├── CallFailed            a call ran and failed, or could not be paid for; that is proven
    │   ├── Reverted          it ended in REVERT; holds the data
    │   └── RanTooLong        it was stopped before its end, so that nothing of it is known
    ├── InvalidRequest        what the caller asked is malformed
    │   ├── CallRefused           a call that could be no transaction; says what it fails at
    │   ├── TooMuch               it is well formed, but its answer would pass a limit
    │   └── UnknownMethod         it asks for a method that does not exist
    └── ConfigError           a setting is missing, malformed or contradicts another

Malformed input of any kind becomes one of these; a bare ``ValueError`` or
``KeyError`` that leaves a public function is a bug.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

__all__ = [
    "CallFailed",
    "CallRefused",
    "ConfigError",
    "Elsewhere",
    "InvalidRequest",
    "NoEndpoint",
    "NoNetwork",
    "NoSuchName",
    "NoSuchPath",
    "NotKnown",
    "ProofError",
    "RanTooLong",
    "Refusal",
    "Rejected",
    "Reverted",
    "SourceBusy",
    "SourceFault",
    "SourceLacks",
    "Stale",
    "StillPending",
    "StoreFault",
    "TooMuch",
    "UnknownEnd",
    "UnknownMethod",
    "UnknownNode",
    "Unproven",
    "Unreadable",
    "UnsignedName",
    "Unsupported",
    "Unwritable",
    "WalkawayError",
]


class WalkawayError(Exception):
    """Base of the tree. ``advice`` says what the person can do next, or is empty."""

    advice: str = ""

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        if advice:
            self.advice = advice

    def diagnostics(self) -> dict[str, object]:
        """What happened, as data for ``--json`` and JSON-RPC's ``error.data``."""
        facts: dict[str, object] = {"error": type(self).__name__, "message": str(self)}
        if self.advice:
            facts["advice"] = self.advice
        return facts


def _shown(value: object) -> str:
    text = "0x" + value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= 140 else text[:137] + "..."


class ProofError(WalkawayError):
    """The data does not follow from the commitment it was given for.

    ``commitment`` names what it was checked against ("state root", "receipts
    root", "sync committee signature"); ``expected`` and ``got`` are shown as
    hex where they are bytes.
    """

    def __init__(
        self,
        message: str,
        *,
        commitment: str = "",
        expected: object = None,
        got: object = None,
    ) -> None:
        parts = [message]
        if commitment:
            parts.append(f"commitment: {commitment}")
        if expected is not None:
            parts.append(f"expected {_shown(expected)}")
        if got is not None:
            parts.append(f"got {_shown(got)}")
        super().__init__("; ".join(parts))
        self.commitment = commitment
        self.expected = expected
        self.got = got


class Elsewhere(ProofError):
    """A sound proof, but of another commitment: a reorg or a lag, so ask again.

    It becomes a lie only where the question named the commitment by its hash;
    the pool decides that, since only it knows how the question was put.
    """


class SourceFault(WalkawayError):
    """One source gave nothing that could be checked (refused, timed out, garbage)."""


class SourceBusy(SourceFault):
    """The source limits our rate. ``retry_after`` is seconds, or None where it did not say."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceLacks(SourceFault):
    """The source cannot serve this question; no mark against it.

    ``lasting`` says that it serves no question of this form (the method is
    unknown to it), so that it is not asked in that form again for a time.
    """

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


class NotKnown(SourceLacks):
    """The source says that there is no such thing: its word, which nobody can prove."""

    def __init__(self, message: str = "it says that there is no such thing") -> None:
        super().__init__(message)


class Unproven(WalkawayError):
    """No source could supply a proof. ``reasons`` maps source name to reason.

    ``summary`` is the message without them.
    """

    def __init__(self, message: str, *, reasons: Mapping[str, str], advice: str = "") -> None:
        listed = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        super().__init__(f"{message} ({listed})" if listed else message, advice=advice)
        self.summary = message
        self.reasons = dict(reasons)

    def diagnostics(self) -> dict[str, object]:
        return super().diagnostics() | {"sources": self.reasons}


class NoNetwork(Unproven):
    """No source could even be reached: this machine has no way to any of them."""


class NoSuchName(Unproven):
    """It is proven that a name leads nowhere: it is not there, or says nothing of content."""


class UnsignedName(Unproven):
    """It is proven that a DNS name's zone is not signed, and no word on it is taken."""


class Rejected(WalkawayError):
    """No submitter took a transaction. ``reasons`` maps source name to what it said."""

    def __init__(self, message: str, *, reasons: Mapping[str, str]) -> None:
        super().__init__(message)
        self.reasons = dict(reasons)

    def diagnostics(self) -> dict[str, object]:
        return super().diagnostics() | {"sources": self.reasons}


class StillPending(WalkawayError):
    """A transaction that was sent stands in no proven block yet. Its hash is 32 bytes."""

    def __init__(self, message: str, transaction_hash: bytes) -> None:
        super().__init__(message)
        self.transaction_hash = transaction_hash


class Stale(WalkawayError):
    """The proven head is older than allowed. ``age`` and ``limit`` are seconds."""

    def __init__(self, message: str, *, age: float, limit: float, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.age = age
        self.limit = limit

    def diagnostics(self) -> dict[str, object]:
        return super().diagnostics() | {
            "age_seconds": round(self.age),
            "limit_seconds": round(self.limit),
        }


class Unsupported(WalkawayError):
    """walkaway cannot prove an answer of this kind, so it gives none."""


class UnknownNode(Unsupported):
    """A changed trie's root hangs on a node of which only the hash is known.

    ``path`` is where it stands: the nibbles from the root, one a byte.
    """

    def __init__(self, path: bytes) -> None:
        shown = "".join(f"{nibble:x}" for nibble in path) or "the top"
        super().__init__(
            f"the root needs the trie's node at {shown}, of which only the hash is known"
        )
        self.path = path


class UnknownEnd(Unsupported):
    """Where a chunk stands hangs on another chunk of its tree, the path to which nobody showed.

    ``offset`` is that of a byte in the other one.
    """

    def __init__(self, offset: int) -> None:
        super().__init__(
            f"where a chunk stands in a rebased tree hangs on the path to that with byte {offset}"
        )
        self.offset = offset


class NoSuchPath(WalkawayError):
    """A path leads nowhere in the content that it begins in: proven, and nobody's fault."""


class Unreadable(WalkawayError):
    """A file on this machine cannot be read, or not taken as it is; the message names it."""


class Unwritable(WalkawayError):
    """A file on this machine cannot be written, or is there already; the message names it."""


class StoreFault(WalkawayError):
    """The store on this machine could not be read or written; what it held before is there."""


class NoEndpoint(WalkawayError):
    """No endpoint answers at an address, or what answers there is none."""


class CallFailed(WalkawayError):
    """A call that was run over proven state, or could not be, failed: no fault of a source."""


class Reverted(CallFailed):
    """The called code ended in REVERT. ``data`` is what it gave back."""

    def __init__(self, message: str, data: bytes) -> None:
        super().__init__(message)
        self.data = data


class RanTooLong(CallFailed):
    """A call was stopped before its end, for it took too long: nothing of it is known."""


class InvalidRequest(WalkawayError):
    """The caller's question is malformed; nothing was asked of anyone."""


class Refusal(Enum):
    """What a call fails at that could be no transaction; a cap is the most that is offered."""

    INTRINSIC_GAS = "intrinsic gas"
    """Its gas does not pay for what is charged before anything runs."""
    FLOOR_GAS = "floor gas"
    """Its gas does not pay for its data at the least (EIP-7623)."""
    FUNDS = "funds"
    """The sender has not what gas, blobs and value take."""
    FEE_CAP = "fee cap"
    """It offers less for gas than the block's base fee."""
    BLOB_FEE_CAP = "blob fee cap"
    """It offers less for blob gas than the block asks."""
    INITCODE_SIZE = "initcode size"
    """The code that is to create a contract is too long (EIP-3860)."""
    NONCE = "nonce"
    """The sender's nonce can step no further (EIP-2681)."""
    NONCE_TOO_LOW = "nonce too low"
    NONCE_TOO_HIGH = "nonce too high"
    BLOCK_GAS = "block gas"
    """Its gas is more than what its block has left."""
    BLOCK_NUMBER = "block number"
    """Its block's number does not follow those before."""
    BLOCK_TIME = "block time"
    """Its block's time does not follow those before."""
    TOO_MUCH = "too much"
    """More blocks or calls than are simulated at once."""


class CallRefused(InvalidRequest):
    """A call is well formed, but could be no transaction in its block."""

    def __init__(self, message: str, refusal: Refusal) -> None:
        super().__init__(message)
        self.refusal = refusal


class UnknownMethod(InvalidRequest):
    """The caller asked for a method that walkaway has never heard of."""


class TooMuch(InvalidRequest):
    """The caller's question is well formed, but more than is answered at once: ask for less."""


class ConfigError(WalkawayError):
    """A setting is missing, malformed, or contradicts another."""
