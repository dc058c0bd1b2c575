"""A store's state as bytes that outlive the process.

A 4-byte mark with the form's version, one SSZ container (headers in Gloas's
form, whatever fork they are of), and the SHA-256 of both. It names its chain
by the genesis validators root. It proves nothing: whoever loads it believes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from walkaway.anchors.spec import ChainSpec, ForkName
from walkaway.errors import ProofError
from walkaway.proofs.consensus.containers import (
    EMPTY_HEADER,
    LightClientHeader,
    LightClientUpdate,
    SyncAggregate,
    SyncCommittee,
)
from walkaway.proofs.consensus.ssz import ByteVector, Container, Uint
from walkaway.proofs.consensus.transition import State
from walkaway.proofs.consensus.wire import wire_forms

__all__ = ["Kept", "kept_from_bytes", "kept_to_bytes"]

MARK = b"wlc\x01"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept: the state, and how many signed the optimistic header."""

    state: State
    optimistic_signers: int


@dataclass(frozen=True, slots=True)
class _Form:
    """The fields in the order of the bytes; an absent best update has an empty header."""

    genesis_validators_root: bytes
    finalized_header: LightClientHeader
    current_sync_committee: SyncCommittee | None
    next_sync_committee: SyncCommittee | None
    best_valid_update: LightClientUpdate
    optimistic_header: LightClientHeader
    optimistic_signers: int
    previous_max_active_participants: int
    current_max_active_participants: int


def kept_to_bytes(spec: ChainSpec, kept: Kept) -> bytes:
    """Write a state down."""
    state = kept.state
    seats = spec.preset.sync_committee_size
    body = _container(spec).encode(
        _Form(
            spec.genesis_validators_root,
            state.finalized_header,
            state.current_sync_committee,
            state.next_sync_committee,
            state.best_valid_update or _no_update(seats),
            state.optimistic_header,
            kept.optimistic_signers,
            state.previous_max_active_participants,
            state.current_max_active_participants,
        )
    )
    return MARK + body + sha256(MARK + body).digest()


def kept_from_bytes(spec: ChainSpec, data: bytes) -> Kept:
    """Read a state back; bytes that are damaged, or of another chain or form, are a ProofError."""
    form = _container(spec)
    if len(data) != len(MARK) + (form.size or 0) + 32 or not data.startswith(MARK):
        raise ProofError("not a kept light-client state of this network and version")
    if sha256(data[:-32]).digest() != data[-32:]:
        raise ProofError("the kept light-client state is damaged")
    kept = form.decode(data[len(MARK) : -32])
    if kept.genesis_validators_root != spec.genesis_validators_root:
        raise ProofError("the kept light-client state is of another chain")
    best = kept.best_valid_update
    state = State(
        kept.finalized_header,
        kept.current_sync_committee,
        kept.next_sync_committee,
        None if best.attested_header == EMPTY_HEADER else best,
        kept.optimistic_header,
        kept.previous_max_active_participants,
        kept.current_max_active_participants,
    )
    return Kept(state, kept.optimistic_signers)


@lru_cache(maxsize=16)
def _container(spec: ChainSpec) -> Container[_Form]:
    forms = wire_forms(spec, ForkName.GLOAS)
    return Container(
        _Form,
        genesis_validators_root=ByteVector(32),
        finalized_header=forms.header,
        current_sync_committee=forms.committee,
        next_sync_committee=forms.committee,
        best_valid_update=forms.update,
        optimistic_header=forms.header,
        optimistic_signers=Uint(8),
        previous_max_active_participants=Uint(8),
        current_max_active_participants=Uint(8),
    )


def _no_update(seats: int) -> LightClientUpdate:
    nobody = SyncAggregate(bytes(seats // 8), bytes(96))
    return LightClientUpdate(EMPTY_HEADER, None, (), EMPTY_HEADER, (), nobody, 0)
