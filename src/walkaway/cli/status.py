"""`walkaway status`: the head, the checkpoint and the sources of the running endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from walkaway.cli.config import Settings
from walkaway.cli.exit_codes import ExitCode
from walkaway.cli.gateway import browser_url
from walkaway.cli.options import (
    ConfigOption,
    EndpointHostOption,
    EndpointPortOption,
    JsonOption,
    settings_from,
)
from walkaway.cli.running import endpoint_url, gateway_answers, run
from walkaway.cli.terminal import Terminal, counted, plain, sheet, short_hex
from walkaway.errors import WalkawayError

__all__ = ["status", "status_page"]

_STATE_STYLES = {"in use": "good", "resting": "warn", "quarantined": "bad"}
_WIDE = 100


def status(
    *,
    host: EndpointHostOption = None,
    port: EndpointPortOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how the running endpoint stands.

    Ends with 0 while latest is answered, with 1 while it is refused, and with
    4 where no endpoint answers.

    Example: walkaway status --json
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, host=host, port=port)
        told = run(endpoint_url(settings.host, settings.port), "walkaway_status", [])
        told = {**told, "gateway": _gateway(settings)} if isinstance(told, Mapping) else told
        page = status_page(told, width=terminal.person.width)
        if as_json:
            terminal.print_json(told)
        else:
            terminal.show(page)
        if not told["isFresh"]:
            raise typer.Exit(ExitCode.REFUSED)


def _gateway(settings: Settings) -> str | None:
    """Where the gateway answers, or None."""
    host = "127.0.0.1" if settings.host == "localhost" else settings.host
    is_there = asyncio.run(gateway_answers(endpoint_url(host, settings.gateway_port)))
    return browser_url(settings.gateway_port) if is_there else None


def status_page(told: Mapping[str, Any], *, width: int) -> RenderableType:
    """The page, from what ``walkaway_status`` gives and where the gateway answers.

    Raises:
        WalkawayError: it is no status.
    """
    try:
        parts: list[RenderableType] = [
            sheet(_rows(told), width=width),
            Text(),
            _sources(told["sources"], told["now"], width),
        ]
        troubles = _troubles(told["sources"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise WalkawayError("the endpoint gave no status that can be read") from None
    if troubles:
        parts += [Text(), Text("last trouble with", "quiet"), sheet(troubles, width=width)]
    return Group(*parts)


def _rows(told: Mapping[str, Any]) -> list[tuple[object, object]]:
    rows: list[tuple[object, object]] = [
        ("network", f"{told['network']}, chain {told['chainId']}"),
        ("latest", _head(told["latest"], fresh=bool(told["isFresh"]))),
        ("finalized", _head(told["finalized"], fresh=True)),
        ("signed by", f"{told['signers']} of {told['committeeSize']}, period {told['period']}"),
    ]
    checkpoint = told["checkpoint"]
    if checkpoint is not None:
        rows.append(("checkpoint", checkpoint["root"]))
        rows.append(("", checkpoint["origin"]))
    if told.get("gateway"):
        rows.append(("gateway", told["gateway"]))
    if told["sent"]:
        sent = f"{counted(told['sent'], 'transaction')}, not final yet"
        rows.append(("sent from here", sent))
    if told["clockBehind"] > 0:
        behind = f"{told['clockBehind']:.0f} s behind the proven head: set it"
        rows.append(("clock", plain(behind, "warn")))
    if told["trouble"]:
        rows.append(("trouble", plain(told["trouble"], "warn")))
    return rows


def _head(head: Mapping[str, Any] | None, *, fresh: bool) -> Text:
    if head is None:
        return plain("none is proven yet", "warn")
    age = f"{max(0.0, float(head['age'])):,.0f} s old"
    return Text.assemble(
        (f"{int(head['number']):,}", "title"),
        "  ",
        (age, "" if fresh else "bad"),
        "  ",
        plain(head["blockHash"], "quiet"),
    )


def _sources(sources: Sequence[Mapping[str, Any]], now: float, width: int) -> Table:
    wide = width >= _WIDE
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="quiet")
    table.add_column("source", no_wrap=True)
    if wide:
        table.add_column("operator")
        table.add_column("asked for")
    table.add_column("state")
    for figure in ("ms", "answers", "errors", "lies"):
        table.add_column(figure, justify="right", no_wrap=True)
    for source in sources:
        latency = source["latency"]
        table.add_row(
            plain(source["name"], "name"),
            *([plain(source["operator"]), plain(", ".join(source["kinds"]))] if wide else []),
            plain(_state(source, now), _STATE_STYLES.get(str(source["state"]), "")),
            "" if latency is None else f"{float(latency) * 1000:.0f}",
            f"{int(source['answers']):,}",
            f"{int(source['errors']):,}",
            plain(source["lies"], "bad" if source["lies"] else ""),
        )
    return table


def _state(source: Mapping[str, Any], now: float) -> str:
    until = source["quarantinedUntil"]
    if until is None:
        return str(source["state"])
    seconds = max(0.0, float(until) - now)
    left = f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
    return f"quarantined, {left} left"


def _troubles(sources: Sequence[Mapping[str, Any]]) -> list[tuple[object, object]]:
    return [(s["name"], short_hex(str(s["lastReason"]))) for s in sources if s["lastReason"]]
