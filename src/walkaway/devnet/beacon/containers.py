"""Beacon blocks and states of Capella to Fulu, whole, as the consensus specifications lay them out.

Whole, because a light client's branches are only true when every field is in
its place: generalized indices follow from these layouts and are written down
nowhere here. `types_of` gives the types of one fork under one preset.

Specification: consensus-specs ``specs/{phase0,altair,bellatrix,capella,deneb,
electra,fulu}/beacon-chain.md``, and ``presets/``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from remerkleable.basic import boolean, uint8, uint64, uint256
from remerkleable.bitfields import Bitlist, Bitvector
from remerkleable.byte_arrays import ByteList, ByteVector
from remerkleable.complex import Container, List, Vector

from walkaway.anchors.spec import ForkName, Preset
from walkaway.errors import Unsupported

__all__ = [
    "BeaconBlockHeader",
    "BeaconTypes",
    "Checkpoint",
    "ExecutionRequests",
    "Fork",
    "HistoricalSummary",
    "Validator",
    "Withdrawal",
    "types_of",
]

# A type of remerkleable, which is not typed itself.
Ssz = Any

Bytes4, Bytes20, Bytes32, Bytes48, Bytes96 = (ByteVector[n] for n in (4, 20, 32, 48, 96))

VALIDATOR_REGISTRY_LIMIT = 2**40
HISTORICAL_ROOTS_LIMIT = 2**24
MAX_BYTES_PER_TRANSACTION = 2**30
MAX_TRANSACTIONS_PER_PAYLOAD = 2**20
MAX_VALIDATORS_PER_COMMITTEE = 2**11
MAX_BLOB_COMMITMENTS_PER_BLOCK = 2**12
DEPOSIT_CONTRACT_TREE_DEPTH = 32
PENDING_DEPOSITS_LIMIT = 2**27


@dataclass(frozen=True, slots=True)
class _Sizes:
    """The constants in which the presets' containers differ."""

    slots_per_historical_root: int
    epochs_per_historical_vector: int
    epochs_per_slashings_vector: int
    epochs_per_eth1_voting_period: int
    max_committees_per_slot: int
    max_withdrawals_per_payload: int
    pending_partial_withdrawals_limit: int
    pending_consolidations_limit: int


_SIZES = {
    "mainnet": _Sizes(2**13, 2**16, 2**13, 64, 64, 16, 2**27, 2**18),
    "minimal": _Sizes(64, 64, 64, 4, 4, 4, 64, 64),
}


@dataclass(frozen=True, slots=True)
class BeaconTypes:
    """The types of one fork under one preset."""

    fork: ForkName
    slots_per_historical_root: int
    max_withdrawals_per_payload: int
    signed_block: Ssz
    block: Ssz
    body: Ssz
    state: Ssz
    payload: Ssz
    payload_header: Ssz
    sync_committee: Ssz


def _container(name: str, base: Ssz = Container, **fields: Ssz) -> Ssz:
    """A container type. Fields of ``base`` keep their place; new ones follow."""
    return type(name, (base,), {"__annotations__": fields, "__module__": __name__})


