"""From proven state to a proven outcome.

`ProvenState` takes in nothing but `Proven` values of one block, and so is the
only `KnownState` that a proven call may run over; `prove_call` seals the outcome
of such a run under the block's header. What was run is named in the claim by
a digest of call, block and overrides, so that an answer to another call
cannot stand in for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType
from typing import Final, TypeVar

from walkaway.errors import ProofError
from walkaway.evm.engine import (
    BlockEnvironment,
    Call,
    HostPrecompile,
    KnownState,
    Outcome,
    Overrides,
)
from walkaway.proofs._seal import seal
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.trie import EMPTY_ROOT
from walkaway.proofs.proven import Claim, Evidence, LaterSteps, Proven

__all__ = [
    "AskedCall",
    "ProvenState",
    "check_host_answers",
    "check_reads",
    "digest",
    "host_call_subject",
    "prove_call",
    "run_stands_on",
]

T = TypeVar("T")

_NONE: Final[Mapping[tuple[bytes, bytes], Proven[bytes | None]]] = MappingProxyType({})

LONG = 32
"""Bytes more than which are named by their hash."""


class ProvenState:
    """What is proven of the state after one block; it only grows.

    ``known`` is what an engine runs over. Nothing gets in but by the methods
    here, each of which raises `ProofError` for a claim that is of another
    chain or block, or about something else.
    """

    def __init__(self, header: Proven[Header]) -> None:
        if header.claim.subject != ("header",):
            raise ProofError("a call runs over a header's state", got=header.claim.subject)
        self.header = header
        self._accounts: dict[bytes, Account | None] = {}
        self._slots: dict[tuple[bytes, bytes], int] = {}
        self._code: dict[bytes, bytes] = {}
        self._block_hashes: dict[int, bytes] = {}
        self.known = KnownState(self._accounts, self._slots, self._code, self._block_hashes)
        self._because: dict[bytes | tuple[bytes, bytes], Evidence] = {}

    @property
    def pieces(self) -> int:
        """How many proven values it holds."""
        held = (self._accounts, self._slots, self._code, self._block_hashes)
        return sum(len(kind) for kind in held)

    def add_account(self, account: Proven[Account | None]) -> None:
        """An account of this state, or its proven absence."""
        (address,) = self._coordinates(account, "account", 1)
        self._accounts[address] = account.value
        self._because[address] = account.because

    def add_slot(self, slot: Proven[int]) -> None:
        """A storage slot's value in this state."""
        address, key = self._coordinates(slot, "slot", 2)
        place = (address, key)
        self._slots[place] = slot.value
        self._because[place] = slot.because

    def add_code(self, code: Proven[bytes]) -> None:
        """The code of an account of this state."""
        self._coordinates(code, "code", 1)
        code_hash = keccak256(code.value)
        self._code[code_hash] = code.value
        self._because[code_hash] = code.because

    def add_ancestors(self, line: Sequence[Proven[Header]]) -> None:
        """The hashes of the blocks before this one, for BLOCKHASH.

        ``line`` is newest first and begins with this block's parent; each is the
        parent of the one before it, so that no block of another branch gets in.
        """
        child = self.header.value
        for ancestor in line:
            if ancestor.claim.subject != ("header",):
                raise ProofError("a block hash is that of a header", got=ancestor.claim.subject)
            if ancestor.claim.chain_id != self.header.claim.chain_id:
                raise ProofError("a block hash of another chain", got=ancestor.claim.chain_id)
            if ancestor.value.hash != child.parent_hash:
                raise ProofError(
                    "a block hash of another branch",
                    expected=child.parent_hash,
                    got=ancestor.value.hash,
                )
            child = ancestor.value
        for ancestor in line:
            self._block_hashes[ancestor.value.number] = ancestor.value.hash

    def evidence(self, outcomes: Iterable[Outcome]) -> Iterator[Evidence]:
        """Why what these runs looked at is believed, each once: accounts, their code, slots.

        Of what is overridden, or cannot be there, there is none.
        """
        ran = list(outcomes)
        looked_at = frozenset[bytes]().union(*(outcome.touched_accounts for outcome in ran))
        slots = frozenset[tuple[bytes, bytes]]().union(*(outcome.touched_slots for outcome in ran))
        accounts = [self._accounts.get(address) for address in sorted(looked_at)]
        code = dict.fromkeys(account.code_hash for account in accounts if account is not None)
        pieces: Iterable[bytes | tuple[bytes, bytes]] = (*sorted(looked_at), *code, *sorted(slots))
        for piece in pieces:
            if (because := self._because.get(piece)) is not None:
                yield because

    def _coordinates(self, proven: Proven[T], kind: str, count: int) -> tuple[bytes, ...]:
        claim, under = proven.claim, self.header.claim
        if (claim.chain_id, claim.block_hash) != (under.chain_id, under.block_hash):
            raise ProofError(
                f"the {kind} is of another block than the call",
                expected=under.block_hash,
                got=claim.block_hash,
            )
        found, *coordinates = claim.subject
        named = tuple(item for item in coordinates if isinstance(item, bytes))
        if found != kind or len(named) != count or len(coordinates) != count:
            raise ProofError(f"a call needs a proven {kind} here", got=claim.subject)
        return named


@dataclass(frozen=True)
class AskedCall:
    """A call as it is asked: in which block's environment, over which overrides."""

    call: Call
    environment: BlockEnvironment
    overrides: Mapping[bytes, Overrides] = field(default_factory=dict)
    block_hashes: Mapping[int, bytes] = field(default_factory=dict)
    """By number, of blocks that are not on the chain but that the call may ask for."""

    @cached_property
    def subject(self) -> tuple[str, bytes]:
        """What the claim of its outcome is about: ``("call", digest)``, 32 bytes.

        What the host's precompiles answer is no part of it: each answer is proven by its
        input, and so is the same in every run.
        """
        supplied = self.environment.host.items()
        host = {at: HostPrecompile({}, its.placeholder_bytes) for at, its in supplied}
        return "call", digest(replace(self, environment=replace(self.environment, host=host)))


