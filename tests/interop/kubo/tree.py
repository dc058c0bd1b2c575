"""A folder that asks much of whoever packs it, and how two folders are compared."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

__all__ = ["build_tree", "described"]

MEBIBYTE = 1 << 20
MANY = 1300
"""Entries of one folder: with names of 200 bytes, their links take more than the 256 KiB at
which both profiles shard it, and Kubo, which fetches files one after another and waits some
20 ms before each, is through with them in half a minute."""

ODD_NAMES = (
    " leading and trailing ",
    "-rf",
    "...",
    ".hidden",
    "100% [sure]?.txt",
    "C:\\back\\slash",
    "a+b&c=d;e#f",
    "new\nline",
    "quo\"te's",
    "tab\there",
    "ümläut",
    "日本語",
    "\u202eright to left",
    "👩\u200d🚀",
    "n" * 255,
)
SIZES = (0, 1, 255, 256 * 1024, MEBIBYTE - 1, MEBIBYTE, MEBIBYTE + 1, 5 * MEBIBYTE + 7)
"""Around the sizes at which a file becomes another block."""


def build_tree(folder: Path, megabytes: int = 200, *, many: int = MANY) -> None:
    """About so many megabytes under ``folder``, and ``many`` small files; the same each time.

    A large file, files around every chunk size, a folder that is sharded, nested and empty
    folders, links, and odd names.
    """
    dice = random.Random(20)
    folder.mkdir()
    (folder / "empty folder").mkdir()
    sizes = folder / "sizes"
    sizes.mkdir()
    for size in SIZES:
        (sizes / f"{size}.bin").write_bytes(dice.randbytes(size))
    odd = folder / "odd names"
    odd.mkdir()
    for name in ODD_NAMES:
        (odd / name).write_bytes(dice.randbytes(dice.randrange(2000)))
    deep = folder.joinpath("deep", *"abcdefghijklmnop")
    deep.mkdir(parents=True)
    (deep / "file").write_text("far down\n")
    (folder / "link").symlink_to("sizes/1.bin")
    (folder / "link to nothing").symlink_to("nowhere")
    full = folder / "many"
    full.mkdir()
    for number in range(many):
        (full / f"{number:05d} of many".ljust(200, "-")).write_bytes(dice.randbytes(64))
    _fill(folder / "large.bin", megabytes * MEBIBYTE - sum(SIZES), dice)


def _fill(path: Path, size: int, dice: random.Random) -> None:
    with path.open("wb") as file:
        while size > 0:
            written = min(size, MEBIBYTE)
            file.write(dice.randbytes(written))
            size -= written


def described(folder: Path) -> dict[str, str]:
    """Each path below ``folder``: what a file's bytes hash to, where a link points."""
    return {str(path.relative_to(folder)): _kind(path) for path in folder.rglob("*")}


def _kind(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    if path.is_dir():
        return "folder"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
