"""Keep addresses, which may hold keys, out of everything that anyone could read."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

__all__ = ["UNREADABLE", "Scrubber", "redact", "shown"]

UNREADABLE = "(an unreadable address)"
"""What stands in place of a URL whose host cannot be told."""

_SHORTEST_SECRET = 6
# The lookbehind and the possessive quantifier let each run of a scheme's characters be
# read once: without them the time would grow with the square of the run's length.
_URL = re.compile(r"(?<![a-zA-Z0-9+.-])[a-zA-Z0-9+.-]*+://[^\s\"'<>\\)\]}]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_REDACTED = "(redacted)"
_CUT = ("...", "\u2026")
_ORDINARY = frozenset({"mainnet", "sepolia", "holesky", "beacon", "ethereum", "public"})


def redact(url: str) -> str:
    """Scheme and host of a URL, or `UNREADABLE`; user, path, query and fragment are left out."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return UNREADABLE
    if not parts.scheme or not host:
        return UNREADABLE
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}" + (f":{port}" if port is not None else "")


def shown(text: str, limit: int) -> str:
    """Text from outside, fit to show: one line, no control characters, bounded."""
    plain = _CONTROL.sub(" ", text.encode("utf-8", "replace").decode()).strip()
    return plain if len(plain) <= limit else plain[: limit - 3] + "..."


class Scrubber:
    """Takes one source's address, and what in it may be a key, out of any text.

    Also every other URL is cut down to scheme and host: where a source
    redirects to is nobody's business either. A text may have been cut before
    it comes here, so what stands of a secret before an ellipsis or the end
    goes too. The time taken grows with the length of the text, not faster.
    """

    def __init__(self, url: str) -> None:
        self._secrets = sorted(_secrets(url), key=len, reverse=True)
        whole = [re.escape(secret) for secret in self._secrets]
        begun = [re.escape(start) for start in {s[:_SHORTEST_SECRET] for s in self._secrets}]
        self._whole = re.compile("|".join(whole), re.IGNORECASE) if whole else None
        self._begun = re.compile("|".join(begun), re.IGNORECASE) if begun else None

    def __call__(self, text: str) -> str:
        """The text without the secrets."""
        text = _URL.sub(lambda found: redact(found.group()), text)
        if self._whole is None or self._begun is None:
            return text
        text = self._whole.sub(_REDACTED, text)
        pieces: list[str] = []
        kept = 0
        for found in self._begun.finditer(text):
            end = self._end_of_cut_secret(text, found.start())
            if end is not None and found.start() >= kept:
                pieces += (text[kept : found.start()], _REDACTED)
                kept = end
        return "".join((*pieces, text[kept:]))

    def _end_of_cut_secret(self, text: str, start: int) -> int | None:
        """Where the text at ``start`` was cut in the middle of a secret, if it was."""
        for secret in self._secrets:
            end = start + _alike(text[start : start + len(secret)], secret)
            was_cut = end == len(text) or text.startswith(_CUT, end)
            if was_cut and end - start >= _SHORTEST_SECRET:
                return end
        return None


def _alike(text: str, secret: str) -> int:
    """How many characters they have in common at the beginning."""
    pairs = zip(text.lower(), secret.lower(), strict=False)
    return next(
        (place for place, (a, b) in enumerate(pairs) if a != b), min(len(text), len(secret))
    )


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
