"""The demo's website: held by sources of which none is believed, and opened by the gateway."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from rich.text import Text

from walkaway.cli.content_words import browser_url
from walkaway.cli.gateway import GatewayPlan, OpenGateway, open_gateway
from walkaway.cli.names import NamesPlan
from walkaway.cli.node import Listen
from walkaway.cli.stage import Step
from walkaway.cli.terminal import counted, plain, short_hex
from walkaway.content.service import ContentPlan
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.source import ContentSource
from walkaway.devnet.content.website import Website, website
from walkaway.errors import WalkawayError
from walkaway.limits import LIMITS
from walkaway.sizes import sized
from walkaway.sources.defaults import ListedSource
from walkaway.sources.standing import SourceState, SourceStatus

__all__ = ["GATEWAY_PORT", "OpenWebsite", "browse", "open_website"]

GATEWAY_PORT = 8080

_MANNERS = {
    # Slower than the others, so that none of them is left unasked.
    "hazel": Manners(begins_after=0.02),
    "ivy": Manners(Manner.WRONG, one_in=2),
    "juniper": Manners(Manner.SHORT),
}
_SHOWN = {
    Manner.HONEST: ("honest", "good"),
    Manner.WRONG: ("lying: other bytes, in every second block", "bad"),
    Manner.SHORT: ("breaks off in the middle of a block", "warn"),
}


@dataclass(frozen=True, slots=True)
class OpenWebsite:
    """The gateway, where it is, and below it the website, for a browser."""

    opened: OpenGateway
    gateway: str
    address: str


async def open_website(
    step: Step, opened: AsyncExitStack, home: Path, port: int | None
) -> OpenWebsite:
    """Have the gateway open the website from its sources; both stay as long as ``opened``.

    ``home`` is a folder for what is kept. ``port`` None takes 8080, or any other where
    that is taken. Every byte must be the website's own, and the liar end in quarantine.

    Raises:
        WalkawayError: it did not hold.
    """
    site = await website()
    listed = [await _open_source(name, site, opened) for name in _MANNERS]
    gateway = await opened.enter_async_context(open_gateway(_plan(listed, home, port)))
    authority = f"{site.root}.ipfs.localhost:{gateway.server.port}"
    began = time.monotonic()
    await browse(step, site, gateway.server.url, authority)
    seconds = time.monotonic() - began
    status = gateway.content.pool.status()
    for name, manners in _MANNERS.items():
        lying = manners.manner is Manner.WRONG
        caught = any(s.name == name and s.state is SourceState.QUARANTINED for s in status)
        step.check(caught or not lying, f"{name}, which lies, is not in quarantine")
    place = OpenWebsite(gateway, browser_url(gateway.server.port), f"http://{authority}/")
    _tell(step, site, status, seconds)
    _tell_where(step, place, gateway, port)
    step.found = _facts(site, listed, status, seconds) | {
        "gateway": place.gateway,
        "address": place.address,
    }
    return place


async def _open_source(name: str, site: Website, opened: AsyncExitStack) -> ListedSource:
    source = ContentSource(site.blocks, _MANNERS[name])
    url = await source.start()
    opened.push_async_callback(source.stop)
    return ListedSource(name, name, ("content",), url)


def _plan(listed: Sequence[ListedSource], home: Path, port: int | None) -> GatewayPlan:
    return GatewayPlan(
        content=ContentPlan(home / "store", home / "evidence", sources=tuple(listed)),
        names=NamesPlan(home),
        listen=Listen(port=GATEWAY_PORT if port is None else port, or_any_port=port is None),
        peer_key=home / "peer.key",
    )


async def browse(step: Step, site: Website, url: str, authority: str) -> None:
    """Open every file as a browser would, and hold it against what was published.

    Raises `WalkawayError` where it differs, or is not to be had.
    """
    timeout = aiohttp.ClientTimeout(total=LIMITS.endpoint_seconds)
    async with aiohttp.ClientSession(
        url, headers={"Host": authority}, timeout=timeout, trust_env=False
    ) as session:
        for path, published in site.files.items():
            try:
                async with session.get(f"/{path}", allow_redirects=False) as response:
                    status, body = response.status, await response.read()
            except (aiohttp.ClientError, TimeoutError):
                raise WalkawayError(f"the gateway broke off at /{path}") from None
            step.check(status == 200, f"the gateway answers {status} for /{path}")
            step.check(body == published, f"other bytes came for /{path} than were published")


def _tell(step: Step, site: Website, status: Sequence[SourceStatus], seconds: float) -> None:
    step.note("address", Text(str(site.root), "title"))
    step.note("held by", f"{counted(len(_MANNERS), 'source')}, each on a port of its own:")
    for name, manners in _MANNERS.items():
        step.note(name, plain(*_SHOWN[manners.manner]))
    size = sized(sum(map(len, site.files.values())))
    step.note("opened", f"{counted(len(site.files), 'file')}, {size}, in {seconds * 1000:.0f} ms")
    step.note("truth", "the same bytes: the website that was published")
    given = ", ".join(f"{s.answers} by {s.name}" for s in status if s.answers)
    step.note("blocks", f"{len(site.blocks)}, each proven by its address: {given}")
    for source in status:
        if source.lies:
            step.note("liar", Text.assemble(plain(source.name, "bad"), " sent other bytes"))
            step.note("refused", short_hex(source.last_reason))
            step.note("then", f"{source.name} went into quarantine")
        elif source.errors:
            step.note("failed", plain(f"{source.name}: {source.last_reason}"))


def _tell_where(step: Step, place: OpenWebsite, gateway: OpenGateway, port: int | None) -> None:
    step.note("gateway", Text(place.gateway, "good"))
    if gateway.server.port != GATEWAY_PORT and port is None:
        step.note("", plain(f"port {GATEWAY_PORT} is taken, so it is another one", "warn"))


def _facts(
    site: Website,
    listed: Sequence[ListedSource],
    status: Sequence[SourceStatus],
    seconds: float,
) -> dict[str, object]:
    return {
        "cid": str(site.root),
        "files": {f"/{path}": len(content) for path, content in site.files.items()},
        "blocks": len(site.blocks),
        "seconds": round(seconds, 3),
        "sources": [
            {
                "name": entry.name,
                "kinds": sorted(entry.kinds),
                "behaviour": _MANNERS[entry.name].manner.name.lower(),
                "url": entry.url,
                "blocks": source.answers,
                "state": source.state.value,
                "trouble": source.last_reason,
            }
            for entry, source in zip(listed, status, strict=True)
        ],
    }
