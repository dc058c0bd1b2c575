"""Names that this machine holds: IPNS records once published to it, and the person's own.

A record proves itself whenever it is used, against the clock of that moment: nothing
that lies on the disk is believed. Of two records of one name the newer one is kept. Where
all places are taken, the record that was published or asked for longest ago leaves, but none
of a name that lasts: whoever makes names without end would have it forgotten how new a record
of another's name was seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from walkaway.errors import (
    ConfigError,
    Elsewhere,
    InvalidRequest,
    ProofError,
    TooMuch,
    Unproven,
    Unsupported,
    WalkawayError,
)
from walkaway.limits import LIMITS, Limits
from walkaway.names.leads import check_lead
from walkaway.names.pointer import Pointer, parse_pointer
from walkaway.names.resolution import Resolution, Standing
from walkaway.names.small_file import read_small_file
from walkaway.names.spelling import canonical
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_name import name_text, parse_name
from walkaway.proofs.ipfs.ipns_record import IpnsRecord, prove_record
from walkaway.proofs.proven import Proven
from walkaway.sources.clock import Clock

__all__ = ["SECOND", "HeldNames", "HeldRecord", "Lasting", "resolution_of"]

Lasting = Callable[[], Awaitable[Collection[str]]]
"""Tells the IPNS names, in text, whose records make room for no others."""

SECOND: Final = 1_000_000_000
"""Nanoseconds in a second, as records count."""

ENDING: Final = ".ipns-record"

_FRESH: Final = ".new"
_LEFT_SECONDS: Final = 3600.0
"""After so long, nobody is writing a file any more that is still not whole."""
_ALWAYS: Final = -(1 << 63)
"""A moment at which no record's time is over."""


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record as it was signed, and what it says, proven just now."""

    signed: bytes
    proven: Proven[IpnsRecord]


class HeldNames:
    """Resolves what is held, and asks nobody. Implements `Names`.

    ``folder`` holds one file a record; it is made when the first comes. ``dnslinks``
    maps DNS names to content paths, by the person's own word. ``lasting`` tells whose records
    stay. Raises `ConfigError` for a pointer that is malformed.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        dnslinks: Mapping[str, str] | None = None,
        lasting: Lasting | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        self._folder = folder
        self._lasting = lasting
        self._clock = clock
        self._limits = limits
        self._dnslinks = dict(_own(name, to) for name, to in (dnslinks or {}).items())
        self._writing = asyncio.Lock()

    def own(self, name: str) -> Resolution | None:
        """Where the person's own setting has a name lead; None where there is none."""
        if not self._dnslinks:
            return None
        try:
            pointer = self._dnslinks.get(canonical(name))
        except (InvalidRequest, Unsupported):
            # What is no name is not set either.
            return None
        return None if pointer is None else Resolution(pointer, None, Standing.OWN)

    async def resolve(self, name: str) -> Resolution:
        """One step from a name.

        Raises:
            Unproven: nothing is held for it, or its record's time is over.
            ProofError: what is held does not prove it.
            Unsupported: it points to a network that is not known.
        """
        own = self.own(name)
        if own is not None:
            return own
        try:
            key = parse_name(name)
        except ProofError:
            raise _nothing(name, "it holds no pointer for this name") from None
        held = await self.record(key)
        if held is None:
            raise _nothing(name, "it holds no record of this key")
        return resolution_of(held, self._clock.now())

    async def record(self, name: Cid) -> HeldRecord | None:
        """The record that is held for a key, proven now; None where there is none.

        Raises:
            Unproven: its time is over.
            ProofError: it does not prove the name.
        """
        signed = await asyncio.to_thread(self._read, name, is_use=True)
        if signed is None:
            return None
        try:
            return HeldRecord(signed, prove_record(name, signed, now=self._now()))
        except Elsewhere:
            raise _nothing(name_text(name), "the record that it holds is no longer valid") from None

    async def order(self, name: Cid) -> tuple[int, int] | None:
        """The order of the record that is held for a key, even where its time is over."""
        said = await asyncio.to_thread(self._said, name)
        return None if said is None else said.order

    async def put(self, name: Cid, signed: bytes) -> bool:
        """Keep a record; whether it was newer than what is held. Returns once it is on the disk.

        Raises:
            ProofError: it does not prove the name.
            TooMuch: no record at all may be held, or no further one.
            ConfigError: the folder cannot be written to.
            StoreFault: it cannot be told which records stay.
        """
        said = prove_record(name, signed, now=self._now()).value
        async with self._writing:
            if await asyncio.to_thread(self._holds, name, said):
                return False
            lasting = () if self._lasting is None else await self._lasting()
            return await asyncio.to_thread(self._replace, name, signed, said, lasting)

    def _holds(self, name: Cid, said: IpnsRecord) -> bool:
        """Whether what is held is as new as this, or newer."""
        held = self._said(name)
        return held is not None and held.order >= said.order

    def _replace(
        self, name: Cid, signed: bytes, said: IpnsRecord, lasting: Collection[str]
    ) -> bool:
        """Write it if it is newer, while no other process does; whether it was."""
        with self._alone():
            if self._holds(name, said):
                return False
            self._write(name, signed, lasting)
        return True

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """While no other process changes this folder."""
        with contextlib.ExitStack() as closing:
            try:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                closing.callback(os.close, handle)
                fcntl.flock(handle, fcntl.LOCK_EX)
            except OSError as error:
                raise _unusable(self._folder, error) from None
            yield

    def _said(self, name: Cid) -> IpnsRecord | None:
        """What the record that is held says, if it proves the name, even where its time is over.

        An older one takes no newer one's place because that has ended.
        """
        signed = self._read(name)
        if signed is None:
            return None
        try:
            return prove_record(name, signed, now=_ALWAYS).value
        except ProofError:
            return None

    def _now(self) -> int:
        return int(self._clock.now() * SECOND)

    def _path(self, name: Cid) -> Path:
        return self._folder / (name_text(name) + ENDING)

    def _read(self, name: Cid, *, is_use: bool = False) -> bytes | None:
        """The file's bytes, one more at most than a record may have."""
        path = self._path(name)
        try:
            signed = read_small_file(path, self._limits.ipns_record_bytes + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(self._folder, error) from None
        if is_use:
            with contextlib.suppress(OSError):
                os.utime(path)
        return signed

    def _write(self, name: Cid, signed: bytes, lasting: Collection[str]) -> None:
        path = self._path(name)
        try:
            self._make_room(path, lasting)
            handle, fresh = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=_FRESH)
            with os.fdopen(handle, "wb") as file:
                file.write(signed)
                file.flush()
                os.fsync(file.fileno())
            Path(fresh).replace(path)
        except OSError as error:
            raise _unusable(self._folder, error) from None

    def _make_room(self, path: Path, lasting: Collection[str]) -> None:
        """Have a place for a file, and remove what a kill left of others that were written."""
        if self._limits.held_records < 1:
            raise TooMuch("no IPNS records are held")
        if path.exists():
            return
        stay = {name + ENDING for name in lasting}
        by_use: list[tuple[float, Path]] = []
        for each in list(self._folder.iterdir()):
            # Another process may be changing the same folder.
            with contextlib.suppress(FileNotFoundError):
                used = each.stat().st_mtime
                if each.name.endswith(ENDING):
                    by_use.append((used, each))
                elif each.name.endswith(_FRESH) and used < time.time() - _LEFT_SECONDS:
                    each.unlink()
        leaving = len(by_use) + 1 - self._limits.held_records
        may_leave = [each for _, each in sorted(by_use) if each.name not in stay]
        if leaving > len(may_leave):
            raise TooMuch("all places for IPNS records are taken by names that stay")
        for each in may_leave[: max(leaving, 0)]:
            each.unlink(missing_ok=True)


