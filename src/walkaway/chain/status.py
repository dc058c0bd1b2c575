"""How a chain stands, as plain data for people and programs."""

from __future__ import annotations

from dataclasses import dataclass

from walkaway.chain.start import Checkpoint
from walkaway.proofs import Proven
from walkaway.proofs.execution.header import Header
from walkaway.sources.standing import SourceStatus

__all__ = ["ChainStatus", "HeadStatus"]


@dataclass(frozen=True, slots=True)
class HeadStatus:
    """A proven head: number, 32-byte hash, and its age in seconds."""

    number: int
    block_hash: bytes
    age: float

    @classmethod
    def of(cls, header: Proven[Header] | None, now: float) -> HeadStatus | None:
        """The status of a head, if there is one."""
        if header is None:
            return None
        value = header.value
        return cls(value.number, value.hash, now - value.timestamp)


@dataclass(frozen=True, slots=True)
class ChainStatus:
    """Everything that `walkaway status` tells.

    ``now`` is unix seconds; ``clock_behind`` how far the machine's clock runs
    behind the proven head; ``signers`` of ``committee_size`` signed the latest
    head; ``period`` is the sync committee period of the finalized head;
    ``sent`` counts transactions sent from here that are not final;
    ``trouble`` is why the head did not move the last time, if it did not.
    """

    network: str
    chain_id: int
    now: float
    clock_behind: float
    head_age_limit: float
    checkpoint: Checkpoint | None
    latest: HeadStatus | None
    finalized: HeadStatus | None
    signers: int
    committee_size: int
    period: int
    current_slot: int
    sent: int
    trouble: str | None
    sources: tuple[SourceStatus, ...]

    @property
    def is_fresh(self) -> bool:
        """Whether `latest` is answered."""
        return self.latest is not None and self.latest.age <= self.head_age_limit
