"""`walkaway car`: whole DAGs out of a file and into one."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from rich.text import Text

from walkaway.cli.byte_bar import ByteBar
from walkaway.cli.config import Settings
from walkaway.cli.content import content_of, find_dag
from walkaway.cli.content_words import PlaceArgument, read_pointer
from walkaway.cli.ens_on_demand import names_of
from walkaway.cli.options import (
    ConfigOption,
    ContentSourceOption,
    HomeOption,
    JsonOption,
    OfflineOption,
    settings_from,
)
from walkaway.cli.own_store import open_store
from walkaway.cli.streams import ByteStream, is_screen, standard_input, standard_output
from walkaway.cli.terminal import Terminal, counted
from walkaway.content.budget import Budget
from walkaway.content.exporter.save import appearing
from walkaway.content.store.archives import EXPORT_LIMITS, Carried, Imported, export_car, import_car
from walkaway.content.store.block_store import BlockStore
from walkaway.errors import InvalidRequest, ProofError, Unproven, Unreadable
from walkaway.names.pointer import Pointer
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sizes import sized

__all__ = ["car_app"]

_STANDARD = "-"

_ShowCarried: TypeAlias = Callable[[Carried], None]

car_app = typer.Typer(
    name="car",
    help="Carry whole DAGs in archives (CAR).\n\n"
    "Example: walkaway car export bafkqaaa --output site.car",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@car_app.command("import")
def car_import(
    file: Annotated[
        str,
        typer.Argument(help="The archive, of version 1 or 2; - is standard input.", metavar="FILE"),
    ],
    *,
    no_pin: Annotated[
        bool, typer.Option("--no-pin", help="Let it leave the store when room is needed.")
    ] = False,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prove and keep the blocks of an archive, and pin the DAGs of its roots.

    Nobody else is asked: a root whose DAG is not whole is an error that names
    the block which is missing, after everything that is there was kept.

    Example: walkaway car import site.car
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, follows_chain=False, state_directory=state_directory)
        with _opened(file) as archive, open_store(settings) as store:
            total = _size_of(archive)
            with ByteBar(terminal, "importing") as bar:
                imported = asyncio.run(
                    _import(store, archive, lambda now: bar.show(now.size, total), pin=not no_pin)
                )
        if as_json:
            terminal.print_json(
                {
                    "roots": [str(root) for root in imported.roots],
                    "pinned": not no_pin,
                    **_as_data(imported.carried),
                }
            )
            return
        for root in imported.roots:
            terminal.show(Text(str(root), "good"))
        terminal.complaints.print(Text(_told(imported.carried), "quiet"))


@car_app.command("export")
def car_export(
    place: PlaceArgument,
    *,
    output: Annotated[
        str,
        typer.Option("--output", "-o", help="Where to; - is standard output.", metavar="FILE"),
    ] = _STANDARD,
    offline: OfflineOption = False,
    source: ContentSourceOption = None,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the whole DAG below an address as an archive, each block proven.

    A file appears under its name once all of it is written.

    Example: walkaway car export bafkqaaa -o nothing.car
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(
            config, source, follows_chain=False, state_directory=state_directory
        )
        pointer = read_pointer(place)
        to_screen = output == _STANDARD
        if to_screen and (as_json or is_screen()):
            raise InvalidRequest(
                "an archive is not for a screen, nor to stand among JSON",
                advice="name a file with --output, or lead standard output into one",
            )
        with _written(output) as archive, ByteBar(terminal, "exporting", quiet=to_screen) as bar:

            def progress(now: Carried) -> None:
                bar.show(now.size, None)

            root, exported = asyncio.run(
                _export(settings, pointer, archive, progress, offline=offline)
            )
        if as_json:
            terminal.print_json({"cid": str(root), "file": output, **_as_data(exported)})
        else:
            terminal.complaints.print(Text(_told(exported), "quiet"))


async def _import(
    store: BlockStore, archive: ByteStream, progress: _ShowCarried, *, pin: bool
) -> Imported:
    async with store.lease():
        try:
            imported = await import_car(store, archive.pieces(), progress)
        except ProofError as error:
            raise Unreadable(
                f"the archive is not taken: {error}",
                advice="get or make it anew; blocks of it that were proven are kept, unpinned",
            ) from None
        for root in imported.roots if pin else ():
            await _pin(store, root)
    return imported


async def _pin(store: BlockStore, root: Cid) -> None:
    try:
        await store.pin(root)
    except Unproven as error:
        error.advice = f"the pin stays, incomplete: walkaway pin add {root} fetches the rest"
        raise


async def _export(
    settings: Settings,
    pointer: Pointer,
    archive: ByteStream,
    progress: _ShowCarried,
    *,
    offline: bool,
) -> tuple[Cid, Carried]:
    async with (
        content_of(settings, offline=offline) as content,
        names_of(settings, content, offline=offline) as names,
    ):
        budget = Budget(EXPORT_LIMITS)
        root, blocks = await find_dag(content.networks, names, pointer, budget)
        return root, await export_car(blocks, root, archive.write, budget=budget, progress=progress)


def _as_data(carried: Carried) -> dict[str, object]:
    return {"blocks": carried.blocks, "bytes": carried.size}


def _told(carried: Carried) -> str:
    return f"{counted(carried.blocks, 'block')}, {sized(carried.size)}, each proven"


@contextlib.contextmanager
def _opened(file: str) -> Iterator[ByteStream]:
    """Standard input, or a file.

    Raises:
        InvalidRequest: it cannot be opened.
        Unreadable: standard input is closed.
    """
    if file == _STANDARD:
        yield standard_input()
        return
    try:
        with Path(file).open("rb") as archive:
            yield ByteStream(archive, file)
    except OSError as error:
        raise InvalidRequest(
            f"{file} cannot be read: {error.strerror}", advice="name a file that is an archive"
        ) from None


def _size_of(archive: ByteStream) -> int | None:
    """How many bytes a file has; None for a pipe, and for what is no file of the system's."""
    try:
        return os.fstat(archive.file.fileno()).st_size or None
    except OSError:
        return None


@contextlib.contextmanager
def _written(output: str) -> Iterator[ByteStream]:
    """Standard output, or a file that has its name only once it is whole.

    Raises:
        Unwritable: it cannot be written.
    """
    if output == _STANDARD:
        yield standard_output()
        return
    with appearing(Path(output), replace=True) as fresh, fresh.open("wb") as archive:
        yield ByteStream(archive, output)