def resolution_of(held: HeldRecord, now: float) -> Resolution:
    """What a record that is valid at unix time ``now`` has its name resolve to.

    Raises:
        ProofError: its value is no content path that can be read.
        Unsupported: it points to a network that is not known.
    """
    said = held.proven.value
    ttl = said.ttl / SECOND
    return Resolution(
        parse_pointer(said.value),
        min(ttl, said.validity / SECOND - now),
        Standing.PROVEN,
        because=held.proven.because,
        record=held.signed,
        ttl=ttl,
    )


def _own(name: str, path: str) -> tuple[str, Pointer]:
    try:
        key, pointer = canonical(name), parse_pointer(path)
        check_lead(key, pointer)
    except WalkawayError as error:
        raise ConfigError(
            f"the pointer that is set for {name!r} cannot be read: {error}",
            advice="give a content path such as /ipfs/bafy... or /ipns/...",
        ) from None
    return key, pointer


def _nothing(name: str, reason: str) -> Unproven:
    return Unproven(
        f"the name {name[:100]!r} is not resolved",
        reasons={"this machine": reason},
        advice="say where it leads in dnslinks, or give the gateway its signed record "
        "(PUT /routing/v1/ipns/NAME)",
    )


def _unusable(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"the folder {folder} cannot be used: {error.strerror or type(error).__name__}",
        advice="make room and see to its permissions",
    )
