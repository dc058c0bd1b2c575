"""`walkaway get`: content out of the network, proven, as files, folders or archives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from rich.text import Text

from walkaway.cli.byte_bar import ByteBar
from walkaway.cli.config import Settings
from walkaway.cli.content import content_of, whole_block
from walkaway.cli.content_words import PlaceArgument, name_of, read_pointer
from walkaway.cli.ens_on_demand import names_of
from walkaway.cli.get_file import (
    GotFile,
    complain_of_words,
    require_file,
    save_file,
    save_folder,
    tell_file,
    words_told,
    write_file,
    write_tar,
)
from walkaway.cli.options import (
    ConfigOption,
    ContentSourceOption,
    HomeOption,
    JsonOption,
    OfflineOption,
    settings_from,
)
from walkaway.cli.streams import ByteStream, is_screen, standard_output
from walkaway.cli.terminal import Terminal, counted, plain
from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.file import as_file
from walkaway.content.exporter.listing import size_of
from walkaway.content.exporter.save import appearing, save, single_name
from walkaway.content.exporter.tar import tar
from walkaway.content.open import Opened, OpenedFile, Root, open_pointer
from walkaway.content.proven_file import Folder
from walkaway.content.store.archives import EXPORT_LIMITS, Carried, export_car
from walkaway.errors import InvalidRequest, Unwritable
from walkaway.names.pointer import Pointer
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sizes import sized

__all__ = ["get"]

_STANDARD = "-"
_FEW = 5

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
    skip_links: Annotated[
        bool,
        typer.Option("--skip-links", help="Leave symbolic links out that lead out of the folder."),
    ] = False,
    offline: OfflineOption = False,
    source: ContentSourceOption = None,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch a file or a directory, prove all of it, and write it out.

    It appears under its name once all of it is there. Without --output, a
    terminal and --json make it in the working directory; a pipe is given the
    bytes of a file, or an archive, as they are proven. Of a website on Arweave
    a pipe is given the index, and all of its files make the folder. Names and symbolic links
    that would lead out of the folder are refused; archives hold links as they are.

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
        job = _Job(
            read_pointer(place),
            form,
            _target(output, as_json=as_json),
            force,
            (output or "").endswith("/"),
            skip_links,
        )
        with ByteBar(terminal, "getting", quiet=job.to is None) as bar:
            got = asyncio.run(_get(settings, job, bar.show, offline=offline))
        if job.to is None:
            return
        if isinstance(got, GotFile):
            tell_file(got, terminal)
        else:
            _tell(got, terminal)


@dataclass(frozen=True, slots=True)
class _Job:
    """What to get, as which archive if any, and where to: None is standard output.

    ``into`` says that a folder was named; ``skip_links`` leaves links that lead out.
    """

    pointer: Pointer
    form: str
    to: Path | None
    replace: bool
    into: bool = False
    skip_links: bool = False

    def name(self, address: object) -> str:
        """What the content is called, its address where that could be no name of a file."""
        called = name_of(self.pointer)
        return called if single_name(called) else str(address)

    def path(self, address: object, *, is_folder: bool) -> Path:
        """The path to write to: within a folder that is there, by the content's own name.

        Raises:
            Unwritable: a folder was named that is not there, and no folder is made.
        """
        to = Path() if self.to is None else self.to
        if _is_folder(to):
            ending = f".{self.form}" if self.form else ""
            return to / (self.name(address) + ending)
        if self.into and (self.form or not is_folder):
            raise Unwritable(
                f"{to} is no folder that is there",
                advice="make it first, or leave the / out to have a file of that name",
            )
        return to


@dataclass(frozen=True, slots=True)
class _Got:
    """What was written of ``root``, and where: None is standard output."""

    root: Root
    cid: Cid
    path: Path | None
    size: int
    left_out: tuple[str, ...] = ()


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        raise Unwritable(
            f"{path} cannot be written: {error.strerror}", advice="name another path"
        ) from None


def _target(output: str | None, *, as_json: bool) -> Path | None:
    """The path that is asked for, a folder where none is; None for standard output.

    Raises:
        InvalidRequest: content would go to a screen, or stand among JSON.
    """
    if output not in (None, _STANDARD):
        return Path(output)
    if output is None and (as_json or is_screen()):
        return Path()
    if as_json or is_screen():
        raise InvalidRequest(
            "content is not for a screen, nor to stand among JSON",
            advice="name a file with --output, or lead standard output into one",
        )
    return None


async def _get(settings: Settings, job: _Job, show: _Show, *, offline: bool) -> _Got | GotFile:
    budget = Budget(EXPORT_LIMITS)
    for_contract = job.pointer.network == "web3"
    async with (
        content_of(settings, offline=offline) as content,
        names_of(settings, content, offline=offline, for_contract=for_contract) as names,
    ):
        opened = await open_pointer(content.networks, names, job.pointer, budget)
        if isinstance(opened, OpenedFile):
            return await _get_file(opened, job, budget, show)
        return await _Getting(opened.blocks, opened, job, budget, show).run()


async def _get_file(opened: OpenedFile, job: _Job, budget: Budget, show: _Show) -> GotFile:
    require_file(opened, job.form)
    root = opened.root.pointer.root
    folder = None if opened.file.folder is None else opened.file.folder()
    if folder is not None and job.form:
        return await _get_tar(opened, folder, job, budget, show)
    if job.to is None:
        return GotFile(opened, None, await write_file(opened, standard_output(), show))
    path = job.path(root, is_folder=folder is not None)
    if folder is None:
        return GotFile(opened, path, await save_file(opened, path, show, replace=job.replace))
    size = await save_folder(folder, path, budget, show, replace=job.replace)
    return GotFile(opened, path, size, folder)


async def _get_tar(
    opened: OpenedFile, folder: Folder, job: _Job, budget: Budget, show: _Show
) -> GotFile:
    root = opened.root.pointer.root
    name = job.name(root)
    if job.to is None:
        size = await write_tar(folder, name, budget, standard_output(), show)
        return GotFile(opened, None, size, folder)
    path = job.path(root, is_folder=True)
    with appearing(path, replace=job.replace) as fresh, fresh.open("wb") as file:
        size = await write_tar(folder, name, budget, ByteStream(file, str(path)), show)
    return GotFile(opened, path, size, folder)


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
        root, cid = self.opened.root, self.opened.resolved.cid
        if self.job.to is None:
            return _Got(root, cid, None, await self._pour(standard_output()))
        path = self.job.path(cid, is_folder=self.opened.look.what.is_directory)
        if not self.job.form:
            return await self._save(path)
        with appearing(path, replace=self.job.replace) as fresh, fresh.open("wb") as file:
            return _Got(root, cid, path, await self._pour(ByteStream(file, str(path))))

    def _hold_whole(self) -> None:
        """Raises `InvalidRequest` for what is no whole file, or is many where one should be."""
        whole_block(self.opened.resolved)
        if self.opened.look.what.is_directory and self.job.to is None and not self.job.form:
            raise InvalidRequest(
                "a directory is more than one file, and goes to no pipe as it is",
                advice="name a folder with --output NAME, or make an archive: --tar or --car",
            )

    async def _save(self, path: Path) -> _Got:
        total = size_of(self.opened.look)
        cid, left_out = self.opened.resolved.cid, list[str]()
        size = await save(
            self.blocks,
            cid,
            path,
            self.budget,
            replace=self.job.replace,
            progress=lambda done: self.show(done, total),
            left_out=left_out.append if self.job.skip_links else None,
        )
        return _Got(self.opened.root, cid, path, size, tuple(left_out))

    async def _pour(self, file: ByteStream) -> int:
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
        self, stream: AsyncGenerator[bytes, None], file: ByteStream, total: int | None
    ) -> int:
        done = 0
        async with aclosing(stream) as pieces:
            async for piece in pieces:
                await file.write(piece)
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
                "name_proven": got.root.proven,
                "believed": words_told(got.root.believed),
                "links_left_out": list(got.left_out),
            }
        )
        return
    by_word = "" if got.root.proven else ", by a name that is somebody's word"
    terminal.show(
        Text.assemble(
            (str(got.cid), "good"), "  ", plain(got.path), f"  {sized(got.size)}, proven{by_word}"
        )
    )
    complain_of_words(got.root.believed, terminal)
    if got.left_out:
        some = ", ".join(got.left_out[:_FEW]) + (", ..." if len(got.left_out) > _FEW else "")
        left_out = counted(len(got.left_out), "link that leads out", "links that lead out")
        terminal.complaints.print(plain(f"{left_out} left out: {some}", "quiet"))
