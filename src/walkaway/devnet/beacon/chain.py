"""The devnet's beacon chain: a tree of signed blocks with the state after each.

One block a slot, unless told otherwise; each holds the sync committee's
signature over its parent, by as many seats as are told to sign.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from walkaway.anchors.spec import ChainSpec, ForkName
from walkaway.devnet.beacon.containers import BeaconTypes, types_of
from walkaway.devnet.beacon.keys import VALIDATORS, committee_of_period, validator
from walkaway.devnet.beacon.payload import execution_requests_of, payload_of
from walkaway.devnet.beacon.state import (
    Finality,
    advance_to_slot,
    apply_block,
    expected_withdrawals,
    genesis_state,
)
from walkaway.devnet.execution.block import ExecutionBackend, ExecutionBlock, PayloadAttributes
from walkaway.errors import InvalidRequest
from walkaway.proofs.consensus.forks import signing_root
from walkaway.proofs.consensus.merkle import merkleize

__all__ = ["BeaconBlock", "BeaconChain"]

# A view of remerkleable, which is not typed.
View = Any

DOMAIN_BEACON_PROPOSER, DOMAIN_RANDAO = bytes(4), bytes.fromhex("02000000")
SLOTS_KEPT = 1024
"""How far back blocks and their states are kept: 16 periods, some 100 kB a block."""
FEE_RECIPIENT = sha256(b"walkaway devnet fees").digest()[:20]


@dataclass(frozen=True, eq=False)
class BeaconBlock:
    """A block with what belongs to it. Genesis, at slot 0, has no payload."""

    message: View
    signature: bytes
    state: View
    execution: ExecutionBlock
    fork: ForkName

    @cached_property
    def root(self) -> bytes:
        """hash_tree_root of the block, 32 bytes."""
        return bytes(self.message.hash_tree_root())

    @cached_property
    def slot(self) -> int:
        """The block's slot."""
        return int(self.message.slot)

    def signed_ssz(self) -> bytes:
        """The SignedBeaconBlock in SSZ: an offset, the signature, the block."""
        return (100).to_bytes(4, "little") + self.signature + bytes(self.message.encode_bytes())

    @property
    def signers(self) -> int:
        """How many committee seats signed the parent in this block."""
        return sum(self.message.body.sync_aggregate.sync_committee_bits)


