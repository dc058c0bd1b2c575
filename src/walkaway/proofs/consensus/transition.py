"""The light-client state transition: a state and a message in, the next state or a ProofError out.

Each function is the specification's of the same name, with its steps numbered
in the docstring and in the code. A state is immutable, so a refused message
changes nothing.

Specification: consensus-specs ``specs/altair/light-client/sync-protocol.md``
as modified by Capella, Deneb, Electra and Gloas.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from walkaway.anchors.spec import ChainSpec
from walkaway.errors import ProofError
from walkaway.proofs.consensus.bls import committee_keys
from walkaway.proofs.consensus.containers import (
    EMPTY_HEADER,
    ZERO_HASH,
    LightClientBootstrap,
    LightClientHeader,
    LightClientUpdate,
    SyncCommittee,
)
from walkaway.proofs.consensus.forks import Places, places, signing_root
from walkaway.proofs.consensus.merkle import is_valid_normalized_branch

__all__ = [
    "State",
    "force_update",
    "initialize",
    "is_better_update",
    "process_update",
    "validate_header",
    "validate_update",
]

MIN_SYNC_COMMITTEE_PARTICIPANTS = 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class State:
    """LightClientStore of the specification, plus the trust in one committee alone.

    ``current_sync_committee`` is None only before the first rotation of a
    store that was started from a given next committee.
    """

    finalized_header: LightClientHeader
    current_sync_committee: SyncCommittee | None
    next_sync_committee: SyncCommittee | None
    best_valid_update: LightClientUpdate | None
    optimistic_header: LightClientHeader
    previous_max_active_participants: int = 0
    current_max_active_participants: int = 0

    @property
    def safety_threshold(self) -> int:
        """get_safety_threshold: the signers that an optimistic header must exceed."""
        best = max(self.previous_max_active_participants, self.current_max_active_participants)
        return best // 2


def initialize(
    spec: ChainSpec, trusted_block_root: bytes, bootstrap: LightClientBootstrap
) -> State:
    """initialize_light_client_store.

    1. The header is valid: its body commits to the execution block hash.
    2. The header has the trusted root.
    3. The committee is the current one of the header's state.
    """
    # 1
    at = validate_header(spec, bootstrap.header)
    # 2
    _equal("trusted block root", trusted_block_root, bootstrap.header.beacon.root())
    # 3
    _proven_by_branch(
        "current sync committee",
        leaf=bootstrap.current_sync_committee.root(),
        branch=bootstrap.current_sync_committee_branch,
        gindex=at.current_sync_committee,
        root=bootstrap.header.beacon.state_root,
    )
    return State(bootstrap.header, bootstrap.current_sync_committee, None, None, bootstrap.header)


def validate_header(spec: ChainSpec, header: LightClientHeader) -> Places:
    """is_valid_light_client_header: the body commits to the execution block hash.

    Returns where the header's fork keeps things. Headers of before Capella
    commit to no execution block hash and are refused.
    """
    at = places(spec.fork_at_slot(header.beacon.slot).name)
    _proven_by_branch(
        "execution block hash",
        leaf=header.execution_block_hash,
        branch=header.execution_branch,
        gindex=at.execution_block_hash,
        root=header.beacon.body_root,
    )
    return at


def validate_update(
    spec: ChainSpec, state: State, update: LightClientUpdate, current_slot: int
) -> None:
    """validate_light_client_update.

    1. Enough members signed.
    2. The attested header is valid, its slots are in order and not in the
       future, and no sync committee period is skipped.
    3. The update is relevant: newer, or it brings the unknown next committee.
    4. The finality branch, if present, confirms the finalized header.
    5. The next sync committee, if present, is the one in the attested state.
    6. The period's committee signed the attested header.
    """
    # 1
    aggregate = update.sync_aggregate
    if aggregate.seats != spec.preset.sync_committee_size:
        raise ProofError(
            "the aggregate is of another committee size",
            expected=spec.preset.sync_committee_size,
            got=aggregate.seats,
        )
    if aggregate.signers < MIN_SYNC_COMMITTEE_PARTICIPANTS:
        raise ProofError("nobody signed", commitment="sync committee signature")
    # 2
    at = validate_header(spec, update.attested_header)
    attested_slot = update.attested_header.beacon.slot
    finalized_slot = update.finalized_header.beacon.slot
    if not current_slot >= update.signature_slot > attested_slot >= finalized_slot:
        raise ProofError(
            "the slots are out of order or in the future",
            expected=f"current slot {current_slot} >= signature > attested >= finalized",
            got=f"{update.signature_slot}, {attested_slot}, {finalized_slot}",
        )
    store_period = spec.period_at_slot(state.finalized_header.beacon.slot)
    signature_period = spec.period_at_slot(update.signature_slot)
    reach = (store_period, store_period + 1) if state.next_sync_committee else (store_period,)
    if signature_period not in reach:
        raise ProofError(
            "the signature is of a sync committee period whose committee is not known",
            expected=" or ".join(map(str, reach)),
            got=signature_period,
        )
    # 3
    attested_period = spec.period_at_slot(attested_slot)
    brings_committee = state.next_sync_committee is None and (
        _has_committee(update) and attested_period == store_period
    )
    if attested_slot <= state.finalized_header.beacon.slot and not brings_committee:
        raise ProofError(
            "the update brings nothing new",
            expected=f"an attested slot above {state.finalized_header.beacon.slot}",
            got=attested_slot,
        )
    # 4
    _validate_finality(spec, update, at)
    # 5
    known = state.next_sync_committee if attested_period == store_period else None
    _validate_next_committee(update, at, known)
    # 6
    committee = _required(
        state.current_sync_committee
        if signature_period == store_period
        else state.next_sync_committee,
        f"the sync committee of period {signature_period} is not known",
    )
    message = signing_root(spec, update.attested_header.beacon.root(), update.signature_slot)
    committee_keys(committee).verify(message, aggregate)


def process_update(
    spec: ChainSpec,
    state: State,
    update: LightClientUpdate,
    current_slot: int,
    *,
    strict: bool,
) -> State:
    """process_light_client_update.

    1. Validate.
    2. Keep the best update, in case one has to be forced.
    3. Track how many take part.
    4. Move the optimistic header, where more than the safety threshold signed
       (``strict``: and two thirds of the committee, which the specification
       does not ask).
    5. Move the finalized header and the committees, where two thirds signed.
    """
    # 1
    validate_update(spec, state, update, current_slot)
    # 2
    if state.best_valid_update is None or is_better_update(spec, update, state.best_valid_update):
        state = replace(state, best_valid_update=update)
    # 3
    signers = update.sync_aggregate.signers
    most = max(state.current_max_active_participants, signers)
    state = replace(state, current_max_active_participants=most)
    # 4
    supermajority = update.sync_aggregate.has_supermajority
    newer = update.attested_header.beacon.slot > state.optimistic_header.beacon.slot
    if signers > state.safety_threshold and newer and (supermajority or not strict):
        state = replace(state, optimistic_header=update.attested_header)
    # 5
    brings_finalized_committee = (
        state.next_sync_committee is None
        and _has_committee(update)
        and _has_finality(update)
        and _finality_in_period(spec, update)
    )
    finalizes = update.finalized_header.beacon.slot > state.finalized_header.beacon.slot
    if supermajority and (finalizes or brings_finalized_committee):
        state = replace(_apply(spec, state, update), best_valid_update=None)
    return state


def force_update(spec: ChainSpec, state: State, current_slot: int) -> State:
    """process_light_client_store_force_update: take the best update without finality.

    1. Only UPDATE_TIMEOUT slots after the finalized header, and with an update at hand.
    2. Where it finalizes nothing new, its attested header stands in.
    3. Apply it.
    """
    # 1
    best = state.best_valid_update
    timeout = state.finalized_header.beacon.slot + spec.preset.update_timeout
    if best is None or current_slot <= timeout:
        return state
    # 2
    if best.finalized_header.beacon.slot <= state.finalized_header.beacon.slot:
        best = replace(best, finalized_header=best.attested_header)
    # 3
    return replace(_apply(spec, state, best), best_valid_update=None)


def is_better_update(spec: ChainSpec, new: LightClientUpdate, old: LightClientUpdate) -> bool:
    """is_better_update: whether ``new`` is the better one to keep or to serve for its period.

    Compared in this order: 1. two thirds took part; 2. more took part, where
    neither has two thirds; 3. the committee it brings is the signers' next;
    4. any finality; 5. finality within its period; 6. more took part;
    7. older attested header; 8. older signature.
    """
    return _rank(spec, new) > _rank(spec, old)


def _rank(spec: ChainSpec, update: LightClientUpdate) -> tuple[int, ...]:
    aggregate = update.sync_aggregate
    attested_slot = update.attested_header.beacon.slot
    same_period = spec.period_at_slot(attested_slot) == spec.period_at_slot(update.signature_slot)
    finality = _has_finality(update)
    return (
        aggregate.has_supermajority,  # 1
        0 if aggregate.has_supermajority else aggregate.signers,  # 2
        _has_committee(update) and same_period,  # 3
        finality,  # 4
        finality and _finality_in_period(spec, update),  # 5
        aggregate.signers,  # 6
        -attested_slot,  # 7
        -update.signature_slot,  # 8
    )


def _apply(spec: ChainSpec, state: State, update: LightClientUpdate) -> State:
    """apply_light_client_update.

    1. Learn the next committee where it is not known; rotate the committees
       where the finalized header enters the next period.
    2. Move the finalized header, and the optimistic one with it where it lags.
    """
    # 1
    store_period = spec.period_at_slot(state.finalized_header.beacon.slot)
    finalized_period = spec.period_at_slot(update.finalized_header.beacon.slot)
    if state.next_sync_committee is None:
        if finalized_period != store_period:
            raise ProofError(
                "the finalized header is of a period whose committee is not known",
                expected=store_period,
                got=finalized_period,
            )
        state = replace(state, next_sync_committee=update.next_sync_committee)
    elif finalized_period == store_period + 1:
        state = replace(
            state,
            current_sync_committee=state.next_sync_committee,
            next_sync_committee=update.next_sync_committee,
            previous_max_active_participants=state.current_max_active_participants,
            current_max_active_participants=0,
        )
    # 2
    if update.finalized_header.beacon.slot > state.finalized_header.beacon.slot:
        state = replace(state, finalized_header=update.finalized_header)
        if state.finalized_header.beacon.slot > state.optimistic_header.beacon.slot:
            state = replace(state, optimistic_header=state.finalized_header)
    return state


def _validate_finality(spec: ChainSpec, update: LightClientUpdate, at: Places) -> None:
    header = update.finalized_header
    if not _has_finality(update):
        if header != EMPTY_HEADER:
            raise ProofError("a finalized header without its branch")
        return
    if header.beacon.slot == 0:
        # Before the first finality the state holds a zero root as the finalized one.
        if header != EMPTY_HEADER:
            raise ProofError("a finalized header at the genesis slot is not empty")
        finalized_root = ZERO_HASH
    else:
        validate_header(spec, header)
        finalized_root = header.beacon.root()
    _proven_by_branch(
        "finalized root",
        leaf=finalized_root,
        branch=update.finality_branch,
        gindex=at.finalized_root,
        root=update.attested_header.beacon.state_root,
    )


def _validate_next_committee(
    update: LightClientUpdate, at: Places, known: SyncCommittee | None
) -> None:
    if not _has_committee(update):
        if update.next_sync_committee is not None:
            raise ProofError("a next sync committee without its branch")
        return
    committee = _required(update.next_sync_committee, "a branch without its next sync committee")
    if known is not None and committee != known:
        raise ProofError("the next sync committee is not the one already proven")
    _proven_by_branch(
        "next sync committee",
        leaf=committee.root(),
        branch=update.next_sync_committee_branch,
        gindex=at.next_sync_committee,
        root=update.attested_header.beacon.state_root,
    )


def _has_committee(update: LightClientUpdate) -> bool:
    """is_sync_committee_update."""
    return any(map(any, update.next_sync_committee_branch))


def _has_finality(update: LightClientUpdate) -> bool:
    """is_finality_update."""
    return any(map(any, update.finality_branch))


def _finality_in_period(spec: ChainSpec, update: LightClientUpdate) -> bool:
    finalized_period = spec.period_at_slot(update.finalized_header.beacon.slot)
    return finalized_period == spec.period_at_slot(update.attested_header.beacon.slot)


def _proven_by_branch(
    what: str, *, leaf: bytes, branch: tuple[bytes, ...], gindex: int, root: bytes
) -> None:
    if not is_valid_normalized_branch(leaf, branch, gindex, root):
        raise ProofError(f"the branch does not lead from the {what} to the root", commitment=what)


def _equal(what: str, expected: bytes, got: bytes) -> None:
    if expected != got:
        raise ProofError("the header has another root", commitment=what, expected=expected, got=got)


def _required(value: T | None, otherwise: str) -> T:
    if value is None:
        raise ProofError(otherwise)
    return value
