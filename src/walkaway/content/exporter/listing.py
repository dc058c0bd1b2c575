"""A directory's entries with what each of them is, as far as that is to be had."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from itertools import count

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.directory import Entry, entries_of
from walkaway.content.exporter.node import Look, What, look_at, told_by_codec
from walkaway.errors import ProofError, Unproven, Unsupported, WalkawayError
from walkaway.limits import Limits
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.unixfs import File, Symlink

__all__ = ["Listed", "listing", "size_of"]


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry, and what it is: None where only its first block says so, which is not to be had.

    ``size`` is the bytes of a file: proven, but for a raw block, of which it is
    what the directory says. Directories have none.
    """

    entry: Entry
    what: What | None
    size: int | None

    @property
    def kind(self) -> str:
        """What it is, in a person's word: ``file``, ``directory``, ``symlink``, a codec."""
        if self.what is None:
            return "unknown"
        if self.what is What.RAW:
            return What.FILE.value
        return What.DIRECTORY.value if self.what.is_directory else self.what.value


async def listing(
    blocks: Blocks, look: Look, budget: Budget, *, held: Blocks | None = None
) -> AsyncGenerator[Listed, None]:
    """The entries of a directory that was looked at, in its order, each looked at too.

    Several are looked at ahead. Given what is ``held`` here, nobody else is asked what
    an entry is, and of a large directory only the first (``limits.entries_looked_at``)
    are looked at. Close it (``aclose``) where it is not read to its end.

    Raises:
        Unproven: a block of the directory itself is not to be had.
        ProofError: one is malformed.
        InvalidRequest: it is no directory.
        TooMuch: it is more than one request may fetch.
    """
    tell = partial(_listed, blocks, budget) if held is None else _held(held, budget.limits)
    ahead = deque[asyncio.Task[Listed]]()
    try:
        async with aclosing(entries_of(blocks, look, budget)) as entries:
            async for entry in entries:
                ahead.append(asyncio.create_task(tell(entry)))
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


def _held(held: Blocks, limits: Limits) -> Callable[[Entry], Coroutine[None, None, Listed]]:
    budget, looked_at = Budget(limits), count()

    async def tell(entry: Entry) -> Listed:
        if next(looked_at) >= limits.entries_looked_at:
            return _unknown(entry)
        try:
            return await _listed(held, budget, entry)
        except WalkawayError:
            return _unknown(entry)

    return tell


async def _listed(blocks: Blocks, budget: Budget, entry: Entry) -> Listed:
    if entry.cid.codec == codecs.RAW:
        return Listed(entry, What.RAW, entry.size)
    try:
        look = await look_at(blocks, entry.cid, budget)
    except (ProofError, Unproven, Unsupported):
        return _unknown(entry)
    return Listed(entry, look.what, size_of(look))


def _unknown(entry: Entry) -> Listed:
    return Listed(entry, told_by_codec(entry.cid), None)
