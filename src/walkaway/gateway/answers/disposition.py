"""Content-Disposition: the name to save under, as old and new browsers read it (RFC 6266, 8187)."""

from __future__ import annotations

from urllib.parse import quote

__all__ = ["content_disposition"]

_MOST_CHARACTERS = 255
_UNSAFE = frozenset('"\\/\x7f')


def content_disposition(*, attachment: bool, filename: str) -> str:
    """The header's value; what is not ASCII stands as ``_`` in the old form."""
    kind = "attachment" if attachment else "inline"
    name = "".join(c for c in filename if c.isprintable())[:_MOST_CHARACTERS]
    if not name:
        return kind
    ascii_name = "".join("_" if ord(c) > 0x7E or c in _UNSAFE else c for c in name)
    value = f'{kind}; filename="{ascii_name}"'
    return value if ascii_name == name else f"{value}; filename*=UTF-8''{quote(name, safe='')}"
