"""The list of commands. Each is one file beside this one, loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Annotated, Final

import typer

import walkaway

__all__ = ["COMMANDS", "command_line"]

COMMANDS: Final = (
    "up",
    "demo",
    "status",
    "trust",
    "explain",
    "resolve",
    "open",
    "add",
    "get",
    "ls",
    "pin",
    "car",
    "store",
    "name",
    "pin-name",
)
"""Their names, which are those of their modules, where a dash is an underscore."""


def command_line(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with some of its commands.

    A module holds its command as a function of its own name, or a group of
    commands as ``NAME_app``.
    """
    line = typer.Typer(
        name="walkaway",
        help="An Ethereum JSON-RPC endpoint and an IPFS gateway on this machine: every answer "
        "about the chain and every block of content is proven here before it is shown.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    line.callback()(_options)
    for name in names:
        written = name.replace("-", "_")
        module = import_module(f"walkaway.cli.{written}")
        group = getattr(module, f"{written}_app", None)
        if isinstance(group, typer.Typer):
            line.add_typer(group)
        else:
            line.command()(getattr(module, written))
    return line


def __getattr__(name: str) -> typer.Typer:
    """``app``: the whole command line, for whoever looks at all of it."""
    if name != "app":
        raise AttributeError(name)
    return command_line()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"walkaway {walkaway.__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass
