"""Light-client containers of the minimal preset in remerkleable, the specification's own library.

Written from the specification's tables, apart from our codec: a second opinion on
bytes and roots, and the peer of the benchmark.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["basic", "byte_arrays", "complex_types", "electra_update", "spec_container"]

# remerkleable has no types, so it is imported as a plain module.
basic, bitfields, byte_arrays, complex_types = (
    import_module(f"remerkleable.{name}")
    for name in ("basic", "bitfields", "byte_arrays", "complex")
)


def spec_container(name: str, **fields: object) -> Callable[..., Any]:
    """A container of remerkleable's, which reads its fields from annotations at run time."""
    made = type(name, (complex_types.Container,), {"__annotations__": fields})
    assert callable(made)
    return made


def electra_update(seats: int) -> Any:
    """LightClientUpdate as Electra and Fulu write it, for a committee of ``seats``."""
    root, number = byte_arrays.Bytes32, basic.uint64

    def branch(depth: int) -> object:
        return complex_types.Vector[root, depth]

    beacon = spec_container(
        "BeaconBlockHeader",
        slot=number,
        proposer_index=number,
        parent_root=root,
        state_root=root,
        body_root=root,
    )
    execution = spec_container(
        "ExecutionPayloadHeader",
        parent_hash=root,
        fee_recipient=byte_arrays.ByteVector[20],
        state_root=root,
        receipts_root=root,
        logs_bloom=byte_arrays.ByteVector[256],
        prev_randao=root,
        block_number=number,
        gas_limit=number,
        gas_used=number,
        timestamp=number,
        extra_data=byte_arrays.ByteList[32],
        base_fee_per_gas=basic.uint256,
        block_hash=root,
        transactions_root=root,
        withdrawals_root=root,
        blob_gas_used=number,
        excess_blob_gas=number,
    )
    header = spec_container(
        "LightClientHeader", beacon=beacon, execution=execution, execution_branch=branch(4)
    )
    committee = spec_container(
        "SyncCommittee",
        pubkeys=complex_types.Vector[byte_arrays.Bytes48, seats],
        aggregate_pubkey=byte_arrays.Bytes48,
    )
    aggregate = spec_container(
        "SyncAggregate",
        sync_committee_bits=bitfields.Bitvector[seats],
        sync_committee_signature=byte_arrays.Bytes96,
    )
    return spec_container(
        "LightClientUpdate",
        attested_header=header,
        next_sync_committee=committee,
        next_sync_committee_branch=branch(6),
        finalized_header=header,
        finality_branch=branch(7),
        sync_aggregate=aggregate,
        signature_slot=number,
    )
