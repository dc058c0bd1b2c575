"""Two versions of a folder, compared by address."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.content.exporter.dags import Dag
from walkaway.content.budget import Budget
from walkaway.content.compare import Difference, differences
from walkaway.errors import TooMuch, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs.cid import Cid


async def compared(dag: Dag, old: Cid, new: Cid, budget: Budget | None = None) -> list[Difference]:
    return [each async for each in differences(dag, old, new, budget or Budget())]


async def test_what_differs_and_what_is_alike() -> None:
    dag = Dag()
    same = dag.directory([("deep.txt", dag.raw(b"same"))])
    one, two, extra = dag.raw(b"one"), dag.raw(b"two"), dag.raw(b"extra")
    old = dag.directory(
        [("gone", same), ("same", same), ("sub", dag.directory([("a", one), ("b", one)]))]
    )
    new = dag.directory(
        [("came", extra), ("same", same), ("sub", dag.directory([("a", one), ("b", two)]))]
    )
    assert await compared(dag, old, new) == [
        Difference(("came",), None, extra),
        Difference(("gone",), same, None),
        Difference(("sub", "b"), one, two),
    ]
    assert [each.kind for each in await compared(dag, old, new)] == ["added", "removed", "changed"]
    assert await compared(dag, old, old) == []
    assert await compared(dag, one, old) == [Difference((), one, old)]


async def test_what_is_alike_is_not_fetched() -> None:
    dag = Dag()
    absent = Cid.parse("bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy")
    old = dag.directory([("a", dag.raw(b"1")), ("held by nobody", absent)])
    new = dag.directory([("a", dag.raw(b"2")), ("held by nobody", absent)])
    assert [each.path for each in await compared(dag, old, new)] == [("a",)]
    with pytest.raises(Unproven):
        await compared(dag, old, absent)


async def test_a_comparison_is_bounded() -> None:
    dag = Dag()
    many = dag.directory([(str(number), dag.raw(b"1")) for number in range(3)])
    few = Budget(replace(LIMITS, listed_entries=2))
    with pytest.raises(TooMuch):
        await compared(dag, many, dag.directory([("0", dag.raw(b"1"))]), few)
