"""Directories: the index page that they hold, a listing of them, or the way to their address."""

from __future__ import annotations

from typing import Final

from walkaway.content.exporter.directory import find_in
from walkaway.content.exporter.listing import listing
from walkaway.content.exporter.node import Look
from walkaway.gateway.answers.answer import Answer, raw_headers
from walkaway.gateway.answers.found import Found, primed
from walkaway.gateway.answers.headers import CORS, ipfs_uri
from walkaway.gateway.pages.frame import PAGE_POLICY
from walkaway.gateway.pages.listing import LISTING_VERSION, listing_json, listing_page
from walkaway.gateway.request.conditions import holds_already
from walkaway.gateway.request.formats import Format
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["INDEX", "find_index", "listing_answer", "with_slash"]

INDEX: Final = "index.html"


async def find_index(found: Found, look: Look) -> Cid | None:
    """The address of the page that stands for the directory, or None."""
    entry, _ = await find_in(found.blocks, look, INDEX, found.budget)
    return None if entry is None else entry.cid


def with_slash(found: Found) -> Answer:
    """The way to a directory's own address, so that links in it lead below it."""
    asked = found.asked
    query = f"?{asked.wish.raw_query}" if asked.wish.raw_query else ""
    location = asked.mount.href(asked.path, slash=True) + query
    return Answer(
        301, [*raw_headers([("location", location), ("ipfs-uri", ipfs_uri(asked))]), *CORS]
    )


async def listing_answer(found: Found, look: Look) -> Answer:
    """A page, or JSON for who asks for that, of what the directory holds."""
    asked = found.asked
    as_json = asked.wish.negotiated.format is Format.JSON
    mark = f"DirIndex-{LISTING_VERSION}{'-json' if as_json else ''}_CID-{found.cid}"
    etag = f'"{mark}"'
    # Caches that hold the directory under its own address know it by that.
    if holds_already(asked.wish.headers.get("if-none-match", ""), etag, f'"{found.cid}"'):
        return found.not_modified(etag)
    listed = listing(found.blocks, look, found.budget, held=found.local)
    make = listing_json if as_json else listing_page
    body = make(asked.mount, asked.path, found.cid, listed, found.budget.limits)
    told = raw_headers(
        [
            ("content-type", "application/json" if as_json else "text/html; charset=utf-8"),
            ("content-security-policy", PAGE_POLICY),
            ("x-content-type-options", "nosniff"),
            ("vary", "Accept"),
        ]
    )
    return Answer(200, [*found.headers(etag, generated=True), *told], await primed(body))
