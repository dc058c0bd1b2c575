"""The forms in which each fork puts light-client data on the wire, and back.

Three header forms occur: Capella's and Deneb's carry a payload header, Gloas's
an execution block hash. Decoding brings each into the one form of
`containers.py` (``upgrade_lc_header_to_gloas``); encoding needs the payload
header to be there. Zero-filled branches and committees, which the
specification uses for "absent", become empty tuples and None.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from walkaway.anchors.spec import ChainSpec, ForkName
from walkaway.errors import ProofError
from walkaway.proofs.consensus.containers import (
    BEACON_BLOCK_HEADER,
    EMPTY_HEADER,
    ZERO_HASH,
    BeaconBlockHeader,
    ExecutionPayloadHeader,
    LightClientBootstrap,
    LightClientFinalityUpdate,
    LightClientHeader,
    LightClientOptimisticUpdate,
    LightClientUpdate,
    SyncAggregate,
    SyncCommittee,
)
from walkaway.proofs.consensus.forks import Places, places
from walkaway.proofs.consensus.merkle import branch_to_leaf, normalized
from walkaway.proofs.consensus.ssz import (
    ByteList,
    ByteVector,
    Container,
    JsonValue,
    Schema,
    Uint,
    Vector,
)

__all__ = ["WireForms", "header_of_payload", "payload_root", "wire_forms"]

PAYLOAD_BRANCH_DEPTH = 4
"""Depth of ``execution_payload`` in the block body, Capella to Fulu (gindex 25)."""
BLOCK_HASH_FIELD = 12
"""The place of ``block_hash`` among the fields of the payload header."""

EMPTY_PAYLOAD = ExecutionPayloadHeader(
    parent_hash=ZERO_HASH,
    fee_recipient=bytes(20),
    state_root=ZERO_HASH,
    receipts_root=ZERO_HASH,
    logs_bloom=bytes(256),
    prev_randao=ZERO_HASH,
    block_number=0,
    gas_limit=0,
    gas_used=0,
    timestamp=0,
    extra_data=b"",
    base_fee_per_gas=0,
    block_hash=ZERO_HASH,
    transactions_root=ZERO_HASH,
    withdrawals_root=ZERO_HASH,
)

_CAPELLA_FIELDS: dict[str, Schema[int] | Schema[bytes]] = {
    "parent_hash": ByteVector(32),
    "fee_recipient": ByteVector(20),
    "state_root": ByteVector(32),
    "receipts_root": ByteVector(32),
    "logs_bloom": ByteVector(256),
    "prev_randao": ByteVector(32),
    "block_number": Uint(8),
    "gas_limit": Uint(8),
    "gas_used": Uint(8),
    "timestamp": Uint(8),
    "extra_data": ByteList(32),
    "base_fee_per_gas": Uint(32),
    "block_hash": ByteVector(32),
    "transactions_root": ByteVector(32),
    "withdrawals_root": ByteVector(32),
}
_CAPELLA_PAYLOAD = Container(ExecutionPayloadHeader, **_CAPELLA_FIELDS)
_DENEB_PAYLOAD = Container(
    ExecutionPayloadHeader, **_CAPELLA_FIELDS, blob_gas_used=Uint(8), excess_blob_gas=Uint(8)
)


@dataclass(frozen=True, slots=True)
class WireForms:
    """The four messages of the light-client protocol as one fork writes them."""

    bootstrap: Schema[LightClientBootstrap]
    update: Schema[LightClientUpdate]
    finality_update: Schema[LightClientFinalityUpdate]
    optimistic_update: Schema[LightClientOptimisticUpdate]
    header: Schema[LightClientHeader]
    committee: Schema[SyncCommittee | None]


@lru_cache(maxsize=64)
def wire_forms(spec: ChainSpec, fork: ForkName) -> WireForms:
    """The forms of ``fork`` on a network; a fork before Capella is a ProofError."""
    at, seats = places(fork), spec.preset.sync_committee_size
    header = _header(spec, fork, at)
    committee = _Committee(seats)
    finality = Branch(_depth(at.finalized_root))
    aggregate = Container(
        SyncAggregate,
        sync_committee_bits=ByteVector(seats // 8),
        sync_committee_signature=ByteVector(96),
    )
    return WireForms(
        bootstrap=Container(
            LightClientBootstrap,
            header=header,
            current_sync_committee=committee.present,
            current_sync_committee_branch=Branch(_depth(at.current_sync_committee)),
        ),
        update=Container(
            LightClientUpdate,
            attested_header=header,
            next_sync_committee=committee,
            next_sync_committee_branch=Branch(_depth(at.next_sync_committee)),
            finalized_header=header,
            finality_branch=finality,
            sync_aggregate=aggregate,
            signature_slot=Uint(8),
        ),
        finality_update=Container(
            LightClientFinalityUpdate,
            attested_header=header,
            finalized_header=header,
            finality_branch=finality,
            sync_aggregate=aggregate,
            signature_slot=Uint(8),
        ),
        optimistic_update=Container(
            LightClientOptimisticUpdate,
            attested_header=header,
            sync_aggregate=aggregate,
            signature_slot=Uint(8),
        ),
        header=header,
        committee=committee,
    )


def header_of_payload(
    spec: ChainSpec,
    beacon: BeaconBlockHeader,
    payload: ExecutionPayloadHeader,
    payload_branch: tuple[bytes, ...],
) -> LightClientHeader:
    """upgrade_lc_header_to_gloas: the block hash, with the branch that leads from it.

    ``payload_branch`` leads from the payload header's root to the body root;
    which fields that root covers follows from the fork at the header's slot.
    """
    form = _payload_form(spec, beacon.slot)
    if form is _CAPELLA_PAYLOAD and (payload.blob_gas_used or payload.excess_blob_gas):
        raise ProofError("a payload header of before Deneb has blob gas")
    inner = branch_to_leaf(form.leaves(payload), BLOCK_HASH_FIELD)
    return LightClientHeader(beacon, payload.block_hash, (*inner, *payload_branch), payload)


def payload_root(spec: ChainSpec, slot: int, payload: ExecutionPayloadHeader) -> bytes:
    """get_lc_execution_root: the payload header's root, as the fork at ``slot`` takes it."""
    return _payload_form(spec, slot).root(payload)


