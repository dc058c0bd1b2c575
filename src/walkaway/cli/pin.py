"""`walkaway pin`: what is to stay in the store whatever its size."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from walkaway.cli.config import Settings
from walkaway.cli.content import content_of, find_address, find_dag
from walkaway.cli.content_words import PlaceArgument, read_pointer
from walkaway.cli.ens_on_demand import names_of
from walkaway.cli.names import held_names
from walkaway.cli.options import (
    ConfigOption,
    ContentSourceOption,
    HomeOption,
    JsonOption,
    OfflineOption,
    settings_from,
)
from walkaway.cli.own_store import open_store
from walkaway.cli.terminal import Terminal, counted, plain
from walkaway.content.budget import Budget
from walkaway.content.store.block_store import BlockStore
from walkaway.content.store.pinning import Pinned
from walkaway.content.store.pins import Pin
from walkaway.errors import WalkawayError
from walkaway.names.pointer import Pointer
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sizes import sized

__all__ = ["pin_app"]

_ONE_ROW = 110
"""Columns that a pin takes in one row, address, size, state and name."""

pin_app = typer.Typer(
    name="pin",
    help="Keep content in the store, whole, whatever its size.\n\n"
    "Example: walkaway pin add bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@pin_app.command("add")
def pin_add(
    place: PlaceArgument,
    *,
    name: Annotated[
        str, typer.Option("--name", help="What to call it in the list.", metavar="NAME")
    ] = "",
    direct: Annotated[
        bool, typer.Option("--direct", help="Keep that one block, and nothing below it.")
    ] = False,
    offline: OfflineOption = False,
    source: ContentSourceOption = None,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch what is absent of a DAG, and keep all of it until pin rm.

    A pin that failed or was interrupted stays, incomplete; it goes on where it was
    when it is added again.

    Example: walkaway pin add bafkqaaa --name nothing
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(
            config, source, follows_chain=False, state_directory=state_directory
        )
        pointer = read_pointer(place)
        with terminal.person.status(plain("pinning", "name"), spinner_style="name") as shown:

            def progress(now: Pinned) -> None:
                waiting = f", {now.waiting:,} to come" if now.waiting else ""
                shown.update(plain(f"pinning  {counted(now.held, 'block')}{waiting}", "name"))

            def stays(begun: Pin) -> None:
                terminal.complaints.print(
                    Text.assemble(("the pin stays, ", "quiet"), _state(begun)), soft_wrap=True
                )

            pin = asyncio.run(
                _pin(
                    settings, pointer, name, progress, stays, recursive=not direct, offline=offline
                )
            )
        if as_json:
            terminal.print_json(_as_data(pin))
        else:
            terminal.show(_line(pin))


@pin_app.command("rm")
def pin_rm(
    place: PlaceArgument,
    *,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove a pin. Its blocks leave when their room is needed, or with store gc.

    Nobody is asked: a path is followed through the store.

    Example: walkaway pin rm bafkqaaa
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, follows_chain=False, state_directory=state_directory)
        pointer = read_pointer(place)
        with open_store(settings) as store:
            root = asyncio.run(_unpin(store, settings, pointer))
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
            terminal.show(
                _table(pins, terminal.person.width) if pins else Text("nothing is pinned", "quiet")
            )


async def _unpin(store: BlockStore, settings: Settings, pointer: Pointer) -> Cid:
    root = await find_address(store, held_names(settings), pointer, Budget())
    await store.unpin(root)
    return root


async def _pin(
    settings: Settings,
    pointer: Pointer,
    name: str,
    progress: Callable[[Pinned], None],
    stays: Callable[[Pin], None],
    *,
    recursive: bool,
    offline: bool,
) -> Pin:
    """The pin; where making it fails, ``stays`` is told what is there of it."""
    async with (
        content_of(settings, offline=offline) as content,
        names_of(settings, content, offline=offline) as names,
    ):
        root, blocks = await find_dag(content.networks, names, pointer, Budget())
        try:
            return await content.store.pin(root, name, recursive, blocks=blocks, progress=progress)
        except WalkawayError:
            for begun in await content.store.pins():
                if begun.cid == root and not begun.complete:
                    stays(begun)
            raise


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


def _table(pins: Sequence[Pin], width: int) -> RenderableType:
    """A row for each pin; where it is narrow its address stands above it, in one piece."""
    if width < _ONE_ROW:
        return Group(*(part for pin in pins for part in (_address(pin), _about(pin))))
    table = Table.grid(padding=(0, 2))
    for _ in range(5):
        table.add_column(overflow="fold")
    for pin in pins:
        table.add_row(
            _address(pin),
            Text(counted(pin.blocks, "block"), justify="right"),
            Text(sized(pin.size), justify="right"),
            _state(pin),
            plain(pin.name),
        )
    return table


def _address(pin: Pin) -> Text:
    return Text(str(pin.cid), "good", overflow="ignore", no_wrap=True)


def _about(pin: Pin) -> RenderableType:
    size = f"{counted(pin.blocks, 'block')}, {sized(pin.size)}, "
    return Padding(Text.assemble(size, _state(pin), "  ", plain(pin.name)), (0, 0, 0, 2))


def _state(pin: Pin) -> Text:
    if not pin.complete:
        return Text("incomplete: pin add goes on with it, pin rm ends it", "warn")
    return Text("whole" if pin.recursive else "that block alone", "quiet")
