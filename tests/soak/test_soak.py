"""The soak works: a short one finds no wrong answer, and one over a credulous node does."""

from __future__ import annotations

import logging

import pytest

from tests.soak.__main__ import printed
from tests.soak.run import soak


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """The devnet's web server tells of every source that is cut off."""
    caplog.set_level(logging.CRITICAL + 1)


async def test_a_few_seconds_bring_no_wrong_answer() -> None:
    report = await soak(5, seed=1)
    assert report.record.wrong_ones == []
    assert report.record.answered > 20
    assert report.record.told["heads"] > 0
    assert report.failures == []
    assert "wrong answers: 0" in printed(report)


async def test_a_node_that_believes_what_it_is_told_is_found_out() -> None:
    report = await soak(20, seed=1, credulous=True)
    assert report.record.wrong > 0
    assert any(
        wrong.startswith(("eth_getBalance", "eth_getProof")) for wrong in report.record.wrong_ones
    )
    assert "FAILED" in printed(report)
