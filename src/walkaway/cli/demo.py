"""`walkaway demo`: a small network with liars in it, the endpoint and the gateway in front."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from walkaway.cli.config import GATEWAY_PORT, PORT
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
    gateway_port: Annotated[
        int | None,
        typer.Option(
            "--gateway-port",
            help="The port of the gateway; without it 8080, or another where that is taken.",
            metavar="PORT",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run a small network with liars in it, the endpoint and the gateway in front.

    Needs no network. Stays up until Ctrl-C, so that you can use both.

    Example: walkaway demo --once
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        wanted = None if port is None else PORT.value_of(port, "--port")
        beside = (
            None if gateway_port is None else GATEWAY_PORT.value_of(gateway_port, "--gateway-port")
        )
        _run(terminal, once=once, port=wanted, gateway_port=beside)


def _run(terminal: Terminal, *, once: bool, port: int | None, gateway_port: int | None) -> None:
    # The devnet brings the executable specification, which no other command needs.
    from walkaway.cli.demo_steps import run_demo

    asyncio.run(run_demo(terminal, once=once, port=port, gateway_port=gateway_port))