Fork = _container("Fork", previous_version=Bytes4, current_version=Bytes4, epoch=uint64)
Checkpoint = _container("Checkpoint", epoch=uint64, root=Bytes32)
Validator = _container(
    "Validator",
    pubkey=Bytes48,
    withdrawal_credentials=Bytes32,
    effective_balance=uint64,
    slashed=boolean,
    activation_eligibility_epoch=uint64,
    activation_epoch=uint64,
    exit_epoch=uint64,
    withdrawable_epoch=uint64,
)
AttestationData = _container(
    "AttestationData",
    slot=uint64,
    index=uint64,
    beacon_block_root=Bytes32,
    source=Checkpoint,
    target=Checkpoint,
)
Eth1Data = _container("Eth1Data", deposit_root=Bytes32, deposit_count=uint64, block_hash=Bytes32)
HistoricalSummary = _container(
    "HistoricalSummary", block_summary_root=Bytes32, state_summary_root=Bytes32
)
BeaconBlockHeader = _container(
    "BeaconBlockHeader",
    slot=uint64,
    proposer_index=uint64,
    parent_root=Bytes32,
    state_root=Bytes32,
    body_root=Bytes32,
)
SignedBeaconBlockHeader = _container(
    "SignedBeaconBlockHeader", message=BeaconBlockHeader, signature=Bytes96
)
ProposerSlashing = _container(
    "ProposerSlashing",
    signed_header_1=SignedBeaconBlockHeader,
    signed_header_2=SignedBeaconBlockHeader,
)
DepositData = _container(
    "DepositData",
    pubkey=Bytes48,
    withdrawal_credentials=Bytes32,
    amount=uint64,
    signature=Bytes96,
)
Deposit = _container(
    "Deposit", proof=Vector[Bytes32, DEPOSIT_CONTRACT_TREE_DEPTH + 1], data=DepositData
)
VoluntaryExit = _container("VoluntaryExit", epoch=uint64, validator_index=uint64)
SignedVoluntaryExit = _container("SignedVoluntaryExit", message=VoluntaryExit, signature=Bytes96)
BLSToExecutionChange = _container(
    "BLSToExecutionChange",
    validator_index=uint64,
    from_bls_pubkey=Bytes48,
    to_execution_address=Bytes20,
)
SignedBLSToExecutionChange = _container(
    "SignedBLSToExecutionChange", message=BLSToExecutionChange, signature=Bytes96
)
Withdrawal = _container(
    "Withdrawal", index=uint64, validator_index=uint64, address=Bytes20, amount=uint64
)
DepositRequest = _container(
    "DepositRequest",
    pubkey=Bytes48,
    withdrawal_credentials=Bytes32,
    amount=uint64,
    signature=Bytes96,
    index=uint64,
)
WithdrawalRequest = _container(
    "WithdrawalRequest", source_address=Bytes20, validator_pubkey=Bytes48, amount=uint64
)
ConsolidationRequest = _container(
    "ConsolidationRequest", source_address=Bytes20, source_pubkey=Bytes48, target_pubkey=Bytes48
)
ExecutionRequests = _container(
    "ExecutionRequests",
    deposits=List[DepositRequest, 2**13],
    withdrawals=List[WithdrawalRequest, 2**4],
    consolidations=List[ConsolidationRequest, 2],
)
PendingDeposit = _container(
    "PendingDeposit",
    pubkey=Bytes48,
    withdrawal_credentials=Bytes32,
    amount=uint64,
    signature=Bytes96,
    slot=uint64,
)
PendingPartialWithdrawal = _container(
    "PendingPartialWithdrawal", validator_index=uint64, amount=uint64, withdrawable_epoch=uint64
)
PendingConsolidation = _container("PendingConsolidation", source_index=uint64, target_index=uint64)

# What a payload and its header begin with, alike.
_PAYLOAD_FIELDS = {
    "parent_hash": Bytes32,
    "fee_recipient": Bytes20,
    "state_root": Bytes32,
    "receipts_root": Bytes32,
    "logs_bloom": ByteVector[256],
    "prev_randao": Bytes32,
    "block_number": uint64,
    "gas_limit": uint64,
    "gas_used": uint64,
    "timestamp": uint64,
    "extra_data": ByteList[32],
    "base_fee_per_gas": uint256,
    "block_hash": Bytes32,
}


@lru_cache
def types_of(preset: Preset, fork: ForkName) -> BeaconTypes:
    """The types of a fork, Capella to Fulu. Raises `Unsupported` for any other."""
    if not ForkName.CAPELLA <= fork <= ForkName.FULU or preset.name not in _SIZES:
        raise Unsupported(f"no beacon containers for {fork.label} under preset {preset.name}")
    sizes = _SIZES[preset.name]
    committee = _container(
        "SyncCommittee",
        pubkeys=Vector[Bytes48, preset.sync_committee_size],
        aggregate_pubkey=Bytes48,
    )
    payload, payload_header = _payload_types(sizes, fork)
    body = _body_type(preset, sizes, fork, payload)
    block = _container(
        "BeaconBlock",
        slot=uint64,
        proposer_index=uint64,
        parent_root=Bytes32,
        state_root=Bytes32,
        body=body,
    )
    return BeaconTypes(
        fork=fork,
        slots_per_historical_root=sizes.slots_per_historical_root,
        max_withdrawals_per_payload=sizes.max_withdrawals_per_payload,
        signed_block=_container("SignedBeaconBlock", message=block, signature=Bytes96),
        block=block,
        body=body,
        state=_state_type(preset, sizes, fork, committee, payload_header),
        payload=payload,
        payload_header=payload_header,
        sync_committee=committee,
    )


def _payload_types(sizes: _Sizes, fork: ForkName) -> tuple[Ssz, Ssz]:
    transaction = ByteList[MAX_BYTES_PER_TRANSACTION]
    payload = _container(
        "ExecutionPayload",
        **_PAYLOAD_FIELDS,
        transactions=List[transaction, MAX_TRANSACTIONS_PER_PAYLOAD],
        withdrawals=List[Withdrawal, sizes.max_withdrawals_per_payload],
    )
    header = _container(
        "ExecutionPayloadHeader",
        **_PAYLOAD_FIELDS,
        transactions_root=Bytes32,
        withdrawals_root=Bytes32,
    )
    if fork >= ForkName.DENEB:
        blob_gas = {"blob_gas_used": uint64, "excess_blob_gas": uint64}
        payload = _container("ExecutionPayload", payload, **blob_gas)
        header = _container("ExecutionPayloadHeader", header, **blob_gas)
    return payload, header


