"""Light-client data derived from whole blocks and states, as a full node derives it.

Works for recorded mainnet blocks as well as for the devnet's own.
Specification: consensus-specs ``specs/*/light-client/full-node.md``.
"""

from __future__ import annotations

from typing import Any

from walkaway.anchors.spec import ChainSpec, ForkName
from walkaway.devnet.beacon.containers import types_of
from walkaway.errors import InvalidRequest
from walkaway.proofs.consensus.containers import (
    EMPTY_HEADER,
    BeaconBlockHeader,
    ExecutionPayloadHeader,
    LightClientBootstrap,
    LightClientHeader,
    LightClientOptimisticUpdate,
    LightClientUpdate,
    SyncAggregate,
    SyncCommittee,
)
from walkaway.proofs.consensus.wire import header_of_payload

__all__ = [
    "bootstrap",
    "branch",
    "decode_signed_block",
    "light_client_header_from_block",
    "optimistic_update_from_blocks",
    "signed_block_from_json",
    "sync_aggregate_of",
    "update_from_blocks",
]

# A view of remerkleable, which is not typed: a BeaconBlock or a BeaconState.
View = Any


def decode_signed_block(spec: ChainSpec, fork: ForkName, data: bytes) -> View:
    """The BeaconBlock in the SSZ of a SignedBeaconBlock. Raises `InvalidRequest`."""
    try:
        return types_of(spec.preset, fork).signed_block.decode_bytes(data).message
    except Exception as error:
        raise InvalidRequest(f"this is no signed {fork.label} block: {error}") from error


def signed_block_from_json(spec: ChainSpec, fork: ForkName, document: object) -> View:
    """The BeaconBlock in the beacon API's JSON of a SignedBeaconBlock. Raises `InvalidRequest`."""
    try:
        return types_of(spec.preset, fork).signed_block.from_obj(document).message
    except Exception as error:
        raise InvalidRequest(f"this is no signed {fork.label} block: {error}") from error


def light_client_header_from_block(spec: ChainSpec, block: View) -> LightClientHeader:
    """block_to_light_client_header: the beacon header, and the proof of its execution block."""
    beacon = BeaconBlockHeader(
        slot=int(block.slot),
        proposer_index=int(block.proposer_index),
        parent_root=bytes(block.parent_root),
        state_root=bytes(block.state_root),
        body_root=bytes(block.body.hash_tree_root()),
    )
    payload = _payload_header(block.body.execution_payload)
    return header_of_payload(spec, beacon, payload, branch(block.body, "execution_payload"))


def sync_aggregate_of(block: View) -> SyncAggregate:
    """The sync aggregate in a block, which signs its parent."""
    aggregate = block.body.sync_aggregate
    return SyncAggregate(
        bytes(aggregate.sync_committee_bits.encode_bytes()),
        bytes(aggregate.sync_committee_signature),
    )


def optimistic_update_from_blocks(
    spec: ChainSpec, block: View, successor: View
) -> LightClientOptimisticUpdate:
    """What the sync aggregate in ``successor`` signs: its parent ``block``.

    Raises `InvalidRequest` where ``block`` is not the parent.
    """
    _check_parent(block, successor)
    return LightClientOptimisticUpdate(
        light_client_header_from_block(spec, block),
        sync_aggregate_of(successor),
        int(successor.slot),
    )


def bootstrap(spec: ChainSpec, block: View, state: View) -> LightClientBootstrap:
    """create_light_client_bootstrap, from a block and the state after it."""
    return LightClientBootstrap(
        header=light_client_header_from_block(spec, block),
        current_sync_committee=_committee(state.current_sync_committee),
        current_sync_committee_branch=branch(state, "current_sync_committee"),
    )


def update_from_blocks(
    spec: ChainSpec, block: View, successor: View, state: View, finalized: View | None
) -> LightClientUpdate:
    """create_light_client_update: ``successor`` signs ``block``, after which is ``state``.

    ``finalized`` is the block that the state calls final, None where that is
    no block yet, or is no longer kept. The next committee is there only where
    the signers' period is that of the block. Raises `InvalidRequest` where the
    blocks do not fit.
    """
    _check_parent(block, successor)
    same_period = spec.period_at_slot(int(block.slot)) == spec.period_at_slot(int(successor.slot))
    final_root = bytes(state.finalized_checkpoint.root)
    if finalized is not None and bytes(finalized.hash_tree_root()) != final_root:
        raise InvalidRequest("the finalized block is not the one that the state calls final")
    return LightClientUpdate(
        attested_header=light_client_header_from_block(spec, block),
        next_sync_committee=_committee(state.next_sync_committee) if same_period else None,
        next_sync_committee_branch=branch(state, "next_sync_committee") if same_period else (),
        finalized_header=(
            EMPTY_HEADER if finalized is None else light_client_header_from_block(spec, finalized)
        ),
        finality_branch=() if finalized is None else branch(state, "finalized_checkpoint", "root"),
        sync_aggregate=sync_aggregate_of(successor),
        signature_slot=int(successor.slot),
    )


def branch(view: View, *path: str) -> tuple[bytes, ...]:
    """The Merkle branch from the field at ``path`` up to the view's root, lowest sibling first."""
    siblings: list[bytes] = []
    node = view.get_backing()
    layout = type(view)
    for name in path:
        index = list(layout.fields()).index(name)
        for level in reversed(range(layout.tree_depth())):
            left, right = node.get_left(), node.get_right()
            went_right = index >> level & 1
            siblings.append(bytes((left if went_right else right).merkle_root()))
            node = right if went_right else left
        layout = layout.fields()[name]
    return tuple(reversed(siblings))


def _payload_header(payload: View) -> ExecutionPayloadHeader:
    has_blob_gas = "blob_gas_used" in payload.fields()
    return ExecutionPayloadHeader(
        parent_hash=bytes(payload.parent_hash),
        fee_recipient=bytes(payload.fee_recipient),
        state_root=bytes(payload.state_root),
        receipts_root=bytes(payload.receipts_root),
        logs_bloom=bytes(payload.logs_bloom),
        prev_randao=bytes(payload.prev_randao),
        block_number=int(payload.block_number),
        gas_limit=int(payload.gas_limit),
        gas_used=int(payload.gas_used),
        timestamp=int(payload.timestamp),
        extra_data=bytes(payload.extra_data),
        base_fee_per_gas=int(payload.base_fee_per_gas),
        block_hash=bytes(payload.block_hash),
        transactions_root=bytes(payload.transactions.hash_tree_root()),
        withdrawals_root=bytes(payload.withdrawals.hash_tree_root()),
        blob_gas_used=int(payload.blob_gas_used) if has_blob_gas else 0,
        excess_blob_gas=int(payload.excess_blob_gas) if has_blob_gas else 0,
    )


def _committee(committee: View) -> SyncCommittee:
    return SyncCommittee(
        tuple(bytes(key) for key in committee.pubkeys), bytes(committee.aggregate_pubkey)
    )


def _check_parent(block: View, successor: View) -> None:
    if bytes(successor.parent_root) != bytes(block.hash_tree_root()):
        raise InvalidRequest("the second block is not the child of the first")
