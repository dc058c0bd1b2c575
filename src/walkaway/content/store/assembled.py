"""Whole files, put together once while they were proven, ready to be sent as they are.

A file is written aside while its blocks stream, and gets its name only when all of it
is there. Beside it stands its SHA-256: the first use in a process reads the file once
and holds it to that, so that a torn or a rotten one is dropped; from then on its
descriptor stays open, and it is the same file as long as the system says that nobody
wrote to it. The digest guards against accidents, not against someone who can write
here as this user: see ``docs/decisions/0010-blocks-in-sqlite-proven-at-every-read.md``.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from walkaway.content.store.assembled_file import AssembledFile
from walkaway.content.store.assembled_writer import AssembledWriter, sweep
from walkaway.errors import ConfigError
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["AssembledFile", "AssembledFiles", "AssembledWriter"]

_DIGEST = ".sha256"
_STAMP_SECONDS = 600.0
"""How often a use of a large file is noted on disk: the oldest note leaves first."""
_ROOM_AFTER = 0.9
_LARGEST_SHARE = 8
_LONGEST_NAME = 200
_ENTRY_BYTES = 1024
"""What a file in memory takes up besides its content."""
_PIECE_BYTES = 1024 * 1024


class AssembledFiles:
    """The files in a folder, ``limits.assembled_bytes`` of them at most, by their CID.

    Raises `ConfigError` where the folder cannot be used. After that nothing raises: what
    cannot be kept or read is not there.
    """

    def __init__(self, folder: Path, limits: Limits = LIMITS) -> None:
        self.folder = folder
        self._aside = folder / "partial"
        self._limits = limits
        self._small: OrderedDict[Cid, AssembledFile] = OrderedDict()
        self._small_bytes = 0
        self._large: OrderedDict[Cid, AssembledFile] = OrderedDict()
        self._stamped: dict[Cid, float] = {}
        self._turn = threading.RLock()
        self._room = ThreadPoolExecutor(1, thread_name_prefix="assembled-room")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._aside.mkdir(mode=0o700, exist_ok=True)
            sweep(self._aside)
            self._on_disk = sum([size for _, size, _ in self._listed()])
        except OSError as error:
            raise ConfigError(
                f"the folder {folder} cannot be used: {error.strerror}",
                advice="see to its permissions, or name another with --state-directory",
            ) from None

    def lookup(self, cid: Cid) -> AssembledFile | None:
        """The file, where it is small, or was used in this process before.

        A large one that was not is had from `open`, which reads it in a thread.
        """
        with self._turn:
            small = self._small.get(cid)
            if small is not None:
                self._small.move_to_end(cid)
                return small
            large = self._large.get(cid)
            if large is not None and large.is_unchanged():
                self._large.move_to_end(cid)
                self._stamp(cid)
                return large
        if large is not None:
            self._drop(cid)
            return None
        return self._remembered(cid, self._read(cid, self._limits.assembled_small_bytes))

    async def open(self, cid: Cid) -> AssembledFile | None:
        """The file, of any size. Its first use in a process reads all of it."""
        file = self.lookup(cid)
        if file is None:
            largest = self._limits.assembled_bytes
            file = self._remembered(cid, await asyncio.to_thread(self._read, cid, largest))
        return file

    def writer(self, cid: Cid, size: int) -> AssembledWriter | None:
        """What takes the bytes of a file of ``size`` bytes, as they are proven.

        None where it would not be kept: it takes up too much of the room, or the disk fails.
        """
        name = str(cid.as_v1())
        if size * _LARGEST_SHARE > self._limits.assembled_bytes or len(name) > _LONGEST_NAME:
            return None
        try:
            return AssembledWriter(
                self._aside, size, lambda path, digest: self._place(cid, size, path, digest)
            )
        except OSError:
            return None

    def close(self) -> None:
        """Let go of every file; one that is being sent stays open until it is sent."""
        self._room.shutdown()
        self._small.clear()
        self._large.clear()

    def _path(self, cid: Cid) -> Path:
        return self.folder / str(cid.as_v1())

    def _read(self, cid: Cid, largest: int) -> AssembledFile | None:
        """Open a file and hold it to its digest; drop it where it is another."""
        path = self._path(cid)
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        size = os.fstat(fd).st_size
        if size > largest:
            os.close(fd)
            return None
        file = AssembledFile(path, size, data=None, fd=fd)
        if not _is_as_written(file):
            self._drop(cid)
            return None
        return file

    def _place(self, cid: Cid, size: int, aside: Path, digest: bytes) -> AssembledFile | None:
        """Give a whole file its name; its digest comes first, so that none stands without."""
        path = self._path(cid)
        noted = aside.with_name(aside.name + _DIGEST)
        noted.write_bytes(digest)
        noted.replace(_digest_of(path))
        aside.replace(path)
        self._on_disk += size
        if self._on_disk > self._limits.assembled_bytes:
            self._room.submit(self._make_room)
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        return self._remembered(cid, AssembledFile(path, size, data=None, fd=fd))

    def _remembered(self, cid: Cid, file: AssembledFile | None) -> AssembledFile | None:
        """Keep a file at hand: its bytes where it is small, else its descriptor."""
        if file is None:
            return None
        if file.size > self._limits.assembled_small_bytes:
            self._hold_open(cid, file)
            return file
        data = bytes(file.slice())
        if len(data) != file.size:
            return None
        small = AssembledFile(file.path, file.size, data=data, fd=None)
        self._hold_in_memory(cid, small)
        return small

    def _hold_open(self, cid: Cid, file: AssembledFile) -> None:
        with self._turn:
            self._large[cid] = file
            while len(self._large) > self._limits.assembled_open:
                self._stamped.pop(self._large.popitem(last=False)[0], None)
            self._stamp(cid)

    def _hold_in_memory(self, cid: Cid, file: AssembledFile) -> None:
        with self._turn:
            if cid not in self._small:
                self._small_bytes += file.size + _ENTRY_BYTES
            self._small[cid] = file
            while self._small_bytes > self._limits.assembled_memory_bytes:
                self._small_bytes -= self._small.popitem(last=False)[1].size + _ENTRY_BYTES
        self._note_use(cid)

    def _stamp(self, cid: Cid) -> None:
        now = time.monotonic()
        if now - self._stamped.get(cid, -_STAMP_SECONDS) >= _STAMP_SECONDS:
            self._stamped[cid] = now
            self._note_use(cid)

    def _note_use(self, cid: Cid) -> None:
        """The digest's file bears when its file was used last: its own times must not change."""
        with contextlib.suppress(OSError):
            os.utime(_digest_of(self._path(cid)))

    def _drop(self, cid: Cid) -> None:
        with self._turn:
            self._large.pop(cid, None)
        _remove(self._path(cid))

    def _listed(self) -> list[tuple[float, int, Path]]:
        """Each file's last use, size and path. What has no digest was never whole, and goes."""
        found: list[tuple[float, int, Path]] = []
        for path in list(self.folder.iterdir()):
            if path.suffix == _DIGEST or path == self._aside:
                continue
            try:
                found.append((_digest_of(path).stat().st_mtime, path.stat().st_size, path))
            except OSError:
                _remove(path)
        return found

    def _make_room(self) -> None:
        """Remove the files that were used longest ago, in a thread; who sends one goes on."""
        with contextlib.suppress(OSError):
            listed = sorted(self._listed())
            total = sum([size for _, size, _ in listed])
            for _, size, path in listed:
                if total <= self._limits.assembled_bytes * _ROOM_AFTER:
                    break
                _remove(path)
                total -= size
            self._on_disk = total


def _digest_of(path: Path) -> Path:
    return path.with_name(path.name + _DIGEST)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        _digest_of(path).unlink(missing_ok=True)


def _is_as_written(file: AssembledFile) -> bool:
    digest = hashlib.sha256()
    try:
        for start in range(0, file.size, _PIECE_BYTES):
            digest.update(file.slice(start, start + _PIECE_BYTES))
        return _digest_of(file.path).read_bytes() == digest.digest()
    except OSError:
        return False
