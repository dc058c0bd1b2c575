"""What a beacon node serves to light clients, from the devnet's chain as it stands.

Honest; a liar stands in its place (``devnet.sources``). Specification:
consensus-specs ``specs/altair/light-client/full-node.md`` and ``p2p-interface.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from walkaway.devnet.beacon.chain import BeaconBlock, BeaconChain
from walkaway.devnet.beacon.light_client import bootstrap, update_from_blocks
from walkaway.limits import LIMITS
from walkaway.proofs.consensus.containers import (
    LightClientBootstrap,
    LightClientFinalityUpdate,
    LightClientOptimisticUpdate,
    LightClientUpdate,
)
from walkaway.proofs.consensus.transition import is_better_update

__all__ = ["LightClientData", "LightClientServer", "finality_update_of", "optimistic_update_of"]

UPDATES_KEPT = 256
"""How many derived updates are kept, some 5 kB each."""


class LightClientData(Protocol):
    """The four light-client messages. None, or nothing in the list, where there is none."""

    def bootstrap(self, root: bytes) -> LightClientBootstrap | None:
        """The bootstrap of a block by its 32-byte root."""

    def updates(self, start_period: int, count: int) -> list[LightClientUpdate]:
        """The best update of each period from ``start_period`` on."""

    def finality_update(self) -> LightClientFinalityUpdate | None:
        """The newest update with finality."""

    def optimistic_update(self) -> LightClientOptimisticUpdate | None:
        """The newest signed header."""


class LightClientServer:
    """Derives each message when it is asked for, and keeps what cannot change.

    With ``behind``, the heads are those of that many slots ago: valid, but old.
    """

    def __init__(self, chain: BeaconChain, behind: int = 0) -> None:
        self._chain = chain
        self._behind = behind
        self._made: dict[bytes, LightClientUpdate] = {}
        self._best: dict[int, tuple[bytes, LightClientUpdate | None]] = {}

    def bootstrap(self, root: bytes) -> LightClientBootstrap | None:
        """See `LightClientData`. Given for every block of the head's branch but genesis."""
        block = self._chain.block(root)
        if block is None or not block.slot or not self._chain.is_canonical(block):
            return None
        return bootstrap(self._chain.spec, block.message, block.state)

    def updates(self, start_period: int, count: int) -> list[LightClientUpdate]:
        """See `LightClientData`. Ends before the first period that has none."""
        found: list[LightClientUpdate] = []
        for period in range(start_period, start_period + min(count, LIMITS.updates_per_request)):
            best = self._best_of(period)
            if best is None:
                break
            found.append(best)
        return found

    def finality_update(self) -> LightClientFinalityUpdate | None:
        """See `LightClientData`."""
        update = self.newest(with_finality=True)
        return None if update is None else finality_update_of(update)

    def optimistic_update(self) -> LightClientOptimisticUpdate | None:
        """See `LightClientData`."""
        update = self.newest()
        return None if update is None else optimistic_update_of(update)

    def newest(self, *, with_finality: bool = False) -> LightClientUpdate | None:
        """The update that the newest block makes."""
        newest_slot = self._chain.head.slot - self._behind
        for block in self._chain.ancestors(self._chain.head):
            update = self._made_by(block) if block.slot <= newest_slot else None
            if update is not None and (update.finality_branch or not with_finality):
                return update
        return None

    def _best_of(self, period: int) -> LightClientUpdate | None:
        """The best update of a period, weighed once as long as the period's blocks stay."""
        blocks = list(self._blocks_of(period))
        kept = self._best.get(period)
        if blocks and (kept is None or kept[0] != blocks[0].root):
            kept = blocks[0].root, self._weighed(period, blocks)
            self._best[period] = kept
        return None if kept is None else kept[1]

    def _weighed(self, period: int, blocks: list[BeaconBlock]) -> LightClientUpdate | None:
        spec = self._chain.spec
        best: LightClientUpdate | None = None
        for block in blocks:
            update = self._made_by(block)
            if update is None or spec.period_at_slot(update.attested_header.beacon.slot) != period:
                continue
            if best is None or is_better_update(spec, update, best):
                best = update
        return best

    def _blocks_of(self, period: int) -> Iterator[BeaconBlock]:
        """The blocks of a period on the head's branch, newest first."""
        for block in self._chain.ancestors(self._chain.head):
            of_block = self._chain.spec.period_at_slot(block.slot)
            if of_block < period:
                return
            if of_block == period:
                yield block

    def _made_by(self, block: BeaconBlock) -> LightClientUpdate | None:
        """create_light_client_update from a block and its parent; None where nobody signed."""
        attested = self._chain.parent(block)
        # A parent that is genesis has no execution block to prove.
        if attested is None or not attested.slot or not block.signers:
            return None
        update = self._made.get(block.root)
        if update is None:
            finalized = self._chain.finalized_by(attested)
            update = update_from_blocks(
                self._chain.spec,
                attested.message,
                block.message,
                attested.state,
                None if finalized is None else finalized.message,
            )
            self._made[block.root] = update
            if len(self._made) > UPDATES_KEPT:
                del self._made[next(iter(self._made))]
        return update


def finality_update_of(update: LightClientUpdate) -> LightClientFinalityUpdate:
    """create_light_client_finality_update."""
    return LightClientFinalityUpdate(
        update.attested_header,
        update.finalized_header,
        update.finality_branch,
        update.sync_aggregate,
        update.signature_slot,
    )


def optimistic_update_of(update: LightClientUpdate) -> LightClientOptimisticUpdate:
    """create_light_client_optimistic_update."""
    return LightClientOptimisticUpdate(
        update.attested_header, update.sync_aggregate, update.signature_slot
    )
