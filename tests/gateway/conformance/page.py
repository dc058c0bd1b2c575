"""The page on conformance, made from a run: ``python -m tests.gateway.conformance.page``."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.gateway.conformance.gateway import Asked
from tests.gateway.conformance.suite import run

__all__ = ["LAST_RUN", "conformance_page", "last_run"]

LAST_RUN = Path(__file__).parents[2] / "interop" / "gateway_conformance" / "last_run.json"
"""What the suite itself counted at its last run here; there is none before the first."""

_HEAD = """\
# How the gateway answers the conformance suite

<!-- Made by `python -m tests.gateway.conformance.page`; a test holds it against a run. -->

[gateway-conformance](https://github.com/ipfs/gateway-conformance) is the suite by which IPFS
gateways are compared: a Go program that asks a running gateway, over archives, IPNS records
and DNSLinks of its own. The IPFS service-worker gateway passes 69.5 % of it in its own
CI.

## The suite itself

"""
_NO_RUN = """\
It has not run here yet: where this page was written, the Go module proxy gave no
gateway-conformance v0.13.2. `make interop ONLY=gateway_conformance` builds and runs it,
says what fails and what is skipped, and keeps the counts for this page.
"""
_OWN = """
## What it asks, asked in process

The same fixtures (those of v0.13.2) in a store of this gateway, and what the suite asks of
them written down again in [`tests/gateway/conformance/`](../tests/gateway/conformance/), so
that each change is held against it. This is our reading of the suite and not the suite: what
we misread passes here.

"""


def conformance_page(asked: Sequence[Asked], last_run: Mapping[str, object] | None) -> str:
    """The page in Markdown."""
    groups = list(dict.fromkeys(each.exchange.group for each in asked))
    own = [(group, *_score(asked, group)) for group in groups]
    own.append(("together", str(len(asked)), str(sum(not each.fault for each in asked))))
    suite = _NO_RUN if last_run is None else _suite(last_run)
    return _HEAD + suite + _OWN + _table(("group", "exchanges", "passed"), own)


def last_run() -> Mapping[str, object] | None:
    """What the suite counted at its last run, if it ever ran."""
    if not LAST_RUN.exists():
        return None
    told: Mapping[str, object] = json.loads(LAST_RUN.read_text())
    return told


def _suite(told: Mapping[str, object]) -> str:
    """The suite's own counts, its groups by the names of its tests."""
    groups = told["groups"]
    assert isinstance(groups, Mapping)
    rows = [
        (f"`{name}`", *(str(counts[kind]) for kind in ("passed", "failed", "skipped")))
        for name, counts in sorted(groups.items())
    ]
    sums = [
        str(sum(counts[kind] for counts in groups.values()))
        for kind in ("passed", "failed", "skipped")
    ]
    rows.append(("together", *sums))
    head = f"Version {told['version']}, run against `walkaway up --serve gateway`.\n\n"
    return head + _table(("test", "passed", "failed", "skipped"), rows)


def _score(asked: Sequence[Asked], group: str) -> tuple[str, str]:
    of_group = [each for each in asked if each.exchange.group == group]
    return str(len(of_group)), str(sum(not each.fault for each in of_group))


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        sys.stdout.write(conformance_page(asyncio.run(run(Path(folder))), last_run()))
