"""`walkaway demo`: a small network with liars in it, and the endpoint in front."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from walkaway.cli.config import PORT
from walkaway.cli.options import JsonOption
from walkaway.cli.terminal import Terminal

__all__ = ["demo"]


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End after the steps; 0 only if every one held.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            "-p",
            help="The port to listen on; without it 8545, or another where that is taken.",
            metavar="PORT",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run a small network with liars in it, and the endpoint in front.

    Needs no network. Stays up until Ctrl-C, so that you can use the endpoint.

    Example: walkaway demo --once
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        wanted = None if port is None else PORT.value_of(port, "--port")
        _run(terminal, once=once, port=wanted)


def _run(terminal: Terminal, *, once: bool, port: int | None) -> None:
    # The devnet brings the executable specification, which no other command needs.
    from walkaway.cli.demo_steps import run_demo

    asyncio.run(run_demo(terminal, once=once, port=port))
