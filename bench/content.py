"""Content: warm files beside nginx and Kubo, cold ones beside curl, imports beside `ipfs add`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bench.cold_content import cold_figures
from bench.figures import Figure
from bench.import_speed import import_figures
from bench.warm_files import warm_figures

__all__ = ["figures"]

PARTS: tuple[Callable[[], Awaitable[list[Figure]]], ...] = (
    warm_figures,
    cold_figures,
    import_figures,
)


def figures() -> list[Figure]:
    """All of it. What a peer is missing for (Go for Kubo, nginx, wrk) is left out, and said."""
    return asyncio.run(_figures())


async def _figures() -> list[Figure]:
    found = []
    for part in PARTS:
        try:
            found += await part()
        except pytest.fail.Exception as absent:
            print(f"{part.__name__} is left out: {absent}")
    return found
