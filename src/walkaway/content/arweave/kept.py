"""What is kept on this machine of Arweave: small data items, headers and small data of
transactions.

One file for each, by id, and no index: what is read is proven again against its id, and
is let go where it does not hold. The ones that were not read for longest make room.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, get_args

from walkaway.content.store.oldest_first import let_oldest_go
from walkaway.limits import LIMITS, Limits

__all__ = ["Form", "Kept"]

Form = Literal["item", "header", "data"]
"""A data item's bytes; of a transaction its header as JSON, or its data."""

_FORMS: Final[tuple[Form, ...]] = get_args(Form)
_UNFINISHED: Final = "unfinished-"


class Kept:
    """A folder, of mode 0700, of at most ``arweave_kept_bytes``. All of its methods block.

    That a disk refuses is no error here: then nothing is kept.
    """

    def __init__(self, folder: Path, limits: Limits = LIMITS) -> None:
        self._folder = folder
        self._limits = limits
        self._bytes: int | None = None

    def read(self, form: Form, name: str) -> bytes | None:
        """What was kept under an id; None where nothing was. It is to be proven."""
        path = self._path(form, name)
        try:
            if path.stat().st_size > self._limits.arweave_header_bytes:
                return None
            data = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return data

    def write(self, form: Form, name: str, data: bytes) -> None:
        """Keep what was proven."""
        with suppress(OSError):
            self._write(self._path(form, name), data)
            self._make_room(len(data))

    def forget(self, name: str) -> None:
        """Let go of what does not hold."""
        for form in _FORMS:
            with suppress(OSError):
                self._path(form, name).unlink()

    def _path(self, form: Form, name: str) -> Path:
        return self._folder / f"{name}.{form}"

    def _write(self, path: Path, data: bytes) -> None:
        """Whole, or not at all."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=self._folder, prefix=_UNFINISHED)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(unfinished).replace(path)
        except OSError:
            with suppress(OSError):
                Path(unfinished).unlink()
            raise

    def _make_room(self, added: int) -> None:
        """Let the oldest go where there is too much; a folder is looked through only then."""
        if self._bytes is not None and self._bytes + added <= self._limits.arweave_kept_bytes:
            self._bytes += added
            return
        self._bytes = let_oldest_go(self._folder, self._limits.arweave_kept_bytes)
