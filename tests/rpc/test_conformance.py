"""The execution API's recorded exchanges, answered as go-ethereum answered them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.conformance.departures import DEPARTURES
from tests.conformance.exchanges import Compared, compare
from tests.conformance.node import conformance_network
from tests.conformance.page import conformance_page
from tests.vectors import vectors
from walkaway.evm import native
from walkaway.evm.engine import Engine
from walkaway.evm.reference import ReferenceEngine
from walkaway.evm.running import ThreadedEngine
from walkaway.rpc.methods import METHODS
from walkaway.rpc.methods.not_proven import NOT_PROVEN

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"


def engine_named(name: str) -> Engine:
    if name == "reference":
        return ReferenceEngine()
    if not native.available():
        pytest.skip("the native kernel is not built")
    return native.NativeEngine()


async def suite_run_with(engine: Engine, folder: Path) -> list[Compared]:
    async with conformance_network(folder).following(ThreadedEngine(engine)) as chain:
        return await compare(chain, folder)


@pytest.fixture(scope="module", params=["native", "reference"])
def compared(request: pytest.FixtureRequest) -> list[Compared]:
    """The whole suite, put to a chain that runs its calls with one engine."""
    return asyncio.run(suite_run_with(engine_named(request.param), vectors("rpc-conformance")))


def test_answers_are_those_of_go_ethereum(compared: list[Compared]) -> None:
    served = [item for item in compared if item.exchange.method in METHODS]
    different = {item.exchange.name: item.difference for item in served if item.difference}
    assert {name: got for name, got in different.items() if name not in DEPARTURES} == {}
    assert different.keys() == DEPARTURES.keys()
    assert len(served) > 100


def test_what_is_not_served_is_refused_with_a_reason(compared: list[Compared]) -> None:
    for item in compared:
        if item.exchange.method not in METHODS:
            assert NOT_PROVEN[item.exchange.method] in item.difference


def test_the_page_is_the_one_that_a_run_makes(compared: list[Compared]) -> None:
    assert PAGE.read_text() == conformance_page(compared), "run: python -m tests.conformance.page"
