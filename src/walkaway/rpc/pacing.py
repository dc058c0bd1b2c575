"""Large answers are encoded piece by piece, so that nothing else has to wait for them.

A thread would not do: pure Python in one holds the interpreter for five
milliseconds at a time, which is as long as anything may hold the loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from walkaway.rpc.jsonrpc import Json, encode

__all__ = ["SLICE_SECONDS", "encode_each", "texts_of"]

T = TypeVar("T")

SLICE_SECONDS = 0.001
"""How long the encoder runs before it lets others run."""


async def encode_each(items: Iterable[T], members: Callable[[T], Json]) -> bytes:
    """A JSON array of ``members(item)``, in order."""
    return b"[%b]" % b",".join(await texts_of(items, members))


async def texts_of(items: Iterable[T], members: Callable[[T], Json]) -> list[bytes]:
    """Each ``members(item)`` as JSON text, in order."""
    texts: list[bytes] = []
    until = time.monotonic() + SLICE_SECONDS
    for item in items:
        texts.append(encode(members(item)))
        if time.monotonic() >= until:
            await asyncio.sleep(0)
            until = time.monotonic() + SLICE_SECONDS
    return texts
