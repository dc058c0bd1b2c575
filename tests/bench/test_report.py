"""The benchmarks document quotes the results, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import report
from bench.__main__ import benchmarks, main
from bench.figures import Figure, cpu_ms
from bench.report import DOCUMENT, RESULTS, record, with_table

FIGURE = Figure("update", 3.80412, "ms CPU", "another", 1.6)


def test_the_document_quotes_the_results_that_are_there() -> None:
    document = DOCUMENT.read_text("utf-8")
    results = sorted(RESULTS.glob("*.json"))
    assert results
    for path in results:
        assert path.stem in benchmarks()
        assert with_table(document, path.stem, json.loads(path.read_text("utf-8"))) == document


def test_a_ratio_is_ours_over_the_peers() -> None:
    assert FIGURE.ratio == pytest.approx(2.3776, rel=1e-4)
    assert FIGURE.as_data() == {
        "name": "update",
        "value": 3.804,
        "unit": "ms CPU",
        "peer": "another",
        "peer_value": 1.6,
        "ratio": 2.378,
    }


def test_a_table_is_put_in_its_place_and_again_without_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(report, "DOCUMENT", tmp_path / "benchmarks.md")
    report.DOCUMENT.write_text("# Benchmarks\n\nWords.\n", "utf-8")
    results = record("rpc", [FIGURE])
    once = report.DOCUMENT.read_text("utf-8")
    assert "| update | 3.804 ms CPU | another | 1.6 ms CPU | 2.378 |" in once
    assert once.startswith("# Benchmarks\n\nWords.\n")
    record("rpc", [FIGURE])
    assert report.DOCUMENT.read_text("utf-8") == once
    assert json.loads((tmp_path / "results" / "rpc.json").read_text("utf-8")) == results
    assert set(results) == {"machine", "date", "figures"}


def test_an_unknown_benchmark_is_named_and_nothing_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["nonesuch"]) == 2
    assert "nonesuch" in capsys.readouterr().out


def test_cpu_time_is_counted_in_milliseconds() -> None:
    assert 0 <= cpu_ms(lambda: sum(range(1000)), rounds=3) < 1000
