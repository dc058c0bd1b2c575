"""`walkaway get` of a file or a folder on a network other than IPFS, written as it is proven."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from rich.text import Text

from walkaway.cli.streams import ByteStream
from walkaway.cli.terminal import Terminal, plain
from walkaway.content.budget import Budget
from walkaway.content.exporter.save import appearing, save_members
from walkaway.content.exporter.tar import tar_members
from walkaway.content.open import OpenedFile
from walkaway.content.proven_file import Believed, Folder
from walkaway.errors import InvalidRequest, ProofError, Unsupported
from walkaway.sizes import sized

__all__ = [
    "GotFile",
    "complain_of_words",
    "require_file",
    "save_file",
    "save_folder",
    "tell_file",
    "words_told",
    "write_file",
    "write_tar",
]

_Show: TypeAlias = Callable[[int, int | None], None]
"""Told how many bytes are done, and of how many where that is known."""


@dataclass(frozen=True, slots=True)
class GotFile:
    """What was written, and where: None is standard output. ``folder`` is that of which all
    was written, and not the one file.
    """

    opened: OpenedFile
    path: Path | None
    size: int
    folder: Folder | None = None


def require_file(opened: OpenedFile, form: str) -> None:
    """Hold that it can be written: as one file, or as a TAR where it is a folder.

    Raises:
        InvalidRequest: an archive is asked for that is made of blocks, or of one file.
        ProofError: a contract answers that it does not give the page.
        Unsupported: of a folder a mirror gives the index, and cannot tell what else is in it.
    """
    network, status = opened.root.pointer.network, opened.file.status
    if opened.root.mirror is not None and opened.file.is_folder and opened.file.folder is None:
        raise Unsupported(
            f"{str(opened.root.pointer)[:200]} is a folder, of which only the index is had there"
        )
    one_file = opened.file.folder is None
    if form and (one_file or form != "tar"):
        raise InvalidRequest(
            f"{str(opened.root.pointer)[:200]} is on {network}, which has no blocks to make a "
            f"{form.upper()} of",
            advice=f"leave --{form} out" + (": it is one file" if one_file else ""),
        )
    if not 200 <= status < 300:
        raise ProofError(
            f"the contract answers with status {status}, and not with a file", got=status
        )


async def write_file(opened: OpenedFile, to: ByteStream, show: _Show) -> int:
    """Write it as it comes; how many bytes it has. Raises as its stream does, and `Unwritable`."""
    done = 0
    async with aclosing(opened.file.stream(0, None)) as pieces:
        async for piece in pieces:
            await to.write(piece)
            done += len(piece)
            show(done, opened.file.size)
    return done


async def save_file(opened: OpenedFile, path: Path, show: _Show, *, replace: bool) -> int:
    """The same into a file, which appears once all of it is there."""
    with appearing(path, replace=replace) as fresh, fresh.open("wb") as file:
        return await write_file(opened, ByteStream(file, str(path)), show)


async def save_folder(
    folder: Folder, path: Path, budget: Budget, show: _Show, *, replace: bool
) -> int:
    """Write all of a folder, which appears once all of it is there; how many bytes it has.

    Raises:
        Unwritable: something is there already, or a name is none that a file could have.
        Unproven: a file is not to be had; says which.
    """
    return await save_members(
        folder.members("", budget), path, replace=replace, progress=lambda done: show(done, None)
    )


async def write_tar(folder: Folder, name: str, budget: Budget, to: ByteStream, show: _Show) -> int:
    """Write a TAR of all of a folder, in which it is called ``name``. Raises as `save_folder`."""
    done = 0
    async with aclosing(tar_members(folder.members(name, budget))) as pieces:
        async for piece in pieces:
            await to.write(piece)
            done += len(piece)
            show(done, None)
    return done


def tell_file(got: GotFile, terminal: Terminal) -> None:
    """Say what was written, and what of it is somebody's word."""
    root, file = got.opened.root, got.opened.file
    if terminal.as_json:
        terminal.print_json(
            {
                "network": root.pointer.network,
                "root": root.pointer.root,
                "tag": file.etag if got.folder is None else root.pointer.root,
                "path": str(got.path),
                "bytes": got.size,
                "name_proven": root.proven,
                "believed": words_told(file.believed),
                "is_folder": got.folder is not None,
                "left_out": [] if got.folder is None else list(got.folder.left_out),
            }
        )
        return
    by_word = "" if root.proven else ", by a name that is somebody's word"
    head = (str(root.pointer), "good")
    terminal.show(
        Text.assemble(head, "  ", plain(got.path), f"  {sized(got.size)}, proven{by_word}")
    )
    complain_of_words(file.believed, terminal)
    for what in () if got.folder is None else got.folder.left_out:
        terminal.complaints.print(plain(f"left out: {what}", "quiet"))


def words_told(believed: Iterable[Believed]) -> list[dict[str, object]]:
    """What is not proven, as data."""
    return [{"what": word.what, "said_by": list(word.said_by)} for word in believed]


def complain_of_words(believed: Iterable[Believed], terminal: Terminal) -> None:
    """Say what is not proven."""
    for word in believed:
        said = f" (said by {', '.join(word.said_by)})" if word.said_by else ""
        terminal.complaints.print(plain(f"not proven: {word.what}{said}", "quiet"))
