"""A state for EELS that knows only what is proven, and writes down what it was asked besides.

EELS keeps a state in dictionaries: accounts by address, and for each address a
trie of slots. It copies them whenever a call begins, and takes the copy back
when the call fails. So these dictionaries hold what the run has *written*, and
look up everything else in the `KnownState` behind them; being asked for what
is not there goes into `Reads`, and a placeholder comes back, which must never
become an answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any, TypeVar

from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U256, Uint

from walkaway.errors import Refusal, WalkawayError
from walkaway.evm.engine import BlockEnvironment, Call, KnownState, Missing, Overrides
from walkaway.evm.refusals import LAST_NONCE, funds_needed, refused
from walkaway.limits import LIMITS
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.keccak import EMPTY_HASH
from walkaway.proofs.execution.trie import EMPTY_ROOT

__all__ = [
    "BlockHashes",
    "Reads",
    "Sender",
    "StateForms",
    "Supply",
    "lazy_state",
    "what_changed",
]

Supply = Callable[[Missing], bool]
"""Adds what a run lacks to the state that it knows; False where it is not to be had."""

T = TypeVar("T")

PLACEHOLDER_BALANCE = 2**128
"""Rich enough that a run goes on past an account that is missing."""

# A value of one of EELS' forks, whose types are made anew for each.
Eels = Any


@dataclass
class Reads:
    """What a run looked at, and what of it was not known.

    A run that lacks something soon goes on with placeholders, for about as long as it took
    to come there, and ``explore_seconds`` at the least, to find what else it lacks. One that
    has gone for longer than ``long_seconds`` by then is not thrown away for one piece: it
    waits for that, from ``supply``, and goes on with what is proven.
    """

    supply: Supply | None = None
    explore_seconds: float = LIMITS.evm_explore_seconds
    long_seconds: float = LIMITS.evm_long_seconds
    accounts: set[bytes] = field(default_factory=set)
    slots: set[tuple[bytes, bytes]] = field(default_factory=set)
    missing_accounts: set[bytes] = field(default_factory=set)
    missing_slots: set[tuple[bytes, bytes]] = field(default_factory=set)
    missing_code: set[bytes] = field(default_factory=set)
    missing_hashes: set[int] = field(default_factory=set)
    missing_host_calls: set[tuple[bytes, bytes]] = field(default_factory=set)
    _begun: float = field(default_factory=time.monotonic)
    _explores_until: float | None = None

    def lacks(
        self,
        *,
        account: bytes | None = None,
        slot: tuple[bytes, bytes] | None = None,
        code: bytes | None = None,
    ) -> bool:
        """Note one piece that is not known. Whether it still is not, once it was asked for."""
        pieces = Missing(_only(account), _only(slot), _only(code))
        if self._explores_until is None:
            spent = time.monotonic() - self._begun
            went_long = spent > self.long_seconds
            if went_long and self.supply is not None and self.supply(pieces):
                return False
            explores = max(spent, self.explore_seconds)
            self._explores_until = time.monotonic() + explores
        self.missing_accounts |= pieces.accounts
        self.missing_slots |= pieces.slots
        self.missing_code |= pieces.code
        return True

    def go_on(self) -> None:
        """Raises where a run that lacks something has been followed for long enough."""
        if self._explores_until is not None and time.monotonic() > self._explores_until:
            raise WalkawayError("what a run lacks was looked for long enough")

    def missing(self) -> Missing:
        """What was not known; false where nothing was missing."""
        return Missing(
            frozenset(self.missing_accounts),
            frozenset(self.missing_slots),
            frozenset(self.missing_code),
            frozenset(self.missing_hashes),
            frozenset(self.missing_host_calls),
        )


def _only(piece: T | None) -> frozenset[T]:
    return frozenset() if piece is None else frozenset((piece,))


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends the call, and what it ``pays`` before any code runs, in wei.

    ``needs`` is what it must own for that. The account is charged when it is
    first looked at: a call for nothing asks nothing of its sender, who then
    need not be known.
    """

    call: Call
    environment: BlockEnvironment
    pays: int

    @property
    def address(self) -> bytes:
        return self.call.sender

    @property
    def needs(self) -> int:
        return funds_needed(self.call)

    def after_charge(self, nonce: int, balance: int) -> tuple[int, int]:
        """The nonce and the balance with which the code runs. Raises `CallRefused`."""
        if nonce >= LAST_NONCE:
            raise refused(Refusal.NONCE, self.call, self.environment)
        if balance < self.needs:
            raise refused(Refusal.FUNDS, self.call, self.environment, balance)
        return nonce + 1, balance - self.pays


_Condition = tuple[int, int, bytes]
"""An account's balance, nonce and code."""

_NOTHING: _Condition = (0, 0, b"")
"""Also that of an account that is not there (EIP-161)."""


