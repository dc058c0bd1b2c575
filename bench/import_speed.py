"""How fast files become blocks in a store, beside `ipfs add` with the same profile and disk."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Awaitable
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Figure
from bench.warm_files import PROFILE
from tests.interop.kubo.tree import build_tree
from tests.interop.kubo_process import kubo_repository
from tests.interop.walkaway_process import Walkaway

__all__ = ["import_figures"]

MEGABYTES = 200
ROUNDS = 3
PEER = "ipfs add"


async def import_figures() -> list[Figure]:
    """Megabytes a second, and CPU time, for one file and for a folder of 6,000 small ones."""
    with TemporaryDirectory(prefix="import-") as folder:
        file, tree = Path(folder) / "file", Path(folder) / "tree"
        file.write_bytes(os.urandom(MEGABYTES * 1_000_000))
        build_tree(tree, megabytes=20, many=6000)
        return [
            *await _imported(f"import of {MEGABYTES} MB in one file", MEGABYTES, file, folder),
            *await _imported("import of 20 MB in 6,000 files", 20, tree, folder),
        ]


async def _imported(name: str, megabytes: int, path: Path, folder: str) -> list[Figure]:
    ours, theirs = [], []
    for turn in range(ROUNDS):
        async with kubo_repository(profile=PROFILE) as kubo:
            theirs.append(await _timed(kubo.add(path)))
        walkaway = Walkaway(Path(folder) / f"{path.name}-{turn}")
        ours.append(await _timed(walkaway.add(path, "--hidden")))
    assert {cid for cid, *_ in ours} == {cid for cid, *_ in theirs}
    (_, ours_took, ours_cpu), (_, took, cpu) = (min(all_, key=_took) for all_ in (ours, theirs))
    return [
        Figure(name, megabytes / ours_took, "MB/s", PEER, megabytes / took),
        Figure(f"{name}, CPU", ours_cpu, "s", PEER, cpu),
    ]


def _took(run: tuple[str, float, float]) -> float:
    return run[1]


async def _timed(adding: Awaitable[str]) -> tuple[str, float, float]:
    """The CID, the seconds that it took, and those of CPU, with the command's own start."""
    used, began = _children_cpu(), time.perf_counter()
    cid = await adding
    return cid, time.perf_counter() - began, _children_cpu() - used


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
