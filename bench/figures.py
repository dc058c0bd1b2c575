"""A figure beside a peer's, and how CPU time is taken."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time

__all__ = ["Figure", "cpu_ms"]


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, in ``unit``; ``peer`` says what stands beside it, in the same unit."""

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float

    @property
    def ratio(self) -> float:
        """Ours over the peer's: below 1 is better for a cost, above 1 for a rate."""
        return self.value / self.peer_value

    def as_data(self) -> dict[str, str | float]:
        """The figure as ``bench/results/NAME.json`` holds it, to four significant digits."""
        return {
            "name": self.name,
            "value": _rounded(self.value),
            "unit": self.unit,
            "peer": self.peer,
            "peer_value": _rounded(self.peer_value),
            "ratio": _rounded(self.ratio),
        }


def cpu_ms(work: Callable[[], object], *, rounds: int) -> float:
    """The least CPU time of ``rounds`` runs, in milliseconds: the others had company."""
    times = []
    gc.collect()
    for _ in range(rounds):
        start = process_time()
        work()
        times.append(process_time() - start)
    return 1000 * min(times)


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
