"""Light-client data, in the one form the protocol works on, whatever fork it came in.

That form is Gloas's: a header is a beacon header, the hash of an execution
block, and the branch from that hash to the body root. Data of older forks is
brought into it while it is decoded (``decode.py``), as the specification's
``upgrade_lc_header_to_gloas`` does, so that the protocol has one set of rules
and a store crosses forks without conversion.

Specification: consensus-specs ``specs/*/light-client/sync-protocol.md``
(Altair to Gloas) and ``specs/gloas/light-client/fork.md``. Roots and hashes
are 32 bytes, public keys 48, signatures 96.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from walkaway.proofs.consensus.merkle import merkleize
from walkaway.proofs.consensus.ssz import ByteVector, Container, Uint

__all__ = [
    "EMPTY_BEACON_HEADER",
    "EMPTY_HEADER",
    "BeaconBlockHeader",
    "ExecutionPayloadHeader",
    "LightClientBootstrap",
    "LightClientFinalityUpdate",
    "LightClientHeader",
    "LightClientOptimisticUpdate",
    "LightClientUpdate",
    "SyncAggregate",
    "SyncCommittee",
]

ZERO_HASH = bytes(32)


@dataclass(frozen=True, slots=True)
class BeaconBlockHeader:
    """The header of a beacon block (phase0/beacon-chain.md)."""

    slot: int
    proposer_index: int
    parent_root: bytes
    state_root: bytes
    body_root: bytes

    def root(self) -> bytes:
        """hash_tree_root: the beacon block's root, 32 bytes."""
        return BEACON_BLOCK_HEADER.root(self)


BEACON_BLOCK_HEADER = Container(
    BeaconBlockHeader,
    slot=Uint(8),
    proposer_index=Uint(8),
    parent_root=ByteVector(32),
    state_root=ByteVector(32),
    body_root=ByteVector(32),
)


@dataclass(frozen=True, slots=True)
class ExecutionPayloadHeader:
    """The payload header that a light-client header carries from Capella to Fulu.

    The blob fields exist from Deneb on; they are zero before. Nothing but
    ``block_hash`` is taken from it.
    """

    parent_hash: bytes
    fee_recipient: bytes
    state_root: bytes
    receipts_root: bytes
    logs_bloom: bytes
    prev_randao: bytes
    block_number: int
    gas_limit: int
    gas_used: int
    timestamp: int
    extra_data: bytes
    base_fee_per_gas: int
    block_hash: bytes
    transactions_root: bytes
    withdrawals_root: bytes
    blob_gas_used: int = 0
    excess_blob_gas: int = 0


@dataclass(frozen=True, slots=True)
class LightClientHeader:
    """A beacon header with the execution block hash that its body commits to.

    ``execution_branch`` leads from the hash to ``beacon.body_root``, lowest
    sibling first. ``payload`` is what the hash was read from, where the data
    came in a form that has it; it is kept for encoding alone and proves nothing.
    """

    beacon: BeaconBlockHeader
    execution_block_hash: bytes
    execution_branch: tuple[bytes, ...]
    payload: ExecutionPayloadHeader | None = field(default=None, compare=False, repr=False)


EMPTY_BEACON_HEADER = BeaconBlockHeader(0, 0, ZERO_HASH, ZERO_HASH, ZERO_HASH)
EMPTY_HEADER = LightClientHeader(EMPTY_BEACON_HEADER, ZERO_HASH, ())
"""LightClientHeader() of the specification: what an absent header looks like."""


@dataclass(frozen=True, slots=True)
class SyncCommittee:
    """The compressed public keys of a sync committee, in order, and their sum."""

    pubkeys: tuple[bytes, ...]
    aggregate_pubkey: bytes = field(repr=False)

    def root(self) -> bytes:
        """hash_tree_root, 32 bytes."""
        key = ByteVector(48)
        keys = merkleize([key.root(pubkey) for pubkey in self.pubkeys])
        return merkleize([keys, key.root(self.aggregate_pubkey)])


@dataclass(frozen=True, slots=True)
class SyncAggregate:
    """Who signed (a bit for each committee seat, lowest bit of a byte first), and the signature."""

    sync_committee_bits: bytes
    sync_committee_signature: bytes

    @property
    def signers(self) -> int:
        """How many seats signed."""
        return int.from_bytes(self.sync_committee_bits).bit_count()

    @property
    def seats(self) -> int:
        """The size of the committee."""
        return 8 * len(self.sync_committee_bits)

    @property
    def has_supermajority(self) -> bool:
        """Whether two thirds of the committee signed."""
        return self.signers * 3 >= self.seats * 2

    def signed(self, seat: int) -> bool:
        """Whether the member in ``seat`` signed."""
        return bool(self.sync_committee_bits[seat // 8] >> seat % 8 & 1)


@dataclass(frozen=True, slots=True)
class LightClientBootstrap:
    """A header and the sync committee of its period."""

    header: LightClientHeader
    current_sync_committee: SyncCommittee
    current_sync_committee_branch: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class LightClientUpdate:
    """A signed header, what it says is final, and the next sync committee.

    ``next_sync_committee`` is None, and its branch empty, where the update has
    none; ``finalized_header`` is `EMPTY_HEADER`, and its branch empty, likewise.
    """

    attested_header: LightClientHeader
    next_sync_committee: SyncCommittee | None
    next_sync_committee_branch: tuple[bytes, ...]
    finalized_header: LightClientHeader
    finality_branch: tuple[bytes, ...]
    sync_aggregate: SyncAggregate
    signature_slot: int


@dataclass(frozen=True, slots=True)
class LightClientFinalityUpdate:
    """A signed header and what it says is final."""

    attested_header: LightClientHeader
    finalized_header: LightClientHeader
    finality_branch: tuple[bytes, ...]
    sync_aggregate: SyncAggregate
    signature_slot: int

    def as_update(self) -> LightClientUpdate:
        """The update that process_light_client_finality_update makes of it."""
        return LightClientUpdate(
            self.attested_header,
            None,
            (),
            self.finalized_header,
            self.finality_branch,
            self.sync_aggregate,
            self.signature_slot,
        )


@dataclass(frozen=True, slots=True)
class LightClientOptimisticUpdate:
    """A signed header."""

    attested_header: LightClientHeader
    sync_aggregate: SyncAggregate
    signature_slot: int

    def as_update(self) -> LightClientUpdate:
        """The update that process_light_client_optimistic_update makes of it."""
        return LightClientUpdate(
            self.attested_header,
            None,
            (),
            EMPTY_HEADER,
            (),
            self.sync_aggregate,
            self.signature_slot,
        )
