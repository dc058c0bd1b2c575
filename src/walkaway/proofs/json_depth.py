"""How deep JSON nests, seen before it is parsed."""

from __future__ import annotations

__all__ = ["nests_deeper"]

_PLAIN = bytes(byte for byte in range(256) if byte not in b'"[]{}')
_AS_ARRAYS = bytes.maketrans(b"{}", b"[]")


def nests_deeper(text: bytes, depth: int) -> bool:
    """Whether arrays and objects nest more than ``depth`` deep; also where they do not close.

    To be asked before parsing: the parser recurses in C, and where some library
    has raised the interpreter's recursion limit (those of the executable specification
    do), a deep document would end the process instead of raising. ``text`` is
    read as UTF-8, so the parser must be given nothing else. An object counts as an
    array, since where one is closed as the other the parser stops.
    """
    if text.count(b"[") + text.count(b"{") <= depth:
        return False
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = text.translate(_AS_ARRAYS, _PLAIN).replace(b'""', b"")
    brackets = b"".join(marks.split(b'"')[::2])
    for _ in range(depth):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)
