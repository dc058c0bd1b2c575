"""All of a manifest as a folder: a file for each of its paths, each proven by its id.

What the ids name is found some ahead. Names are held to be names of files, and no path to be
a file and a folder, before anything is given.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, TypeAlias

from walkaway.content.arweave.found import Found
from walkaway.content.budget import Budget
from walkaway.content.exporter.paths import held_short
from walkaway.content.exporter.save import single_name
from walkaway.content.exporter.tree import Member, MemberKind
from walkaway.content.proven_file import Folder
from walkaway.errors import Unproven, Unwritable
from walkaway.names.spelling import is_text
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.manifest import Manifest
from walkaway.sources.race import call_off

__all__ = ["Find", "manifest_folder"]

Find: TypeAlias = Callable[[ArweaveId, Budget], Awaitable[Found]]
"""Finds what an id names, proven. Raises as `Finder.find`."""

_Steps: TypeAlias = tuple[str, ...]

_INDEX: Final = "index.html"
_MEMBER_BYTES: Final = 512
"""What a member by itself comes to, whether in an archive or on a disk."""
_ADVICE: Final = "get its files one at a time, each by its path"


def manifest_folder(manifest: Manifest, path: str, find: Find) -> Folder:
    """All that stands below a path of a manifest, or in all of it where that is empty.

    An index that has no path there is its ``index.html``, where that name is free; a fallback
    without one is left out, since no name would say what it is.
    """
    begin = len(path) + 1 if path else 0
    files = {below[begin:]: manifest.paths[below] for below in manifest.below(path)}
    index = manifest.paths.get(path) if path else manifest.index
    listed, left_out = frozenset(files.values()), list[str]()
    if index is not None and index not in listed and files.setdefault(_INDEX, index) != index:
        left_out.append("the index, which has no path")
    if not path and manifest.fallback is not None and manifest.fallback not in {index, *listed}:
        left_out.append("the fallback, which has no path")

    def members(name: str, budget: Budget) -> AsyncGenerator[Member | bytes, None]:
        return _Walk(files, find, budget).members(name)

    return Folder(members, tuple(left_out))


@dataclass(frozen=True, slots=True)
class _Walk:
    """The files by their paths, on their way out."""

    files: dict[str, ArweaveId]
    find: Find
    budget: Budget

    async def members(self, path: str) -> AsyncGenerator[Member | bytes, None]:
        laid_out = await asyncio.to_thread(_laid_out, self.files, self.budget)
        # What is read here may be many times what is fetched: one id can stand at many paths.
        given = Budget(self.budget.limits)
        ahead = _Ahead(self.find, laid_out, self.budget)
        yield Member(path, MemberKind.DIRECTORY)
        around: _Steps = ()
        try:
            for steps, _ in laid_out:
                for folder in _entered(around, steps[:-1]):
                    given.spend(_MEMBER_BYTES)
                    yield Member(_below(path, folder), MemberKind.DIRECTORY)
                around = steps[:-1]
                found = await ahead.take()
                given.spend(_MEMBER_BYTES + found.size)
                yield Member(_below(path, steps), MemberKind.FILE, found.size)
                async with aclosing(found.stream(0, None)) as pieces:
                    async for piece in pieces:
                        yield piece
        finally:
            await ahead.close()


class _Ahead:
    """What ids name, in their order; of those to come some are looked for already."""

    def __init__(
        self, find: Find, files: Iterable[tuple[_Steps, ArweaveId]], budget: Budget
    ) -> None:
        self._find = find
        self._coming = iter(files)
        self._budget = budget
        self._going: deque[asyncio.Task[Found]] = deque()

    async def take(self) -> Found:
        """The next one. Raises as `Find`, and says which path it is."""
        while len(self._going) <= self._budget.limits.arweave_files_ahead:
            coming = next(self._coming, None)
            if coming is None:
                break
            self._going.append(asyncio.create_task(self._get(*coming)))
        return await self._going.popleft()

    async def close(self) -> None:
        await call_off(self._going)

    async def _get(self, steps: _Steps, wanted: ArweaveId) -> Found:
        try:
            return await self._find(wanted, self._budget)
        except Unproven as error:
            where = "/".join(steps)[:200]
            raise Unproven(
                f"{where}: {error.summary}", reasons=error.reasons, advice=error.advice
            ) from None


def _laid_out(files: dict[str, ArweaveId], budget: Budget) -> list[tuple[_Steps, ArweaveId]]:
    """The files as they follow one another in a folder.

    Raises:
        Unwritable: a name is none of a file, or two of them are in one another's way.
        TooMuch: a path is too long or too deep.
    """
    laid_out = sorted((_steps(path, budget), name) for path, name in files.items())
    kept = list[tuple[_Steps, ArweaveId]]()
    following = [steps for steps, _ in laid_out[1:]]
    for (steps, name), after in zip(laid_out, [*following, ()], strict=True):
        # What stands below a path follows it in this order.
        if after[: len(steps)] != steps:
            kept.append((steps, name))
        elif files.get("/".join((*steps, _INDEX))) != name:
            raise Unwritable(
                f"a path of the manifest would be a file and a folder: {'/'.join(steps)[:200]!r}",
                advice=_ADVICE,
            )
    return kept


def _steps(path: str, budget: Budget) -> _Steps:
    if not is_text(path):
        raise _no_name(path)
    budget.descend(held_short(path).count("/"))
    steps = tuple(path.split("/"))
    if not all(map(single_name, steps)):
        raise _no_name(path)
    return steps


def _no_name(path: str) -> Unwritable:
    return Unwritable(
        f"a path of the manifest is none that a file could have: {path[:200]!a}", advice=_ADVICE
    )


def _entered(around: _Steps, inside: _Steps) -> Iterator[_Steps]:
    """The folders that are entered on the way from one to another, the outer ones first."""
    for depth in range(1, len(inside) + 1):
        if around[:depth] != inside[:depth]:
            yield inside[:depth]


def _below(path: str, steps: _Steps) -> str:
    return held_short("/".join((path, *steps) if path else steps))
