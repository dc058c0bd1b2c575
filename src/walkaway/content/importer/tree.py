"""What there is on the disk to import: files, folders and symbolic links, and what is refused.

As Kubo has it: symbolic links stay links, and what has a name that begins with
a dot is left out of folders, unless told otherwise.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from walkaway.content.importer.file_dag import NO_METADATA, Metadata
from walkaway.errors import TooMuch, Unreadable
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs.unixfs_data import ModificationTime

__all__ = [
    "AS_KUBO",
    "FolderFound",
    "Found",
    "ImportOptions",
    "LinkFound",
    "RegularFile",
    "Tree",
    "readable",
    "shown_path",
]

_PERMISSIONS = 0o7777
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What is taken of what is there.

    ``hidden`` takes names that begin with a dot; ``follow`` takes what symbolic
    links lead to in their place; ``mode`` and ``mtime`` keep permissions and
    times of modification, which makes other addresses of the same content.
    """

    hidden: bool = False
    follow: bool = False
    mode: bool = False
    mtime: bool = False


AS_KUBO = ImportOptions()


@dataclass(frozen=True, slots=True)
class RegularFile:
    """A file; ``size`` is bytes, when it was looked at."""

    path: Path
    size: int
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class FolderFound:
    """A folder. ``inside`` identifies it and those that it is in, by device and inode."""

    path: Path
    metadata: Metadata
    inside: frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class LinkFound:
    """A symbolic link; ``target`` is the path in it."""

    path: Path
    target: bytes
    metadata: Metadata


Found: TypeAlias = RegularFile | FolderFound | LinkFound


class Tree:
    """Looks at the disk under some options, and counts what it passes over."""

    def __init__(self, options: ImportOptions, limits: Limits = LIMITS) -> None:
        self._options = options
        self._limits = limits
        self.hidden_passed_over = 0

    def look(self, path: Path, inside: frozenset[tuple[int, int]] = frozenset()) -> Found:
        """What is at a path.

        Raises:
            Unreadable: nothing, nothing that can be read, or what is no file,
                folder or link.
            TooMuch: a folder that is in more folders than is taken.
        """
        with readable(path):
            status = path.stat(follow_symlinks=self._options.follow)
            if stat.S_ISLNK(status.st_mode):
                times = Metadata(None, self._mtime(status))
                # As it stands there: a `Path` would tidy it up, and make another address of it.
                return LinkFound(path, os.readlink(os.fsencode(path)), times)  # noqa: PTH115
        metadata = self._metadata(status)
        if stat.S_ISREG(status.st_mode):
            return RegularFile(path, status.st_size, metadata)
        if stat.S_ISDIR(status.st_mode):
            return self._folder(path, metadata, (status.st_dev, status.st_ino), inside)
        raise Unreadable(f"{shown_path(path)} is {_kind(status.st_mode)}, which holds no content")

    def listed(self, folder: FolderFound) -> list[str]:
        """The names in a folder, in the order of their bytes.

        Raises:
            Unreadable: the folder cannot be read, or a name in it is not UTF-8.
            TooMuch: it holds more, or longer names, than is taken.
        """
        names: list[str] = []
        with readable(folder.path), os.scandir(folder.path) as entries:
            for entry in entries:
                if entry.name.startswith(".") and not self._options.hidden:
                    self.hidden_passed_over += 1
                    continue
                names.append(entry.name)
                if len(names) > self._limits.import_folder_entries:
                    raise TooMuch(
                        f"{shown_path(folder.path)} holds more than "
                        f"{self._limits.import_folder_entries} entries",
                        advice="divide it into several folders",
                    )
        return sorted(names, key=lambda name: self.name_bytes(name, folder.path))

    def name_bytes(self, name: str, folder: Path | str) -> bytes:
        """The bytes of a name in a folder.

        Raises:
            Unreadable: it is not UTF-8.
            TooMuch: it is longer than is taken.
        """
        try:
            encoded = name.encode()
        except UnicodeEncodeError:
            raise Unreadable(
                f"a name in {shown_path(folder)} is not UTF-8: {shown_path(name)}",
                advice="rename it: links in IPFS have Unicode names",
            ) from None
        if len(encoded) > self._limits.import_name_bytes:
            raise TooMuch(
                f"a name in {shown_path(folder)} is longer than "
                f"{self._limits.import_name_bytes} bytes: {shown_path(name)}",
                advice="give it a shorter one",
            )
        return encoded

    def _folder(
        self,
        path: Path,
        metadata: Metadata,
        identity: tuple[int, int],
        inside: frozenset[tuple[int, int]],
    ) -> FolderFound:
        if identity in inside:
            raise Unreadable(f"{shown_path(path)} leads back to a folder that it is in")
        if len(inside) == self._limits.import_depth:
            raise TooMuch(
                f"{shown_path(path)} is more than {self._limits.import_depth} folders deep",
                advice="import a folder inside it by itself",
            )
        return FolderFound(path, metadata, inside | {identity})

    def _metadata(self, status: os.stat_result) -> Metadata:
        if not (self._options.mode or self._options.mtime):
            return NO_METADATA
        mode = stat.S_IMODE(status.st_mode) & _PERMISSIONS if self._options.mode else None
        return Metadata(mode, self._mtime(status))

    def _mtime(self, status: os.stat_result) -> ModificationTime | None:
        if not self._options.mtime:
            return None
        return ModificationTime(*divmod(status.st_mtime_ns, _NANOSECONDS))


@contextmanager
def readable(path: Path | str) -> Iterator[None]:
    """Name the file that the system refuses. Raises `Unreadable`."""
    try:
        yield
    except OSError as fault:
        reason = (fault.strerror or str(fault)).lower()
        raise Unreadable(f"cannot read {shown_path(path)}: {reason}") from fault
    except ValueError:
        raise Unreadable(f"{shown_path(path)} is no path") from None


def shown_path(path: Path | str) -> str:
    """A path as it can be printed, whatever bytes are in it."""
    return os.fspath(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "of no known kind")
