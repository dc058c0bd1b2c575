"""`walkaway get`: content out of the network, proven, as files, folders or archives."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO, TypeAlias

import typer
from rich.text import Text

from walkaway.chain.clock import SystemClock
from walkaway.cli.byte_bar import ByteBar
from walkaway.cli.config import Settings
from walkaway.cli.content import content_plan, held_names
from walkaway.cli.content_words import PlaceArgument, name_of, read_pointer
from walkaway.cli.options import (
    ConfigOption,
    HomeOption,
    JsonOption,
    OfflineOption,
    SourceOption,
    settings_from,
)
from walkaway.cli.terminal import Terminal, plain
from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.file import as_file
from walkaway.content.exporter.listing import size_of
from walkaway.content.exporter.save import appearing, save, single_name
from walkaway.content.exporter.tar import tar
from walkaway.content.open import Opened, open_pointer
from walkaway.content.service import open_content
from walkaway.content.store.archives import Carried, export_car
from walkaway.errors import InvalidRequest
from walkaway.names.pointer import Pointer
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sizes import sized

__all__ = ["get"]

_STANDARD = "-"

_Show: TypeAlias = Callable[[int, int | None], None]
"""Told how many bytes are done, and of how many where that is known."""


def get(
    place: PlaceArgument,
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="The file or folder to make, or the folder to put it in; - is standard output.",
            metavar="PATH",
        ),
    ] = None,
    as_tar: Annotated[bool, typer.Option("--tar", help="Make one TAR archive of it.")] = False,
    as_car: Annotated[
        bool, typer.Option("--car", help="Make one CAR of it: its blocks, for others to prove.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Replace a file that is there already.")
    ] = False,
    offline: OfflineOption = False,
    source: SourceOption = None,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch a file or a directory, prove every block of it, and write it out.

    It appears under its name once all of it is there. A pipe is given the
    bytes as they are proven. Names and symbolic links that would lead out of
    the folder are refused.

    Example: walkaway get /ipfs/bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354 -o site
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(
            config, source, follows_chain=False, state_directory=state_directory
        )
        if as_tar and as_car:
            raise InvalidRequest("--tar and --car are two archives", advice="choose one of them")
        form = "tar" if as_tar else "car" if as_car else ""
        job = _Job(read_pointer(place), form, _target(output, as_json=as_json), force)
        with ByteBar(terminal, "getting", quiet=job.to is None) as bar:
            got = asyncio.run(_get(settings, job, bar.show, offline=offline))
        if job.to is not None:
            _tell(got, terminal)


@dataclass(frozen=True, slots=True)
class _Job:
    """What to get, as which archive if any, and where to: None is standard output."""

    pointer: Pointer
    form: str
    to: Path | None
    replace: bool

    def name(self, cid: Cid) -> str:
        """What the content is called, its address where that could be no name of a file."""
        called = name_of(self.pointer)
        return called if single_name(called) else str(cid)

    def path(self, cid: Cid) -> Path:
        """The path to write to: within a folder that is there, by the content's own name."""
        to = Path() if self.to is None else self.to
        ending = f".{self.form}" if self.form else ""
        return to / (self.name(cid) + ending) if to.is_dir() else to


@dataclass(frozen=True, slots=True)
class _Got:
    """What was written, and where: None is standard output."""

    cid: Cid
    path: Path | None
    size: int
    proven: bool


def _target(output: str | None, *, as_json: bool) -> Path | None:
    """The path that is asked for, a folder where none is; None for standard output.

    Raises:
        InvalidRequest: content would go to a screen, or stand among JSON.
    """
    if output not in (None, _STANDARD):
        return Path(output)
    if output is None and (as_json or _is_screen()):
        return Path()
    if as_json or _is_screen():
        raise InvalidRequest(
            "content is not for a screen, nor to stand among JSON",
            advice="name a file with --output, or lead standard output into one",
        )
    return None


def _is_screen() -> bool:
    return sys.stdout.isatty()


async def _get(settings: Settings, job: _Job, show: _Show, *, offline: bool) -> _Got:
    plan, budget = content_plan(settings, offline=offline), Budget()
    async with open_content(plan, clock=SystemClock()) as content:
        names = held_names(settings)
        opened = await open_pointer(content.blocks, names, job.pointer, budget)
        return await _Getting(content.blocks, opened, job, budget, show).run()


@dataclass(frozen=True, slots=True)
class _Getting:
    """What was opened, on its way out."""

    blocks: Blocks
    opened: Opened
    job: _Job
    budget: Budget
    show: _Show

    async def run(self) -> _Got:
        """Write it to where it should go.

        Raises:
            WalkawayError: why it is not written.
        """
        self._hold_whole()
        cid, proven = self.opened.resolved.cid, self.opened.root.proven
        if self.job.to is None:
            size = await self._pour(sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return _Got(cid, None, size, proven)
        path = self.job.path(cid)
        if not self.job.form:
            return _Got(cid, path, await self._save(path), proven)
        with appearing(path, replace=self.job.replace) as fresh, fresh.open("wb") as file:
            return _Got(cid, path, await self._pour(file), proven)

    def _hold_whole(self) -> None:
        """Raises `InvalidRequest` for what is no whole file, or is many where one should be."""
        if self.opened.resolved.remainder:
            inside = "/".join(self.opened.resolved.remainder)[:100]
            raise InvalidRequest(
                f"/{inside} leads into the block {self.opened.resolved.cid}, "
                "of which no part is written",
                advice="get the whole block, by the path without that",
            )
        if self.opened.look.what.is_directory and self.job.to is None and not self.job.form:
            raise InvalidRequest(
                "a directory is more than one file, and goes to no pipe as it is",
                advice="name a folder with --output, or make an archive: --tar or --car",
            )

    async def _save(self, path: Path) -> int:
        total = size_of(self.opened.look)
        return await save(
            self.blocks,
            self.opened.resolved.cid,
            path,
            self.budget,
            replace=self.job.replace,
            progress=lambda done: self.show(done, total),
        )

    async def _pour(self, file: BinaryIO) -> int:
        """Write one file or archive as it comes; how many bytes of content it holds."""
        cid = self.opened.resolved.cid
        if self.job.form == "car":

            def progress(now: Carried) -> None:
                self.show(now.size, None)

            carried = await export_car(
                self.blocks, cid, file.write, budget=self.budget, progress=progress
            )
            return carried.size
        if self.job.form == "tar":
            name = self.job.name(cid)
            return await self._write(tar(self.blocks, cid, name, self.budget), file, None)
        content = as_file(self.blocks, self.opened.look, self.budget)
        return await self._write(content.stream(), file, content.size)

    async def _write(
        self, stream: AsyncGenerator[bytes, None], file: BinaryIO, total: int | None
    ) -> int:
        done = 0
        async with aclosing(stream) as pieces:
            async for piece in pieces:
                await asyncio.to_thread(file.write, piece)
                done += len(piece)
                self.show(done, total)
        return done


def _tell(got: _Got, terminal: Terminal) -> None:
    if terminal.as_json:
        terminal.print_json(
            {
                "cid": str(got.cid),
                "path": str(got.path),
                "bytes": got.size,
                "name_proven": got.proven,
            }
        )
        return
    by_word = "" if got.proven else ", by a name that is somebody's word"
    terminal.show(
        Text.assemble(
            (str(got.cid), "good"), "  ", plain(got.path), f"  {sized(got.size)}, proven{by_word}"
        )
    )
