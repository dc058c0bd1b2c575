"""Media types of the endings of files' names: those that Python knows, never those of the
machine, so that it is the same everywhere.
"""

from __future__ import annotations

import mimetypes
from typing import Final

__all__ = ["ENDINGS"]

ENDINGS: Final = mimetypes.MimeTypes(filenames=())
"""Finds a media type by the ending of a name."""

for _ending, _type in {
    # What versions of Python differ in, or do not know.
    ".avif": "image/avif",
    ".car": "application/vnd.ipld.car",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".otf": "font/otf",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}.items():
    ENDINGS.add_type(_type, _ending)