def _condition(account: Eels) -> _Condition:
    if account is None:
        return _NOTHING
    return int(account.balance), int(account.nonce), bytes(account.code)


class StateForms:
    """The types of one fork that a state is made of."""

    def __init__(self, state: ModuleType, trie: ModuleType, types: ModuleType) -> None:
        self.state: Eels = state.State
        self.trie: Eels = trie.Trie
        self.account: Eels = types.Account


class _Known:
    """Known state under the caller's overrides, as EELS reads it."""

    def __init__(
        self,
        forms: StateForms,
        known: KnownState,
        overrides: Mapping[bytes, Overrides],
        sender: Sender | None,
        reads: Reads,
    ) -> None:
        self.forms = forms
        self.reads = reads
        self._known = known
        self._overrides = overrides
        self._sender = sender
        self._read: dict[bytes, Eels] = {}
        self._before: dict[bytes, _Condition] = {}

    def account(self, address: bytes) -> Eels:
        """The account in EELS' form, or None where it is proven absent."""
        self.reads.go_on()
        address = bytes(address)
        if address not in self._read:
            self._read[address] = self._account(address)
        return self._read[address]

    def _account(self, address: bytes) -> Eels:
        self.reads.accounts.add(address)
        wanted = self._overrides.get(address, _AS_IT_IS)
        account = self._proven(address, wanted)
        sender = self._sender if self._sender and self._sender.address == address else None
        if account is None and wanted is _AS_IT_IS and not sender:
            return None
        account = account or _ABSENT
        nonce = account.nonce if wanted.nonce is None else wanted.nonce
        balance = account.balance if wanted.balance is None else wanted.balance
        code = self._code(account.code_hash) if wanted.code is None else wanted.code
        self._before[address] = balance, nonce, code
        if sender:
            nonce, balance = sender.after_charge(nonce, balance)
        return self.forms.account(nonce=Uint(nonce), balance=U256(balance), code=code)

    def before(self) -> dict[bytes, _Condition]:
        """The accounts that the run has read, as they were before the sender was charged."""
        return {address: self._before.get(address, _NOTHING) for address in self._read}

    def _proven(self, address: bytes, wanted: Overrides) -> Account | None:
        if address in self._known.accounts:
            return self._known.accounts[address]
        if None not in (wanted.balance, wanted.nonce, wanted.code):
            return None  # nothing of it is asked
        if self.reads.lacks(account=address):
            return _PLACEHOLDER
        return self._known.accounts[address]

    def _code(self, code_hash: bytes) -> bytes:
        if code_hash == EMPTY_HASH:
            return b""
        if code_hash not in self._known.code and self.reads.lacks(code=code_hash):
            return b""
        return self._known.code[code_hash]

    def slot(self, address: bytes, key: bytes) -> U256:
        """The value of a slot before the run."""
        address, key = bytes(address), bytes(key)
        self.reads.slots.add((address, key))
        wanted = self._overrides.get(address, _AS_IT_IS)
        if wanted.storage is not None:
            return U256(wanted.storage.get(key, 0))
        if key in wanted.slots:
            return U256(wanted.slots[key])
        if (address, key) in self._known.slots:
            return U256(self._known.slots[address, key])
        if self._has_no_storage(address) or self.reads.lacks(slot=(address, key)):
            return U256(0)
        return U256(self._known.slots[address, key])

    def has_storage(self, address: bytes) -> bool:
        """Whether any slot of the account is set before the run (EIP-7610)."""
        address = bytes(address)
        wanted = self._overrides.get(address, _AS_IT_IS)
        if wanted.storage is not None:
            return any(wanted.storage.values())
        return any(wanted.slots.values()) or not self._has_no_storage(address)

    def _has_no_storage(self, address: bytes) -> bool:
        """Whether it is proven that every slot is zero."""
        if address not in self._known.accounts and self.reads.lacks(account=address):
            return False
        account = self._known.accounts[address]
        return account is None or account.storage_root == EMPTY_ROOT


class _Accounts(dict[Bytes20, Eels]):
    """The accounts written so far, over the known ones."""

    def __init__(self, known: _Known) -> None:
        super().__init__()
        self.known = known

    def get(self, address: Bytes20, _default: Eels = None) -> Eels:
        if dict.__contains__(self, address):
            return self[address]
        return self.known.account(address)

    def __contains__(self, address: object) -> bool:
        return True  # so that a deletion reaches __delitem__

    def __delitem__(self, address: Bytes20) -> None:
        self[address] = None

    def __copy__(self) -> _Accounts:
        copied = _Accounts(self.known)
        copied.update(self)
        return copied


