"""Keep addresses, which may hold keys, out of everything that anyone could read."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

__all__ = ["Scrubber", "redact", "shown"]

_SHORTEST_SECRET = 6
_URL = re.compile(r"\b([a-zA-Z][a-zA-Z0-9+.-]*)://[^\s\"'<>\\)\]}]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_ORDINARY = frozenset({"mainnet", "sepolia", "holesky", "beacon", "ethereum", "public"})


def redact(url: str) -> str:
    """Scheme and host of a URL; user, path, query and fragment are left out."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "(an unreadable address)"
    if not parts.scheme or not host:
        return "(an unreadable address)"
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}" + (f":{port}" if port is not None else "")


def shown(text: str, limit: int) -> str:
    """Text from outside, fit to show: one line, no control characters, bounded."""
    plain = _CONTROL.sub(" ", text.encode("utf-8", "replace").decode()).strip()
    return plain if len(plain) <= limit else plain[: limit - 3] + "..."


class Scrubber:
    """Takes one source's address, and what in it may be a key, out of any text.

    Also every other URL is cut down to scheme and host: where a source
    redirects to is nobody's business either.
    """

    def __init__(self, url: str) -> None:
        self._secrets = sorted(_secrets(url), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without the secrets."""
        cut = _URL.sub(lambda found: redact(found.group()), text)
        for secret in self._secrets:
            cut = cut.replace(secret, "(redacted)")
        return cut


def _secrets(url: str) -> set[str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return {url}
    pieces = {part for part in (parts.username, parts.password) if part}
    pieces.update(parts.path.split("/"))
    for pair in parts.query.split("&"):
        pieces.update(pair.split("=", 1)[-1:])
    pieces.add(parts.fragment)
    whole = {f"{parts.path}?{parts.query}" if parts.query else parts.path}
    spelled = {form for piece in pieces | whole for form in (piece, unquote(piece))}
    spelled |= {quote(form, safe="") for form in spelled}
    spelled |= {form.replace("/", "\\/") for form in spelled}
    return {
        form for form in spelled if len(form) >= _SHORTEST_SECRET and form.lower() not in _ORDINARY
    }
