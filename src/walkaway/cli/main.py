"""The list of commands. Each is one file beside this one."""

from __future__ import annotations

from typing import Annotated

import typer

from walkaway import __version__
from walkaway.cli.add import add
from walkaway.cli.car import car_app
from walkaway.cli.demo import demo
from walkaway.cli.explain import explain
from walkaway.cli.get import get
from walkaway.cli.ls import ls
from walkaway.cli.pin import pin_app
from walkaway.cli.status import status
from walkaway.cli.store import store_app
from walkaway.cli.trust import trust
from walkaway.cli.up import up

__all__ = ["app", "main"]

app = typer.Typer(
    name="walkaway",
    help="An Ethereum JSON-RPC endpoint in which every answer is proven on this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(up)
app.command()(status)
app.command()(trust)
app.command()(explain)
app.command()(add)
app.command()(get)
app.command()(ls)
app.add_typer(pin_app)
app.add_typer(car_app)
app.add_typer(store_app)
app.command()(demo)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"walkaway {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line, as ``walkaway`` does."""
    app()
