"""What gives next to nothing for all that is read of it ends soon, and honest content never."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from tests.content.exporter.dags import Dag, all_of
from walkaway.content.budget import Budget
from walkaway.content.exporter.dag import Scope, walk
from walkaway.content.exporter.file import open_file
from walkaway.content.exporter.tar import tar
from walkaway.errors import TooMuch
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs.cid import Cid

FEW = replace(LIMITS, request_structure_bytes=40_000)
LEVELS = 12
IDLE_LINKS = 200


def idle_file(dag: Dag) -> Cid:
    """A file of few bytes in nodes of many parts that hold none, each node linked to twice."""
    cid, size = dag.file([], b"x"), 1
    for _ in range(LEVELS):
        cid = dag.file([(cid, size), (cid, size), *[(dag.raw(b""), 0)] * IDLE_LINKS])
        size *= 2
    return cid


def idle_folder(dag: Dag) -> Cid:
    """A directory of few entries in nodes that say the name of one many times over."""
    cid = dag.directory([])
    for _ in range(LEVELS):
        cid = dag.directory([("a", cid), ("b", cid), *[("a", cid)] * IDLE_LINKS])
    return cid


async def streamed(dag: Dag, cid: Cid, budget: Budget) -> list[bytes]:
    return await all_of((await open_file(dag, cid, budget)).stream())


async def archived(dag: Dag, cid: Cid, budget: Budget) -> list[bytes]:
    return await all_of(tar(dag, cid, "root", budget))


async def carried(dag: Dag, cid: Cid, budget: Budget) -> list[bytes]:
    blocks = walk(dag, cid, budget, scope=Scope.ENTITY, duplicates=True)
    return [data async for _, data in blocks]


@pytest.mark.parametrize(
    ("given", "built"),
    [
        (streamed, idle_file),
        (carried, idle_file),
        (archived, idle_file),
        (archived, idle_folder),
    ],
)
async def test_a_few_blocks_linked_to_over_and_over_are_not_read_so_often(
    given: Callable[[Dag, Cid, Budget], Awaitable[list[bytes]]], built: Callable[[Dag], Cid]
) -> None:
    dag = Dag()
    cid = built(dag)
    with pytest.raises(TooMuch, match="more links to follow than there is in it"):
        await given(dag, cid, Budget(FEW))
    assert dag.asked.total() < 100


async def test_content_that_gives_as_much_as_it_takes_has_no_end_set() -> None:
    dag = Dag()
    leaf = dag.raw(bytes(100))
    node = dag.file([(leaf, 100)] * 100)
    root = dag.file([(node, 10_000)] * 20)
    few = replace(LIMITS, request_structure_bytes=2 * len(dag.held[node]))
    for given in (streamed, archived, carried):
        assert sum(map(len, await given(dag, root, Budget(few)))) >= 200_000
    names = {f"{at:03}": leaf for at in range(600)}
    for folder in (dag.directory(names.items()), dag.sharded(names, 256)):
        few = replace(LIMITS, request_structure_bytes=len(dag.held[folder]))
        assert await archived(dag, folder, Budget(few))
