"""Stores: piece commitments beside plain SHA-256, a file of Arweave beside a plain download,
data items beside arbundles.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from functools import partial

import pytest

from bench.arweave_file import arweave_figures
from bench.data_items import data_item_figures
from bench.figures import Figure, cpu_ms
from walkaway.proofs.filecoin.native import NativePieceHasher, lanes
from walkaway.proofs.filecoin.piece import PieceHasher
from walkaway.proofs.filecoin.reference import ReferencePieceHasher

__all__ = ["figures"]

_PART_BYTES = 1024 * 1024
_PARTS, _TWIN_PARTS = 64, 4
_ROUNDS = 9
_PEER = "hashlib's SHA-256, one stream"


def figures() -> list[Figure]:
    """All of it. What is not here (the kernel, Node.js for arbundles) is left out."""
    return [*_piece_figures(), *asyncio.run(_arweave_figures())]


async def _arweave_figures() -> list[Figure]:
    found = await arweave_figures()
    try:
        return [*found, *await data_item_figures()]
    except pytest.fail.Exception as absent:
        print(f"data items are left out: {absent}")
        return found


def _piece_figures() -> list[Figure]:
    """Megabytes (10^6 bytes) of payload in a second of CPU time, of one thread each.

    All take turns, so that a processor that slows down does so for each of them.
    """
    parts = [random.Random(index).randbytes(_PART_BYTES) for index in range(_PARTS)]
    contenders: dict[str, tuple[Callable[[list[bytes]], None], list[bytes]]] = {
        _PEER: (_hash, parts),
        **{name: (partial(_commit_by, name), parts) for name in lanes()},
        "Python": (_commit_by_twin, parts[:_TWIN_PARTS]),
    }
    best = dict.fromkeys(contenders, 0.0)
    for _ in range(_ROUNDS):
        for name, (work, payload) in contenders.items():
            best[name] = max(best[name], _rate(work, payload))
    plain = best.pop(_PEER)
    return [
        Figure(f"piece commitment, {name}", rate, "MB/s", _PEER, plain)
        for name, rate in best.items()
    ]


def _hash(parts: list[bytes]) -> None:
    hasher = hashlib.sha256()
    for part in parts:
        hasher.update(part)
    hasher.digest()


def _commit_by(name: str, parts: list[bytes]) -> None:
    _commit(NativePieceHasher(name), parts)


def _commit_by_twin(parts: list[bytes]) -> None:
    _commit(ReferencePieceHasher(), parts)


def _commit(hasher: PieceHasher, parts: list[bytes]) -> None:
    for part in parts:
        hasher.update(part)
    hasher.root()


def _rate(work: Callable[[list[bytes]], None], parts: list[bytes]) -> float:
    return sum(map(len, parts)) / cpu_ms(lambda: work(parts), rounds=1) / 1000