class Branch:
    """A Merkle branch of fixed depth; all zeros is the empty tuple, and a shorter one is padded."""

    def __init__(self, depth: int) -> None:
        self._vector = Vector(32, depth)
        self._gindex = 1 << depth
        self.size = self._vector.size

    def decode(self, data: bytes) -> tuple[bytes, ...]:
        return self._present(self._vector.decode(data))

    def encode(self, value: tuple[bytes, ...]) -> bytes:
        return self._vector.encode(normalized(value, self._gindex))

    def root(self, value: tuple[bytes, ...]) -> bytes:
        return self._vector.root(normalized(value, self._gindex))

    def from_json(self, document: object) -> tuple[bytes, ...]:
        return self._present(self._vector.from_json(document))

    def to_json(self, value: tuple[bytes, ...]) -> JsonValue:
        return self._vector.to_json(normalized(value, self._gindex))

    @staticmethod
    def _present(branch: tuple[bytes, ...]) -> tuple[bytes, ...]:
        return branch if any(sibling != ZERO_HASH for sibling in branch) else ()


class _Committee:
    """A sync committee that may be absent: all zeros is None."""

    def __init__(self, seats: int) -> None:
        self.present = Container(
            SyncCommittee, pubkeys=Vector(48, seats), aggregate_pubkey=ByteVector(48)
        )
        self._absent = SyncCommittee((bytes(48),) * seats, bytes(48))
        self.size = 48 * (seats + 1)

    def decode(self, data: bytes) -> SyncCommittee | None:
        return self._or_none(self.present.decode(data))

    def encode(self, value: SyncCommittee | None) -> bytes:
        return self.present.encode(value or self._absent)

    def root(self, value: SyncCommittee | None) -> bytes:
        return self.present.root(value or self._absent)

    def from_json(self, document: object) -> SyncCommittee | None:
        return self._or_none(self.present.from_json(document))

    def to_json(self, value: SyncCommittee | None) -> JsonValue:
        return self.present.to_json(value or self._absent)

    def _or_none(self, committee: SyncCommittee) -> SyncCommittee | None:
        return None if committee == self._absent else committee


@dataclass(frozen=True, slots=True)
class _PayloadHeaderForm:
    """A header as Capella to Fulu write it."""

    beacon: BeaconBlockHeader
    execution: ExecutionPayloadHeader
    execution_branch: tuple[bytes, ...]


class _PayloadHeader:
    """Headers as Capella to Fulu write them, read into the one form."""

    size = None

    def __init__(self, spec: ChainSpec, payload: Schema[ExecutionPayloadHeader]) -> None:
        self._spec = spec
        self._form = Container(
            _PayloadHeaderForm,
            beacon=BEACON_BLOCK_HEADER,
            execution=payload,
            execution_branch=Branch(PAYLOAD_BRANCH_DEPTH),
        )

    def decode(self, data: bytes) -> LightClientHeader:
        return self._upgraded(self._form.decode(data))

    def encode(self, value: LightClientHeader) -> bytes:
        return self._form.encode(self._downgraded(value))

    def root(self, value: LightClientHeader) -> bytes:
        return self._form.root(self._downgraded(value))

    def from_json(self, document: object) -> LightClientHeader:
        return self._upgraded(self._form.from_json(document))

    def to_json(self, value: LightClientHeader) -> JsonValue:
        return self._form.to_json(self._downgraded(value))

    def _upgraded(self, form: _PayloadHeaderForm) -> LightClientHeader:
        if form == _EMPTY_FORM:
            return EMPTY_HEADER
        return header_of_payload(self._spec, form.beacon, form.execution, form.execution_branch)

    def _downgraded(self, header: LightClientHeader) -> _PayloadHeaderForm:
        if header == EMPTY_HEADER:
            return _EMPTY_FORM
        if header.payload is None:
            raise ProofError("a header without its payload header has only Gloas's form")
        branch = header.execution_branch[-PAYLOAD_BRANCH_DEPTH:]
        return _PayloadHeaderForm(header.beacon, header.payload, branch)


_EMPTY_FORM = _PayloadHeaderForm(EMPTY_HEADER.beacon, EMPTY_PAYLOAD, ())


def _payload_form(spec: ChainSpec, slot: int) -> Container[ExecutionPayloadHeader]:
    is_deneb = spec.fork_at_slot(slot).name >= ForkName.DENEB
    return _DENEB_PAYLOAD if is_deneb else _CAPELLA_PAYLOAD


def _header(spec: ChainSpec, fork: ForkName, at: Places) -> Schema[LightClientHeader]:
    if fork >= ForkName.GLOAS:
        return Container(
            LightClientHeader,
            beacon=BEACON_BLOCK_HEADER,
            execution_block_hash=ByteVector(32),
            execution_branch=Branch(_depth(at.execution_block_hash)),
        )
    return _PayloadHeader(spec, _DENEB_PAYLOAD if fork >= ForkName.DENEB else _CAPELLA_PAYLOAD)


def _depth(gindex: int) -> int:
    return gindex.bit_length() - 1
