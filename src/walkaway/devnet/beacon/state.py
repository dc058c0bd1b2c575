"""The beacon state, moved on slot by slot and block by block.

Of the state transition it does what shows in a light client's proofs and keeps
the rest of the state plausible: roots, history, forks, committees, checkpoints,
randao, withdrawals. Votes, rewards, slashings and churn do not happen here, so
justification and finality are the network's decision (`Finality`).

Specification: consensus-specs ``specs/*/beacon-chain.md`` and ``specs/*/fork.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from walkaway.anchors.spec import ChainSpec, ForkName
from walkaway.devnet.beacon.containers import (
    BeaconBlockHeader,
    BeaconTypes,
    Checkpoint,
    Fork,
    HistoricalSummary,
    Validator,
    types_of,
)
from walkaway.devnet.beacon.keys import VALIDATORS, committee_of_period, validator
from walkaway.devnet.beacon.payload import payload_header_of, payload_of
from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.proofs.execution.withdrawals import Withdrawal

__all__ = [
    "Finality",
    "advance_to_slot",
    "apply_block",
    "expected_withdrawals",
    "genesis_state",
    "genesis_validators_root",
]

# A view of remerkleable, which is not typed.
View = Any

FAR_FUTURE_EPOCH = UNSET_DEPOSIT_REQUESTS_START_INDEX = 2**64 - 1
BALANCE = 33 * 10**9
"""Gwei. What is above 32 ether is withdrawn, a little at a time."""
WITHDRAWN = 10**6
"""Gwei a withdrawal."""
WITHDRAWALS_PER_BLOCK = 2


@dataclass(frozen=True, slots=True)
class Finality:
    """The checkpoints, as (epoch, 32-byte root), that take effect when an epoch begins."""

    justified: tuple[int, bytes]
    finalized: tuple[int, bytes]


def genesis_validators_root(spec: ChainSpec) -> bytes:
    """The root over the first validators, 32 bytes. Depends on the preset alone."""
    types = types_of(spec.preset, ForkName.DENEB)
    registry = types.state.fields()["validators"](*_validators())
    return bytes(registry.hash_tree_root())


def genesis_state(spec: ChainSpec, seed: int, execution: ExecutionBlock) -> View:
    """The state at slot 0, in the form of the fork that holds at genesis."""
    fork = spec.fork_at_epoch(0)
    types = types_of(spec.preset, fork.name)
    state = types.state(
        genesis_time=spec.genesis_time,
        genesis_validators_root=spec.genesis_validators_root,
        validators=types.state.fields()["validators"](*_validators()),
        balances=types.state.fields()["balances"](*([BALANCE] * VALIDATORS)),
        previous_epoch_participation=_zeros(types, "previous_epoch_participation"),
        current_epoch_participation=_zeros(types, "current_epoch_participation"),
        inactivity_scores=_zeros(types, "inactivity_scores"),
        current_sync_committee=_committee(spec, types, seed, 0),
        next_sync_committee=_committee(spec, types, seed, 1),
        latest_execution_payload_header=payload_header_of(
            types, execution, payload_of(types, execution)
        ),
    )
    state.fork.previous_version = fork.version
    state.fork.current_version = fork.version
    state.latest_block_header.body_root = types.body().hash_tree_root()
    return state


def advance_to_slot(spec: ChainSpec, state: View, slot: int, seed: int, finality: Finality) -> View:
    """process_slots: the state at the beginning of ``slot``, before its block.

    ``finality`` takes effect where an epoch begins on the way.
    """
    while int(state.slot) < slot:
        _remember_roots(state)
        state.slot = int(state.slot) + 1
        if int(state.slot) % spec.preset.slots_per_epoch == 0:
            state = _begin_epoch(spec, state, seed, finality)
    return state


def expected_withdrawals(types: BeaconTypes, state: View) -> tuple[Withdrawal, ...]:
    """What the next block pays out: a small part of the next validators' balances."""
    first = int(state.next_withdrawal_index)
    start = int(state.next_withdrawal_validator_index)
    count = min(WITHDRAWALS_PER_BLOCK, types.max_withdrawals_per_payload)
    return tuple(
        Withdrawal(
            index=first + offset,
            validator_index=(start + offset) % VALIDATORS,
            address=_withdrawal_address((start + offset) % VALIDATORS),
            amount=WITHDRAWN,
        )
        for offset in range(count)
    )


