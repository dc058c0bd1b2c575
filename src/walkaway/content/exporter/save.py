"""Content as files and folders on this machine, which appear once all of it is there.

Nothing is written but below the one new path: names that are no single
component of a path are refused, and so are symbolic links that lead out, unless
they are left out. Two names that this machine's file system takes for one (``a``
and ``A``, on some) are refused when the second comes.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.paths import held_short
from walkaway.content.exporter.tree import Member, MemberKind, members
from walkaway.content.symlinks import leads_out
from walkaway.errors import Unwritable
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.unixfs import ModificationTime

__all__ = ["appearing", "save", "save_members", "single_name"]

_AS_IT_IS: Final = "--car keeps it as it is"
_ADVICE: Final = {
    errno.ENOENT: "make the folder that it is to be in first",
    errno.ENOTDIR: "name a path below a folder",
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room: your share of the disk is used up",
}
"""What to do about the system's refusals, where it is not to see to permissions."""


async def save(
    blocks: Blocks,
    cid: Cid,
    to: Path,
    budget: Budget,
    *,
    replace: bool = False,
    progress: Callable[[int], None] | None = None,
    left_out: Callable[[str], None] | None = None,
) -> int:
    """Write what stands at an address to a path; how many bytes of files that are.

    With ``replace`` a file or a symbolic link may be there already, and gives
    way; a folder never does. Permissions and times are set where the content
    says them and this machine can hold them. ``progress`` is told how many
    bytes are written. Where ``left_out`` is given, symbolic links that lead out of
    the folder are left out, and it is told the path of each.

    Raises:
        Unwritable: something is there already, the path cannot be written to, or the
            tree would not stay below it.
        ProofError: a block is malformed.
        Unproven: a block is not to be had.
        TooMuch: it is more than one request may fetch.
    """
    walked = members(blocks, cid, "", budget, _below)
    return await save_members(walked, to, replace=replace, progress=progress, left_out=left_out)


async def save_members(
    walked: AsyncGenerator[Member | bytes, None],
    to: Path,
    *,
    replace: bool = False,
    progress: Callable[[int], None] | None = None,
    left_out: Callable[[str], None] | None = None,
) -> int:
    """The same for members that come from anywhere, each before its bytes, folders before
    what is in them; the first has the path "". The names in paths are taken as they are:
    whoever gives them holds each to be a `single_name`. Closes ``walked``.

    Raises:
        Unwritable: as `save`.
        WalkawayError: what ``walked`` raised.
    """
    with appearing(to, replace=replace) as fresh:
        writer = _Writer(fresh, left_out)
        async with aclosing(walked):
            try:
                async for item in walked:
                    await asyncio.to_thread(writer.write, item)
                    if progress is not None:
                        progress(writer.written)
            finally:
                writer.end()
    writer.finish(to)
    return writer.written


@contextmanager
def appearing(to: Path, *, replace: bool = False) -> Iterator[Path]:
    """A path to write a file or a folder at, which then takes the place of ``to``.

    Of what is not written to its end nothing stays.

    Raises:
        Unwritable: something is there already, or the path cannot be written to.
    """
    _hold_free(to, replace=replace)
    with _told(to):
        room = Path(tempfile.mkdtemp(prefix=f".{to.name[:64]}.", suffix=".part", dir=to.parent))
    try:
        fresh = room / "content"
        with _told(to):
            yield fresh
            _hold_free(to, replace=replace)
            if fresh.is_dir():
                to.unlink(missing_ok=True)
            fresh.replace(to)
    finally:
        with suppress(OSError):
            shutil.rmtree(room)


def single_name(name: str) -> bool:
    """Whether a name is one component of a path on this machine, and no other way to say one."""
    return name not in ("", ".", "..") and "/" not in name and "\0" not in name