class _Slots(dict[Bytes32, U256]):
    """The slots of one account written so far, over the known ones."""

    def __init__(self, known: _Known, address: Bytes20) -> None:
        super().__init__()
        self.known = known
        self.address = address

    def get(self, key: Bytes32, _default: Eels = None) -> U256:
        if dict.__contains__(self, key):
            return self[key]
        return self.known.slot(self.address, key)

    def __contains__(self, key: object) -> bool:
        return True

    def __delitem__(self, key: Bytes32) -> None:
        self[key] = U256(0)

    def __eq__(self, other: object) -> bool:
        return False  # EELS drops a trie that equals {}, and with it what is known

    __hash__ = None

    def __copy__(self) -> _Slots:
        copied = _Slots(self.known, self.address)
        copied.update(self)
        return copied


class _Storage(dict[Bytes20, Eels]):
    """The tries of slots: made over known state when first asked for, empty once destroyed."""

    def __init__(self, known: _Known, held: Mapping[Bytes20, Eels]) -> None:
        super().__init__(held)
        self.known = known

    def get(self, address: Bytes20, _default: Eels = None) -> Eels:
        if not dict.__contains__(self, address):
            slots = _Slots(self.known, address)
            self[address] = self.known.forms.trie(secured=True, default=U256(0), _data=slots)
        return self[address]

    def __contains__(self, address: object) -> bool:
        """Whether it has storage, in EELS' reading: a trie exists only where a slot is set."""
        if not isinstance(address, bytes):
            return False
        if dict.__contains__(self, address):
            trie = self[Bytes20(address)]
            if any(trie._data.values()):
                return True
            return isinstance(trie._data, _Slots) and self.known.has_storage(address)
        return self.known.has_storage(address)

    def __delitem__(self, address: Bytes20) -> None:
        self[address] = self.known.forms.trie(secured=True, default=U256(0))

    def written(self, address: bytes) -> tuple[dict[bytes, int], bool]:
        """The slots of an account that changed, and whether every other slot is zero."""
        if not dict.__contains__(self, address):
            return {}, False
        slots = self[Bytes20(address)]._data
        if not isinstance(slots, _Slots):
            return {bytes(key): int(value) for key, value in slots.items() if value}, True
        return {
            bytes(key): int(value)
            for key, value in slots.items()
            if value != self.known.slot(address, key)
        }, False


class _Created(set[Bytes20]):
    """The accounts that were created in the run; EELS forgets them when the call is over."""

    def clear(self) -> None:
        """Forget nothing: `what_changed` asks afterwards."""


class _Snapshots(list[tuple[Eels, Mapping[Bytes20, Eels]]]):
    """EELS snapshots storage as a plain dict; here it stays one that knows what is behind it."""

    def __init__(self, known: _Known) -> None:
        super().__init__()
        self.known = known

    def append(self, snapshot: tuple[Eels, Mapping[Bytes20, Eels]]) -> None:
        accounts, storage = snapshot
        super().append((accounts, _Storage(self.known, storage)))


def lazy_state(
    forms: StateForms,
    known: KnownState,
    overrides: Mapping[bytes, Overrides],
    sender: Sender | None,
    reads: Reads,
) -> Eels:
    """A state of EELS over known state. What it is asked for beyond it goes into ``reads``.

    ``sender`` is None where nobody is charged.
    """
    behind = _Known(forms, known, overrides, sender, reads)
    return forms.state(
        _main_trie=forms.trie(secured=True, default=None, _data=_Accounts(behind)),
        _storage_tries=_Storage(behind, {}),
        _snapshots=_Snapshots(behind),
        created_accounts=_Created(),
    )


def what_changed(state: Eels) -> dict[bytes, Overrides]:
    """What a run left otherwise than it found it; see `walkaway.evm.engine.Outcome`."""
    accounts: _Accounts = state._main_trie._data
    storage: _Storage = state._storage_tries
    changes = {}
    # What is written has been read: the sender by being charged, an account before its slots.
    for address, before in accounts.known.before().items():
        after = _condition(accounts.get(Bytes20(address)))
        slots, is_whole = storage.written(address)
        if after == _NOTHING:
            slots, is_whole = {}, True
        # A creation that failed leaves its mark, but no nonce (EIP-161).
        elif address in state.created_accounts and after[1] > 0:
            is_whole = True
        if before != after or slots:
            account = Overrides(*after)
            changes[address] = (
                replace(account, storage=slots) if is_whole else replace(account, slots=slots)
            )
    return changes


class BlockHashes:
    """The hashes of the blocks before ``number``; EELS indexes them from the end."""

    def __init__(self, number: int, known: Mapping[int, bytes], reads: Reads) -> None:
        self._number = number
        self._known = known
        self._reads = reads

    def __getitem__(self, index: int) -> Bytes32:
        number = self._number + int(index)
        if number not in self._known:
            self._reads.missing_hashes.add(number)
            return Bytes32(bytes(32))
        return Bytes32(self._known[number])


_AS_IT_IS = Overrides()
_ABSENT = Account(nonce=0, balance=0)
_PLACEHOLDER = Account(nonce=1, balance=PLACEHOLDER_BALANCE)