def apply_block(spec: ChainSpec, state: View, block: View, execution: ExecutionBlock) -> None:
    """process_block: what a block changes. ``state`` is at the block's slot already."""
    types = types_of(spec.preset, spec.fork_at_slot(int(block.slot)).name)
    payload = block.body.execution_payload
    state.latest_block_header = BeaconBlockHeader(
        slot=block.slot,
        proposer_index=block.proposer_index,
        parent_root=block.parent_root,
        body_root=block.body.hash_tree_root(),
    )
    state.latest_execution_payload_header = payload_header_of(types, execution, payload)
    place = spec.epoch_at_slot(int(block.slot)) % len(state.randao_mixes)
    reveal = sha256(bytes(block.body.randao_reveal)).digest()
    mixed = (a ^ b for a, b in zip(bytes(state.randao_mixes[place]), reveal, strict=True))
    state.randao_mixes[place] = bytes(mixed)
    for withdrawal in payload.withdrawals:
        index = int(withdrawal.validator_index)
        state.balances[index] = int(state.balances[index]) - int(withdrawal.amount)
        state.next_withdrawal_index = int(withdrawal.index) + 1
        state.next_withdrawal_validator_index = (index + 1) % VALIDATORS


def _remember_roots(state: View) -> None:
    """process_slot: the newest block and state go into the history."""
    place = int(state.slot) % len(state.block_roots)
    state_root = state.hash_tree_root()
    state.state_roots[place] = state_root
    if bytes(state.latest_block_header.state_root) == bytes(32):
        state.latest_block_header.state_root = state_root
    state.block_roots[place] = state.latest_block_header.hash_tree_root()


def _begin_epoch(spec: ChainSpec, state: View, seed: int, finality: Finality) -> View:
    """process_epoch for the epoch that ended, then the fork that the new one may bring."""
    epoch = spec.epoch_at_slot(int(state.slot))
    state.previous_justified_checkpoint = state.current_justified_checkpoint
    state.current_justified_checkpoint = _checkpoint(finality.justified)
    state.finalized_checkpoint = _checkpoint(finality.finalized)
    mixes = len(state.randao_mixes)
    state.randao_mixes[epoch % mixes] = bytes(state.randao_mixes[(epoch - 1) % mixes])
    if int(state.slot) % len(state.block_roots) == 0:
        state.historical_summaries.append(
            HistoricalSummary(
                block_summary_root=state.block_roots.hash_tree_root(),
                state_summary_root=state.state_roots.hash_tree_root(),
            )
        )
    fork = spec.fork_at_epoch(epoch)
    types = types_of(spec.preset, fork.name)
    if epoch % spec.preset.epochs_per_sync_committee_period == 0:
        period = spec.period_at_slot(int(state.slot))
        state.current_sync_committee = state.next_sync_committee
        state.next_sync_committee = _committee(spec, types, seed, period + 1)
    if fork.version != bytes(state.fork.current_version):
        state = _upgraded(spec, types, state)
    return state


def _upgraded(spec: ChainSpec, types: BeaconTypes, state: View) -> View:
    """upgrade_to_electra and upgrade_to_fulu: old fields keep their values, new ones begin."""
    epoch = spec.epoch_at_slot(int(state.slot))
    before = types_of(spec.preset, spec.fork_at_epoch(epoch - 1).name)
    kept = {name: getattr(state, name) for name in before.state.fields()}
    upgraded = types.state(**kept)
    upgraded.fork = Fork(
        previous_version=state.fork.current_version,
        current_version=spec.fork_at_epoch(epoch).version,
        epoch=epoch,
    )
    new = types.state.fields().keys() - before.state.fields().keys()
    if "deposit_requests_start_index" in new:
        upgraded.deposit_requests_start_index = UNSET_DEPOSIT_REQUESTS_START_INDEX
        upgraded.earliest_exit_epoch = epoch + 5
        upgraded.earliest_consolidation_epoch = epoch + 5
    return upgraded


def _validators() -> list[View]:
    """The registry: everybody active from the beginning, nobody slashed."""
    return [
        Validator(
            pubkey=validator(index).pubkey,
            withdrawal_credentials=b"\x01" + bytes(11) + _withdrawal_address(index),
            effective_balance=32 * 10**9,
            exit_epoch=FAR_FUTURE_EPOCH,
            withdrawable_epoch=FAR_FUTURE_EPOCH,
        )
        for index in range(VALIDATORS)
    ]


def _withdrawal_address(index: int) -> bytes:
    return sha256(b"walkaway devnet withdrawals %d" % index).digest()[:20]


def _committee(spec: ChainSpec, types: BeaconTypes, seed: int, period: int) -> View:
    public = committee_of_period(period, spec.preset.sync_committee_size, seed).public
    return types.sync_committee(
        pubkeys=types.sync_committee.fields()["pubkeys"](*public.pubkeys),
        aggregate_pubkey=public.aggregate_pubkey,
    )


def _checkpoint(point: tuple[int, bytes]) -> View:
    return Checkpoint(epoch=point[0], root=point[1])


def _zeros(types: BeaconTypes, field: str) -> View:
    return types.state.fields()[field](*([0] * VALIDATORS))
