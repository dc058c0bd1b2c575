"""Each step of the protocol's validation refuses what breaks it, and names the step's reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.proofs.consensus.simulator import PERIOD, Chain, sync_committee, with_forks
from walkaway.errors import ProofError
from walkaway.proofs.consensus.containers import EMPTY_HEADER, LightClientUpdate, SyncAggregate
from walkaway.proofs.consensus.transition import (
    State,
    force_update,
    initialize,
    is_better_update,
    process_update,
    validate_update,
)

LATER = 10_000
CHAIN = Chain(with_forks(electra=0))
SPEC = CHAIN.spec
NOISE = b"\x5a" * 32


def start(slot: int = 8) -> State:
    bootstrap = CHAIN.bootstrap(slot)
    return initialize(SPEC, bootstrap.header.beacon.root(), bootstrap)


def after(*updates: LightClientUpdate) -> State:
    state = start()
    for update in updates:
        state = process_update(SPEC, state, update, LATER, strict=False)
    return state


def changed(branch: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return (*branch[:-1], NOISE)


def refused(state: State, update: LightClientUpdate, why: str, current_slot: int = LATER) -> None:
    with pytest.raises(ProofError, match=why):
        validate_update(SPEC, state, update, current_slot)


def test_a_bootstrap_is_refused_at_each_step() -> None:
    bootstrap = CHAIN.bootstrap(8)
    root = bootstrap.header.beacon.root()
    header = replace(bootstrap.header, execution_block_hash=NOISE)
    with pytest.raises(ProofError, match="execution block hash"):
        initialize(SPEC, root, replace(bootstrap, header=header))
    with pytest.raises(ProofError, match="trusted block root"):
        initialize(SPEC, NOISE, bootstrap)
    with pytest.raises(ProofError, match="current sync committee"):
        initialize(SPEC, root, replace(bootstrap, current_sync_committee=sync_committee(1)))
    branch = changed(bootstrap.current_sync_committee_branch)
    with pytest.raises(ProofError, match="current sync committee"):
        initialize(SPEC, root, replace(bootstrap, current_sync_committee_branch=branch))


def test_a_header_of_before_capella_is_refused() -> None:
    spec = with_forks(altair=0, bellatrix=1, capella=9)
    bootstrap = Chain(with_forks(capella=0)).bootstrap(8)
    with pytest.raises(ProofError, match="bellatrix header commits to no execution block"):
        initialize(spec, bootstrap.header.beacon.root(), bootstrap)


def test_step_1_somebody_signed() -> None:
    update = CHAIN.update(40, 24)
    nobody = SyncAggregate(bytes(4), update.sync_aggregate.sync_committee_signature)
    refused(start(), replace(update, sync_aggregate=nobody), "nobody signed")
    wide = replace(update.sync_aggregate, sync_committee_bits=b"\xff" * 64)
    refused(start(), replace(update, sync_aggregate=wide), "another committee size")


def test_step_2_the_attested_header_commits_to_its_block_hash() -> None:
    update = CHAIN.update(40, 24)
    header = replace(update.attested_header, execution_block_hash=NOISE)
    refused(start(), replace(update, attested_header=header), "execution block hash")


@pytest.mark.parametrize(
    ("current_slot", "signature_slot", "finalized_slot"),
    [(40, 41, 24), (LATER, 40, 24), (LATER, 41, 41)],
    ids=["from the future", "signed before it was", "finalized after it was attested"],
)
def test_step_2_slots_are_in_order(
    current_slot: int, signature_slot: int, finalized_slot: int
) -> None:
    update = replace(
        CHAIN.update(40, 24),
        signature_slot=signature_slot,
        finalized_header=CHAIN.block(finalized_slot).header,
    )
    refused(start(), update, "out of order", current_slot)


def test_step_2_no_period_is_skipped() -> None:
    refused(start(), CHAIN.update(PERIOD + 1), "period whose committee is not known")
    knowing = after(CHAIN.update(40, 24))
    validate_update(SPEC, knowing, CHAIN.update(PERIOD + 1), LATER)
    refused(knowing, CHAIN.update(2 * PERIOD + 1), "period whose committee is not known")


def test_step_3_the_update_is_relevant() -> None:
    refused(start(40), CHAIN.update(40, with_committee=False), "nothing new")
    validate_update(SPEC, start(40), CHAIN.update(30), LATER)
    knowing = after(CHAIN.update(40, 24))
    refused(knowing, CHAIN.update(24), "nothing new")


def test_step_4_the_finality_branch_confirms_the_finalized_header() -> None:
    update = CHAIN.update(40, 24)
    refused(start(), replace(update, finality_branch=()), "without its branch")
    wrong_branch = replace(update, finality_branch=changed(update.finality_branch))
    refused(start(), wrong_branch, "finalized root")
    wrong_header = replace(update, finalized_header=CHAIN.block(25).header)
    refused(start(), wrong_header, "finalized root")
    header = replace(update.finalized_header, execution_block_hash=NOISE)
    refused(start(), replace(update, finalized_header=header), "execution block hash")


def test_step_4_before_the_first_finality_the_finalized_root_is_zero() -> None:
    block = CHAIN.block(40)
    first = replace(
        CHAIN.update(40),
        finality_branch=block.state.branch(169),
        finalized_header=EMPTY_HEADER,
    )
    validate_update(SPEC, start(), first, LATER)
    refused(start(), replace(first, finality_branch=changed(first.finality_branch)), "finalized")
    genesis = replace(first, finalized_header=CHAIN.block(0).header)
    refused(start(), genesis, "genesis slot is not empty")


def test_step_5_the_next_committee_is_the_one_in_the_state() -> None:
    update = CHAIN.update(40, 24)
    refused(start(), replace(update, next_sync_committee_branch=()), "without its branch")
    refused(start(), replace(update, next_sync_committee=None), "without its next sync committee")
    other = replace(update, next_sync_committee=sync_committee(5))
    refused(start(), other, "next sync committee to the root")
    branch = changed(update.next_sync_committee_branch)
    refused(start(), replace(update, next_sync_committee_branch=branch), "next sync committee")
    refused(
        after(update), replace(CHAIN.update(44), next_sync_committee=sync_committee(5)), "already"
    )


def test_step_6_the_committee_of_the_signatures_period_signed() -> None:
    update = CHAIN.update(40, 24)
    aggregate = CHAIN.sign(CHAIN.block(41).header, 41, 32)
    refused(start(), replace(update, sync_aggregate=aggregate), "not the committee's")
    fewer = replace(update.sync_aggregate, sync_committee_bits=b"\xff\xff\xff\x7f")
    refused(start(), replace(update, sync_aggregate=fewer), "not the committee's")
    # At the end of a period the next committee signs, and only it.
    crossing = CHAIN.update(PERIOD - 1)
    validate_update(SPEC, after(update), crossing, LATER)
    current = CHAIN.sign(crossing.attested_header, PERIOD - 1, 32)
    refused(after(update), replace(crossing, sync_aggregate=current), "not the committee's")


def test_a_minority_moves_no_finality_and_brings_no_committee() -> None:
    state = after(CHAIN.update(40, 24, signers=21))
    assert state.finalized_header.beacon.slot == 8
    assert state.next_sync_committee is None
    assert state.best_valid_update is not None
    assert after(CHAIN.update(40, 24, signers=22)).finalized_header.beacon.slot == 24


def test_a_committee_without_finality_in_its_period_is_kept_but_not_taken() -> None:
    state = after(CHAIN.update(40))
    assert state.next_sync_committee is None
    assert state.best_valid_update is not None
    assert state.optimistic_header.beacon.slot == 40


def test_the_optimistic_header_needs_more_than_half_of_the_best_seen() -> None:
    state = after(CHAIN.update(20), CHAIN.update(30, signers=16))
    assert state.optimistic_header.beacon.slot == 20
    state = after(CHAIN.update(20), CHAIN.update(30, signers=17))
    assert state.optimistic_header.beacon.slot == 30


def test_an_update_without_a_committee_rotates_into_not_knowing_the_next() -> None:
    state = after(CHAIN.update(40, 24), CHAIN.update(PERIOD + 40, PERIOD + 8, with_committee=False))
    assert state.current_sync_committee == sync_committee(1)
    assert state.next_sync_committee is None
    assert state.previous_max_active_participants == 32
    assert state.current_max_active_participants == 0


def test_finality_of_another_period_is_not_forced_onto_an_unknown_committee() -> None:
    state = replace(start(PERIOD + 8), best_valid_update=CHAIN.update(PERIOD + 40, 24))
    forced = force_update(SPEC, state, LATER)
    assert forced.finalized_header.beacon.slot == PERIOD + 40
    ahead = replace(start(8), best_valid_update=CHAIN.update(PERIOD + 40, PERIOD + 24))
    with pytest.raises(ProofError, match="whose committee is not known"):
        force_update(SPEC, ahead, LATER)


def ranked() -> list[LightClientUpdate]:
    """Updates from best to worst, neighbours differing in one comparison of the specification."""
    crossing = CHAIN.update(PERIOD - 1)
    late_finality = CHAIN.update(PERIOD + 40, PERIOD - 2)
    return [
        CHAIN.update(PERIOD + 40, PERIOD + 8),
        CHAIN.update(PERIOD + 41, PERIOD + 8),
        CHAIN.update(PERIOD + 41, PERIOD + 8, signature_slot=PERIOD + 44),
        CHAIN.update(PERIOD + 40, PERIOD + 8, signers=31),
        late_finality,
        CHAIN.update(PERIOD + 40),
        crossing,
        CHAIN.update(PERIOD + 40, PERIOD + 8, signers=21),
        CHAIN.update(PERIOD + 40, PERIOD + 8, signers=20),
        CHAIN.update(PERIOD + 40, PERIOD + 8, signers=20, with_committee=False),
    ]


def test_updates_are_ranked_as_the_specification_does() -> None:
    updates = ranked()
    for at, better in enumerate(updates):
        assert not is_better_update(SPEC, better, better)
        for worse in updates[at + 1 :]:
            assert is_better_update(SPEC, better, worse)
            assert not is_better_update(SPEC, worse, better)


def test_the_best_update_is_the_one_kept() -> None:
    good, poor = CHAIN.update(40, signers=20), CHAIN.update(44, signers=10)
    assert after(good, poor).best_valid_update == good
    assert after(poor, good).best_valid_update == good


def test_a_committee_may_be_brought_by_finality_that_is_already_known() -> None:
    state = process_update(SPEC, start(24), CHAIN.update(40, 24), LATER, strict=False)
    assert state.next_sync_committee == sync_committee(1)
    assert state.finalized_header.beacon.slot == 24


def test_finality_of_the_period_before_brings_no_committee() -> None:
    update = CHAIN.update(PERIOD + 40, 24)
    state = process_update(SPEC, start(PERIOD + 8), update, LATER, strict=False)
    assert state.next_sync_committee is None
    assert state.finalized_header.beacon.slot == PERIOD + 8
    assert state.optimistic_header.beacon.slot == PERIOD + 40
