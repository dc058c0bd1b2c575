"""Content: warm files beside nginx and Kubo, cold ones beside curl, imports beside `ipfs add`."""

from __future__ import annotations

import asyncio

from bench.cold_content import cold_figures
from bench.figures import Figure
from bench.import_speed import import_figures
from bench.warm_files import warm_figures

__all__ = ["figures"]


def figures() -> list[Figure]:
    """All of it; needs Go, nginx and wrk, and for the shaped link root."""
    return asyncio.run(_figures())


async def _figures() -> list[Figure]:
    return [*await warm_figures(), *await cold_figures(), *await import_figures()]
