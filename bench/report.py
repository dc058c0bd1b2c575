"""Results as JSON and as the table that `docs/benchmarks.md` quotes."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figures import Figure

__all__ = ["DOCUMENT", "RESULTS", "record", "with_table"]

HOUSE = Path(__file__).parents[1]
RESULTS = HOUSE / "bench" / "results"
DOCUMENT = HOUSE / "docs" / "benchmarks.md"


def record(name: str, figures: list[Figure]) -> dict[str, Any]:
    """Write ``bench/results/NAME.json`` and the benchmark's table; returns what was written."""
    results = {
        "machine": _machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "figures": [figure.as_data() for figure in figures],
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    DOCUMENT.write_text(with_table(DOCUMENT.read_text("utf-8"), name, results), "utf-8")
    return results


def with_table(document: str, name: str, results: dict[str, Any]) -> str:
    """The document with this benchmark's table in its place, or at its end."""
    begin, end = f"<!-- bench:{name} -->\n", f"<!-- /bench:{name} -->\n"
    rows = [
        f"{results['machine']}, {results['date']}.",
        "",
        "| figure | value | peer | its value | ratio |",
        "| --- | ---: | --- | ---: | ---: |",
    ]
    for figure in results["figures"]:
        value, peer_value = (f"{figure[key]:g} {figure['unit']}" for key in ("value", "peer_value"))
        rows.append(
            f"| {figure['name']} | {value} | {figure['peer']} | {peer_value} "
            f"| {figure['ratio']:g} |"
        )
    table = begin + "\n".join(rows) + "\n" + end
    before, found, rest = document.partition(begin)
    if not found:
        return f"{document.rstrip()}\n\n## {name}\n\n{table}"
    return before + table + rest.partition(end)[2]


def _machine() -> str:
    python = f"CPython {platform.python_version()}"
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {python}"