class _Writer:
    """Writes members below a path that is not there yet."""

    def __init__(self, root: Path, left_out: Callable[[str], None] | None) -> None:
        self.written = 0
        self._root = root
        self._left_out = left_out
        self._file: BinaryIO | None = None
        self._said: Member | None = None
        self._folders: list[_Folder] = []
        self._around: list[tuple[str, _Folder]] = []
        """The folders that the last member is in, by their paths, the outer ones first."""

    def write(self, item: Member | bytes) -> None:
        """Begin a member, or go on with the file that was begun last."""
        if isinstance(item, Member):
            self.end()
            self._begin(item)
        elif self._file is not None:
            self._file.write(item)
            self.written += len(item)

    def end(self) -> None:
        """End the file that was begun last."""
        if self._file is not None and self._said is not None:
            self._file.close()
            _give(_at(self._root, self._said), self._said)
            self._file = None

    def finish(self, root: Path) -> None:
        """Give folders what would not have let them be filled or moved, the inner ones first."""
        while self._folders:
            folder = self._folders.pop()
            _give(folder.below(root), folder)

    def _begin(self, member: Member) -> None:
        path = _at(self._root, member)
        try:
            if member.kind is MemberKind.DIRECTORY:
                path.mkdir()
                self._remember(member)
            elif member.kind is MemberKind.SYMLINK:
                self._link(path, member)
            else:
                self._file, self._said = path.open("xb"), member
        except FileExistsError:
            raise Unwritable(
                f"two names are one to this machine's file system: {member.path[-100:]}",
                advice="--tar or --car makes an archive that holds both",
            ) from None

    def _remember(self, member: Member) -> None:
        while self._around and not _is_in(member.path, self._around[-1][0]):
            self._around.pop()
        above = self._around[-1][1] if self._around else None
        name = member.path.rpartition("/")[2]
        folder = _Folder(name, above, member.mode, member.mtime)
        self._around.append((member.path, folder))
        if (member.mode, member.mtime) != (None, None):
            self._folders.append(folder)

    def _link(self, path: Path, member: Member) -> None:
        if not leads_out(member.target, member.path.count("/") + 1 if member.path else 0):
            path.symlink_to(os.fsdecode(member.target))
        elif self._left_out is not None and member.path:
            self._left_out(member.path)
        else:
            raise _link_out(member)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to be given what it says. It has no path of its own: of many that is much."""

    name: str
    above: _Folder | None
    mode: int | None
    mtime: ModificationTime | None

    def below(self, root: Path) -> Path:
        """Where it is, when the outermost one is at ``root``."""
        return root if self.above is None else self.above.below(root) / self.name


def _is_in(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _at(root: Path, member: Member) -> Path:
    return root / member.path if member.path else root


def _give(path: Path, said: Member | _Folder) -> None:
    """Permissions and time, where the content says them and the file system can hold them."""
    with suppress(OSError):
        if said.mtime is not None:
            time = said.mtime.seconds * 1_000_000_000 + said.mtime.nanoseconds
            os.utime(path, ns=(time, time))
        if said.mode is not None:
            path.chmod(said.mode)


def _below(parent: str, name: str) -> str:
    if not single_name(name):
        raise Unwritable(
            f"a name in a directory is none that a file could have: {name[:100]!r}",
            advice=_AS_IT_IS,
        )
    return held_short(f"{parent}/{name}" if parent else name)


def _link_out(member: Member) -> Unwritable:
    target = member.target[:100].decode("utf-8", "backslashreplace")
    if not member.path:
        return Unwritable(
            f"this is a symbolic link by itself, to {target}, and no file is made of it",
            advice="--tar keeps it as it is; a pipe is given where it leads",
        )
    return Unwritable(
        f"the symbolic link {member.path[-100:]} leads out of the folder, to {target}",
        advice="--skip-links leaves such links out; --tar and --car keep them as they are",
    )


def _hold_free(to: Path, *, replace: bool) -> None:
    with _told(to):
        try:
            to.lstat()
        except FileNotFoundError:
            return
    if to.is_dir() and not to.is_symlink():
        raise Unwritable(
            f"{to} is a folder that is there already",
            advice="name a path that is free, or remove the folder",
        )
    if to.exists() and not (to.is_file() or to.is_dir()):
        raise Unwritable(
            f"{to} is no file, and is not replaced", advice="name another path, or - for a pipe"
        )
    if not replace:
        raise Unwritable(f"{to} is there already", advice="--force replaces it")


@contextmanager
def _told(to: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unwritable(
            f"{to} cannot be written: {error.strerror or type(error).__name__}",
            advice=_ADVICE.get(error.errno or 0, "see to its permissions, or name another path"),
        ) from None