def _body_type(preset: Preset, sizes: _Sizes, fork: ForkName, payload: Ssz) -> Ssz:
    is_electra = fork >= ForkName.ELECTRA
    seats = MAX_VALIDATORS_PER_COMMITTEE * (sizes.max_committees_per_slot if is_electra else 1)
    attestation = _container(
        "Attestation",
        aggregation_bits=Bitlist[seats],
        data=AttestationData,
        signature=Bytes96,
        **({"committee_bits": Bitvector[sizes.max_committees_per_slot]} if is_electra else {}),
    )
    indexed = _container(
        "IndexedAttestation",
        attesting_indices=List[uint64, seats],
        data=AttestationData,
        signature=Bytes96,
    )
    slashing = _container("AttesterSlashing", attestation_1=indexed, attestation_2=indexed)
    sync_aggregate = _container(
        "SyncAggregate",
        sync_committee_bits=Bitvector[preset.sync_committee_size],
        sync_committee_signature=Bytes96,
    )
    fields = {
        "randao_reveal": Bytes96,
        "eth1_data": Eth1Data,
        "graffiti": Bytes32,
        "proposer_slashings": List[ProposerSlashing, 16],
        "attester_slashings": List[slashing, 1 if is_electra else 2],
        "attestations": List[attestation, 8 if is_electra else 128],
        "deposits": List[Deposit, 16],
        "voluntary_exits": List[SignedVoluntaryExit, 16],
        "sync_aggregate": sync_aggregate,
        "execution_payload": payload,
        "bls_to_execution_changes": List[SignedBLSToExecutionChange, 16],
    }
    if fork >= ForkName.DENEB:
        fields["blob_kzg_commitments"] = List[Bytes48, MAX_BLOB_COMMITMENTS_PER_BLOCK]
    if is_electra:
        fields["execution_requests"] = ExecutionRequests
    return _container("BeaconBlockBody", **fields)


def _state_type(
    preset: Preset, sizes: _Sizes, fork: ForkName, committee: Ssz, payload_header: Ssz
) -> Ssz:
    roots = Vector[Bytes32, sizes.slots_per_historical_root]
    votes = sizes.epochs_per_eth1_voting_period * preset.slots_per_epoch
    participation = List[uint8, VALIDATOR_REGISTRY_LIMIT]
    fields = {
        "genesis_time": uint64,
        "genesis_validators_root": Bytes32,
        "slot": uint64,
        "fork": Fork,
        "latest_block_header": BeaconBlockHeader,
        "block_roots": roots,
        "state_roots": roots,
        "historical_roots": List[Bytes32, HISTORICAL_ROOTS_LIMIT],
        "eth1_data": Eth1Data,
        "eth1_data_votes": List[Eth1Data, votes],
        "eth1_deposit_index": uint64,
        "validators": List[Validator, VALIDATOR_REGISTRY_LIMIT],
        "balances": List[uint64, VALIDATOR_REGISTRY_LIMIT],
        "randao_mixes": Vector[Bytes32, sizes.epochs_per_historical_vector],
        "slashings": Vector[uint64, sizes.epochs_per_slashings_vector],
        "previous_epoch_participation": participation,
        "current_epoch_participation": participation,
        "justification_bits": Bitvector[4],
        "previous_justified_checkpoint": Checkpoint,
        "current_justified_checkpoint": Checkpoint,
        "finalized_checkpoint": Checkpoint,
        "inactivity_scores": List[uint64, VALIDATOR_REGISTRY_LIMIT],
        "current_sync_committee": committee,
        "next_sync_committee": committee,
        "latest_execution_payload_header": payload_header,
        "next_withdrawal_index": uint64,
        "next_withdrawal_validator_index": uint64,
        "historical_summaries": List[HistoricalSummary, HISTORICAL_ROOTS_LIMIT],
    }
    if fork >= ForkName.ELECTRA:
        fields |= {
            "deposit_requests_start_index": uint64,
            "deposit_balance_to_consume": uint64,
            "exit_balance_to_consume": uint64,
            "earliest_exit_epoch": uint64,
            "consolidation_balance_to_consume": uint64,
            "earliest_consolidation_epoch": uint64,
            "pending_deposits": List[PendingDeposit, PENDING_DEPOSITS_LIMIT],
            "pending_partial_withdrawals": List[
                PendingPartialWithdrawal, sizes.pending_partial_withdrawals_limit
            ],
            "pending_consolidations": List[
                PendingConsolidation, sizes.pending_consolidations_limit
            ],
        }
    if fork >= ForkName.FULU:
        # MIN_SEED_LOOKAHEAD is one epoch in both presets.
        fields["proposer_lookahead"] = Vector[uint64, 2 * preset.slots_per_epoch]
    return _container("BeaconState", **fields)
