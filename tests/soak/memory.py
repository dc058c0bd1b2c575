"""The memory of a process: sampled, and whether it keeps growing."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression

__all__ = ["Memory"]

MIB = 2**20
SAMPLE_SECONDS = 1.0
TRICKLE = 0.25
"""MiB a minute: what young tries and the allocator add, for the caches are full. A node that
kept every answer would grow by more than ten."""
FILLED_LATE = 4.0
"""MiB that the allocator, and what fills by use rather than by time, may take late."""


@dataclass
class Memory:
    """Resident memory over time: seconds, and bytes."""

    times: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    async def watch(self, process: int) -> None:
        """Sample until cancelled."""
        while True:
            size = _resident_bytes(process)
            if size is None:
                return
            self.times.append(time.monotonic())
            self.sizes.append(size)
            await asyncio.sleep(SAMPLE_SECONDS)

    @property
    def is_measured(self) -> bool:
        """Whether there is enough to say anything."""
        return len(self._settled()[0]) >= 30

    @property
    def first(self) -> float:
        """MiB when the warm-up was over: after a third of the time."""
        return self._settled()[1][0] / MIB

    @property
    def last(self) -> float:
        """MiB at the end."""
        return self.sizes[-1] / MIB

    @property
    def growth_allowed(self) -> float:
        """MiB a minute: a trickle, and what may fill up late, spread over the time measured."""
        times, _ = self._settled()
        return TRICKLE + 60 * FILLED_LATE / (times[-1] - times[0])

    @property
    def growth(self) -> float:
        """MiB a minute since the warm-up, by least squares."""
        times, sizes = self._settled()
        return 60 * linear_regression(times, sizes).slope / MIB

    def _settled(self) -> tuple[list[float], list[int]]:
        warm = len(self.times) // 3
        return self.times[warm:], self.sizes[warm:]


def _resident_bytes(process: int) -> int | None:
    """None where the system does not tell, or the process is gone."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
