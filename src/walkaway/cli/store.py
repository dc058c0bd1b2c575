"""`walkaway store`: what content takes up on this machine, and how to have the room back."""

from __future__ import annotations

import asyncio

import typer
from rich.text import Text

from walkaway.cli.options import ConfigOption, HomeOption, JsonOption, settings_from
from walkaway.cli.own_store import open_store
from walkaway.cli.terminal import Terminal, counted, plain, sheet
from walkaway.content.store.block_store import Stat
from walkaway.content.store.room import Gone
from walkaway.sizes import sized

__all__ = ["store_app"]

store_app = typer.Typer(
    name="store",
    help="Look into the store of content, and make room in it.\n\nExample: walkaway store stat",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@store_app.command("stat")
def store_stat(
    *,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how much the store holds, and how much of that is pinned.

    Example: walkaway store stat --json
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, follows_chain=False, state_directory=state_directory)
        with open_store(settings) as store:
            stat = asyncio.run(store.stat())
        if as_json:
            terminal.print_json(
                {
                    "blocks": stat.blocks,
                    "bytes": stat.size,
                    "pinned_blocks": stat.pinned_blocks,
                    "pinned_bytes": stat.pinned_size,
                    "pins": stat.pins,
                    "imports_running": stat.leases,
                    "limit_bytes": stat.limit,
                    "file_bytes": stat.file_size,
                    "folder": str(settings.store_folder),
                }
            )
        else:
            rows = _rows(stat, str(settings.store_folder))
            terminal.show(sheet(rows, width=terminal.person.width))


@store_app.command("gc")
def store_gc(
    *,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove every block that is neither pinned nor being imported.

    What was removed is fetched again where somebody asks for it. No need to
    run this: beyond store_megabytes, the least recently used makes room.

    Example: walkaway store gc
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, follows_chain=False, state_directory=state_directory)
        with terminal.person.status(plain("removing", "name"), spinner_style="name") as shown:

            def progress(now: Gone) -> None:
                shown.update(plain(f"removing  {_told(now)}", "name"))

            with open_store(settings) as store:
                gone = asyncio.run(store.collect(progress))
        if as_json:
            terminal.print_json({"removed_blocks": gone.blocks, "removed_bytes": gone.size})
        else:
            terminal.show(Text(f"removed {_told(gone)}"))


def _told(gone: Gone) -> str:
    return f"{counted(gone.blocks, 'block')}, {sized(gone.size)}"


def _rows(stat: Stat, folder: str) -> list[tuple[object, object]]:
    pinned = counted(stat.pinned_blocks, "block")
    rows: list[tuple[object, object]] = [
        ("holds", f"{counted(stat.blocks, 'block')}, {sized(stat.size)} of {sized(stat.limit)}"),
        ("pinned", f"{pinned}, {sized(stat.pinned_size)}, by {counted(stat.pins, 'pin')}"),
        ("on disk", f"{sized(stat.file_size)} in {folder}"),
    ]
    if stat.leases:
        rows.append(("running", counted(stat.leases, "import")))
    return rows
