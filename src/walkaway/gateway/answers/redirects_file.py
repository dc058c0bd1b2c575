"""A site's ``_redirects`` file: what to answer for paths that the site does not hold.

https://specs.ipfs.tech/http-gateways/web-redirects-file/. Pure. Whoever serves reads it
only where the site has an origin of its own, and only for a path that is not there.

The specification lets a rule lead to another site. Nobody is sent there unasked: what
is shown from then on would come from a company's server, proven by nobody, and look as
though it had come from here. Such a rule gives `Redirect.leaves`, for a page with a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from walkaway.errors import ProofError, TooMuch
from walkaway.limits import LIMITS

__all__ = ["BadRedirects", "Redirect", "Rule", "parse_redirects", "redirect_for"]

MOVED: Final = frozenset({301, 302, 303, 307, 308})
SHOWN: Final = frozenset({200, 404, 410, 451})
"""Statuses that come with a file of the site's own."""

_PLACEHOLDER = re.compile(r":([A-Za-z_][A-Za-z0-9_]*)")
_ABSOLUTE = re.compile(r"https?://[^/?#\s]+", re.IGNORECASE)
_AS_WRITTEN: Final = "/%?#&=+:@!$'()*,;~"
"""What a target may hold beside letters, digits and ``-._``."""


class BadRedirects(ProofError):
    """A site's ``_redirects`` cannot be read; the specification asks for a status of 500."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"could not parse _redirects: {reason}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line. ``source`` are unescaped segments, of which those with a colon are placeholders.

    ``is_prefix`` says that the source ended in ``*``, which takes what follows.
    """

    source: tuple[str, ...]
    is_prefix: bool
    target: str
    status: int


@dataclass(frozen=True, slots=True)
class Redirect:
    """What a rule makes of a path.

    ``location`` is a path on the same origin for a ``Location``, escaped, or the
    address of another site where ``leaves`` is set. ``path`` are the unescaped
    segments of the file to show, for statuses that show one.
    """

    status: int
    location: str
    path: tuple[str, ...]
    leaves: bool = False


def parse_redirects(data: bytes) -> tuple[Rule, ...]:
    """Read the file. Raises `BadRedirects`, with the line that it fails at."""
    if len(data) > LIMITS.redirects_bytes:
        raise BadRedirects(f"redirects file size cannot exceed {LIMITS.redirects_bytes} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise BadRedirects("it is not UTF-8") from None
    rules = []
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        try:
            rules.append(_rule(fields))
        except _BadLine as bad:
            raise BadRedirects(f"line {number}: {bad}") from None
    return tuple(rules)


def redirect_for(rules: Sequence[Rule], path: Sequence[str]) -> Redirect | None:
    """What the first rule that matches a path of unescaped segments makes of it.

    Raises `TooMuch` where that is longer than any content path.
    """
    asked = _without_empty_end(path)
    for rule in rules:
        values = _match(rule, asked)
        if values is not None:
            return _expanded(rule, values)
    return None


class _BadLine(Exception):
    """Caught in this module, and nowhere else."""


def _rule(fields: list[str]) -> Rule:
    if len(fields) not in (2, 3):
        raise _BadLine("a rule is a path, a target and perhaps a status")
    source, target = fields[:2]
    status = _status(fields[2]) if len(fields) == 3 else 301
    segments, is_prefix = _source(source)
    if not target.startswith("/") and not _ABSOLUTE.match(target):
        raise _BadLine("a target is a path that begins with /, or an http address")
    if status in SHOWN and _is_outside(target):
        raise _BadLine("only a file of the site itself is shown under another path")
    return Rule(segments, is_prefix, target, status)


def _status(field: str) -> int:
    if field.endswith("!"):
        raise _BadLine('forced redirects (or "shadowing") are not supported')
    if not re.fullmatch("[0-9]{3}", field) or int(field) not in MOVED | SHOWN:
        raise _BadLine(f"{field[:20]} is an unsupported redirect status")
    return int(field)


def _source(source: str) -> tuple[tuple[str, ...], bool]:
    if not source.startswith("/"):
        raise _BadLine("a path begins with /")
    is_prefix = source.endswith("*")
    if "*" in source[: -1 if is_prefix else None]:
        raise _BadLine("an asterisk stands at the end of a path alone")
    written = source.removesuffix("*").split("/")[1:]
    if is_prefix and written[-1]:
        raise _BadLine("an asterisk takes whole segments, so it follows a /")
    return _without_empty_end([unquote(segment) for segment in written]), is_prefix


def _without_empty_end(path: Sequence[str]) -> tuple[str, ...]:
    """Whether a path ends in a slash tells no two paths apart."""
    return tuple(path[:-1] if path and not path[-1] else path)


def _match(rule: Rule, path: tuple[str, ...]) -> dict[str, str] | None:
    """What the placeholders stand for, unescaped, where the rule is of this path."""
    count = len(rule.source)
    if len(path) < count or (len(path) > count and not rule.is_prefix):
        return None
    values = {}
    for pattern, segment in zip(rule.source, path, strict=False):
        if pattern.startswith(":") and len(pattern) > 1:
            values[pattern[1:]] = segment
        elif pattern != segment:
            return None
    if rule.is_prefix:
        values["splat"] = "/".join(path[count:])
    return values


def _expanded(rule: Rule, values: Mapping[str, str]) -> Redirect:
    """The rule's target with each placeholder's value, escaped, in its place."""
    pieces, size = [], 0
    for piece in _filled(rule.target, values):
        pieces.append(quote(piece, safe=_AS_WRITTEN))
        size += len(pieces[-1])
        if size > LIMITS.content_path_bytes:
            # A few names in a rule, and a long path, would make one of any length.
            raise TooMuch(
                f"the site's rules lead to a path of over {LIMITS.content_path_bytes} bytes"
            )
    target = "".join(pieces)
    if _is_outside(rule.target):
        return Redirect(rule.status, target, (), leaves=True)
    # What a visitor put in may not make another host of a path.
    location = "/" + target.lstrip("/")
    path = location.partition("#")[0].partition("?")[0]
    return Redirect(rule.status, location, tuple(map(unquote, path.split("/")[1:])))


def _filled(target: str, values: Mapping[str, str]) -> Iterator[str]:
    """A target, piece by piece, with the values of its placeholders, which are escaped."""
    escaped = {name: quote(value, safe="/") for name, value in values.items()}
    at = 0
    for match in _PLACEHOLDER.finditer(target):
        yield target[at : match.start()]
        yield escaped.get(match[1], match[0])
        at = match.end()
    yield target[at:]


def _is_outside(target: str) -> bool:
    """Whether browsers would go to another host for it."""
    return not target.startswith("/") or target[1:2] in ("/", "\\")
