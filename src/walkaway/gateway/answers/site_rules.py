"""A site's own rules for paths that it does not hold: its ``_redirects``, looked up and followed.

https://specs.ipfs.tech/http-gateways/web-redirects-file/, "Evaluation".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import lru_cache
from typing import Final

from walkaway.content.exporter.directory import find_in
from walkaway.content.exporter.file import open_file
from walkaway.content.exporter.node import look_at
from walkaway.content.resolve import resolve
from walkaway.errors import NoSuchPath
from walkaway.gateway.answers.answer import Answer, raw_headers
from walkaway.gateway.answers.found import Found
from walkaway.gateway.answers.headers import CORS, NO_STORE
from walkaway.gateway.answers.redirects_file import (
    BadRedirects,
    Redirect,
    Rule,
    parse_redirects,
    redirect_for,
)
from walkaway.gateway.pages.frame import PAGE_POLICY, leaving_page

__all__ = ["answer_by_rules"]

FILE: Final = "_redirects"

_REMEMBERED: Final = 8
"""How many files are remembered as rules, which are some megabytes of the longest."""

_OF_ITSELF: Final = frozenset({"range", "if-range"})

Serve = Callable[[Found], Awaitable[Answer]]


async def answer_by_rules(found: Found, serve: Serve) -> Answer | None:
    """What the rules of the site, whose root ``found`` leads to, make of the path asked for.

    None where it has no rules, or none for this path. ``serve`` gives a file of the site.

    Raises:
        BadRedirects: the rules cannot be read.
        TooMuch: they lead to a path that is too long.
        NoSuchPath: the file that a rule shows is not there.
    """
    file = await _file(found)
    if file is None:
        return None
    asked = found.asked
    segments = (*asked.path, "") if asked.slash and asked.path else asked.path
    # Thousands of rules take longer than others should wait.
    redirect = await asyncio.to_thread(_redirect, file, segments)
    if redirect is None:
        return None
    if redirect.leaves:
        return _leaving(redirect)
    if redirect.path and redirect.status in (200, 404, 410, 451):
        return await _shown(found, redirect, serve)
    headers = raw_headers([("location", redirect.location)])
    return Answer(redirect.status, [*headers, *CORS])


async def _file(found: Found) -> bytes | None:
    """The site's ``_redirects``, if it has any. Raises `BadRedirects` for one that is too long."""
    look = await look_at(found.blocks, found.cid, found.budget)
    if not look.what.is_directory:
        return None
    entry, _ = await find_in(found.blocks, look, FILE, found.budget)
    if entry is None:
        return None
    file = await open_file(found.blocks, entry.cid, found.budget)
    most = found.budget.limits.redirects_bytes
    if file.size > most:
        raise BadRedirects(f"redirects file size cannot exceed {most} bytes")
    async with aclosing(file.stream()) as pieces:
        return b"".join([piece async for piece in pieces])


@lru_cache(maxsize=_REMEMBERED)
def _rules(file: bytes) -> tuple[Rule, ...]:
    return parse_redirects(file)


def _redirect(file: bytes, segments: Sequence[str]) -> Redirect | None:
    return redirect_for(_rules(file), segments)


async def _shown(found: Found, redirect: Redirect, serve: Serve) -> Answer:
    """Another file of the site, under the path asked for and with the rule's status."""
    slash = not redirect.path[-1]
    path = redirect.path[:-1] if slash else redirect.path
    resolved = await resolve(found.blocks, found.cid, path, found.budget)
    # A page in place of another is whole, whatever part of that other was asked for. Only
    # one that stands for it with 200 is what the sender may have already.
    passed_over = _OF_ITSELF if redirect.status == 200 else {*_OF_ITSELF, "if-none-match"}
    headers = {
        name: value for name, value in found.asked.wish.headers.items() if name not in passed_over
    }
    asked = replace(
        found.asked, path=path, slash=slash, wish=replace(found.asked.wish, headers=headers)
    )
    answer = await serve(replace(found, asked=asked, resolved=resolved))
    if answer.status == 304:
        return answer
    if answer.status == 200:
        answer.status = redirect.status
        return answer
    await answer.drop()
    raise NoSuchPath("the page that the site's rules show for this path is no file")


def _leaving(redirect: Redirect) -> Answer:
    headers = raw_headers(
        [
            ("content-type", "text/html; charset=utf-8"),
            ("content-security-policy", PAGE_POLICY),
            ("cache-control", NO_STORE),
        ]
    )
    return Answer(404, headers, leaving_page(redirect.location))
