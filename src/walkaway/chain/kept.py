"""What is kept across runs: the light-client store, written so that a kill loses nothing.

The file is replaced, never rewritten: a new one is written beside it, forced
to disk and renamed over it, and the one before stays as the second
generation. Each carries a SHA-256 of its content. A damaged file is passed
over for the generation before; where both are damaged the person is told,
since starting anew is a decision about trust.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from walkaway.errors import ConfigError, SourceFault
from walkaway.limits import LIMITS
from walkaway.sources.json_text import parse_json

__all__ = ["Kept", "KeptState", "in_use"]

FORMAT = "walkaway light-client store 1"


@dataclass(frozen=True, slots=True)
class Kept:
    """One generation.

    ``store`` is the light-client store as it serialises itself; ``head_slot``
    the highest optimistic slot ever proven; ``checkpoint`` the 32-byte root
    that trust began with; ``finalized`` maps the slots of the last finalized
    heads to their beacon roots, so that a later checkpoint that contradicts
    one is noticed. ``finalized_block`` is the number and hash of the newest
    execution block that was final.
    """

    chain_id: int
    store: bytes
    head_slot: int
    checkpoint: bytes
    finalized: dict[int, bytes] = field(default_factory=dict)
    finalized_block: tuple[int, bytes] | None = None


def in_use(directory: Path, network: str) -> bool:
    """Whether another process follows this network with the state that is kept there."""
    kept = KeptState(directory, network)
    if not kept.path.parent.is_dir():
        return False
    try:
        kept.lock()
    except ConfigError:
        return True
    kept.unlock()
    return False


class KeptState:
    """The state file of one network, in a directory of the user's own.

    One process has it at a time: `lock` says so to the others.
    """

    def __init__(self, directory: Path, network: str) -> None:
        self.path = directory / f"{network}.state"
        self._previous = directory / f"{network}.state.previous"
        self._lock_path = directory / f"{network}.lock"
        self._lock: int | None = None

    def lock(self) -> None:
        """Take the file for this process; a killed one lets go of it.

        Raises `ConfigError` where another process has it, or the directory cannot be used.
        """
        if self._lock is not None:
            return
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _unusable(self.path.parent, error) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise ConfigError(
                f"another walkaway is using {self.path.parent} for this network",
                advice="end it, or give this one its own --state-directory",
            ) from None
        self._lock = handle

    def unlock(self) -> None:
        """Let others have the file."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def load(self) -> Kept | None:
        """The newest sound generation, or None where nothing was ever kept.

        Raises `ConfigError` where files exist and none is sound.
        """
        present = [path for path in (self.path, self._previous) if path.exists()]
        if not present:
            return None
        for path in present:
            kept = _read(path)
            if kept is not None:
                return kept
        raise ConfigError(
            f"the kept light-client state is damaged: {self.path}",
            advice="start from a checkpoint you trust: remove the file, then pass --checkpoint",
        )

    def save(self, kept: Kept) -> None:
        """Replace the file by a new generation; on return it has reached the disk.

        Raises `ConfigError` where it cannot be written; the generation before stays.
        """
        try:
            self._replace(kept)
        except OSError as error:
            raise _unusable(self.path.parent, error) from None

    def _replace(self, kept: Kept) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".state.new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(_encode(kept))
            file.flush()
            os.fsync(file.fileno())
        if self.path.exists() and _read(self.path) is not None:
            self.path.replace(self._previous)
        fresh.replace(self.path)
        _sync_directory(self.path.parent)


def _unusable(directory: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"the state directory {directory} cannot be used: {error.strerror or type(error).__name__}",
        advice="make room and see to its permissions, or name another with --state-directory",
    )


def _encode(kept: Kept) -> bytes:
    recent = sorted(kept.finalized.items())[-LIMITS.kept_finalized_roots :]
    body = json.dumps(
        {
            "format": FORMAT,
            "chain_id": kept.chain_id,
            "head_slot": kept.head_slot,
            "checkpoint": kept.checkpoint.hex(),
            "finalized": {str(slot): root.hex() for slot, root in recent},
            "finalized_block": None
            if kept.finalized_block is None
            else [kept.finalized_block[0], kept.finalized_block[1].hex()],
            "store": kept.store.hex(),
        }
    ).encode()
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _read(path: Path) -> Kept | None:
    try:
        if path.stat().st_size > LIMITS.kept_state_bytes:
            return None
        digest, _, body = path.read_bytes().partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != digest:
            return None
        document = parse_json(body, depth=LIMITS.json_depth)
        if document["format"] != FORMAT:
            return None
        block = document["finalized_block"]
        return Kept(
            chain_id=_number(document["chain_id"]),
            store=bytes.fromhex(document["store"]),
            head_slot=_number(document["head_slot"]),
            checkpoint=_root(document["checkpoint"]),
            finalized={_number(int(k)): _root(v) for k, v in document["finalized"].items()},
            finalized_block=None if block is None else (_number(block[0]), _root(block[1])),
        )
    except (OSError, SourceFault, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return None


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**64:
        raise ValueError("not an unsigned 64-bit number")
    return value


def _root(value: str) -> bytes:
    root = bytes.fromhex(value)
    if len(root) != 32:
        raise ValueError("not 32 bytes")
    return root


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
