"""What the suite reports: one event a line, as Go's own test runner writes them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["Report", "read_report"]

OUTCOMES = {"pass": "passed", "fail": "failed", "skip": "skipped"}


@dataclass(frozen=True, slots=True)
class Report:
    """How each test ended, by its name: ``TestTar/GET_TAR.../Status_code``.

    Only tests without tests below them count: what stands above fails with one of these.
    """

    outcomes: Mapping[str, str]

    @property
    def failed(self) -> list[str]:
        """The tests that failed."""
        return sorted(name for name, outcome in self.outcomes.items() if outcome == "failed")

    @property
    def skipped(self) -> list[str]:
        """The tests that were not run."""
        return sorted(name for name, outcome in self.outcomes.items() if outcome == "skipped")

    def groups(self) -> dict[str, dict[str, int]]:
        """How many of each outcome there are below each of the suite's tests."""
        counts: dict[str, Counter[str]] = {}
        for name, outcome in self.outcomes.items():
            counts.setdefault(name.partition("/")[0], Counter())[outcome] += 1
        return {
            group: {outcome: found[outcome] for outcome in OUTCOMES.values()}
            for group, found in sorted(counts.items())
        }


def read_report(lines: Iterable[str]) -> Report:
    """Read the report. A test that began and did not end, as where the run was cut off, failed."""
    outcomes: dict[str, str] = {}
    for line in lines:
        event = json.loads(line)
        name, action = event.get("Test"), event["Action"]
        if not name:
            continue
        if action == "run":
            outcomes.setdefault(name, "failed")
        elif action in OUTCOMES:
            outcomes[name] = OUTCOMES[action]
    above = {name.rpartition("/")[0] for name in outcomes if "/" in name}
    return Report({name: outcome for name, outcome in outcomes.items() if name not in above})