def host_call_subject(address: bytes, given: bytes) -> tuple[str, bytes, bytes]:
    """What the claim of what a host's precompile gives for an input is about."""
    return ("host call", address, given)


def prove_call(
    state: ProvenState,
    asked: AskedCall,
    outcome: Outcome,
    engine: str,
    host_answers: Mapping[tuple[bytes, bytes], Proven[bytes | None]] = _NONE,
) -> Proven[Outcome]:
    """Seal the outcome of a run over ``state``, by the engine of that name.

    The caller answers for having run exactly this. What the outcome says it
    looked at must be in the state, or overridden, or else nothing is sealed; and what the
    host's precompiles answered must be ``host_answers``, by address and input.

    Raises `ProofError` where the outcome looked at what is not in the state, a
    precompile's answer is not proven, or the environment is another chain's.
    """
    under = state.header.claim
    if asked.environment.chain_id != under.chain_id:
        raise ProofError("the call ran on another chain", got=asked.environment.chain_id)
    check_reads(state, asked.overrides, outcome)
    check_host_answers(asked, host_answers)
    claim = Claim(under.chain_id, under.block_hash, asked.subject, under.finality)
    facts: tuple[tuple[str, str | int | bytes], ...] = (
        ("fork", asked.environment.fork),
        ("accounts_read", len(outcome.touched_accounts)),
        ("slots_read", len(outcome.touched_slots)),
        ("overridden_accounts", len(asked.overrides)),
    )
    rule = "the call was run over proven state, and read no value besides"
    stands_on = run_stands_on(state, engine, [outcome])
    if host_answers:
        facts += (("host_calls", len(host_answers)),)
        rule = "the call was run over proven state and what this host proved, and read nothing else"
        state_steps, host_steps = stands_on, [answer.because for answer in host_answers.values()]
        stands_on = LaterSteps(lambda: (*state_steps, *host_steps))
    return seal(outcome, claim, Evidence(rule, facts, stands_on))


def run_stands_on(
    state: ProvenState, engine: str, outcomes: Sequence[Outcome]
) -> Sequence[Evidence]:
    """What runs over ``state`` stand on: its header, the engine, and every piece they read.

    The engine is believed: nobody proves that it computes as the network does.
    """

    def gathered() -> tuple[Evidence, ...]:
        believed = Evidence("the engine that ran it", (("engine", engine),))
        return (state.header.because, believed, *state.evidence(outcomes))

    return LaterSteps(gathered)


def check_reads(state: ProvenState, overrides: Mapping[bytes, Overrides], outcome: Outcome) -> None:
    """Raise `ProofError` where a run looked at what is neither in the state nor overridden.

    Or where it changed what it did not look at, as no run does.
    """
    known = state.known
    for address, change in outcome.changes.items():
        keys = change.slots if change.storage is None else change.storage
        written = {(address, key) for key in keys}
        if address not in outcome.touched_accounts or not written <= outcome.touched_slots:
            raise ProofError("the call changed what it did not look at", got=address)
    for address in outcome.touched_accounts.difference(known.accounts):
        if not _is_all_given(overrides.get(address)):
            raise ProofError("the call looked at an account that is not proven", got=address)
    for address, key in outcome.touched_slots.difference(known.slots):
        given = overrides.get(address)
        if given and (given.storage is not None or key in given.slots):
            continue
        account = known.accounts.get(address)
        if address not in known.accounts or (account and account.storage_root != EMPTY_ROOT):
            raise ProofError("the call looked at a slot that is not proven", got=address + key)


def check_host_answers(
    asked: AskedCall, proven: Mapping[tuple[bytes, bytes], Proven[bytes | None]]
) -> None:
    """Raise `ProofError` where a precompile of the host was given what nobody proved."""
    for address, precompile in asked.environment.host.items():
        for given, output in precompile.answers.items():
            answer = proven.get((address, given))
            if answer is None or answer.value != output:
                raise ProofError("a precompile's answer is not proven", got=address + given)
            if answer.claim.subject != host_call_subject(address, given):
                raise ProofError("a precompile's answer is proven for another question")


def digest(asked: object) -> bytes:
    """32 bytes that stand for what was asked: made of dataclasses, mappings, tuples and values."""
    return keccak256(_spelled(asked).encode())


def _is_all_given(given: Overrides | None) -> bool:
    """Whether nothing of the account beneath an override shows."""
    return given is not None and None not in (given.balance, given.nonce, given.code)


def _spelled(value: object) -> str:
    """One text for one value: dataclasses by their fields, mappings in order of their keys,
    long bytes by their hash."""
    if isinstance(value, Header):
        return value.hash.hex()
    if is_dataclass(value):
        return _listed(_spelled(getattr(value, item.name)) for item in fields(value))
    if isinstance(value, Mapping):
        pairs = sorted((_spelled(key), _spelled(item)) for key, item in value.items())
        return "{" + ",".join(f"{key}:{item}" for key, item in pairs) + "}"
    if isinstance(value, tuple):
        return _listed(map(_spelled, value))
    if isinstance(value, bytes):
        return f"0x{value.hex()}" if len(value) <= LONG else f"sha256:{sha256(value).hexdigest()}"
    return repr(value)


def _listed(parts: Iterable[str]) -> str:
    return "[" + ",".join(parts) + "]"
