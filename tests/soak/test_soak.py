"""The soak works: a short one finds no wrong answer, and one over a credulous node does."""

from __future__ import annotations

import logging

import pytest

from tests.soak.__main__ import printed
from tests.soak.memory import Memory
from tests.soak.record import Record
from tests.soak.run import Report, soak


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """The devnet's web server tells of every source that is cut off."""
    caplog.set_level(logging.CRITICAL + 1)


async def test_a_few_seconds_bring_no_wrong_answer() -> None:
    lines: list[str] = []
    report = await soak(5, seed=1, tell=lines.append)
    assert report.record.wrong_ones == []
    assert report.record.answered > 20
    assert report.record.told["heads"] > 0
    assert report.failures == []
    assert "wrong answers: 0" in printed(report)
    assert lines[0].endswith("0 wrong")


async def test_a_node_that_believes_what_it_is_told_is_found_out() -> None:
    report = await soak(20, seed=1, credulous=True)
    assert report.record.wrong > 0
    assert any(
        wrong.startswith(("eth_getBalance", "eth_getProof")) for wrong in report.record.wrong_ones
    )
    assert "FAILED" in printed(report)


def test_a_method_that_is_never_answered_fails_the_soak() -> None:
    record = Record()
    report = Report(1, 60.0, "revm", record, {}, 0, 1, 40, Memory())
    record.note_right("eth_call", is_calm=True)
    for method in ("eth_call", "eth_simulateV1"):
        for _ in range(10):
            record.note_refused(method, "unproven", is_calm=method == "eth_simulateV1")
    assert report.failures == ["never answered while a source was honest: eth_simulateV1"]


@pytest.mark.parametrize(("each_minute", "grows"), [(0.0, False), (0.4, False), (10.0, True)])
@pytest.mark.parametrize("minutes", [2, 10])
def test_memory_that_keeps_growing_is_told_from_memory_that_fills(
    minutes: int, each_minute: float, grows: bool
) -> None:
    times = [float(second) for second in range(60 * minutes)]
    # All fill up by 20 MiB during the first quarter.
    filled = [min(20.0, 80 * time / times[-1]) for time in times]
    sizes = [
        round((80 + full + each_minute * time / 60) * 2**20)
        for time, full in zip(times, filled, strict=True)
    ]
    memory = Memory(times, sizes)
    assert memory.is_measured
    assert abs(memory.growth - each_minute) < 0.1
    assert (memory.growth > memory.growth_allowed) == grows
