"""The app that is put on every network: its files, and those that are made for it."""

from __future__ import annotations

import math
import shutil
import struct
import zlib
from pathlib import Path, PurePosixPath
from typing import Final

__all__ = ["BELL", "BELL_SECONDS", "INDEX", "LATE", "app_files", "media_type", "write_app"]

APP: Final = Path(__file__).with_name("app")
FONT: Final = "node_modules/@fontsource/inter/files/inter-latin-400-normal.woff2"
INDEX: Final = "index.html"
BELL: Final = "bell.wav"
BELL_SECONDS: Final = 20
LATE: Final = "late.html"
"""A page that nothing leads to."""

_RATE: Final = 8000
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".wav": "audio/wav",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
_ADDS: Final = bytes.fromhex(
    "0061736d01000000"  # WebAssembly, version 1:
    "01070160027f7f017f"  # a type, of two numbers to one,
    "03020100"  # a function of it,
    "070701036164640000"  # which is called add,
    "0a09010700200020016a0b"  # and does.
)


def write_app(folder: Path, packages: Path) -> None:
    """Write the app to ``folder``, which is not there yet; its font comes from ``packages``."""
    shutil.copytree(APP, folder)
    (folder / "fonts").mkdir()
    shutil.copy(packages / FONT, folder / "fonts" / "site.woff2")
    (folder / "parts" / "add.wasm").write_bytes(_ADDS)
    (folder / "pictures" / "chart.png").write_bytes(_chart(480, 160))
    (folder / BELL).write_bytes(_bell())


def app_files(folder: Path) -> dict[str, bytes]:
    """The files of an app, by their path below its folder; its index is the first."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return {INDEX: files.pop(INDEX), **files}


def media_type(path: str) -> str:
    """What a publisher says that a file is."""
    return _TYPES[PurePosixPath(path).suffix]


def _chart(width: int, height: int) -> bytes:
    """A picture of the sea's height, by hour, in PNG."""
    heights = [height / 2 + height / 3 * math.sin(x / width * 4 * math.pi) for x in range(width)]
    rows = [
        b"\0" + bytes(0x40 if height - y < heights[x] else 0xE0 for x in range(width))
        for y in range(height)
    ]
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(kind, data) for kind, data in parts)


def _part(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return len(data).to_bytes(4, "big") + kind + data + check.to_bytes(4, "big")


def _bell() -> bytes:
    """A tone, in WAVE of one byte a sample: longer than what fits into one blob."""
    count = _RATE * BELL_SECONDS
    samples = bytes(128 + round(60 * math.sin(at / 5 + (at / 997) ** 2)) for at in range(count))
    form = struct.pack("<IHHIIHH", 16, 1, 1, _RATE, _RATE, 1, 8)
    data = b"data" + struct.pack("<I", count) + samples
    return (
        b"RIFF" + struct.pack("<I", 4 + 8 + len(form) - 4 + len(data)) + b"WAVEfmt " + form + data
    )
