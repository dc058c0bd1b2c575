"""A large file of Arweave, proven chunk by chunk, beside a download that believes the gateway.

The gateways are simulated, in a process of their own: one lies, the other does not. Who
reads takes turns with the download, and each has its best turn.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import aiohttp

from bench.figures import Figure
from tests.content.arweave.stand import asking
from tests.interop.arweave.large_file import LargeFile, Reading, large_file
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.proofs.arweave.chunk import CHUNK_BYTES

__all__ = ["arweave_figures"]

MEGABYTES = 300
ROUNDS = 3
HONEST, LIAR = Manners(), Manners(Manner.WRONG)
UNPROVEN = "aiohttp from the honest one, unproven"


@dataclass(frozen=True, slots=True)
class _Turn:
    """Seconds of time and of CPU for whoever read, and bytes of memory that it took."""

    whole: float
    cpu: float
    memory: int


async def arweave_figures() -> list[Figure]:
    """The rate, and what reading takes of CPU and of memory."""
    ours, theirs = [], []
    with TemporaryDirectory(prefix="arweave-") as folder:
        async with large_file(MEGABYTES * 1_000_000, [HONEST, LIAR]) as large:
            for turn in range(ROUNDS):
                theirs.append(await _turn(_downloaded(large)))
                ours.append(await _turn(_proven(large, Path(folder) / str(turn))))
    name = f"Arweave, {MEGABYTES} MB past a liar"
    mine, other = (min(turns, key=lambda one: one.whole) for turns in (ours, theirs))
    memory = max(turn.memory for turn in ours) / 1e6
    return [
        Figure(name, MEGABYTES / mine.whole, "MB/s", UNPROVEN, MEGABYTES / other.whole),
        Figure(f"{name}: CPU a byte", _ns(mine), "ns", UNPROVEN, _ns(other)),
        Figure(f"{name}: memory more", memory, "MB", "the file", MEGABYTES),
    ]


async def _turn(pieces: AsyncIterator[bytes]) -> _Turn:
    reading, began, cpu = Reading(), perf_counter(), process_time()
    await reading.follow(pieces)
    if reading.size != MEGABYTES * 1_000_000:
        raise RuntimeError(f"only {reading.size} bytes came")
    return _Turn(perf_counter() - began, process_time() - cpu, reading.memory)


async def _proven(large: LargeFile, folder: Path) -> AsyncIterator[bytes]:
    async with asking(folder, large.urls) as stand:
        file = await stand.open(large.name)
        async for piece in file.stream(0, None):
            yield piece


async def _downloaded(large: LargeFile) -> AsyncIterator[bytes]:
    url = f"{large.urls[0]}/raw/{large.name}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        async for piece in answer.content.iter_chunked(CHUNK_BYTES):
            yield piece


def _ns(turn: _Turn) -> float:
    return 1000 * turn.cpu / MEGABYTES
