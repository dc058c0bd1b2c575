"""How a devnet is set up: its forks, its pace, its sources."""

from __future__ import annotations

from dataclasses import dataclass, field

from walkaway.devnet.sources.behaviours import Behaviour
from walkaway.sources.request import Kind

__all__ = ["BEACON", "DEMO_SOURCES", "EXECUTION", "DevnetSettings", "SourcePlan"]

EXECUTION: frozenset[Kind] = frozenset({"execution", "submit"})
BEACON: frozenset[Kind] = frozenset({"beacon", "checkpoint"})


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """A source to be: what it is for, and how it will behave. Each has its own operator."""

    name: str
    kinds: frozenset[Kind] = EXECUTION | BEACON
    behaviour: Behaviour = Behaviour.HONEST


DEMO_SOURCES = (
    SourcePlan("alder"),
    SourcePlan("birch"),
    SourcePlan("cedar", EXECUTION, Behaviour.SLOW),
    SourcePlan("dogwood", EXECUTION, Behaviour.LYING_BALANCE),
    SourcePlan("elm", EXECUTION, Behaviour.SERVER_ERRORS),
    SourcePlan("larch", EXECUTION, Behaviour.LYING_STORAGE),
    SourcePlan("fir", BEACON, Behaviour.ONE_SIGNER),
    SourcePlan("ginkgo", BEACON, Behaviour.OLD_HEAD),
)
"""What the demo shows: honest ones, and enough of the other kinds."""


@dataclass(frozen=True, slots=True)
class DevnetSettings:
    """A devnet's choices. The same settings and genesis time give the same blocks.

    ``warm_slots`` are made before anything is served, so that there is
    finality to start from. ``electra_epoch`` and ``fulu_epoch`` may lie ahead;
    None leaves a fork out. ``transactions_per_block`` is the devnet's own
    traffic.
    """

    chain_id: int = 1337
    seconds_per_slot: int = 6
    electra_epoch: int | None = 0
    fulu_epoch: int | None = 0
    warm_slots: int = 33
    transactions_per_block: int = 2
    seed: int = 0
    sources: tuple[SourcePlan, ...] = field(default=(SourcePlan("alder"),))
