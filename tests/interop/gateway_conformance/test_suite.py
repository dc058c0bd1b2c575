"""The conformance suite, and what it asks in our own words, against a running gateway."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.gateway.conformance.fixture import archives, dnslinks, records
from tests.gateway.conformance.proxy import ask_at
from tests.gateway.conformance.suite import exchanges
from tests.interop.gateway_conformance.loaded import loaded_gateway
from tests.interop.gateway_conformance.suite import build_suite
from tests.vectors import vectors

pytestmark = pytest.mark.interop


async def test_the_suite_passes_and_skips_nothing(tmp_path: Path) -> None:
    suite = await build_suite()
    fixtures = await suite.fixtures(tmp_path / "fixtures")
    async with loaded_gateway(
        tmp_path / "state", fixtures.archives, fixtures.records, fixtures.dnslinks
    ) as gateway:
        report = await suite.run(gateway, tmp_path)
    assert report.outcomes
    assert report.skipped == []
    assert report.failed == []


async def test_what_the_suite_asks_is_answered_over_sockets(tmp_path: Path) -> None:
    vectors("ipfs/gateway-conformance/fixtures")
    faults = {}
    async with loaded_gateway(tmp_path / "state", archives(), records(), dnslinks()) as gateway:
        for exchange in exchanges():
            reply = await asyncio.to_thread(ask_at, gateway.port, exchange)
            fault = exchange.fault(reply)
            if fault:
                faults[f"{exchange.group}: {exchange.name}"] = fault
    assert faults == {}
