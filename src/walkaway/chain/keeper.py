"""Keeps the light-client store across runs, and notices when a run contradicts an earlier one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from walkaway.anchors.spec import ChainSpec
from walkaway.chain.clock import FlooredClock
from walkaway.chain.kept import Kept, KeptState
from walkaway.chain.start import Checkpoint
from walkaway.errors import ConfigError, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs.consensus.light_client import LightClientStore

__all__ = ["Keeper"]


class Keeper:
    """The memory of one network: what was finalized, and the highest head ever proven.

    Without a directory it remembers for this run only, and so it does where another process
    has the directory: then it ``only_reads`` what that keeps.
    """

    def __init__(
        self,
        directory: Path | None,
        spec: ChainSpec,
        clock: FlooredClock,
        *,
        only_reads: bool = False,
    ) -> None:
        self._only_reads = only_reads
        self._files = None if directory is None else KeptState(directory, spec.network)
        self._spec = spec
        self._clock = clock
        self._finalized: dict[int, bytes] = {}
        self._finalized_block: tuple[int, bytes] | None = None
        self._head_slot = 0
        self._saved_slot = -1

    def load(self) -> Kept | None:
        """What the last run kept; the clock is never behind it from now on.

        Raises `ConfigError` when it is damaged or of another chain.
        """
        if self._files is None:
            return None
        if not self._only_reads:
            self._files.lock()
        kept = self._files.load()
        if kept is None:
            return None
        if kept.chain_id != self._spec.chain_id:
            raise ConfigError(
                f"the kept state is of chain {kept.chain_id}, not of {self._spec.chain_id}",
                advice="give each network its own state directory",
            )
        self._finalized = dict(kept.finalized)
        self._finalized_block = kept.finalized_block
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

    async def check_history(self, ancestor: Callable[[int], Awaitable[bytes]]) -> bool:
        """Hold the chain against the newest block that was final in an earlier run.

        ``ancestor`` gives the hash of the block of a number in this chain. Whether
        it is the same block; where that cannot be proven, what was kept is
        forgotten rather than mixed in.

        Raises `ConfigError` where it is another block: both are shown.
        """
        if self._finalized_block is None:
            return False
        number, block_hash = self._finalized_block
        try:
            now = await ancestor(number)
        except Unproven:
            self._finalized.clear()
            return False
        if now != block_hash:
            raise ConfigError(
                f"two histories: block {number}, which an earlier run finalized, was "
                f"0x{block_hash.hex()}; in this chain it is 0x{now.hex()}",
                advice="one of the two checkpoints is false; compare them with people you trust",
            )
        return True

    def note_finalized(self, number: int, block_hash: bytes) -> None:
        """Remember the newest final execution block."""
        self._finalized_block = number, block_hash

    def is_past(self, store: LightClientStore) -> bool:
        """Whether the store's head is older than one proven before; else it is noted."""
        if store.optimistic_slot < self._head_slot:
            return True
        self._head_slot = store.optimistic_slot
        return False

    def keep_if_moved(self, store: LightClientStore, checkpoint: Checkpoint) -> None:
        """Write when finality has moved since the last time. Raises `ConfigError`."""
        if store.finalized_slot != self._saved_slot:
            self.keep(store, checkpoint)

    def keep(self, store: LightClientStore, checkpoint: Checkpoint) -> None:
        """Write everything down. Raises `ConfigError` where it cannot be written."""
        if self._files is None or self._only_reads:
            return
        self._files.save(
            Kept(
                chain_id=self._spec.chain_id,
                store=store.to_bytes(),
                head_slot=self._head_slot,
                checkpoint=checkpoint.root,
                finalized=self._finalized,
                finalized_block=self._finalized_block,
            )
        )
        self._saved_slot = store.finalized_slot

    def close(self) -> None:
        """Let another process have the files."""
        if self._files is not None:
            self._files.unlock()
