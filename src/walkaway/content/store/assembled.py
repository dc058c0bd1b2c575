"""Whole files, put together once while they were proven, ready to be sent as they are.

A file is written aside while its blocks stream, and gets its name only when all of it
is there. It is proven by its address again at its first use in a process
(`assembled_proof.py`), so that a torn, a rotten and a forged one are dropped alike. From
then on its descriptor stays open, and it is the same file as long as the system says
that nobody wrote to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from walkaway.content.blocks import Blocks
from walkaway.content.store.assembled_file import AssembledFile
from walkaway.content.store.assembled_proof import is_file
from walkaway.content.store.assembled_writer import AssembledWriter, sweep
from walkaway.errors import ConfigError, Unproven
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven

__all__ = ["AssembledFile", "AssembledFiles", "AssembledWriter"]

_USED = ".used"
"""Ends the name of an empty file whose time is that of the last use: a file's own must stay."""
_STAMP_SECONDS = 600.0
"""How often a use of a large file is noted on disk: the oldest note leaves first."""
_ROOM_AFTER = 0.9
_LARGEST_SHARE = 8
_WRITTEN_SHARE = 0.5
"""How much of the room files may take up that are being written."""
_LONGEST_NAME = 200
_ENTRY_BYTES = 1024
"""What a file in memory takes up besides its content."""


class AssembledFiles:
    """The files in a folder, ``limits.assembled_bytes`` of them at most, by their CID.

    What is being written counts among them, as the whole that it is to be, and is written once.

    ``blocks`` has the nodes above the leaves of a file, to prove one that an earlier
    process left; without it, files of more than one block last as long as this process.
    Raises `ConfigError` where the folder cannot be used. After that nothing raises: what
    cannot be kept or read is not there.
    """

    def __init__(
        self, folder: Path, limits: Limits = LIMITS, *, blocks: Blocks | None = None
    ) -> None:
        self.folder = folder
        self._blocks = _NoBlocks() if blocks is None else blocks
        self._aside = folder / "partial"
        self._limits = limits
        self._small: OrderedDict[Cid, AssembledFile] = OrderedDict()
        self._small_bytes = 0
        self._large: OrderedDict[Cid, AssembledFile] = OrderedDict()
        self._stamped: dict[Cid, float] = {}
        self._writing: dict[str, int] = {}
        self._placed = 0
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
        """The file, where it was used in this process before, and is at hand; else see `open`."""
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

    async def open(self, cid: Cid) -> AssembledFile | None:
        """The file. Its first use in a process proves all of it, in a thread."""
        warm = self.lookup(cid)
        if warm is not None:
            return warm
        file = await asyncio.to_thread(self._read, cid)
        if file is None:
            return None
        if not await is_file(cid, file.size, file.read, self._blocks, self._limits):
            await asyncio.to_thread(self._drop, cid)
            return None
        return await asyncio.to_thread(self._remembered, cid, file)

    def writer(self, cid: Cid, size: int) -> AssembledWriter | None:
        """What takes the bytes of a file of ``size`` bytes, as they are proven.

        None where it would not be kept: another is writing it, it takes up too much of the
        room, by itself or beside what is being written, or the disk fails.
        """
        name = str(cid.as_v1())
        if size * _LARGEST_SHARE > self._limits.assembled_bytes or len(name) > _LONGEST_NAME:
            return None
        with self._turn:
            room = self._limits.assembled_bytes * _WRITTEN_SHARE - sum(self._writing.values())
            if name in self._writing or size > room:
                return None
            self._writing[name] = size
        try:
            return AssembledWriter(
                self._aside,
                size,
                lambda path: self._place(cid, size, path),
                lambda: self._written(name),
            )
        except OSError:
            self._written(name)
            return None
        finally:
            self._look_for_room()

    def close(self) -> None:
        """Let go of every file; one that is being sent stays open until it is sent."""
        self._room.shutdown()
        self._small.clear()
        self._large.clear()

    def _path(self, cid: Cid) -> Path:
        return self.folder / str(cid.as_v1())

    def _read(self, cid: Cid) -> AssembledFile | None:
        path = self._path(cid)
        try:
            # A pipe that stands there would keep whoever opens it waiting.
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        told = os.fstat(fd)
        if not stat.S_ISREG(told.st_mode):
            os.close(fd)
            return None
        return AssembledFile(path, told.st_size, data=None, fd=fd)

    def _place(self, cid: Cid, size: int, aside: Path) -> AssembledFile | None:
        """Give a whole file its name. It is proven: its blocks were, one by one."""
        path = self._path(cid)
        aside.replace(path)
        self._note_use(cid)
        with self._turn:
            self._writing[path.name] = 0
            self._on_disk += size
            self._placed += size
        self._look_for_room()
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        return self._remembered(cid, AssembledFile(path, size, data=None, fd=fd))

    def _remembered(self, cid: Cid, file: AssembledFile) -> AssembledFile | None:
        """Keep a file at hand: its bytes where it is small, else its descriptor."""
        if file.size > self._limits.assembled_small_bytes:
            # Whoever wrote to it while it was proven has made another file of it.
            if not file.is_unchanged():
                return None
            self._hold_open(cid, file)
            return file
        data = bytes(file.slice())
        if len(data) != file.size or not file.is_unchanged():
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
        with contextlib.suppress(OSError):
            _stamp_of(self._path(cid)).touch(mode=0o600)

    def _drop(self, cid: Cid) -> None:
        with self._turn:
            self._large.pop(cid, None)
        _remove(self._path(cid))

    def _listed(self) -> list[tuple[float, int, Path]]:
        """Each file's last use, size and path; what was never used since it came is oldest."""
        found: list[tuple[float, int, Path]] = []
        for path in list(self.folder.iterdir()):
            if path == self._aside:
                continue
            with contextlib.suppress(OSError):
                if path.suffix != _USED:
                    found.append((_time_of(_stamp_of(path)), path.stat().st_size, path))
                elif not path.with_suffix("").exists():
                    path.unlink()
        return found

    def _written(self, name: str) -> None:
        with self._turn:
            del self._writing[name]

    def _reserved(self) -> int:
        with self._turn:
            return sum(self._writing.values())

    def _look_for_room(self) -> None:
        if self._on_disk + self._reserved() > self._limits.assembled_bytes:
            self._room.submit(self._make_room)

    def _make_room(self) -> None:
        """Remove the files that were used longest ago, in a thread; who sends one goes on."""
        with contextlib.suppress(OSError):
            before = self._placed
            listed = sorted(self._listed())
            total = sum([size for _, size, _ in listed])
            most = self._limits.assembled_bytes * _ROOM_AFTER - self._reserved()
            for _, size, path in listed:
                if total <= most:
                    break
                _remove(path)
                total -= size
            with self._turn:
                # What came meanwhile may not be in the list: counted twice at worst, never lost.
                self._on_disk = total + self._placed - before


class _NoBlocks:
    """For whoever has no store."""

    async def get(self, cid: Cid) -> Proven[bytes]:
        """Raises `Unproven`."""
        raise Unproven(f"{cid} is not held on this machine", reasons={})


def _stamp_of(path: Path) -> Path:
    return path.with_name(path.name + _USED)


def _time_of(stamp: Path) -> float:
    try:
        return stamp.stat().st_mtime
    except OSError:
        return 0


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        _stamp_of(path).unlink(missing_ok=True)
