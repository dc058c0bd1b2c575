"""`walkaway trust`: everything that is believed, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from walkaway.anchors.load import chain_spec
from walkaway.chain.clock import SystemClock
from walkaway.chain.kept import KeptState
from walkaway.cli.beliefs import WORDS, Belief, beliefs
from walkaway.cli.options import (
    CheckpointOption,
    ConfigOption,
    HomeOption,
    JsonOption,
    NetworkOption,
    SourceOption,
    settings_from,
)
from walkaway.cli.terminal import Terminal, plain, sheet
from walkaway.names.ens.coin_types import evm_address
from walkaway.names.ens.resolver_record import ResolverRecord

__all__ = ["trust", "trust_page"]


def trust(
    *,
    network: NetworkOption = None,
    checkpoint: CheckpointOption = None,
    source: SourceOption = None,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    accept_resolver: Annotated[
        str | None,
        typer.Option(
            "--accept-resolver",
            help="Let names of ENS be resolved by the code at this address from now on, "
            "once you have made sure that the Universal Resolver was changed to it rightly.",
            metavar="0xADDRESS",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print everything that is believed rather than proven.

    Needs no network and asks nobody. With --accept-resolver, believe one thing more first.

    Example: walkaway trust --network sepolia
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(
            config,
            source,
            network=network,
            checkpoint=checkpoint,
            state_directory=state_directory,
        )
        spec = chain_spec(settings.network)
        record = ResolverRecord(settings.state_directory, settings.network)
        if accept_resolver is not None:
            record.accept(evm_address(accept_resolver))
        kept = KeptState(settings.state_directory, settings.network).load()
        believed = beliefs(settings, spec, kept, SystemClock().now(), record.load())
        if as_json:
            terminal.print_json(
                {
                    "network": settings.network,
                    "believed": {belief.subject: list(belief.facts) for belief in believed},
                    "somebodys_word": list(WORDS),
                }
            )
        else:
            width = terminal.person.width
            terminal.show(trust_page(settings.network, believed, width=width))


def trust_page(network: str, believed: Sequence[Belief], *, width: int) -> RenderableType:
    """The page, for a terminal of ``width`` columns."""
    rows = [
        ("" if place else belief.subject, fact)
        for belief in believed
        for place, fact in enumerate(belief.facts)
    ]
    return Group(
        Text.assemble(("Believed", "title"), f" on {network}; all else is proven from it"),
        Text(),
        sheet(rows, width=width),
        Text(),
        Text.assemble(("Somebody's word", "title"), ", marked so where it is given"),
        *(plain(f"- {word}") for word in WORDS),
    )
