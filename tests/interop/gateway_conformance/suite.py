"""The suite itself: a Go program that brings its fixtures and asks a running gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gateway.conformance.page import LAST_RUN
from tests.interop.gateway_conformance.report import Report, read_report
from tests.interop.peers import go_program
from tests.interop.walkaway_process import WalkawayGateway

__all__ = ["Suite", "SuiteFixtures", "build_suite"]

MODULE = Path(__file__).parents[1] / "gateway-conformance.go.mod"
COMMAND = "github.com/ipfs/gateway-conformance/cmd/gateway-conformance"
VERSION = MODULE.read_text().split()[-1]
RUN_SECONDS = 360


@dataclass(frozen=True, slots=True)
class SuiteFixtures:
    """What a gateway has to hold; ``dnslinks`` maps domains to content paths."""

    archives: list[Path]
    records: list[Path]
    dnslinks: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Suite:
    """The built program."""

    program: Path

    async def fixtures(self, folder: Path) -> SuiteFixtures:
        """The suite's own fixtures, written to a folder."""
        await self._run("extract-fixtures", "--merged", "--directory", str(folder))
        pairs = (folder / "dnslinks.IPFS_NS_MAP").read_text().strip().split(",")
        return SuiteFixtures(
            sorted(folder.rglob("*.car")),
            sorted(folder.rglob("*.ipns-record")),
            dict(pair.split(":", 1) for pair in pairs),
        )

    async def run(self, gateway: WalkawayGateway, folder: Path) -> Report:
        """All of its tests, put to a gateway; what it counted is kept for the page."""
        written = folder / "report.json"
        await self._run(
            "test",
            *("--gateway-url", gateway.url),
            *("--subdomain-url", f"http://localhost:{gateway.port}"),
            *("--json", str(written)),
            *("--", "-timeout", "5m"),
            fails=True,
        )
        report = read_report(written.read_text().splitlines())
        told = {"version": VERSION, "groups": report.groups()}
        LAST_RUN.write_text(json.dumps(told, indent=1) + "\n")
        return report

    async def _run(self, *arguments: str, fails: bool = False) -> None:
        process = await asyncio.create_subprocess_exec(
            str(self.program),
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(RUN_SECONDS):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            pytest.fail(f"the suite took more than {RUN_SECONDS} seconds")
        if process.returncode != 0 and not fails:
            pytest.fail(f"the suite's {arguments[0]} failed:\n{output.decode()[-4000:]}")


async def build_suite() -> Suite:
    """Build it; the test is skipped, and says why, where the module proxy does not give it."""
    return Suite(await go_program(MODULE, COMMAND))
