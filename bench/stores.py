"""Stores: Filecoin's piece commitments beside plain SHA-256 of the same bytes."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from functools import partial

from bench.figures import Figure, cpu_ms
from walkaway.proofs.filecoin.native import NativePieceHasher, lanes
from walkaway.proofs.filecoin.piece import PieceHasher
from walkaway.proofs.filecoin.reference import ReferencePieceHasher

__all__ = ["figures"]

_PART_BYTES = 1024 * 1024
_PARTS, _TWIN_PARTS = 64, 4
_PEER = "hashlib's SHA-256, one stream"


def figures() -> list[Figure]:
    """Rates of one thread. Where the kernel is not built, its rows are left out."""
    parts = [random.Random(index).randbytes(_PART_BYTES) for index in range(_PARTS)]
    plain = _rate(lambda: _hash(parts), parts)
    found = []
    for name in lanes():
        rate = _rate(partial(_commit_by, name, parts), parts)
        found.append(Figure(f"piece commitment, {name}", rate, "MB/s", _PEER, plain))
    few = parts[:_TWIN_PARTS]
    twin = _rate(lambda: _commit(ReferencePieceHasher(), few), few)
    return [*found, Figure("piece commitment, Python", twin, "MB/s", _PEER, plain)]


def _hash(parts: list[bytes]) -> None:
    hasher = hashlib.sha256()
    for part in parts:
        hasher.update(part)
    hasher.digest()


def _commit_by(name: str, parts: list[bytes]) -> None:
    _commit(NativePieceHasher(name), parts)


def _commit(hasher: PieceHasher, parts: list[bytes]) -> None:
    for part in parts:
        hasher.update(part)
    hasher.root()


def _rate(work: Callable[[], None], parts: list[bytes]) -> float:
    """Megabytes (10^6 bytes) of payload in a second of CPU time, its end included."""
    return sum(map(len, parts)) / cpu_ms(work, rounds=5) / 1000
