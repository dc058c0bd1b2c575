"""Media types of files: by the name's ending, else by how the file begins.

https://mimesniff.spec.whatwg.org/ for the beginnings.
"""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Final

from walkaway.content.endings import ENDINGS

__all__ = ["BINARY", "SNIFFED_BYTES", "can_run_scripts", "type_by_content", "type_by_name"]

BINARY: Final = "application/octet-stream"
SNIFFED_BYTES: Final = 3072
"""How much of a file's beginning is looked at."""

_TEXT = ("application/xml", "application/xhtml+xml")
_RUNS_SCRIPTS = frozenset({"text/html", "text/xml", "application/xml"})
_MAGIC: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"OggS\0", "application/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"\0asm", "application/wasm"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b\x08", "application/gzip"),
)
_SPACE = re.compile(rb"\s*")
_HTML = re.compile(rb"<(?:!doctype html|html|head|body|script|title)[\s>]", re.I)
_SVG = re.compile(rb"<svg[\s>]", re.I)
_BEFORE_HTML: Final = ((b"<!--", b"-->"),)
_BEFORE_SVG: Final = (*_BEFORE_HTML, (b"<?xml", b">"), (b"<!doctype svg", b">"))
_JSON = re.compile(rb'\s*(?:\{\s*["}]|\[)')
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")


def type_by_name(name: str) -> str | None:
    """The media type that a file's name tells, with its charset; None where it tells none."""
    # The ending alone: a name is no URL, though it may look like one.
    found, encoding = ENDINGS.guess_type("file" + PurePosixPath(name).suffix)
    if encoding is not None:
        return "application/gzip" if encoding == "gzip" else BINARY
    return None if found is None else _with_charset(found)


def type_by_content(beginning: bytes, *, is_whole: bool) -> str:
    """The media type that a file's first bytes tell; ``is_whole`` says that there are no more."""
    for magic, found in _MAGIC:
        if beginning.startswith(magic):
            return found
    if beginning[4:8] == b"ftyp":
        return "image/avif" if beginning[8:12] in (b"avif", b"avis") else "video/mp4"
    if beginning[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(beginning[8:12], BINARY)
    if _CONTROL.search(beginning) or not _is_utf8(beginning, is_whole=is_whole):
        return BINARY
    return _type_of_text(beginning.removeprefix(b"\xef\xbb\xbf"), is_whole=is_whole)


def can_run_scripts(media_type: str) -> bool:
    """Whether a browser that opens a file of this type runs what is in it."""
    name = media_type.partition(";")[0]
    return name in _RUNS_SCRIPTS or name.endswith("+xml")


def _type_of_text(text: bytes, *, is_whole: bool) -> str:
    if _HTML.match(text, _end_of(text, _BEFORE_HTML)):
        return "text/html; charset=utf-8"
    if _SVG.match(text, _end_of(text, _BEFORE_SVG)):
        return "image/svg+xml"
    if text.lstrip().startswith(b"<?xml"):
        return "text/xml; charset=utf-8"
    if _JSON.match(text) and (not is_whole or _is_json(text)):
        return "application/json"
    return "text/plain; charset=utf-8"


def _end_of(text: bytes, passed_over: tuple[tuple[bytes, bytes], ...]) -> int:
    """Where what may stand before a root element ends; each byte is looked at once or so."""
    at = 0
    while space := _SPACE.match(text, at):
        at = space.end()
        for opens, closes in passed_over:
            if text[at : at + len(opens)].lower() == opens:
                end = text.find(closes, at + len(opens))
                if end < 0:
                    return len(text)
                at = end + len(closes)
                break
        else:
            break
    return at


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_utf8(beginning: bytes, *, is_whole: bool) -> bool:
    try:
        beginning.decode()
    except UnicodeDecodeError as error:
        # A character that the end of what is looked at cuts in two is none that is wrong.
        return (
            not is_whole
            and error.start >= len(beginning) - 3
            and error.reason.startswith("unexpected end")
        )
    return True


def _with_charset(media_type: str) -> str:
    is_text = media_type.startswith("text/") or media_type in _TEXT
    return f"{media_type}; charset=utf-8" if is_text else media_type
