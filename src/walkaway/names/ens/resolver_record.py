"""Whose code resolves the names of ENS: recorded at first sight, and held to from then on.

The Universal Resolver is a proxy whose owner, the ENS DAO, may let it run other code at any
time; and all that names lead to hangs on it. So the code that was seen first is written
down, and names are resolved by no other until the person says so.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from walkaway.errors import ConfigError, SourceFault, Unproven
from walkaway.evm.derive_name import ResolverCode
from walkaway.limits import LIMITS
from walkaway.sources.json_text import parse_json

__all__ = ["KeptCode", "ResolverRecord"]

_FORMAT: Final = "walkaway universal resolver 1"
_ADDRESS_BYTES: Final = 20
_HASH_BYTES: Final = 32
_FILE_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class KeptCode:
    """What was written down: the 20-byte implementation, and the hash of its code.

    ``code_hash`` is None where the person accepted an address whose code nobody has seen
    yet; ``accepted`` says whether it was they who did, or it was only seen first.
    """

    implementation: bytes
    code_hash: bytes | None
    accepted: bool

    def allows(self, code: ResolverCode) -> bool:
        """Whether this is the code that was written down."""
        return self.implementation == code.implementation and self.code_hash in (
            None,
            code.code_hash,
        )


class ResolverRecord:
    """The record of one network, a file in a directory of the user's own."""

    def __init__(self, directory: Path, network: str) -> None:
        self.path = directory / f"{network}.universal-resolver"

    def load(self) -> KeptCode | None:
        """What was written down; None before first sight.

        Raises `ConfigError` where the file cannot be read, or says something else.
        """
        try:
            text = self._text()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(self.path, error) from None
        try:
            return _read(parse_json(text, depth=LIMITS.json_depth))
        except (SourceFault, ValueError):
            raise ConfigError(
                f"{self.path} is damaged",
                advice="remove it to record the resolver's code anew at first sight",
            ) from None

    async def check(self, code: ResolverCode) -> None:
        """Hold the code that runs against the record; at first sight, write it down.

        Raises:
            Unproven: other code runs; names are not resolved by it.
            ConfigError: the record cannot be read or written.
        """
        await asyncio.to_thread(self._check, code)

    def accept(self, implementation: bytes) -> None:
        """Let names be resolved by the code at a 20-byte address, from now on.

        Raises `ConfigError` where that cannot be written down.
        """
        with self._alone():
            self._write(KeptCode(implementation, None, accepted=True))

    def _check(self, code: ResolverCode) -> None:
        kept = self.load()
        if kept is None or kept.code_hash is None:
            with self._alone():
                kept = self._complete(code)
        if not kept.allows(code):
            raise _other_code(kept, code)

    def _complete(self, code: ResolverCode) -> KeptCode:
        """What is written down once this code was seen, whoever wrote it meanwhile."""
        kept = self.load()
        if kept is not None and (kept.code_hash is not None or not kept.allows(code)):
            return kept
        seen = KeptCode(code.implementation, code.code_hash, accepted=kept is not None)
        self._write(seen)
        return seen

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While no other thread or process changes a record of this directory."""
        with ExitStack() as closing:
            try:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                handle = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                closing.callback(os.close, handle)
                fcntl.flock(handle, fcntl.LOCK_EX)
            except OSError as error:
                raise _unusable(self.path, error) from None
            yield

    def _text(self) -> bytes:
        """The file, where it is one: whoever opens another kind of thing may wait for ever."""
        handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError(errno.EINVAL, "it is no regular file")
            return os.read(handle, _FILE_BYTES)
        finally:
            os.close(handle)

    def _write(self, kept: KeptCode) -> None:
        code_hash = None if kept.code_hash is None else "0x" + kept.code_hash.hex()
        said = {
            "format": _FORMAT,
            "implementation": "0x" + kept.implementation.hex(),
            "code_hash": code_hash,
            "accepted": kept.accepted,
        }
        try:
            handle, fresh = tempfile.mkstemp(dir=self.path.parent, prefix=".", suffix=".new")
            with os.fdopen(handle, "w") as file:
                json.dump(said, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(fresh).replace(self.path)
        except OSError as error:
            raise _unusable(self.path, error) from None


def _read(said: object) -> KeptCode:
    if not isinstance(said, dict) or said.get("format") != _FORMAT:
        raise ValueError
    code_hash, accepted = said.get("code_hash"), said.get("accepted")
    if not isinstance(accepted, bool):
        raise ValueError
    return KeptCode(
        _bytes(said.get("implementation"), _ADDRESS_BYTES),
        None if code_hash is None else _bytes(code_hash, _HASH_BYTES),
        accepted,
    )


def _bytes(value: object, size: int) -> bytes:
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ValueError
    data = bytes.fromhex(value[2:])
    if len(data) != size:
        raise ValueError
    return data


def _other_code(kept: KeptCode, code: ResolverCode) -> Unproven:
    new, old = f"0x{code.implementation.hex()}", f"0x{kept.implementation.hex()}"
    since = "that you accepted" if kept.accepted else "that was seen first"
    hashes = "" if kept.code_hash is None else f" (code hash 0x{kept.code_hash.hex()})"
    changed = (
        f"it now runs the code at {new} (code hash 0x{code.code_hash.hex()}), "
        f"and not the one {since}: {old}{hashes}"
    )
    return Unproven(
        "names of ENS are not resolved: the Universal Resolver was changed",
        reasons={"the Universal Resolver": changed},
        advice="its owner, the ENS DAO, can do this; once you have made sure that they did: "
        f"walkaway trust --accept-resolver {new}",
    )


def _unusable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"the record {path} cannot be used: {error.strerror or type(error).__name__}",
        advice="make room and see to its permissions",
    )
