"""What a name resolves to, from proven runs of the Universal Resolver.

A contract that looks something up off chain reverts, and is called again with what was
found (EIP-3668). So an answer has one run or several: each but the last asks, and each
but the first is the very callback that was asked for. The rules here hold that, and
that nothing was overridden; then they read the last run's output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

from walkaway.errors import ProofError
from walkaway.evm.abi import AbiTuple
from walkaway.evm.engine import Outcome
from walkaway.evm.offchain_lookup import OffchainLookup, offchain_lookup
from walkaway.evm.proven_call import AskedCall
from walkaway.evm.universal_resolver import (
    Failure,
    PrimaryName,
    Resolved,
    read_primary_name,
    read_resolved,
    resolve_call,
    reverse_call,
)
from walkaway.proofs._seal import seal
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.proven import Claim, Evidence, Proven, Subject

__all__ = [
    "IMPLEMENTATION_SLOT",
    "NameRun",
    "ResolverCode",
    "primary_name",
    "resolved_name",
    "resolver_code",
]

T = TypeVar("T")

IMPLEMENTATION_SLOT = (int.from_bytes(keccak256(b"eip1967.proxy.implementation")) - 1).to_bytes(32)
"""Where a proxy says whose code it runs (ERC-1967)."""


@dataclass(frozen=True, slots=True)
class NameRun:
    """One run on the way to an answer, and whose words it was handed; none to the first."""

    asked: AskedCall
    outcome: Proven[Outcome]
    words: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class ResolverCode:
    """Whose code a Universal Resolver runs: that of 20-byte ``implementation``, by its hash.

    Where it is no proxy, the implementation is itself.
    """

    address: bytes
    implementation: bytes
    code_hash: bytes


def resolver_code(slot: Proven[int], account: Proven[Account | None]) -> Proven[ResolverCode]:
    """Whose code runs, from the proxy's slot, and the account which that names.

    Raises `ProofError` where the two are not of one block, or not those.
    """
    match slot.claim.subject:
        case ("slot", bytes(address), bytes(key)) if key == IMPLEMENTATION_SLOT:
            pass
        case other:
            raise ProofError("a resolver's code is derived from its proxy's slot", got=other)
    implementation = slot.value.to_bytes(32)[12:] if slot.value else address
    if account.claim.subject != ("account", implementation):
        raise ProofError("a resolver's code is that of its implementation", got=account.claim)
    if _block(account.claim) != _block(slot.claim):
        raise ProofError("a resolver's code is of one block", got=account.claim)
    if account.value is None:
        raise ProofError("there is no Universal Resolver on this chain", got=implementation)
    code = ResolverCode(address, implementation, account.value.code_hash)
    claim = replace(slot.claim, subject=("resolver code", address))
    facts = (
        ("address", code.address),
        ("implementation", code.implementation),
        ("code_hash", code.code_hash),
    )
    rule = "the Universal Resolver runs this code: its proxy's slot (ERC-1967) and that account"
    return seal(code, claim, Evidence(rule, facts, (slot.because, account.because)))


def resolved_name(
    runs: Sequence[NameRun], code: Proven[ResolverCode], wire: bytes, call: bytes
) -> Proven[Resolved | Failure]:
    """What the resolver of a name answers to a call.

    The claim is about ``("resolved", wire, keccak256(call))``. Raises `ProofError` where
    the runs are not those of that question, or their output is no answer.
    """
    last = _followed(runs, code, resolve_call(wire, call))
    answer = read_resolved(last.output, reverted=last.reverted)
    facts: tuple[tuple[str, bytes | str], ...] = (("name", wire), ("call_hash", keccak256(call)))
    facts += (("resolver", answer.resolver),) if isinstance(answer, Resolved) else ()
    return _sealed(answer, runs, code, ("resolved", wire, keccak256(call)), facts)


def primary_name(
    runs: Sequence[NameRun], code: Proven[ResolverCode], address: bytes, coin_type: int
) -> Proven[PrimaryName | Failure]:
    """The primary name of an address, which leads back to it (ENSIP-19).

    The claim is about ``("primary name", address, coin_type)``. Raises as `resolved_name`.
    """
    last = _followed(runs, code, reverse_call(address, coin_type))
    answer = read_primary_name(last.output, reverted=last.reverted)
    facts: tuple[tuple[str, bytes | int], ...] = (("address", address), ("coin_type", coin_type))
    if isinstance(answer, PrimaryName):
        resolvers = (answer.reverse_resolver, answer.resolver)
        facts += tuple(zip(("reverse_resolver", "resolver"), resolvers, strict=True))
    return _sealed(answer, runs, code, ("primary name", address, coin_type), facts)


def _followed(runs: Sequence[NameRun], code: Proven[ResolverCode], data: bytes) -> Outcome:
    """The outcome of the last run, once each is found to follow from the one before."""
    if not runs:
        raise ProofError("a name is derived from at least one run")
    first = runs[0].asked.call
    if first.to != code.value.address or first.data != data or first.value:
        raise ProofError("the run is of another question", expected=data, got=first.data)
    for run in runs:
        claim, asked = run.outcome.claim, run.asked
        if claim.subject != asked.subject or _block(claim) != _block(code.claim):
            raise ProofError("an outcome is not that of its run, or of another block", got=claim)
        if asked.overrides or asked.block_hashes:
            raise ProofError("a name is resolved over state as it is")
        if replace(asked, call=replace(asked.call, data=b"")) != replace(
            runs[0].asked, call=replace(first, data=b"")
        ):
            raise ProofError("a run was asked otherwise than the one before")
    for run, following in pairwise(runs):
        _check_callback(_lookup(run), following)
    last = runs[-1]
    if last.outcome.value.halt:
        raise ProofError("the resolver's code ended without an answer", got=last.outcome.value.halt)
    if _lookup(last) is not None:
        raise ProofError("the answer to a lookup off chain is lacking")
    return last.outcome.value


def _lookup(run: NameRun) -> OffchainLookup | None:
    outcome = run.outcome.value
    lookup = offchain_lookup(outcome.output) if outcome.reverted else None
    return lookup if lookup is not None and lookup.sender == run.asked.call.to else None


def _check_callback(lookup: OffchainLookup | None, following: NameRun) -> None:
    """The run that follows is the callback, with what was said and nothing else."""
    data = following.asked.call.data
    if lookup is None or lookup.callback_data(AbiTuple(data[4:]).bytes_at(0)) != data:
        raise ProofError("a run is not the callback that was asked for", got=data[:4])
    if not following.words:
        raise ProofError("nobody is named who answered a lookup off chain")


def _sealed(
    answer: T,
    runs: Sequence[NameRun],
    code: Proven[ResolverCode],
    subject: Subject,
    facts: tuple[tuple[str, bytes | str | int], ...],
) -> Proven[T]:
    under = code.claim
    claim = Claim(under.chain_id, under.block_hash, subject, under.finality)
    found = (("answer", str(answer)),) if isinstance(answer, Failure) else ()
    because = [code.because]
    for run in runs:
        if run.words:
            because.append(_accepted(run))
        because.append(run.outcome.because)
    rule = "the Universal Resolver answers so (ENSIP-23)"
    return seal(answer, claim, Evidence(rule, facts + found, tuple(because)))


def _accepted(run: NameRun) -> Evidence:
    """What the callback made of words. Whose signatures it looked at is seen; what they were
    under, and what it made of them, only who reads its code can tell."""
    outcome = run.outcome.value
    facts = tuple(("looked_at_signature_of", address) for address in outcome.recovered)
    judged = "refused" if outcome.reverted and _lookup(run) is None else "accepted"
    rule = f"what was found off chain, {judged} by the contract's own callback"
    return Evidence(rule, facts, run.words)


def _block(claim: Claim) -> tuple[int, bytes | None]:
    return claim.chain_id, claim.block_hash