class BeaconChain:
    """Blocks by root, the head's branch, and the rules by which the next block is made.

    ``signers`` is how many committee seats sign each block from now on;
    ``finality_lag`` is how many epochs finality stands behind its best.
    """

    def __init__(self, spec: ChainSpec, execution: ExecutionBackend, seed: int = 0) -> None:
        self.spec = spec
        self.signers = spec.preset.sync_committee_size
        self.finality_lag = 0
        self._execution = execution
        self.seed = seed
        self.genesis = self._genesis()
        self._blocks = {self.genesis.root: self.genesis}
        self._canonical = {0: self.genesis}
        self.head = self.genesis

    def block(self, root: bytes) -> BeaconBlock | None:
        """A block by its root, on the head's branch or off it."""
        return self._blocks.get(root)

    def block_at(self, slot: int) -> BeaconBlock | None:
        """The block in a slot of the head's branch; None where the slot is empty."""
        return self._canonical.get(slot)

    def is_canonical(self, block: BeaconBlock) -> bool:
        """Whether a block is on the head's branch."""
        return self._canonical.get(block.slot) is block

    def parent(self, block: BeaconBlock) -> BeaconBlock | None:
        """The block that a block builds on; None for genesis, and for what is no longer kept."""
        return self._blocks.get(bytes(block.message.parent_root))

    def ancestors(self, block: BeaconBlock) -> Iterator[BeaconBlock]:
        """A block, then its parent, and so on as far as blocks are kept."""
        item: BeaconBlock | None = block
        while item is not None:
            yield item
            item = self.parent(item)

    @property
    def blocks(self) -> list[BeaconBlock]:
        """The head's branch, oldest first."""
        return [self._canonical[slot] for slot in sorted(self._canonical)]

    @property
    def finalized(self) -> BeaconBlock:
        """The block that the head's state calls final; genesis before there is one."""
        return self.finalized_by(self.head) or self.genesis

    def finalized_by(self, block: BeaconBlock) -> BeaconBlock | None:
        """The block that the state after ``block`` calls final; None before there is one."""
        return self._blocks.get(bytes(block.state.finalized_checkpoint.root))

    def propose(self, slot: int) -> BeaconBlock:
        """Make the block of a slot on the head, and make it the head."""
        block = self.build(slot, self.head)
        self.adopt(block)
        return block

    def build(self, slot: int, parent: BeaconBlock, graffiti: str = "") -> BeaconBlock:
        """Make a block on a parent, known to nobody until it is adopted; may run in a thread.

        Raises `InvalidRequest` where the slot is not after the parent's.
        """
        if slot <= parent.slot:
            raise InvalidRequest(f"slot {slot} is not after its parent's, {parent.slot}")
        spec, epoch = self.spec, self.spec.epoch_at_slot(slot)
        finality = self._finality(parent, epoch)
        state = advance_to_slot(spec, parent.state.copy(), slot, self.seed, finality)
        fork = spec.fork_at_slot(slot).name
        types = types_of(spec.preset, fork)
        attributes = PayloadAttributes(
            timestamp=spec.time_of_slot(slot),
            prev_randao=bytes(state.randao_mixes[epoch % len(state.randao_mixes)]),
            parent_beacon_block_root=parent.root,
            fee_recipient=FEE_RECIPIENT,
            withdrawals=expected_withdrawals(types, state),
        )
        execution = self._execution.produce(parent.execution.hash, attributes)
        proposer = validator(slot % VALIDATORS)
        body = self._body(types, slot, parent, execution)
        body.graffiti = graffiti.encode()[:32].ljust(32, b"\0")
        message = types.block(
            slot=slot, proposer_index=proposer.index, parent_root=parent.root, body=body
        )
        apply_block(spec, state, message, execution)
        message.state_root = state.hash_tree_root()
        signed = self._signed_root(bytes(message.hash_tree_root()), DOMAIN_BEACON_PROPOSER, slot)
        return BeaconBlock(message, proposer.sign(signed), state, execution, fork)

    def adopt(self, block: BeaconBlock) -> None:
        """Make a block the head, whatever branch it is on."""
        self._blocks[block.root] = block
        for slot in [slot for slot in self._canonical if slot > block.slot]:
            del self._canonical[slot]
        for item in self.ancestors(block):
            if self.is_canonical(item):
                break
            self._canonical[item.slot] = item
        self.head = block
        self._execution.set_head(block.execution.hash, self.finalized.execution.hash)
        self._drop_old_blocks()

    def reorg(self, depth: int) -> BeaconBlock:
        """Replace the newest ``depth`` blocks by others in the same slots; the last is the head.

        Raises `InvalidRequest` where that would take back what is final.
        """
        branch = self.ancestors(self.head)
        replaced = [block for block, _ in zip(branch, range(depth), strict=False)]
        block = self.parent(replaced[-1]) if replaced else None
        if block is None or replaced[-1].slot <= self.finalized.slot:
            raise InvalidRequest(f"a reorg of {depth} blocks would reach what is final")
        for old in reversed(replaced):
            block = self.build(old.slot, block, f"instead of {old.root.hex()[:12]}")
            self.adopt(block)
        return block

    def _body(
        self, types: BeaconTypes, slot: int, parent: BeaconBlock, execution: ExecutionBlock
    ) -> View:
        epoch = self.spec.epoch_at_slot(slot).to_bytes(8, "little").ljust(32, b"\0")
        proposer = validator(slot % VALIDATORS)
        size = self.spec.preset.sync_committee_size
        committee = committee_of_period(self.spec.period_at_slot(slot), size, self.seed)
        aggregate = committee.sign(signing_root(self.spec, parent.root, slot), self._seats(slot))
        body = types.body(
            randao_reveal=proposer.sign(self._signed_root(epoch, DOMAIN_RANDAO, slot)),
            execution_payload=payload_of(types, execution),
        )
        body.sync_aggregate.sync_committee_bits = (
            types.body.fields()["sync_aggregate"]
            .fields()["sync_committee_bits"]
            .decode_bytes(aggregate.sync_committee_bits)
        )
        body.sync_aggregate.sync_committee_signature = aggregate.sync_committee_signature
        body.blob_kzg_commitments = types.body.fields()["blob_kzg_commitments"](
            *(carried.commitment for carried in execution.blobs)
        )
        if "execution_requests" in types.body.fields():
            body.execution_requests = execution_requests_of(execution)
        return body

    def _seats(self, slot: int) -> list[int]:
        """Who signs in a slot: ``signers`` seats, others in every slot."""
        size = self.spec.preset.sync_committee_size
        return [(slot * 7 + offset) % size for offset in range(self.signers)]

    def _finality(self, parent: BeaconBlock, epoch: int) -> Finality:
        """What the beginning of ``epoch`` justifies and finalizes, if votes had been cast."""
        before = parent.state.finalized_checkpoint
        finalized = int(before.epoch), bytes(before.root)
        best = epoch - 2 - self.finality_lag
        if best > finalized[0]:
            finalized = best, self._root_at_epoch(parent, best)
        justified = (epoch - 1, self._root_at_epoch(parent, epoch - 1)) if epoch > 1 else finalized
        return Finality(justified, finalized)

    def _root_at_epoch(self, block: BeaconBlock, epoch: int) -> bytes:
        """get_block_root: the newest block at the first slot of an epoch."""
        start = epoch * self.spec.preset.slots_per_epoch
        return next(item.root for item in self.ancestors(block) if item.slot <= start)

    def _signed_root(self, object_root: bytes, domain_type: bytes, slot: int) -> bytes:
        """compute_signing_root under the fork of a slot."""
        version = self.spec.fork_at_slot(slot).version
        fork_data = merkleize([version.ljust(32, b"\0"), self.spec.genesis_validators_root])
        return merkleize([object_root, domain_type + fork_data[:28]])

    def _drop_old_blocks(self) -> None:
        """Forget the oldest blocks, on any branch, so that a devnet can run for days."""
        oldest = self.head.slot - SLOTS_KEPT
        if oldest % self.spec.preset.slots_per_epoch == 0:
            self._canonical = {s: b for s, b in self._canonical.items() if s >= oldest}
            self._blocks = {r: b for r, b in self._blocks.items() if b.slot >= oldest}

    def _genesis(self) -> BeaconBlock:
        fork = self.spec.fork_at_epoch(0).name
        types = types_of(self.spec.preset, fork)
        state = genesis_state(self.spec, self.seed, self._execution.genesis)
        message = types.block(state_root=state.hash_tree_root())
        return BeaconBlock(message, bytes(96), state, self._execution.genesis, fork)
