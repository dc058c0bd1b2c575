"""A chain spec: the constants that name a network and its consensus rules.

Everything here is believed, not proven; `walkaway trust` prints it.
Field names follow the consensus specifications' presets and configs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

__all__ = ["BlobBaseFee", "BlobLimit", "ChainSpec", "ForkName", "Preset", "ScheduledFork"]


class ForkName(IntEnum):
    """Consensus forks in order; later forks compare greater."""

    PHASE0 = 0
    ALTAIR = 1
    BELLATRIX = 2
    CAPELLA = 3
    DENEB = 4
    ELECTRA = 5
    FULU = 6
    GLOAS = 7

    @property
    def label(self) -> str:
        """The lower-case name that the beacon API uses in ``version``."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Preset:
    """The compile-time constants of a preset that a light client needs."""

    name: str
    slots_per_epoch: int
    epochs_per_sync_committee_period: int
    sync_committee_size: int

    @property
    def slots_per_period(self) -> int:
        """Slots in one sync-committee period."""
        return self.slots_per_epoch * self.epochs_per_sync_committee_period

    @property
    def update_timeout(self) -> int:
        """UPDATE_TIMEOUT: slots after which an update may be forced."""
        return self.slots_per_period


@dataclass(frozen=True, slots=True)
class ScheduledFork:
    """A fork, its 4-byte version and the epoch from which it holds."""

    name: ForkName
    version: bytes
    epoch: int


@dataclass(frozen=True, slots=True)
class BlobLimit:
    """One entry of BLOB_SCHEDULE: from ``epoch`` on, at most ``max_blobs`` a block."""

    epoch: int
    max_blobs: int


@dataclass(frozen=True, slots=True)
class BlobBaseFee:
    """How the execution chain prices blobs from a unix ``timestamp`` on (EIP-7840, EIP-7892).

    ``target`` and ``max`` are blobs a block; ``update_fraction`` is blob gas.
    ``reserve_price`` says whether EIP-7918 (Osaka) holds, which ties the blob
    base fee to the base fee.
    """

    timestamp: int
    target: int
    max: int
    update_fraction: int
    reserve_price: bool


@dataclass(frozen=True, slots=True)
class ChainSpec:
    """One network. ``genesis_time`` and ``seconds_per_slot`` are seconds.

    ``forks`` is in ascending order of epoch and begins with Phase 0 at epoch 0;
    a fork that is not switched on (Gloas, today) is simply not in it.
    ``blob_base_fees`` is in ascending order of timestamp. ``deposit_contract`` is
    the 20-byte address whose logs are deposits (EIP-6110), None where there is none;
    ``universal_resolver`` that of the ENS Universal Resolver (ENSIP-23), likewise.
    """

    network: str
    chain_id: int
    preset: Preset
    genesis_time: int
    genesis_validators_root: bytes
    seconds_per_slot: int
    forks: tuple[ScheduledFork, ...]
    blob_schedule: tuple[BlobLimit, ...]
    blob_base_fees: tuple[BlobBaseFee, ...] = ()
    deposit_contract: bytes | None = None
    universal_resolver: bytes | None = None

    def epoch_at_slot(self, slot: int) -> int:
        """Compute_epoch_at_slot."""
        return slot // self.preset.slots_per_epoch

    def period_at_slot(self, slot: int) -> int:
        """Compute_sync_committee_period_at_slot."""
        return slot // self.preset.slots_per_period

    def slot_at_time(self, seconds: float) -> int:
        """The slot that is current at a unix time; negative before genesis."""
        return int((seconds - self.genesis_time) // self.seconds_per_slot)

    def time_of_slot(self, slot: int) -> int:
        """The unix time at which a slot begins."""
        return self.genesis_time + slot * self.seconds_per_slot

    def fork_at_epoch(self, epoch: int) -> ScheduledFork:
        """The fork in force at an epoch (compute_fork_version, with its name)."""
        current = self.forks[0]
        for fork in self.forks:
            if fork.epoch <= epoch:
                current = fork
        return current

    def fork_at_slot(self, slot: int) -> ScheduledFork:
        """The fork in force at a slot."""
        return self.fork_at_epoch(self.epoch_at_slot(slot))
