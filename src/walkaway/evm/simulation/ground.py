"""What a simulation stands on: a network's rules, and whoever runs calls and proves state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from walkaway.anchors.spec import BlobBaseFee
from walkaway.evm.eels import FORKS
from walkaway.evm.engine import Outcome
from walkaway.evm.proven_call import AskedCall, ProvenState
from walkaway.proofs.execution.accounts import StateProof

__all__ = ["Ground", "NetworkRules"]


@dataclass(frozen=True, slots=True)
class NetworkRules:
    """Of a network, what blocks are made by.

    ``fork_at`` gives the execution fork of a unix time; ``deposit_contract`` is
    20 bytes, or None where the network has none.
    """

    chain_id: int
    fork_at: Callable[[int], str]
    blob_base_fees: Sequence[BlobBaseFee]
    deposit_contract: bytes | None

    def has(self, fork: str, timestamp: int) -> bool:
        """Whether a fork holds at a time."""
        return FORKS.index(self.fork_at(timestamp)) >= FORKS.index(fork)


class Ground(Protocol):
    """Proves the state after the base block, and runs calls over it."""

    state: ProvenState
    engine: str

    async def run(self, asked: AskedCall) -> Outcome:
        """The outcome of a run in which nothing was missing. Raises the errors of engines."""
        ...

    async def prove(
        self, wanted: Mapping[bytes, Iterable[bytes]]
    ) -> Iterable[tuple[bytes, StateProof]]:
        """Take accounts and slots into the state; the nodes of each, by address.

        What was proven for the same simulation before may be left out.
        """
        ...
