"""`walkaway ls`: what is in a directory, without its content."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from rich.text import Text

from walkaway.cli.config import Settings
from walkaway.cli.content import content_of
from walkaway.cli.content_words import PlaceArgument, name_of, read_pointer
from walkaway.cli.ens_on_demand import names_of
from walkaway.cli.options import (
    ConfigOption,
    ContentSourceOption,
    HomeOption,
    JsonOption,
    OfflineOption,
    settings_from,
)
from walkaway.cli.terminal import Terminal, plain
from walkaway.content.budget import Budget
from walkaway.content.exporter.directory import Entry
from walkaway.content.exporter.listing import Listed, listing, size_of
from walkaway.content.open import OpenedFile, open_pointer
from walkaway.errors import Unsupported
from walkaway.names.pointer import Pointer
from walkaway.sizes import sized

__all__ = ["ls"]

_ONE_ROW = 110
"""Columns that an entry takes in one row with the whole of its address."""
_SHORT = 18


def ls(
    place: PlaceArgument,
    *,
    offline: OfflineOption = False,
    source: ContentSourceOption = None,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List a directory: the address, size, kind and name of each entry, proven.

    Of each entry the first block is fetched, to see what it is; one that is not
    to be had is listed as unknown. On a narrow screen addresses are shortened:
    --json, or a pipe, has them whole.

    Example: walkaway ls bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(
            config, source, follows_chain=False, state_directory=state_directory
        )
        asyncio.run(_list(settings, read_pointer(place), terminal, offline=offline))


async def _list(settings: Settings, pointer: Pointer, terminal: Terminal, *, offline: bool) -> None:
    budget = Budget()
    async with (
        content_of(settings, offline=offline) as content,
        names_of(settings, content, offline=offline) as names,
    ):
        opened = await open_pointer(content.networks, names, pointer, budget)
        if isinstance(opened, OpenedFile):
            raise Unsupported(f"{opened.root.pointer} is on no network whose folders are listed")
        look = opened.look
        if not look.what.is_directory:
            alone = Entry(name_of(pointer), look.cid, len(look.block))
            _show(Listed(alone, look.what, size_of(look)), terminal)
            return
        async with aclosing(listing(opened.blocks, look, budget)) as entries:
            async for listed in entries:
                _show(listed, terminal)


def _show(listed: Listed, terminal: Terminal) -> None:
    entry, kind = listed.entry, listed.kind
    if terminal.as_json:
        terminal.print_json(
            {"name": entry.name, "cid": str(entry.cid), "kind": kind, "bytes": listed.size}
        )
        return
    size = "-" if listed.size is None else sized(listed.size)
    terminal.show(
        Text.assemble(
            (_address(str(entry.cid), terminal.person.width), "good"),
            f"  {size:>10}  ",
            (f"{kind:<9}", "quiet"),
            "  ",
            plain(entry.name, whole=True),
        )
    )


def _address(cid: str, width: int) -> str:
    """An address, cut in its middle where it would leave a name no room in its line."""
    return cid if width >= _ONE_ROW or len(cid) <= _SHORT else f"{cid[:9]}…{cid[-8:]}"
