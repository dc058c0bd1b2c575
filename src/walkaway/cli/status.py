"""`walkaway status`: how the running endpoint and gateway stand, and their sources."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from walkaway.cli.config import Settings
from walkaway.cli.content_words import browser_url
from walkaway.cli.exit_codes import ExitCode
from walkaway.cli.options import (
    ConfigOption,
    EndpointHostOption,
    EndpointPortOption,
    JsonOption,
    settings_from,
)
from walkaway.cli.running import ask_running, endpoint_url, gateway_status
from walkaway.cli.terminal import Terminal, counted, plain, sheet, short_hex
from walkaway.errors import NoEndpoint, WalkawayError
from walkaway.sizes import sized

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
    """Show how the running endpoint and the gateway stand.

    Ends with 0 while latest is answered, or where the gateway is all that is
    served; with 1 while latest is refused; with 4 where the endpoint does not
    answer though it is to be served, or nothing answers at all.

    Example: walkaway status --json
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, host=host, port=port, follows_chain=False)
        told = asyncio.run(_ask(settings))
        page = status_page(told, width=terminal.person.width)
        if as_json:
            terminal.print_json(told)
        else:
            terminal.show(page)
        code = _exit_code(told)
        if code is not ExitCode.OK:
            raise typer.Exit(code)


async def _ask(settings: Settings) -> dict[str, Any]:
    """What both tell: the endpoint its members, if it answers, and the gateway or null.

    Raises:
        NoEndpoint: neither answers.
        WalkawayError: the endpoint answers, but tells no status.
    """
    told: object = {}
    missing: NoEndpoint | None = None
    try:
        url = endpoint_url(settings.host, settings.port)
        told = await ask_running(url, "walkaway_status", [])
    except NoEndpoint as error:
        missing = error
    if not isinstance(told, Mapping):
        raise _unreadable()
    # Who names the gateway's port means the gateway.
    ports = (settings.gateway_port,) if missing is None else (settings.port, settings.gateway_port)
    gateway = await _gateway(settings.host, ports)
    if gateway is None and missing is not None:
        raise missing
    return {**told, "gateway": gateway}


async def _gateway(host: str, ports: Sequence[int]) -> dict[str, Any] | None:
    """What the gateway at the first of these ports tells that has one, and where it is."""
    at = "127.0.0.1" if host == "localhost" else host
    for port in ports:
        told = await gateway_status(endpoint_url(at, port))
        if told is not None:
            return {"url": browser_url(port), **told}
    return None


def _exit_code(told: Mapping[str, Any]) -> ExitCode:
    if _tells_of_endpoint(told):
        return ExitCode.OK if told["isFresh"] else ExitCode.REFUSED
    return ExitCode.NO_ENDPOINT if told["gateway"]["servesEndpoint"] else ExitCode.OK


def _tells_of_endpoint(told: Mapping[str, Any]) -> bool:
    return "network" in told or told["gateway"] is None


def _unreadable() -> WalkawayError:
    return WalkawayError("the endpoint gave no status that can be read")


def status_page(told: Mapping[str, Any], *, width: int) -> RenderableType:
    """The page, from what ``walkaway_status`` gives, and the gateway under ``gateway``.

    Raises:
        WalkawayError: it is no status.
    """
    try:
        gateway = told["gateway"]
        parts: list[RenderableType] = []
        if _tells_of_endpoint(told):
            parts += _endpoint(told, width)
        elif gateway["servesEndpoint"]:
            parts.append(plain("the endpoint does not answer, though it is to be served", "warn"))
        if gateway is not None:
            parts += [*([Text()] if parts else []), *_gateway_parts(gateway, width)]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _unreadable() from None
    return Group(*parts)


def _endpoint(told: Mapping[str, Any], width: int) -> list[RenderableType]:
    table = _sources(told["sources"], told["now"], width)
    return [sheet(_rows(told), width=width), Text(), table, *_trouble(told["sources"], width)]


def _gateway_parts(gateway: Mapping[str, Any], width: int) -> list[RenderableType]:
    store = gateway["store"]
    held = f"{counted(int(store['blocks']), 'block')}, {sized(int(store['size']))}"
    rows: list[tuple[object, object]] = [
        ("gateway", gateway["url"]),
        ("content held", f"{held} of {sized(int(store['limit']))}"),
        ("pinned", sized(int(store["pinnedSize"]))),
        ("names of ENS", _ens(gateway["withoutEns"])),
    ]
    sources = [*gateway["sources"], *gateway["routers"], *gateway["found"], *gateway["names"]]
    if not sources:
        rows.append(("sources", "none: only what is held here opens"))
        return [sheet(rows, width=width)]
    table = _sources(sources, gateway["now"], width)
    return [sheet(rows, width=width), Text(), table, *_trouble(sources, width)]


def _ens(reason: str) -> Text:
    return plain(f"the chain: {reason}", "warn") if reason else plain("resolved", "good")


def _trouble(sources: Sequence[Mapping[str, Any]], width: int) -> list[RenderableType]:
    troubles = _troubles(sources)
    if not troubles:
        return []
    return [Text(), Text("last trouble with", "quiet"), sheet(troubles, width=width)]


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
