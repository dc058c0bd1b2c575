"""The demo's name: resolved over proven state while a source lies about its resolver."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any, Final

import aiohttp
from rich.text import Text

from walkaway.cli.demo_network import APP, DemoNetwork
from walkaway.cli.demo_website import OpenWebsite, browse
from walkaway.cli.node import Node
from walkaway.cli.stage import Step
from walkaway.cli.terminal import counted, plain, short_hex
from walkaway.errors import WalkawayError
from walkaway.gateway.pages.own_pages import EXPLAIN_PATH
from walkaway.gateway.request.roots import label_of
from walkaway.limits import LIMITS
from walkaway.names.ens.records import TextRecord
from walkaway.sources.standing import SourceState, SourceStatus

__all__ = ["open_by_name"]

_AT_ONCE: Final = 8
"""Asked together, so that no source is fast enough for all of them."""
_QUESTIONS: Final = 200
"""How many records are asked for at most, until each liar about storage was asked as well."""


async def open_by_name(
    step: Step, opened: AsyncExitStack, node: Node, network: DemoNetwork, website: OpenWebsite
) -> str:
    """Have the gateway open the website by its name on the network; where that is.

    Every byte must be the website's own, the explanation lead from the name to the
    checkpoint, and the liars about storage end in quarantine.

    Raises:
        WalkawayError: it did not hold.
    """
    gateway = website.opened
    opened.enter_context(gateway.by_chain(node))
    authority = f"{label_of('ipns', APP)}.localhost:{gateway.server.port}"
    await browse(step, network.site, gateway.server.url, authority)
    asked = await _ask_until_caught(node, network)
    liars = _liars(node, network)
    for name in network.liars_about_storage:
        caught = any(liar.name == name for liar in liars)
        step.check(caught, f"{name}, which lies about storage, is not in quarantine")
    told = await _explained(gateway.server.url)
    step.check(told["isProven"] is True, f"the page is not proven: {told['failure']}")
    step.check(
        network.checkpoint.hex() in json.dumps(told["names"]),
        "the evidence under the name does not lead to the checkpoint",
    )
    address = f"http://{authority}/"
    _tell(step, told, liars, asked, address)
    step.found = {"name": APP, "address": address, "records": asked, "explanation": told}
    return address


async def _ask_until_caught(node: Node, network: DemoNetwork) -> int:
    """Ask for records that nobody has asked for, so that each liar is asked; how many."""
    asked = 0
    while asked < _QUESTIONS and len(_liars(node, network)) < len(network.liars_about_storage):
        records = [TextRecord(f"record {asked + place}") for place in range(_AT_ONCE)]
        answers = await asyncio.gather(*(node.ens.lookup(APP, [each]) for each in records))
        asked += len(records)
        if any(value is not None for each in answers for value in each.values.values()):
            raise WalkawayError(f"{APP} has a record that nobody gave it")
    return asked


def _liars(node: Node, network: DemoNetwork) -> list[SourceStatus]:
    return [
        source
        for source in node.pool.status()
        if source.name in network.liars_about_storage and source.state is SourceState.QUARANTINED
    ]


async def _explained(url: str) -> dict[str, Any]:
    """The gateway's own explanation of the page."""
    timeout = aiohttp.ClientTimeout(total=LIMITS.endpoint_seconds)
    query = {"url": APP, "format": "json"}
    async with (
        aiohttp.ClientSession(url, timeout=timeout, trust_env=False) as session,
        session.get(EXPLAIN_PATH, params=query) as response,
    ):
        if response.status != 200:
            raise WalkawayError(f"the gateway answers {response.status} for the explanation")
        told: dict[str, Any] = await response.json()
        return told


def _tell(
    step: Step, told: dict[str, Any], liars: list[SourceStatus], asked: int, address: str
) -> None:
    (named,) = told["names"]
    step.note("name", Text(APP, "title"))
    step.note("leads to", plain(named["pointer"]))
    step.note("it is", plain(f"{named['standing']}: the resolver's contract was run here", "good"))
    step.note("opened", "every file, the same bytes as by its address")
    if asked:
        step.note("asked", f"{counted(asked, 'record')} more, until the liar was asked too")
    for liar in liars:
        step.note(
            "liar", Text.assemble(plain(liar.name, "bad"), " changed what the resolver keeps")
        )
        step.note("refused", short_hex(liar.last_reason))
    step.note("why", plain(f"{address.replace(label_of('ipns', APP) + '.', '')}explain?url={APP}"))
