"""A directory's entries with what each of them is, as far as that is to be had."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.directory import Entry, entries_of
from walkaway.content.exporter.node import Look, What, look_at
from walkaway.errors import ProofError, Unproven, Unsupported
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.unixfs import File, Symlink

__all__ = ["Listed", "listing", "size_of"]


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry, and what it is: None where its first block is not to be had, or not to be read.

    ``size`` is the bytes of a file: proven, but for a raw block, of which it is
    what the directory says. Directories have none.
    """

    entry: Entry
    what: What | None
    size: int | None


async def listing(blocks: Blocks, look: Look, budget: Budget) -> AsyncGenerator[Listed, None]:
    """The entries of a directory that was looked at, in its order, each looked at too.

    Several are looked at ahead. Close it (``aclose``) where it is not read to
    its end.

    Raises:
        Unproven: a block of the directory itself is not to be had.
        ProofError: one is malformed.
        InvalidRequest: it is no directory.
        TooMuch: it is more than one request may fetch.
    """
    ahead = deque[asyncio.Task[Listed]]()
    try:
        async with aclosing(entries_of(blocks, look, budget)) as entries:
            async for entry in entries:
                ahead.append(asyncio.create_task(_listed(blocks, entry, budget)))
                if len(ahead) == budget.limits.ahead_blocks:
                    yield await ahead.popleft()
        while ahead:
            yield await ahead.popleft()
    finally:
        for task in ahead:
            task.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)


def size_of(look: Look) -> int | None:
    """How many bytes a file or a block has; None for a directory."""
    if isinstance(look.node, File):
        return look.node.size
    if isinstance(look.node, Symlink):
        return len(look.node.target)
    return None if look.what.is_directory else len(look.block)


async def _listed(blocks: Blocks, entry: Entry, budget: Budget) -> Listed:
    if entry.cid.codec == codecs.RAW:
        return Listed(entry, What.RAW, entry.size)
    try:
        look = await look_at(blocks, entry.cid, budget)
    except (ProofError, Unproven, Unsupported):
        return Listed(entry, None, None)
    return Listed(entry, look.what, size_of(look))
