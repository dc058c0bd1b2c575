"""The store as its users see it: heads, signers, evidence, forks crossed, and what is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.proofs.consensus.simulator import PERIOD, SEATS, Chain, sync_committee, with_forks
from walkaway.errors import ProofError
from walkaway.proofs import Claim, Evidence, Finality
from walkaway.proofs.consensus.containers import (
    LightClientFinalityUpdate,
    LightClientOptimisticUpdate,
    LightClientUpdate,
)
from walkaway.proofs.consensus.kept import kept_from_bytes, kept_to_bytes
from walkaway.proofs.consensus.light_client import BeaconHead, LightClientStore, Progress

LATER = 10_000
CHAIN = Chain(with_forks(electra=0))


def store(chain: Chain = CHAIN, slot: int = 8) -> LightClientStore:
    bootstrap = chain.bootstrap(slot)
    return LightClientStore.bootstrap(chain.spec, bootstrap.header.beacon.root(), bootstrap)


def rules(because: Evidence) -> list[str]:
    found = [because.rule]
    while because.because:
        (because,) = because.because
        found.append(because.rule)
    return found


def finality_update(update: LightClientUpdate) -> LightClientFinalityUpdate:
    return LightClientFinalityUpdate(
        update.attested_header,
        update.finalized_header,
        update.finality_branch,
        update.sync_aggregate,
        update.signature_slot,
    )


def optimistic_update(update: LightClientUpdate) -> LightClientOptimisticUpdate:
    return LightClientOptimisticUpdate(
        update.attested_header, update.sync_aggregate, update.signature_slot
    )


def test_a_bootstrap_proves_its_own_header() -> None:
    started = store()
    header = CHAIN.bootstrap(8).header
    assert started.finalized.value == BeaconHead(header.beacon, header.execution_block_hash)
    assert started.finalized.claim == Claim(
        CHAIN.spec.chain_id, header.execution_block_hash, ("head",), Finality.FINALIZED
    )
    assert started.optimistic.claim.finality is Finality.OPTIMISTIC
    assert started.optimistic_signers == 0
    assert not started.knows_next_committee
    assert started.spec is CHAIN.spec
    assert rules(started.finalized.because) == ["light-client bootstrap", "checkpoint"]


def test_the_anchor_is_the_one_given() -> None:
    bootstrap = CHAIN.bootstrap(8)
    anchor = Evidence("kept checkpoint")
    started = LightClientStore.bootstrap(
        CHAIN.spec, bootstrap.header.beacon.root(), bootstrap, anchor=anchor
    )
    assert list(started.finalized.because.anchors()) == [anchor]


def test_an_update_moves_both_heads_and_brings_the_next_committee() -> None:
    moving = store()
    update = CHAIN.update(40, 24)
    assert moving.process_update(update, current_slot=41) == Progress(True, True, True)
    assert (moving.finalized_slot, moving.optimistic_slot) == (24, 40)
    assert moving.finalized.value.header == CHAIN.block(24).header.beacon
    assert moving.optimistic.value.execution_block_hash == (
        CHAIN.block(40, 24).header.execution_block_hash
    )
    assert moving.optimistic_signers == SEATS
    assert moving.knows_next_committee


def test_finality_and_optimistic_updates_move_what_they_speak_of() -> None:
    moving = store()
    moving.process_update(CHAIN.update(20), current_slot=LATER)
    finality = finality_update(CHAIN.update(40, 24))
    assert moving.process_finality_update(finality, current_slot=LATER) == Progress(
        True, True, False
    )
    optimistic = optimistic_update(CHAIN.update(41, 24))
    assert moving.process_optimistic_update(optimistic, current_slot=LATER) == Progress(
        False, True, False
    )
    assert (moving.finalized_slot, moving.optimistic_slot) == (24, 41)


def test_periods_are_followed_and_the_evidence_grows_by_two_steps_a_period() -> None:
    moving = store()
    for period in range(5):
        attested = period * PERIOD + 40
        moving.process_update(CHAIN.update(attested, attested - 16), current_slot=LATER)
        assert moving.finalized_period == period
        # This update's finality, its signature, and two steps for each committee handed over.
        assert len(rules(moving.finalized.because)) == 2 + 2 * period + 2
    facts = dict(moving.finalized.because.because[0].facts)
    assert facts["signers"] == facts["committee size"] == SEATS
    assert facts["fork"] == "electra"


def test_the_evidence_of_a_later_head_of_a_period_leads_through_its_own_committee() -> None:
    moving = store()
    for period in range(3):
        attested = period * PERIOD + 40
        moving.process_update(CHAIN.update(attested, attested - 16), current_slot=LATER)
    moving.process_update(CHAIN.update(2 * PERIOD + 50), current_slot=LATER)
    (committee,) = moving.optimistic.because.because
    assert (committee.rule, committee.facts) == ("next sync committee", (("period", 2),))


def test_more_updates_within_a_period_do_not_lengthen_the_evidence() -> None:
    moving = store()
    for attested in range(24, 60, 4):
        moving.process_update(CHAIN.update(attested, attested - 12), current_slot=LATER)
    assert len(rules(moving.finalized.because)) == 4


@pytest.mark.parametrize(
    "forks",
    [
        {"capella": 0, "deneb": 2},
        {"deneb": 0, "electra": 2},
        {"electra": 0, "fulu": 2},
        {"fulu": 0, "gloas": 2},
        {"capella": 0, "deneb": 1, "electra": 4, "fulu": 6, "gloas": 10},
    ],
    ids="-".join,
)
def test_forks_are_crossed(forks: dict[str, int]) -> None:
    chain = Chain(with_forks(**forks))
    moving = store(chain, 3)
    for attested in range(13, 3 * PERIOD, 5):
        moving.process_update(chain.update(attested, attested - 9), current_slot=LATER)
        assert moving.finalized.value.header == chain.block(attested - 9).header.beacon
        assert moving.optimistic_slot == attested


def test_a_signature_is_made_under_the_fork_of_the_slot_before() -> None:
    chain = Chain(with_forks(electra=0, fulu=2))
    moving = store(chain)
    update = chain.update(15, signature_slot=16)
    moving.process_update(update, current_slot=LATER)
    assert dict(moving.optimistic.because.facts)["fork"] == "electra"


def test_one_signer_sets_an_optimistic_head_by_the_specification_but_not_strictly() -> None:
    update = CHAIN.update(40, signers=1)
    lax, strict = store(), store()
    assert lax.process_update(update, current_slot=LATER).optimistic
    assert (lax.optimistic_slot, lax.optimistic_signers) == (40, 1)
    assert not strict.process_update(update, current_slot=LATER, strict=True)
    assert (strict.optimistic_slot, strict.optimistic_signers) == (8, 0)


@pytest.mark.parametrize(("signers", "moves"), [(16, False), (21, False), (22, True)])
def test_strictly_two_thirds_move_the_optimistic_head(signers: int, moves: bool) -> None:
    moving = store()
    update = CHAIN.update(40, signers=signers)
    assert moving.process_update(update, current_slot=LATER, strict=True).optimistic is moves


def test_signers_are_the_most_seen_over_the_head_itself() -> None:
    moving = store()
    moving.process_update(CHAIN.update(40, signers=24), current_slot=LATER)
    for signers, known in [(30, 30), (26, 30)]:
        update = CHAIN.update(40, signers=signers, signature_slot=42)
        assert not moving.process_update(update, current_slot=LATER).optimistic
        assert moving.optimistic_signers == known
    assert dict(moving.optimistic.because.facts)["signers"] == 30


def test_a_refused_update_changes_nothing_at_all() -> None:
    moving = store()
    moving.process_update(CHAIN.update(40, 24), current_slot=LATER)
    before, why = moving.to_bytes(), moving.optimistic.because
    other = CHAIN.update(45, 28).sync_aggregate
    wrong = replace(CHAIN.update(44, 28), sync_aggregate=other)
    with pytest.raises(ProofError, match="not the committee's"):
        moving.process_update(wrong, current_slot=LATER)
    assert moving.to_bytes() == before
    assert moving.optimistic.because is why


def test_an_update_is_forced_only_after_the_timeout_and_the_evidence_says_so() -> None:
    moving = store()
    moving.process_update(CHAIN.update(40, signers=2), current_slot=41)
    assert not moving.force_update(8 + PERIOD)
    assert moving.finalized_slot == 8
    assert moving.force_update(8 + PERIOD + 1) == Progress(True, False, True)
    assert moving.finalized_slot == 40
    assert rules(moving.finalized.because)[:2] == [
        "forced without finality",
        "sync committee signature",
    ]
    assert not moving.force_update(LATER)


def test_a_forced_update_may_pass_the_optimistic_head() -> None:
    moving = store()
    moving.process_update(CHAIN.update(40, signers=20), current_slot=LATER, strict=True)
    assert moving.optimistic_slot == 8
    assert moving.force_update(LATER) == Progress(True, True, True)
    assert (moving.optimistic_slot, moving.optimistic_signers) == (40, 20)


def test_a_given_committee_proves_a_head_once_its_period_speaks() -> None:
    anchor = Evidence("given by the test")
    started = LightClientStore.given_committee(CHAIN.spec, 2, sync_committee(2), anchor=anchor)
    for head in ("finalized", "optimistic"):
        with pytest.raises(ProofError, match="no update"):
            getattr(started, head)
    with pytest.raises(ProofError):
        started.process_update(CHAIN.update(PERIOD + 8, PERIOD + 1), current_slot=LATER)
    started.process_update(CHAIN.update(2 * PERIOD + 40, 2 * PERIOD), current_slot=LATER)
    assert started.finalized_slot == 2 * PERIOD
    assert rules(started.finalized.because)[-2:] == ["given sync committee", "given by the test"]


def test_a_given_committee_that_did_not_sign_is_refused() -> None:
    anchor = Evidence("given by the test")
    started = LightClientStore.given_committee(CHAIN.spec, 2, sync_committee(3), anchor=anchor)
    with pytest.raises(ProofError, match="not the committee's"):
        started.process_update(CHAIN.update(2 * PERIOD + 40, 2 * PERIOD), current_slot=LATER)
    with pytest.raises(ProofError, match="period 1"):
        LightClientStore.given_committee(CHAIN.spec, 0, sync_committee(0), anchor=anchor)


def test_what_is_kept_goes_on_where_it_was_and_stands_on_its_anchor() -> None:
    moving = store()
    moving.process_update(CHAIN.update(40, 24), current_slot=LATER)
    moving.process_update(CHAIN.update(44, signers=9), current_slot=LATER)
    anchor = Evidence("kept on this machine")
    taken_up = LightClientStore.from_bytes(CHAIN.spec, moving.to_bytes(), anchor=anchor)
    assert taken_up.finalized.value == moving.finalized.value
    assert taken_up.optimistic.value == moving.optimistic.value
    assert taken_up.optimistic_signers == moving.optimistic_signers
    assert taken_up.to_bytes() == moving.to_bytes()
    assert rules(taken_up.finalized.because) == [
        "kept light-client state",
        "kept on this machine",
    ]
    update = CHAIN.update(PERIOD + 30, PERIOD + 2)
    assert taken_up.process_update(update, current_slot=LATER) == Progress(True, True, True)


def test_a_store_without_a_head_is_kept_too() -> None:
    anchor = Evidence("given")
    started = LightClientStore.given_committee(CHAIN.spec, 2, sync_committee(2), anchor=anchor)
    again = LightClientStore.from_bytes(CHAIN.spec, started.to_bytes(), anchor=anchor)
    assert again.to_bytes() == started.to_bytes()
    with pytest.raises(ProofError):
        _ = again.finalized


def test_damaged_or_foreign_bytes_are_not_taken_up() -> None:
    kept = store().to_bytes()
    anchor = Evidence("kept")
    other = replace(CHAIN.spec, genesis_validators_root=bytes(32))
    with pytest.raises(ProofError, match="another chain"):
        LightClientStore.from_bytes(other, kept, anchor=anchor)
    for damaged in (b"", kept[:-1], kept + b"\0", b"\0" + kept[1:]):
        with pytest.raises(ProofError, match="not a kept"):
            LightClientStore.from_bytes(CHAIN.spec, damaged, anchor=anchor)
    for at in range(4, len(kept), 97):
        damaged = kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :]
        with pytest.raises(ProofError, match="damaged"):
            LightClientStore.from_bytes(CHAIN.spec, damaged, anchor=anchor)


def test_keys_can_be_loaded_ahead() -> None:
    moving = store()
    moving.load_keys()
    moving.process_update(CHAIN.update(40, 24), current_slot=LATER)
    moving.load_keys()
    no_keys = replace(sync_committee(3), pubkeys=(bytes(48),) * SEATS)
    broken = LightClientStore.given_committee(CHAIN.spec, 3, no_keys, anchor=Evidence("given"))
    with pytest.raises(ProofError, match="seat 0"):
        broken.load_keys()


def test_a_copy_goes_its_own_way() -> None:
    moving = store()
    trial = moving.copy()
    trial.process_update(CHAIN.update(40, 24), current_slot=LATER)
    assert (moving.finalized_slot, trial.finalized_slot) == (8, 24)
    assert not moving.knows_next_committee
    assert trial.spec is moving.spec


def test_a_kept_header_must_still_commit_to_its_block_hash() -> None:
    kept = kept_from_bytes(CHAIN.spec, store().to_bytes())
    for name in ("finalized_header", "optimistic_header"):
        header = replace(getattr(kept.state, name), execution_block_hash=bytes(32))
        wrong = replace(kept, state=replace(kept.state, **{name: header}))
        with pytest.raises(ProofError, match="execution block hash"):
            LightClientStore.from_bytes(
                CHAIN.spec, kept_to_bytes(CHAIN.spec, wrong), anchor=Evidence("kept")
            )


def test_there_is_no_way_to_make_a_store_without_naming_what_is_believed() -> None:
    with pytest.raises(TypeError):
        LightClientStore()
