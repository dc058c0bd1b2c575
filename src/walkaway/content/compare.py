"""What differs between two versions of a folder: by the addresses of what they hold.

Equal addresses are equal content, so that only what differs is looked into.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.directory import entries_of
from walkaway.content.exporter.node import Look, look_at
from walkaway.errors import TooMuch
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["Difference", "differences"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A path at which two versions hold something else; None where one holds nothing.

    What is added or removed may be a folder, which is not looked into.
    """

    path: tuple[str, ...]
    old: Cid | None
    new: Cid | None

    @property
    def kind(self) -> Literal["added", "removed", "changed"]:
        """What happened at the path, from the old version to the new one."""
        if self.old is None:
            return "added"
        return "removed" if self.new is None else "changed"


async def differences(
    blocks: Blocks, old: Cid, new: Cid, budget: Budget, path: tuple[str, ...] = ()
) -> AsyncGenerator[Difference, None]:
    """The paths that differ, in the order of their names. ``path`` leads to both.

    Raises:
        Unproven: a block of a folder is not to be had.
        ProofError: one is malformed.
        TooMuch: a folder has more entries than are compared, or there are too many.
    """
    if old == new:
        return
    budget.descend(len(path))
    before, after = await look_at(blocks, old, budget), await look_at(blocks, new, budget)
    if not (before.what.is_directory and after.what.is_directory):
        yield Difference(path, old, new)
        return
    olds = await _entries(blocks, before, budget)
    news = await _entries(blocks, after, budget)
    for name in sorted(olds.keys() | news.keys()):
        was, becomes = olds.get(name), news.get(name)
        if was is None or becomes is None:
            yield Difference((*path, name), was, becomes)
            continue
        async with aclosing(differences(blocks, was, becomes, budget, (*path, name))) as below:
            async for difference in below:
                yield difference


async def _entries(blocks: Blocks, look: Look, budget: Budget) -> dict[str, Cid]:
    found: dict[str, Cid] = {}
    most = budget.limits.listed_entries
    async with aclosing(entries_of(blocks, look, budget)) as entries:
        async for entry in entries:
            if len(found) >= most:
                raise TooMuch(f"a folder has more than {most:,} entries, and is not compared")
            found[entry.name] = entry.cid
    return found
