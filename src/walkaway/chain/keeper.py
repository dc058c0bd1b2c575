"""Keeps the light-client store across runs, and notices when a run contradicts an earlier one."""

from __future__ import annotations

from pathlib import Path

from walkaway.anchors.spec import ChainSpec
from walkaway.chain.clock import FlooredClock
from walkaway.chain.kept import Kept, KeptState
from walkaway.chain.start import Checkpoint
from walkaway.errors import ConfigError
from walkaway.limits import LIMITS
from walkaway.proofs.consensus.light_client import LightClientStore

__all__ = ["Keeper"]


class Keeper:
    """The memory of one network: what was finalized, and the highest head ever proven.

    Without a directory it remembers for this run only.
    """

    def __init__(self, directory: Path | None, spec: ChainSpec, clock: FlooredClock) -> None:
        self._files = None if directory is None else KeptState(directory, spec.network)
        self._spec = spec
        self._clock = clock
        self._finalized: dict[int, bytes] = {}
        self._head_slot = 0
        self._saved_slot = -1

    def load(self) -> Kept | None:
        """What the last run kept; the clock is never behind it from now on.

        Raises `ConfigError` when it is damaged or of another chain.
        """
        kept = None if self._files is None else self._files.load()
        if kept is None:
            return None
        if kept.chain_id != self._spec.chain_id:
            raise ConfigError(
                f"the kept state is of chain {kept.chain_id}, not of {self._spec.chain_id}",
                advice="give each network its own state directory",
            )
        self._finalized = dict(kept.finalized)
        self._head_slot = kept.head_slot
        self._clock.raise_to(self._spec.time_of_slot(kept.head_slot))
        return kept

    def check(self, store: LightClientStore) -> None:
        """Note the heads of a store. Raises `ConfigError` where one contradicts what was kept."""
        slot, root = store.finalized_slot, store.finalized.value.header.root()
        known = self._finalized.setdefault(slot, root)
        if len(self._finalized) > LIMITS.kept_finalized_roots:
            del self._finalized[min(self._finalized)]
        if known != root:
            raise ConfigError(
                f"two histories: at slot {slot} an earlier run finalized 0x{known.hex()}, "
                f"this one 0x{root.hex()}",
                advice="one of the two checkpoints is false; compare them with people you trust",
            )

    def is_past(self, store: LightClientStore) -> bool:
        """Whether the store's head is older than one proven before; else it is noted."""
        if store.optimistic_slot < self._head_slot:
            return True
        self._head_slot = store.optimistic_slot
        return False

    def keep_if_moved(self, store: LightClientStore, checkpoint: Checkpoint) -> None:
        """Write when finality has moved since the last time."""
        if store.finalized_slot != self._saved_slot:
            self.keep(store, checkpoint)

    def keep(self, store: LightClientStore, checkpoint: Checkpoint) -> None:
        """Write everything down."""
        self._saved_slot = store.finalized_slot
        if self._files is None:
            return
        self._files.save(
            Kept(
                chain_id=self._spec.chain_id,
                store=store.to_bytes(),
                head_slot=self._head_slot,
                checkpoint=checkpoint.root,
                finalized=self._finalized,
            )
        )
