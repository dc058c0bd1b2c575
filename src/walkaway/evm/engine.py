"""The interface of both engines: a call, a block's environment, known state; an outcome, or
what was missing.

An engine has no I/O. It is given state that is proven already and either runs
on nothing else, or says which accounts, slots, code and block hashes it lacks;
then the chain floor proves those and asks again. Addresses are 20 bytes, keys
and hashes 32, amounts wei.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.receipts import Log
from walkaway.proofs.execution.transactions import AccessListEntry, Authorization

__all__ = [
    "HOST_CALLS_KEPT",
    "HOST_GAS",
    "HOST_INPUT_BYTES",
    "HOST_WORD_GAS",
    "RECOVERED_KEPT",
    "BlockEnvironment",
    "Call",
    "Engine",
    "HostPrecompile",
    "KnownState",
    "Manner",
    "Missing",
    "Outcome",
    "Overrides",
]

RECOVERED_KEPT = 64
"""The most signers that an outcome tells of; the native kernel has the same number."""

HOST_GAS = 2_100
"""What a call of a host's precompile costs, as a cold read of storage does."""
HOST_WORD_GAS = 3
"""What each 32 bytes of its output cost besides, as copying them does."""
HOST_INPUT_BYTES = 1_024
"""A host's precompile fails for a longer input."""
HOST_CALLS_KEPT = 256
"""The most inputs that one run is told to lack. The native kernel has the same four numbers."""


class Manner(Enum):
    """What happens around a run, besides the code itself."""

    ASKED = "asked"
    """As `eth_call` runs: the sender pays for all gas first, and nobody is paid back."""
    TRANSACTION = "transaction"
    """As a block includes it: unused gas is paid back, and the coinbase gets what is over the
    base fee. A price of 0 is held to no base fee, and pays nobody."""
    SYSTEM = "system"
    """As a block calls a system contract (EIP-4788 and the like): the sender is nobody's
    account, has no nonce, pays nothing and sends nothing; there is no intrinsic gas, and no
    refund. Of the call only ``to``, the gas limit and the data count. Where there is no
    code, nothing happens."""


