"""`walkaway add`: files and folders into the store, and the address of each."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from walkaway.cli.byte_bar import ByteBar
from walkaway.cli.content_words import browser_url
from walkaway.cli.options import ConfigOption, HomeOption, JsonOption, settings_from
from walkaway.cli.own_store import open_store
from walkaway.cli.terminal import Terminal, counted, plain
from walkaway.content.importer.profiles import UNIXFS_V1_2025, Profile, profile_named
from walkaway.content.importer.run import (
    ImportProgress,
    Progress,
    import_path,
    import_stream,
    import_wrapped,
)
from walkaway.content.importer.tree import ImportOptions, readable, shown_path
from walkaway.content.store.block_store import BlockStore
from walkaway.errors import InvalidRequest, Unreadable
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["add"]

_STANDARD_INPUT = "-"


def add(
    paths: Annotated[
        list[str],
        typer.Argument(help="Files and folders; - is standard input.", metavar="PATHS..."),
    ],
    *,
    profile: Annotated[
        str,
        typer.Option("--profile", help="How the DAG is laid out (IPIP-499).", metavar="NAME"),
    ] = UNIXFS_V1_2025.name,
    wrap: Annotated[
        bool, typer.Option("--wrap", "-w", help="Put all of them into one directory, by name.")
    ] = False,
    hidden: Annotated[
        bool, typer.Option("--hidden", "-H", help="Take names in folders that begin with a dot.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Take what symbolic links lead to in their place.")
    ] = False,
    mode: Annotated[
        bool, typer.Option("--mode", help="Keep permissions, which makes other addresses.")
    ] = False,
    mtime: Annotated[
        bool, typer.Option("--mtime", help="Keep times of change, which makes other addresses.")
    ] = False,
    only_hash: Annotated[
        bool, typer.Option("--only-hash", "-n", help="Compute the address and keep nothing.")
    ] = False,
    no_pin: Annotated[
        bool, typer.Option("--no-pin", help="Let it leave the store when room is needed.")
    ] = False,
    name: Annotated[
        str | None,
        typer.Option("--name", help="What the pin is called, if not as the file.", metavar="NAME"),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the addresses and nothing else.")
    ] = False,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add files and folders to the store, and print their addresses.

    The same files have the same address wherever they are added by the same
    profile. Symbolic links stay links, and names that begin with a dot are
    left out of folders, unless told otherwise; permissions and times are not
    kept. What is added is pinned: it stays until walkaway pin rm.

    Example: walkaway add ./site
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, follows_chain=False, state_directory=state_directory)
        job = _Job(
            profile=profile_named(profile),
            options=ImportOptions(hidden=hidden, follow=follow, mode=mode, mtime=mtime),
            pin=not no_pin,
            name=name,
            port=settings.gateway_port,
        )
        given = [_Wrapped(_by_name(paths))] if wrap else [_Single(path) for path in paths]
        if name is not None and len(given) > 1:
            raise InvalidRequest(
                "--name is for one pin, and several would be made",
                advice="add them one by one, or in one directory: --wrap",
            )
        with ExitStack() as held:
            store = None if only_hash else held.enter_context(open_store(settings))
            for one in given:
                _add(one, job, store, terminal, quiet=quiet)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is the same for all that one command adds. ``port`` is the gateway's."""

    profile: Profile
    options: ImportOptions
    pin: bool
    name: str | None
    port: int


@dataclass(frozen=True, slots=True)
class _Single:
    """A path, or standard input."""

    path: str

    @property
    def called(self) -> str:
        return shown_path(_name(self.path))

    async def run(
        self, job: _Job, store: BlockStore | None, pin: str | None, progress: Progress
    ) -> Cid:
        if self.path == _STANDARD_INPUT:
            if sys.stdin is None:
                raise Unreadable("standard input is closed")
            source = sys.stdin.fileno()
            return await import_stream(source, store, job.profile, progress, pin=pin)
        return await import_path(
            self.path, store, job.profile, progress, options=job.options, pin=pin
        )


@dataclass(frozen=True, slots=True)
class _Wrapped:
    """Paths in one directory."""

    members: dict[str, Path]

    @property
    def called(self) -> str:
        return shown_path(", ".join(self.members))

    async def run(
        self, job: _Job, store: BlockStore | None, pin: str | None, progress: Progress
    ) -> Cid:
        return await import_wrapped(
            self.members, store, job.profile, progress, options=job.options, pin=pin
        )


def _add(
    given: _Single | _Wrapped,
    job: _Job,
    store: BlockStore | None,
    terminal: Terminal,
    *,
    quiet: bool,
) -> None:
    """Add one, and print its address."""
    last = ImportProgress(0, None, 0)
    called = job.name or given.called

    def progress(now: ImportProgress) -> None:
        nonlocal last
        last = now
        bar.show(now.done, now.total)

    with ByteBar(terminal, called, quiet=quiet) as bar:
        cid = asyncio.run(given.run(job, store, called if job.pin else None, progress))
    if terminal.as_json:
        terminal.print_json(
            {
                "cid": str(cid),
                "name": called,
                "bytes": last.done,
                "profile": job.profile.name,
                "kept": store is not None,
                "pinned": store is not None and job.pin,
                "hidden_left_out": last.hidden_passed_over,
                "links_leading_out": last.links_out,
            }
        )
        return
    terminal.show(Text(str(cid)) if quiet or not called else _line(cid, called))
    if not quiet:
        _tell_more(last, terminal)
        if store is not None and job.port and terminal.complaints.is_terminal:
            terminal.complaints.print(
                Text(f"{browser_url(job.port)}/ipfs/{cid} while walkaway up runs", "quiet"),
                soft_wrap=True,
            )


def _tell_more(last: ImportProgress, terminal: Terminal) -> None:
    """What of the import a person may not have meant."""
    if last.hidden_passed_over:
        left_out = counted(last.hidden_passed_over, "hidden name")
        terminal.complaints.print(Text(f"{left_out} left out; --hidden takes them", "quiet"))
    if last.first_link_out is not None:
        links = counted(last.links_out, "link leads", "links lead")
        terminal.complaints.print(
            Text.assemble(
                (f"{links} out of what is added, and will be refused where it is saved: ", "warn"),
                plain(shown_path(last.first_link_out)),
                ("; --follow takes what they lead to", "quiet"),
            ),
            soft_wrap=True,
        )


def _line(cid: Cid, called: str) -> Text:
    return Text.assemble((str(cid), "good"), "  ", plain(called))


def _name(path: str) -> str:
    """The last name on a path, of which standard input and the root of all folders have none."""
    if path == _STANDARD_INPUT:
        return ""
    with readable(path):
        return Path(os.path.normpath(Path(path).absolute())).name


def _by_name(paths: list[str]) -> dict[str, Path]:
    """The paths by the names that they get in a directory.

    Raises:
        InvalidRequest: two have one name, or one has none.
    """
    members: dict[str, Path] = {}
    for path in paths:
        name = _name(path)
        if not name:
            raise InvalidRequest(
                f"{path} has no name that it could have in a directory",
                advice="add it without --wrap",
            )
        if name in members:
            raise InvalidRequest(
                f"two of the paths are called {name}", advice="add them without --wrap"
            )
        members[name] = Path(path)
    return members
