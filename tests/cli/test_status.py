"""The status page shows what stands well, what does not, and who lied."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from walkaway.chain.start import Checkpoint
from walkaway.chain.status import ChainStatus, HeadStatus
from walkaway.cli.command_line import app
from walkaway.cli.gateway import GatewayPlan, open_gateway
from walkaway.cli.names import NamesPlan
from walkaway.cli.node import Listen
from walkaway.cli.reporters import head_line, reporter_for
from walkaway.cli.status import status_page
from walkaway.cli.terminal import Terminal
from walkaway.content.service import ContentPlan, ContentStatus
from walkaway.content.store.rows import Stat
from walkaway.errors import WalkawayError
from walkaway.rpc.plain import members
from walkaway.sources.capabilities import CapabilityReport
from walkaway.sources.standing import SourceState, SourceStatus

HASH = bytes(range(32))
HONEST = SourceStatus(
    name="honest",
    operator="Honest Inc",
    kinds=frozenset({"execution"}),
    state=SourceState.IN_USE,
    latency=0.0421,
    answers=1200,
    errors=2,
    error_share=0.0,
    lies=0,
    in_flight=0,
    capabilities=CapabilityReport((), 50, None, None),
    quarantined_until=None,
    last_reason="",
)
LIAR = replace(
    HONEST,
    name="liar",
    state=SourceState.QUARANTINED,
    lies=1,
    latency=None,
    quarantined_until=1_000_300.0,
    last_reason="lied: the account proof does not lead to the state root",
)
STATUS = ChainStatus(
    network="sepolia",
    chain_id=11155111,
    now=1_000_000.0,
    clock_behind=0.0,
    head_age_limit=180.0,
    checkpoint=Checkpoint(HASH, "agreed by a, b"),
    latest=HeadStatus(1234567, HASH, 8.2),
    finalized=HeadStatus(1234500, HASH, 800.0),
    signers=500,
    committee_size=512,
    period=77,
    current_slot=5,
    sent=0,
    trouble=None,
    sources=(HONEST, LIAR),
)


def page(status: ChainStatus, width: int = 120, gateway: Mapping[str, object] | None = None) -> str:
    told = {"isFresh": status.is_fresh, **members(status), "gateway": gateway}
    terminal = Terminal(width=width)
    with terminal.person.capture() as captured:
        terminal.person.print(status_page(told, width=width))
    return captured.get()


def test_a_good_day() -> None:
    text = page(STATUS)
    for fact in (
        "sepolia, chain 11155111",
        "1,234,567",
        "8 s old",
        "500 of 512, period 77",
        f"0x{HASH.hex()}",
        "agreed by a, b",
        "Honest Inc",
        "42",
        "1,200",
    ):
        assert fact in text
    for label in ("trouble ", "clock", "sent from here"):
        assert not any(line.startswith(label) for line in text.splitlines())


def test_a_liar_is_shown_with_its_lie() -> None:
    lines = [line for line in page(STATUS).splitlines() if line.startswith("liar")]
    assert "quarantined, 5 min left" in lines[0]
    assert "does not lead to the state root" in lines[1]
    assert "last trouble" not in page(replace(STATUS, sources=(HONEST,)))


def test_trouble_is_shown() -> None:
    bad = replace(STATUS, latest=None, trouble="nobody answers", clock_behind=30.0, sent=2)
    text = page(bad)
    assert "none is proven yet" in text
    assert "nobody answers" in text
    assert "30 s behind the proven head" in text
    assert "2 transactions, not final yet" in text
    assert "1 transaction, not final yet" in page(replace(bad, sent=1))


def gateway_told(*sources: SourceStatus) -> dict[str, object]:
    store = Stat(1, 30_000_000, 1, 1000, 1, 0, 10_000_000_000, 31_000_000)
    content = ContentStatus(STATUS.now, store, sources, (), (LIAR,) if sources else ())
    told = {"names": [], "withoutEns": "", "servesEndpoint": False}
    return {"url": "http://localhost:8080", **members(content), **told}


def test_the_gateway_is_shown_where_it_answers() -> None:
    source = replace(HONEST, name="a gateway", last_reason="HTTP status 500")
    text = page(STATUS, gateway=gateway_told(source))
    assert "http://localhost:8080" in text
    assert "1 block, 30.0 MB of 10.0 GB" in text
    lines = text.splitlines()
    assert len([line for line in lines if line.startswith("liar")]) == 4, "twice, with its lie"
    assert any(line.startswith("a gateway") and "HTTP status 500" in line for line in lines)
    assert "gateway" not in page(STATUS)


def test_the_gateway_alone() -> None:
    told = {"gateway": gateway_told()}
    terminal = Terminal(width=60)
    with terminal.person.capture() as captured:
        terminal.person.print(status_page(told, width=60))
    assert "only what is held here opens" in captured.get()
    assert "network" not in captured.get()


def test_the_last_minute_of_a_quarantine() -> None:
    ending = replace(LIAR, quarantined_until=STATUS.now + 5)
    assert "quarantined, 5 s left" in page(replace(STATUS, sources=(ending,)))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_it_fits(width: int) -> None:
    assert max(map(len, page(STATUS, width).splitlines())) <= width


@pytest.mark.parametrize(
    "told",
    [
        {},
        [],
        None,
        {"gateway": None},
        {"gateway": {"url": 1}},
        {"network": 1, "gateway": None},
        {**members(STATUS), "isFresh": 1, "now": "x", "gateway": None},
    ],
)
def test_what_is_no_status_is_refused(told: Any) -> None:
    with pytest.raises(WalkawayError, match="no status"):
        status_page(told, width=80)


def test_the_line_under_a_running_endpoint() -> None:
    assert "1,234,567" in head_line(STATUS).plain
    assert "2 sources, 1 in quarantine" in head_line(STATUS).plain
    assert "refused" not in head_line(STATUS).plain
    stale = replace(STATUS, latest=HeadStatus(1, HASH, 900.0), sources=())
    assert "latest is refused beyond 180 s" in head_line(stale).plain
    for status in (STATUS, replace(stale, sources=STATUS.sources)):
        fitted = head_line(status, width=80)
        assert fitted.cell_len <= 80 < head_line(status).cell_len
        assert "1 in quarantine" in fitted.plain
    assert head_line(STATUS, width=200).plain == head_line(STATUS).plain
    assert head_line(replace(STATUS, latest=None)).plain == "no head is proven yet"


def test_plain_lines_come_when_something_changes(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = reporter_for(Terminal(width=100))
    reporter.tell("starting")
    honest = replace(STATUS, sources=(HONEST,))
    for later in (0.0, 1.0, 59.0):
        reporter.head(replace(honest, now=STATUS.now + later))
    assert capsys.readouterr().out.count("1,234,567") == 1
    reporter.head(replace(STATUS, now=STATUS.now + 60))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("caught lying: liar")
    assert "1 in quarantine" in lines[1]
    stale = HeadStatus(1234567, HASH, 999.0)
    reporter.head(replace(STATUS, now=STATUS.now + 61, latest=stale))
    assert "latest is refused" in capsys.readouterr().out
    reporter.close()


def test_json_lines_come_once_a_head(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = reporter_for(Terminal(as_json=True))
    reporter.listening("http://127.0.0.1:1")
    reporter.head(STATUS)
    reporter.head(replace(STATUS, now=STATUS.now + 1))
    captured = capsys.readouterr()
    assert captured.err == ""
    events = [
        line.partition('"event": "')[2].partition('"')[0] for line in captured.out.splitlines()
    ]
    assert events == ["listening", "quarantine", "head"]
    assert HASH.hex() in captured.out


@pytest.mark.parametrize("serves_endpoint", [False, True])
async def test_the_command_beside_a_gateway_alone(
    serves_endpoint: bool, tmp_path: Path, unused_tcp_port: int
) -> None:
    """It is no trouble that the endpoint does not answer, unless it is to be served."""
    plan = GatewayPlan(
        ContentPlan(tmp_path / "store", tmp_path / "evidence"),
        NamesPlan(tmp_path / "names"),
        Listen(("127.0.0.1",), 0),
        tmp_path / "peer.key",
        serves_endpoint=serves_endpoint,
    )
    async with open_gateway(plan) as gateway:
        here = str(gateway.server.port)
        config = tmp_path / "walkaway.toml"
        config.write_text(f"gateway_port = {here}\ndefault_sources = false\n")

        async def status(*flags: str) -> Result:
            words = ["status", "--host", "127.0.0.1", "--config", str(config), *flags]
            return await asyncio.to_thread(CliRunner().invoke, app, words)

        for port in (str(unused_tcp_port), here):
            result = await status("--port", port)
            assert result.exit_code == (4 if serves_endpoint else 0), result.output
            assert f"http://localhost:{here}" in result.stdout
            assert ("the endpoint does not answer" in result.stdout) is serves_endpoint
            assert "the chain: it is not followed yet" in result.stdout
        told = json.loads((await status("--port", here, "--json")).stdout)
        assert set(told) == {"gateway"}
        assert told["gateway"]["store"]["blocks"] == 0
        assert told["gateway"]["withoutEns"] == "it is not followed yet"
    assert (await status("--port", here)).exit_code == 4
