"""`walkaway pin`: what is to stay in the store whatever its size."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from walkaway.chain.clock import SystemClock
from walkaway.cli.cid_words import CidArgument, read_cid
from walkaway.cli.config import Settings
from walkaway.cli.content import content_plan
from walkaway.cli.options import ConfigOption, HomeOption, JsonOption, SourceOption, settings_from
from walkaway.cli.own_store import open_store
from walkaway.cli.terminal import Terminal, counted, plain
from walkaway.content.service import open_content
from walkaway.content.store.pinning import Pinned
from walkaway.content.store.pins import Pin
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sizes import sized

__all__ = ["pin_app"]

pin_app = typer.Typer(
    name="pin",
    help="Keep content in the store, whole, whatever its size.\n\n"
    "Example: walkaway pin add bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@pin_app.command("add")
def pin_add(
    cid: CidArgument,
    *,
    name: Annotated[
        str, typer.Option("--name", help="What to call it in the list.", metavar="NAME")
    ] = "",
    direct: Annotated[
        bool, typer.Option("--direct", help="Keep that one block, and nothing below it.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask nobody: all of it must be there already.")
    ] = False,
    source: SourceOption = None,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch what is absent of a DAG, and keep all of it until pin rm.

    A pin that was interrupted goes on where it was when it is added again.

    Example: walkaway pin add bafkqaaa --name nothing
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(
            config, source, follows_chain=False, state_directory=state_directory
        )
        root = read_cid(cid)
        with terminal.person.status(plain("pinning", "name"), spinner_style="name") as shown:

            def progress(now: Pinned) -> None:
                waiting = f", {now.waiting:,} to come" if now.waiting else ""
                shown.update(plain(f"pinning  {counted(now.held, 'block')}{waiting}", "name"))

            pin = asyncio.run(
                _pin(settings, root, name, progress, recursive=not direct, offline=offline)
            )
        if as_json:
            terminal.print_json(_as_data(pin))
        else:
            terminal.show(_line(pin))


@pin_app.command("rm")
def pin_rm(
    cid: CidArgument,
    *,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove a pin. Its blocks leave when their room is needed, or with store gc.

    Example: walkaway pin rm bafkqaaa
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, follows_chain=False, state_directory=state_directory)
        root = read_cid(cid)
        with open_store(settings) as store:
            asyncio.run(store.unpin(root))
        if as_json:
            terminal.print_json({"cid": str(root), "pinned": False})
        else:
            terminal.show(Text.assemble((str(root), "good"), "  no longer pinned"))


@pin_app.command("ls")
def pin_ls(
    *,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what is pinned, in the order in which it was.

    Example: walkaway pin ls --json
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, follows_chain=False, state_directory=state_directory)
        with open_store(settings) as store:
            pins = asyncio.run(store.pins())
        if as_json:
            for pin in pins:
                terminal.print_json(_as_data(pin))
        else:
            terminal.show(_table(pins) if pins else Text("nothing is pinned", "quiet"))


async def _pin(
    settings: Settings,
    root: Cid,
    name: str,
    progress: Callable[[Pinned], None],
    *,
    recursive: bool,
    offline: bool,
) -> Pin:
    async with open_content(
        content_plan(settings, offline=offline), clock=SystemClock()
    ) as content:
        return await content.store.pin(
            root, name, recursive, blocks=content.blocks, progress=progress
        )


def _as_data(pin: Pin) -> dict[str, object]:
    return {
        "cid": str(pin.cid),
        "name": pin.name,
        "recursive": pin.recursive,
        "complete": pin.complete,
        "blocks": pin.blocks,
        "bytes": pin.size,
    }


def _line(pin: Pin) -> Text:
    held = f"{counted(pin.blocks, 'block')}, {sized(pin.size)}"
    return Text.assemble((str(pin.cid), "good"), "  pinned: ", held)


def _table(pins: Sequence[Pin]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for _ in range(5):
        table.add_column(overflow="fold")
    for pin in pins:
        table.add_row(
            Text(str(pin.cid), "good"),
            Text(counted(pin.blocks, "block"), justify="right"),
            Text(sized(pin.size), justify="right"),
            _state(pin),
            plain(pin.name),
        )
    return table


def _state(pin: Pin) -> Text:
    if not pin.complete:
        return Text("incomplete: pin add goes on with it", "warn")
    return Text("whole" if pin.recursive else "that block alone", "quiet")
