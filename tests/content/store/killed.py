"""What is killed: processes that work on a store until their end, which comes from outside."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

from tests.content.store.stores import raw, tree
from walkaway.content.store.archives import import_car
from walkaway.content.store.block_store import BlockStore
from walkaway.proofs.ipfs.car import car_header, car_section
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven

__all__ = ["collecting", "importing", "leasing", "pinning", "running"]

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])

Work = Callable[[Path, Event], None]


@contextmanager
def running(work: Work, folder: Path) -> Iterator[Callable[[float], None]]:
    """Another process at work; what is given kills it so many seconds after it has begun."""
    begun = _PROCESSES.Event()
    process = _PROCESSES.Process(target=work, args=(folder, begun), daemon=True)
    process.start()
    assert begun.wait(30)

    def kill(after: float) -> None:
        time.sleep(after)
        process.kill()
        process.join()
        assert process.exitcode == -9

    try:
        yield kill
    finally:
        process.kill()
        process.join()
        process.close()


def importing(folder: Path, begun: Event) -> None:
    """Import one archive after another, each pinned at its end."""

    async def archive(seed: int) -> AsyncIterator[bytes]:
        root, dag = tree(seed, leaves=40, size=4000)
        yield car_header((root,))
        for cid, data in dag.held.items():
            yield car_section(cid, data)

    async def work(store: BlockStore) -> None:
        first = 1000 + len(await store.pins())
        for seed in range(first, first + 1000):
            async with store.lease():
                imported = await import_car(store, archive(seed))
                begun.set()
                await store.pin(imported.roots[0], str(seed))

    with BlockStore.open(folder) as store:
        asyncio.run(work(store))


def collecting(folder: Path, begun: Event) -> None:
    """Put what nothing holds, and collect it, over and over."""

    async def work(store: BlockStore) -> None:
        for turn in range(10_000):
            await store.put_many([raw(10_000 + turn * 200 + at, 2000) for at in range(200)])
            begun.set()
            await store.collect()

    with BlockStore.open(folder) as store:
        asyncio.run(work(store))


def leasing(folder: Path, begun: Event) -> None:
    """Hold a lease over one block, for ever."""

    async def work(store: BlockStore) -> None:
        async with store.lease():
            await store.put(*raw(1))
            begun.set()
            await asyncio.Event().wait()

    with BlockStore.open(folder) as store:
        asyncio.run(work(store))


def pinning(folder: Path, begun: Event) -> None:
    """Pin a DAG whose blocks come slowly."""
    root, dag = tree(1, leaves=40)

    class Slow:
        async def get(self, cid: Cid) -> Proven[bytes]:
            if len(dag.asked) > 20:
                begun.set()
                await asyncio.Event().wait()
            return await dag.get(cid)

    with BlockStore.open(folder) as store:
        asyncio.run(store.pin(root, "slow", blocks=Slow()))
