"""A beacon chain small enough to hold in the head: real trees, real keys, any fork from Capella.

States and bodies are sparse Merkle trees: the few leaves that a light client
asks for are true, every other node is noise. So branches, roots and
signatures are real, and each can be made wrong on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256

from py_arkworks_bls12381 import G1Point, G2Point, Scalar

from walkaway.anchors.load import chain_spec
from walkaway.anchors.spec import ChainSpec, ForkName, ScheduledFork
from walkaway.proofs.consensus.bls import CIPHERSUITE
from walkaway.proofs.consensus.containers import (
    EMPTY_HEADER,
    BeaconBlockHeader,
    ExecutionPayloadHeader,
    LightClientBootstrap,
    LightClientHeader,
    LightClientUpdate,
    SyncAggregate,
    SyncCommittee,
)
from walkaway.proofs.consensus.forks import places, signing_root
from walkaway.proofs.consensus.wire import header_of_payload, payload_root

__all__ = ["Chain", "SparseTree", "sync_committee", "with_forks"]

SEATS = 32
PERIOD = 64
"""Slots in a sync-committee period of the minimal preset."""
EXECUTION_PAYLOAD_GINDEX = 25


def with_forks(**epochs: int) -> ChainSpec:
    """The minimal preset with these forks from these epochs on; those before are at genesis."""
    named = {ForkName[name.upper()]: epoch for name, epoch in epochs.items()}
    forks = [
        ScheduledFork(fork, bytes([fork, 0, 0, 1]), named.get(fork, 0))
        for fork in ForkName
        if fork <= max(named)
    ]
    root = sha256(b"validators").digest()
    return replace(
        chain_spec("minimal"), forks=tuple(forks), blob_schedule=(), genesis_validators_root=root
    )


class SparseTree:
    """A Merkle tree with a few true leaves, named by generalized index."""

    def __init__(self, seed: bytes, leaves: dict[int, bytes]) -> None:
        self._seed = seed
        self._leaves = leaves
        self._inner = {
            gindex >> level for gindex in leaves for level in range(1, gindex.bit_length())
        }

    def node(self, gindex: int) -> bytes:
        if gindex in self._leaves:
            return self._leaves[gindex]
        if gindex in self._inner:
            children = self.node(2 * gindex) + self.node(2 * gindex + 1)
            return sha256(children).digest()
        return sha256(self._seed + gindex.to_bytes(4)).digest()

    def branch(self, gindex: int) -> tuple[bytes, ...]:
        depth = gindex.bit_length() - 1
        return tuple(self.node((gindex >> level) ^ 1) for level in range(depth))


def _secret(period: int, seat: int) -> int:
    return 1000 * (period + 1) + seat + 1


@cache
def sync_committee(period: int, seats: int = SEATS) -> SyncCommittee:
    """The committee of a period; its keys are public knowledge here."""
    points = [G1Point() * Scalar(_secret(period, seat)) for seat in range(seats)]
    total = G1Point.identity()
    for point in points:
        total = total + point
    keys = tuple(point.to_compressed_bytes() for point in points)
    return SyncCommittee(keys, total.to_compressed_bytes())


@dataclass(frozen=True)
class Block:
    """A header and the state it commits to."""

    header: LightClientHeader
    state: SparseTree


class Chain:
    """Blocks, bootstraps and updates of a chain under ``spec``, all made on demand."""

    def __init__(self, spec: ChainSpec) -> None:
        self.spec = spec
        self.seats = spec.preset.sync_committee_size

    def committee(self, period: int) -> SyncCommittee:
        """The committee of a period, as large as the preset says."""
        return sync_committee(period, self.seats)

    def block(self, slot: int, finalized: int | None = None) -> Block:
        """The block at ``slot``, whose state holds the root of the block at ``finalized``."""
        at = places(self.spec.fork_at_slot(slot).name)
        period = self.spec.period_at_slot(slot)
        finalized_root = bytes(32)
        if finalized is not None:
            finalized_root = self.block(finalized).header.beacon.root()
        state = SparseTree(
            b"state" + slot.to_bytes(8),
            {
                at.finalized_root: finalized_root,
                at.current_sync_committee: self.committee(period).root(),
                at.next_sync_committee: self.committee(period + 1).root(),
            },
        )
        return Block(self._header(slot, state.node(1)), state)

    def bootstrap(self, slot: int) -> LightClientBootstrap:
        """The bootstrap that a node serves for the block at ``slot``."""
        block = self.block(slot)
        at = places(self.spec.fork_at_slot(slot).name)
        return LightClientBootstrap(
            block.header,
            self.committee(self.spec.period_at_slot(slot)),
            block.state.branch(at.current_sync_committee),
        )

    def update(
        self,
        attested: int,
        finalized: int | None = None,
        *,
        signers: int | None = None,
        signature_slot: int | None = None,
        with_committee: bool = True,
    ) -> LightClientUpdate:
        """An update over the block at ``attested``, signed by the first ``signers`` seats."""
        block = self.block(attested, finalized)
        at = places(self.spec.fork_at_slot(attested).name)
        slot = attested + 1 if signature_slot is None else signature_slot
        period = self.spec.period_at_slot(attested)
        return LightClientUpdate(
            block.header,
            self.committee(period + 1) if with_committee else None,
            block.state.branch(at.next_sync_committee) if with_committee else (),
            EMPTY_HEADER if finalized is None else self.block(finalized).header,
            () if finalized is None else block.state.branch(at.finalized_root),
            self.sign(block.header, slot, self.seats if signers is None else signers),
            slot,
        )

    def sign(self, header: LightClientHeader, slot: int, signers: int) -> SyncAggregate:
        """The aggregate over a header by the first ``signers`` seats of the slot's committee."""
        message = signing_root(self.spec, header.beacon.root(), slot)
        period = self.spec.period_at_slot(slot)
        secret = sum(_secret(period, seat) for seat in range(signers))
        signature = G2Point.hash_to_curve(message, CIPHERSUITE) * Scalar(secret)
        bits = ((1 << signers) - 1).to_bytes(self.seats // 8, "little")
        return SyncAggregate(bits, signature.to_compressed_bytes())

    def _header(self, slot: int, state_root: bytes) -> LightClientHeader:
        beacon = BeaconBlockHeader(slot, 7, sha256(b"parent").digest(), state_root, bytes(32))
        seed = b"body" + slot.to_bytes(8)
        fork = self.spec.fork_at_slot(slot).name
        if fork >= ForkName.GLOAS:
            block_hash = sha256(b"execution" + slot.to_bytes(8)).digest()
            gindex = places(fork).execution_block_hash
            body = SparseTree(seed, {gindex: block_hash})
            beacon = replace(beacon, body_root=body.node(1))
            return LightClientHeader(beacon, block_hash, body.branch(gindex))
        payload = _payload(slot, has_blobs=fork >= ForkName.DENEB)
        root = payload_root(self.spec, slot, payload)
        body = SparseTree(seed, {EXECUTION_PAYLOAD_GINDEX: root})
        beacon = replace(beacon, body_root=body.node(1))
        return header_of_payload(self.spec, beacon, payload, body.branch(EXECUTION_PAYLOAD_GINDEX))


def _payload(slot: int, *, has_blobs: bool) -> ExecutionPayloadHeader:
    def some(what: str) -> bytes:
        return sha256(what.encode() + slot.to_bytes(8)).digest()

    return ExecutionPayloadHeader(
        parent_hash=some("parent"),
        fee_recipient=some("fees")[:20],
        state_root=some("state"),
        receipts_root=some("receipts"),
        logs_bloom=some("bloom") * 8,
        prev_randao=some("randao"),
        block_number=slot,
        gas_limit=30_000_000,
        gas_used=21_000,
        timestamp=12 * slot,
        extra_data=b"simulated",
        base_fee_per_gas=7 * 10**9,
        block_hash=some("execution"),
        transactions_root=some("transactions"),
        withdrawals_root=some("withdrawals"),
        blob_gas_used=131_072 if has_blobs else 0,
        excess_blob_gas=slot if has_blobs else 0,
    )
