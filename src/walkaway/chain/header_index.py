"""Hashes of final blocks that were proven once, kept so that depth stays proven.

An entry was proven under a finalized head, in this run or an earlier one. One of
an earlier run is believed like the kept light-client store is: it is an anchor,
and evidence that stands on it says "kept". An entry that contradicts what is
proven now is not passed over: two histories are a matter for the person.

The file is a row of records of 48 bytes, only ever appended to: number (8 bytes,
big-endian), block hash (32), and the first 8 bytes of the SHA-256 of the chain and
both. A record that is damaged, or was cut off by a kill, is left out; that costs
depth, which can be proven again. One process at a time may load it (the keeper's lock).
"""

from __future__ import annotations

import logging
import os
from bisect import bisect_left, insort
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from walkaway.errors import ConfigError
from walkaway.limits import LIMITS

__all__ = ["HeaderIndex"]

log = logging.getLogger("walkaway.chain")

MARK = b"walkaway header index 1"
RECORD_BYTES = 48


class HeaderIndex:
    """Block numbers and 32-byte hashes, in a file or, where ``path`` is None, for this run only.

    Where the file cannot be used, it works for this run only, and says so in the log.
    """

    def __init__(self, path: Path | None, chain_id: int) -> None:
        self._path = path
        self._chain_id = chain_id
        self._hashes: dict[int, bytes] = {}
        self._numbers: list[int] = []
        self._file: int | None = None

    def load(self) -> None:
        """Take up what earlier runs proved. Reads and may rewrite the file.

        Raises `ConfigError` where it holds two hashes for one number.
        """
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._take_up(self._path)
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            log.warning("proven depth cannot be kept: %s", error.strerror)
            self.close()

    def forget(self) -> None:
        """Begin anew: what is kept was proven under a trust that is not the present one."""
        if self._path is not None:
            try:
                self._path.unlink(missing_ok=True)
            except OSError as error:
                raise ConfigError(
                    f"the kept header index {self._path} cannot be removed: {error.strerror}",
                    advice="remove it by hand: it was proven under another checkpoint",
                ) from None

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def nearest(self, number: int) -> tuple[int, bytes] | None:
        """The lowest block at or above a number, of those that were proven final."""
        return self._entry(bisect_left(self._numbers, number))

    def newest_below(self, number: int) -> tuple[int, bytes] | None:
        """The highest block below a number, of those that were proven final."""
        place = bisect_left(self._numbers, number)
        return self._entry(place - 1) if place else None

    def note(self, number: int, block_hash: bytes) -> None:
        """Keep the hash of a block that has just been proven final.

        Raises `ConfigError` where another hash was proven for that number before.
        """
        known = self._hashes.get(number)
        if known is not None:
            _check_same(number, known, block_hash)
            return
        if len(self._numbers) >= 2 * LIMITS.kept_headers:
            return
        self._insert(number, block_hash)
        if self._file is not None:
            try:
                os.write(self._file, self._record(number, block_hash))
            except OSError as error:
                log.warning("proven depth is not kept any more: %s", error.strerror)
                self.close()

    def _entry(self, place: int) -> tuple[int, bytes] | None:
        if place >= len(self._numbers):
            return None
        number = self._numbers[place]
        return number, self._hashes[number]

    def _insert(self, number: int, block_hash: bytes) -> None:
        self._hashes[number] = block_hash
        insort(self._numbers, number)

    def _take_up(self, path: Path) -> None:
        if not path.exists():
            return
        with path.open("rb") as file:
            content = file.read(2 * LIMITS.kept_headers * RECORD_BYTES + 1)
        for number, block_hash in self._sound(content):
            _check_same(number, self._hashes.setdefault(number, block_hash), block_hash)
        self._numbers = sorted(self._hashes)
        if len(self._numbers) > LIMITS.kept_headers:
            self._thin_out()
        if len(content) != len(self._numbers) * RECORD_BYTES:
            self._rewrite(path)

    def _sound(self, content: bytes) -> Iterator[tuple[int, bytes]]:
        for at in range(0, len(content) - RECORD_BYTES + 1, RECORD_BYTES):
            record = content[at : at + RECORD_BYTES]
            number, block_hash = int.from_bytes(record[:8], "big"), record[8:40]
            if record == self._record(number, block_hash):
                yield number, block_hash

    def _thin_out(self) -> None:
        """Leave every second entry out, but for the deepest: the depth stays."""
        self._numbers = self._numbers[::2]
        self._hashes = {number: self._hashes[number] for number in self._numbers}

    def _rewrite(self, path: Path) -> None:
        fresh = path.with_name(path.name + ".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for number in self._numbers:
                file.write(self._record(number, self._hashes[number]))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    def _record(self, number: int, block_hash: bytes) -> bytes:
        body = number.to_bytes(8, "big") + block_hash
        chain = self._chain_id.to_bytes(32, "big")
        return body + sha256(MARK + chain + body).digest()[:8]


def _check_same(number: int, known: bytes, block_hash: bytes) -> None:
    if known != block_hash:
        raise ConfigError(
            f"two histories: block {number} was proven final before as 0x{known.hex()}, and is "
            f"now proven as 0x{block_hash.hex()}",
            advice="one of two checkpoints is false; compare them with people you trust, then "
            "remove the kept header index",
        )