@dataclass(frozen=True, slots=True)
class Call:
    """A message as `eth_call` takes it. ``to`` is None where it creates a contract.

    Prices are what the sender offers; with ``gas_price`` 0 and no base fee
    check, as nodes run calls, the sender needs no funds for gas.
    """

    sender: bytes
    to: bytes | None
    gas_limit: int
    value: int = 0
    data: bytes = b""
    gas_price: int = 0
    access_list: tuple[AccessListEntry, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    blob_hashes: tuple[bytes, ...] = ()
    max_fee_per_blob_gas: int = 0
    manner: Manner = Manner.ASKED
    logs_transfers: bool = False
    """Whether ether that moves shows among the logs (``traceTransfers`` of `eth_simulateV1`)."""


@dataclass(frozen=True, slots=True)
class HostPrecompile:
    """A precompile that no fork has, and that whoever runs the call supplies.

    ``answers`` maps an input to the output, or to None where the precompile fails; an
    input that is not there is missing (`Missing.host_calls`), and the run goes on with as
    many zeros as ``placeholder_bytes`` says.
    """

    answers: Mapping[bytes, bytes | None] = field(default_factory=dict)
    placeholder_bytes: int = 0


@dataclass(frozen=True, slots=True)
class BlockEnvironment:
    """The block that a call runs in: a header's values, and the fork's name.

    ``fork`` is the execution fork in lower case ("cancun", "prague", "osaka",
    "bpo1", ...); ``blob_base_fee`` is wei per blob gas. ``precompiles`` says
    where the fork's precompiles are otherwise: at an address, the one that runs
    there by its own address, or None where none does. ``host`` are precompiles of
    the host, by address; the address itself stays cold (EIP-2929), as any account.
    """

    chain_id: int
    fork: str
    header: Header
    blob_base_fee: int = 1
    precompiles: Mapping[bytes, bytes | None] = field(default_factory=dict)
    host: Mapping[bytes, HostPrecompile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overrides:
    """State that the caller wants to be otherwise (state overrides of `eth_call`)."""

    balance: int | None = None
    nonce: int | None = None
    code: bytes | None = None
    slots: Mapping[bytes, int] = field(default_factory=dict)
    """Single slots (``stateDiff``)."""
    storage: Mapping[bytes, int] | None = None
    """The whole storage (``state``): every other slot is zero."""


@dataclass(frozen=True, slots=True)
class KnownState:
    """Proven state, and nothing else: what is not here is missing, not zero.

    ``accounts`` maps an address to its account, or to None where it is proven
    absent; ``code`` maps a code hash to code; ``slots`` an address and key to a
    value; ``block_hashes`` a number to a hash.
    """

    accounts: Mapping[bytes, Account | None] = field(default_factory=dict)
    slots: Mapping[tuple[bytes, bytes], int] = field(default_factory=dict)
    code: Mapping[bytes, bytes] = field(default_factory=dict)
    block_hashes: Mapping[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Missing:
    """What a run lacked. ``code`` holds code hashes, ``host_calls`` the address of a
    precompile of the host and an input to it. Never empty.
    """

    accounts: frozenset[bytes] = frozenset()
    slots: frozenset[tuple[bytes, bytes]] = frozenset()
    code: frozenset[bytes] = frozenset()
    block_hashes: frozenset[int] = frozenset()
    host_calls: frozenset[tuple[bytes, bytes]] = frozenset()

    def __bool__(self) -> bool:
        state = self.accounts or self.slots or self.code
        return bool(state or self.block_hashes or self.host_calls)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a run in which nothing was missing.

    ``output`` is the returned data, the revert data, or the created code;
    ``halt`` names an exceptional halt ("out of gas", "invalid opcode", ...) and
    is empty otherwise; ``gas_used`` counts intrinsic gas and refunds.
    ``touched_accounts`` and ``touched_slots`` are what the run looked at.
    ``gas_before_refund`` is the most that was used at any time (EIP-3529 gives
    back of it), and no less than the floor of EIP-7623. ``changes`` is what the
    run leaves otherwise than it found it, as overrides that the next run can be
    given on top of its own (`walkaway.evm.overlay`): of every changed account the
    balance, nonce and code, and the slots whose values changed; ``storage`` where
    the account was destroyed or made anew. Nothing follows on a run that is only
    `Manner.ASKED`, and so none are told of one. ``recovered`` are the 20-byte
    addresses that the precompile ECRECOVER gave: whose signatures the code saw, each
    once, in order, those in frames that reverted too, and no more than `RECOVERED_KEPT`.
    """

    succeeded: bool
    output: bytes
    gas_used: int
    logs: tuple[Log, ...] = ()
    halt: str = ""
    created: bytes | None = None
    touched_accounts: frozenset[bytes] = frozenset()
    touched_slots: frozenset[tuple[bytes, bytes]] = frozenset()
    gas_before_refund: int = 0
    changes: Mapping[bytes, Overrides] = field(default_factory=dict)
    recovered: tuple[bytes, ...] = ()

    @property
    def reverted(self) -> bool:
        """Whether it ended in REVERT, whose data is the output."""
        return not self.succeeded and not self.halt


class Engine(Protocol):
    """Runs one call. ``name`` is what `walkaway trust` and benchmarks show."""

    name: str

    def run(
        self,
        call: Call,
        environment: BlockEnvironment,
        state: KnownState,
        overrides: Mapping[bytes, Overrides] | None = None,
    ) -> Outcome | Missing:
        """The outcome, or everything that could be found to be missing.

        Where something is missing the run goes on with placeholders to find
        more of it, and what it computed is thrown away.

        Raises:
            Unsupported: the engine does not know the fork.
            CallRefused: the call could be no transaction (funds, intrinsic gas, a
                nonce that has run out); which, its `Refusal` says.
            InvalidRequest: the call is none that its fork knows, or that engines can hold.
            CallFailed: a balance would pass 2^256 - 1.
        """
        ...
