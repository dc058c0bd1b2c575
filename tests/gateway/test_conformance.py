"""What the conformance suite asks, over its fixtures, and the page that tells of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.gateway.conformance.exchange import Reply
from tests.gateway.conformance.gateway import Asked, ask, conformance_gateway
from tests.gateway.conformance.page import conformance_page, last_run
from tests.gateway.conformance.suite import exchanges, run
from tests.vectors import vectors

PAGE = Path(__file__).parents[2] / "docs" / "gateway-conformance.md"
NOTHING = Reply(299, {}, b"nothing of the kind")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> list[Asked]:
    """Everything that is asked, put to a gateway that holds the fixtures."""
    vectors("ipfs/gateway-conformance/fixtures")
    return asyncio.run(run(tmp_path_factory.mktemp("conformance")))


def test_every_answer_is_as_the_suite_has_it(asked: list[Asked]) -> None:
    faults = {
        f"{each.exchange.group}: {each.exchange.name}": each.fault for each in asked if each.fault
    }
    assert faults == {}
    assert len(asked) > 200


async def test_names_out_of_the_network_are_answered_as_those_that_are_held(
    tmp_path: Path,
) -> None:
    vectors("ipfs/gateway-conformance/fixtures")
    named = [
        each
        for each in exchanges()
        if any(word in each.target + each.host for word in ("ipns", "dnslink", "wikipedia"))
    ]
    assert len(named) > 40
    async with conformance_gateway(tmp_path, asks_for_names=True) as gateway:
        faults = {each.name: each.fault(await ask(gateway, each)) for each in named}
    assert {name: fault for name, fault in faults.items() if fault} == {}


def test_no_exchange_passes_whatever_is_answered() -> None:
    vectors("ipfs/gateway-conformance/fixtures")
    for exchange in exchanges():
        assert exchange.fault(NOTHING), exchange


def test_the_page_is_the_one_that_a_run_makes(asked: list[Asked]) -> None:
    made = conformance_page(asked, last_run())
    assert PAGE.read_text() == made, "run: python -m tests.gateway.conformance.page"
