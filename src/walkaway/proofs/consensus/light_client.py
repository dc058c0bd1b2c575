"""The light-client store: from a trusted block root to proven heads.

Begin here. A store starts from a bootstrap, a kept state or a given
committee; it takes updates and yields two heads, finalized and optimistic,
each a beacon header and the execution block hash it commits to, and nothing
else. It changes as a whole or, where a message is refused, not at all. The
rules are in `transition.py`; this module adds the evidence and the seal.

Specification: consensus-specs ``specs/*/light-client/sync-protocol.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from walkaway.anchors.spec import ChainSpec
from walkaway.errors import ProofError
from walkaway.proofs._seal import seal
from walkaway.proofs.consensus.bls import committee_keys
from walkaway.proofs.consensus.containers import (
    EMPTY_BEACON_HEADER,
    EMPTY_HEADER,
    BeaconBlockHeader,
    LightClientBootstrap,
    LightClientFinalityUpdate,
    LightClientHeader,
    LightClientOptimisticUpdate,
    LightClientUpdate,
    SyncCommittee,
)
from walkaway.proofs.consensus.kept import Kept, kept_from_bytes, kept_to_bytes
from walkaway.proofs.consensus.transition import (
    State,
    force_update,
    initialize,
    process_update,
    validate_header,
)
from walkaway.proofs.proven import Claim, Evidence, Finality, Proven

__all__ = ["BeaconHead", "LightClientStore", "Progress"]


@dataclass(frozen=True, slots=True)
class BeaconHead:
    """A beacon header and the execution block hash (32 bytes) that its body commits to.

    From Gloas on that is the hash of the parent's execution block: the one
    that the beacon block builds on.
    """

    header: BeaconBlockHeader
    execution_block_hash: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """What a message moved."""

    finalized: bool
    optimistic: bool
    next_committee: bool

    def __bool__(self) -> bool:
        return self.finalized or self.optimistic or self.next_committee


@dataclass(frozen=True, slots=True)
class _View:
    """All that a store holds, replaced at once: the state, and why each part is believed."""

    state: State
    current: Evidence
    next: Evidence
    best: Evidence
    finalized: Evidence
    optimistic: Evidence
    optimistic_signers: int


class LightClientStore:
    """Proven heads of one chain, moved by messages that anyone may send.

    It starts from `bootstrap`, `given_committee` or `from_bytes`, each of which
    names in the evidence what is believed; there is no other way to make one.
    """

    _spec: ChainSpec
    _view: _View

    def __init__(self) -> None:
        raise TypeError("a store starts from a bootstrap, a given committee or kept bytes")

    @classmethod
    def _of(cls, spec: ChainSpec, view: _View) -> LightClientStore:
        store = object.__new__(cls)
        store._spec, store._view = spec, view
        return store

    @classmethod
    def _started(
        cls, spec: ChainSpec, state: State, base: Evidence, signers: int = 0
    ) -> LightClientStore:
        return cls._of(spec, _View(state, base, base, base, base, base, signers))

    @classmethod
    def bootstrap(
        cls,
        spec: ChainSpec,
        trusted_block_root: bytes,
        bootstrap: LightClientBootstrap,
        *,
        anchor: Evidence | None = None,
    ) -> LightClientStore:
        """Start from a trusted beacon block root (32 bytes) and its bootstrap.

        ``anchor`` says where the root comes from; by default it is a checkpoint
        that somebody gave.
        """
        state = initialize(spec, trusted_block_root, bootstrap)
        slot = bootstrap.header.beacon.slot
        anchor = anchor or Evidence("checkpoint", (("block root", trusted_block_root),))
        facts = (("block root", trusted_block_root), ("slot", slot))
        return cls._started(spec, state, Evidence("light-client bootstrap", facts, (anchor,)))

    @classmethod
    def given_committee(
        cls, spec: ChainSpec, period: int, committee: SyncCommittee, *, anchor: Evidence
    ) -> LightClientStore:
        """Start from a sync committee that is itself trusted, for ``period`` (at least 1).

        There is no proven head until an update of that period arrives.
        """
        if period < 1:
            raise ProofError("a committee is given for period 1 or later", got=period)
        slot = period * spec.preset.slots_per_period - 1
        before = replace(EMPTY_HEADER, beacon=replace(EMPTY_BEACON_HEADER, slot=slot))
        facts = (("period", period), ("committee root", committee.root()))
        base = Evidence("given sync committee", facts, (anchor,))
        return cls._started(spec, State(before, None, committee, None, before), base)

    @classmethod
    def from_bytes(cls, spec: ChainSpec, data: bytes, *, anchor: Evidence) -> LightClientStore:
        """Take up a store where `to_bytes` left it; what it holds is believed as ``anchor``.

        Damaged or foreign bytes are a ProofError.
        """
        kept = kept_from_bytes(spec, data)
        state = kept.state
        for header in (state.finalized_header, state.optimistic_header):
            if header.execution_branch:
                validate_header(spec, header)
        facts = (("finalized slot", state.finalized_header.beacon.slot),)
        base = Evidence("kept light-client state", facts, (anchor,))
        return cls._started(spec, state, base, kept.optimistic_signers)

    def to_bytes(self) -> bytes:
        """The store's state, for `from_bytes`; the evidence is not part of it."""
        return kept_to_bytes(self._spec, Kept(self._view.state, self._view.optimistic_signers))

    def copy(self) -> LightClientStore:
        """A store that begins as this one and then goes its own way; costs a pointer."""
        return self._of(self._spec, self._view)

    def process_update(
        self, update: LightClientUpdate, *, current_slot: int, strict: bool = False
    ) -> Progress:
        """process_light_client_update; a ProofError, and nothing changed, where it is refused.

        ``strict`` moves the optimistic head only where two thirds of the
        committee signed. The specification alone lets one signer set it after
        a bootstrap.
        """
        before = self._view
        state = process_update(self._spec, before.state, update, current_slot, strict=strict)
        signed = self._signed(before, update)
        return self._replace(before, state, update, signed, "finality branch")

    def process_finality_update(
        self, update: LightClientFinalityUpdate, *, current_slot: int, strict: bool = False
    ) -> Progress:
        """process_light_client_finality_update; otherwise as `process_update`."""
        return self.process_update(update.as_update(), current_slot=current_slot, strict=strict)

    def process_optimistic_update(
        self, update: LightClientOptimisticUpdate, *, current_slot: int, strict: bool = False
    ) -> Progress:
        """process_light_client_optimistic_update; otherwise as `process_update`."""
        return self.process_update(update.as_update(), current_slot=current_slot, strict=strict)

    def force_update(self, current_slot: int) -> Progress:
        """process_light_client_store_force_update: accept the best update without finality.

        Dangerous: what becomes "finalized" may have had one signer. The
        evidence says that it was forced.
        """
        before = self._view
        best = before.state.best_valid_update
        state = force_update(self._spec, before.state, current_slot)
        if best is None or state is before.state:
            return Progress(False, False, False)
        return self._replace(before, state, best, before.best, "forced without finality")

    def load_keys(self) -> None:
        """Decode the keys of the known committees now (some 50 ms each), to verify fast later."""
        for committee in (
            self._view.state.current_sync_committee,
            self._view.state.next_sync_committee,
        ):
            if committee is not None:
                committee_keys(committee)

    @property
    def spec(self) -> ChainSpec:
        """The chain whose heads these are."""
        return self._spec

    @property
    def finalized(self) -> Proven[BeaconHead]:
        """The finalized head; a ProofError where a given committee has proven none yet."""
        view = self._view
        return self._sealed(view.state.finalized_header, view.finalized, Finality.FINALIZED)

    @property
    def optimistic(self) -> Proven[BeaconHead]:
        """The newest signed head; see `optimistic_signers` for how firmly."""
        view = self._view
        return self._sealed(view.state.optimistic_header, view.optimistic, Finality.OPTIMISTIC)

    @property
    def optimistic_signers(self) -> int:
        """The most members seen to have signed the optimistic head itself.

        0 where it is the header that the store started from.
        """
        return self._view.optimistic_signers

    @property
    def finalized_slot(self) -> int:
        """The slot of the finalized header."""
        return self._view.state.finalized_header.beacon.slot

    @property
    def optimistic_slot(self) -> int:
        """The slot of the optimistic header."""
        return self._view.state.optimistic_header.beacon.slot

    @property
    def finalized_period(self) -> int:
        """The sync committee period of the finalized header."""
        return self._spec.period_at_slot(self.finalized_slot)

    @property
    def knows_next_committee(self) -> bool:
        """is_next_sync_committee_known."""
        return self._view.state.next_sync_committee is not None

    def _signed(self, view: _View, update: LightClientUpdate) -> Evidence:
        signature_period = self._spec.period_at_slot(update.signature_slot)
        by_current = signature_period == self.finalized_period
        facts: tuple[tuple[str, str | int | bytes], ...] = (
            ("attested slot", update.attested_header.beacon.slot),
            ("signers", update.sync_aggregate.signers),
            ("committee size", update.sync_aggregate.seats),
            ("period", signature_period),
            ("signature slot", update.signature_slot),
            ("fork", self._spec.fork_at_slot(max(update.signature_slot, 1) - 1).name.label),
        )
        committee = view.current if by_current else view.next
        return Evidence("sync committee signature", facts, (committee,))

    def _replace(
        self, before: _View, state: State, update: LightClientUpdate, signed: Evidence, rule: str
    ) -> Progress:
        """Work out what moved, give each part its evidence, and put the new view in place.

        ``rule`` is what makes a header signed about a finalized one.
        """
        old, view = before.state, replace(before, state=state)
        signers = update.sync_aggregate.signers
        rotated = state.current_sync_committee is not old.current_sync_committee
        learned = (
            state.next_sync_committee is not None
            and state.next_sync_committee is not old.next_sync_committee
        )
        finalized = state.finalized_header is not old.finalized_header
        optimistic = state.optimistic_header is not old.optimistic_header
        if rotated:
            view = replace(view, current=before.next)
        if learned:
            period = self._spec.period_at_slot(update.attested_header.beacon.slot) + 1
            view = replace(
                view, next=Evidence("next sync committee", (("period", period),), (signed,))
            )
        if state.best_valid_update is update:
            view = replace(view, best=signed)
        if finalized:
            facts = (("finalized slot", state.finalized_header.beacon.slot),)
            view = replace(view, finalized=Evidence(rule, facts, (signed,)))
        same_head = update.attested_header.beacon == state.optimistic_header.beacon
        if optimistic or (same_head and signers > before.optimistic_signers):
            why = signed if same_head else view.finalized
            view = replace(view, optimistic=why, optimistic_signers=signers)
        self._view = view
        return Progress(finalized, optimistic, learned)

    def _sealed(
        self, header: LightClientHeader, because: Evidence, finality: Finality
    ) -> Proven[BeaconHead]:
        if not header.execution_branch:
            raise ProofError("no update of the given committee's period has come yet")
        head = BeaconHead(header.beacon, header.execution_block_hash)
        claim = Claim(self._spec.chain_id, header.execution_block_hash, ("head",), finality)
        return seal(head, claim, because)
