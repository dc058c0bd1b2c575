"""Importing: the blocks of files go to the store while the next ones are made.

What is imported is not collected meanwhile, and is pinned before that ends.
Memory stays within ``import_ahead_bytes`` and two batches, whatever the size
of the files; a folder's entries are held until its end, and of what is pinned
the addresses, so that it ends where it passes what one pin may hold.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from walkaway.content.importer.profiles import UNIXFS_V1_2025, Profile
from walkaway.content.importer.tree import AS_KUBO, ImportOptions
from walkaway.content.importer.walk import Batch, PathGiven, Root, Stream, Walk, Wrapped
from walkaway.content.pin_names import check_pin_name
from walkaway.errors import InvalidRequest, TooMuch
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven

__all__ = [
    "BlockKeeper",
    "ImportProgress",
    "Progress",
    "import_path",
    "import_stream",
    "import_wrapped",
]


class BlockKeeper(Protocol):
    """What of a block store an import needs."""

    def lease(self) -> AbstractAsyncContextManager[object]:
        """While it is held, nothing that is put is collected."""
        ...

    async def keep(self, blocks: Sequence[tuple[Cid, Proven[bytes]]], /) -> object:
        """Keep blocks that are proven already."""
        ...

    async def pin(self, cid: Cid, name: str, /) -> object:
        """Keep all that is below a block until it is unpinned."""
        ...


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is, in bytes of files; ``total`` is None where nobody knows it.

    ``hidden_passed_over`` counts the names that begin with a dot and were left out;
    ``links_out`` the symbolic links that lead out of what is imported, of which
    ``first_link_out`` is the path of one.
    """

    done: int
    total: int | None
    hidden_passed_over: int
    links_out: int = 0
    first_link_out: Path | None = None


Progress = Callable[[ImportProgress], None]


async def import_path(
    path: Path | str,
    store: BlockKeeper | None,
    profile: Profile = UNIXFS_V1_2025,
    progress: Progress | None = None,
    *,
    options: ImportOptions = AS_KUBO,
    pin: str | None = None,
    limits: Limits = LIMITS,
) -> Cid:
    """Import the file, folder or symbolic link at a path; its address.

    Without a store, the address is computed and nothing kept. ``pin`` is the
    name to pin it under; None leaves it without a pin.

    Raises:
        Unreadable: something there cannot be read, or not taken as it is; names it.
        TooMuch: a folder is too deep, too full, or has too long a name in it, or what is
            to be pinned has more blocks than ``request_blocks``.
        InvalidRequest: the name of the pin is no Unicode text.
    """
    return await _import(
        PathGiven(Path(path)),
        store,
        profile=profile,
        progress=progress,
        options=options,
        pin=pin,
        limits=limits,
    )


async def import_wrapped(
    members: Mapping[str, Path | str | int],
    store: BlockKeeper | None,
    profile: Profile = UNIXFS_V1_2025,
    progress: Progress | None = None,
    *,
    options: ImportOptions = AS_KUBO,
    pin: str | None = None,
    limits: Limits = LIMITS,
) -> Cid:
    """Import a directory that is on no disk: its members, by the names that they get.

    A member is a path or an open file descriptor. Raises as `import_path` does, and
    `InvalidRequest` for a name that no path could have in it.
    """
    for name in members:
        if name in ("", ".", "..") or "/" in name:
            raise InvalidRequest(
                f"{name!r} can be no name in a directory", advice="give it another one"
            )
    wrapped = Wrapped(
        {
            name: Stream(member) if isinstance(member, int) else PathGiven(Path(member))
            for name, member in members.items()
        }
    )
    return await _import(
        wrapped,
        store,
        profile=profile,
        progress=progress,
        options=options,
        pin=pin,
        limits=limits,
    )


async def import_stream(
    descriptor: int,
    store: BlockKeeper | None,
    profile: Profile = UNIXFS_V1_2025,
    progress: Progress | None = None,
    *,
    pin: str | None = None,
    limits: Limits = LIMITS,
) -> Cid:
    """Import what an open file descriptor gives until its end, as a file.

    Raises as `import_path` does.
    """
    return await _import(
        Stream(descriptor),
        store,
        profile=profile,
        progress=progress,
        options=AS_KUBO,
        pin=pin,
        limits=limits,
    )


async def _import(
    root: Root,
    store: BlockKeeper | None,
    *,
    profile: Profile,
    progress: Progress | None,
    options: ImportOptions,
    pin: str | None,
    limits: Limits,
) -> Cid:
    threads = ThreadPoolExecutor(os.cpu_count(), "hashing")
    walk = Walk(profile, options, threads, limits)
    will_pin = store is not None and pin is not None
    if pin is not None:
        check_pin_name(pin)
    async with AsyncExitStack() as held:
        held.callback(threads.shutdown, wait=False, cancel_futures=True)
        if store is not None:
            await held.enter_async_context(store.lease())
        batches = await held.enter_async_context(_Batches(walk, root))
        total = None if progress is None else await batches.measured()
        different: set[bytes] = set()
        while batch := await batches.next():
            if will_pin:
                _count(different, batch, limits)
            if store is not None:
                await store.keep(batch)
            if progress is not None:
                progress(
                    ImportProgress(
                        walk.done,
                        total,
                        walk.hidden_passed_over,
                        walk.links_out,
                        walk.first_link_out,
                    )
                )
        if store is not None and pin is not None:
            await store.pin(walk.root, pin)
    return walk.root


def _count(different: set[bytes], batch: Batch, limits: Limits) -> None:
    """Enter blocks among the different ones of an import. Raises `TooMuch` beyond a pin's."""
    different.update([cid.multihash for cid, _ in batch])
    if len(different) > limits.request_blocks:
        raise TooMuch(
            f"it has more than the {limits.request_blocks:,} different blocks that a pin may hold",
            advice="add it in parts, or without a pin: --no-pin",
        )


class _Batches:
    """The batches of a walk, made in a thread of their own, one ahead of those taken."""

    def __init__(self, walk: Walk, root: Root) -> None:
        self._walk = walk
        self._root = root
        self._steps = walk.batches(root)
        self._thread = ThreadPoolExecutor(1, "importing")
        self._making: asyncio.Future[Batch | None] | None = None

    async def measured(self) -> int | None:
        """How many bytes of files there will be; None where nobody knows."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._walk.measure, self._root)

    async def next(self) -> Batch | None:
        """The next batch, or None after the last."""
        batch = await (self._making or self._made())
        self._making = None if batch is None else self._made()
        return batch

    async def __aenter__(self) -> _Batches:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Have what is being made end, and close the files that it has open."""
        self._walk.stop()
        closing = asyncio.get_running_loop().run_in_executor(self._thread, self._steps.close)
        self._thread.shutdown(wait=False)
        # The thread does one thing at a time: what was being made is made when this is done.
        await closing
        if self._making is not None and not self._making.cancelled():
            # What went wrong in a batch that nobody takes any more is nobody's news.
            self._making.exception()

    def _made(self) -> asyncio.Future[Batch | None]:
        return asyncio.get_running_loop().run_in_executor(self._thread, next, self._steps, None)
