"""``/explain?url=...``: why what stands at an address of this gateway is to be believed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Final, get_args
from urllib.parse import quote, urlsplit

from walkaway.errors import InvalidRequest
from walkaway.gateway.answers.answer import Answer, raw_headers
from walkaway.gateway.answers.explanation import Explanations
from walkaway.gateway.answers.headers import NO_STORE
from walkaway.gateway.pages.explain_data import told
from walkaway.gateway.pages.explain_page import explain_page
from walkaway.gateway.pages.frame import PAGE_POLICY
from walkaway.gateway.pages.own_pages import EXPLAIN_PATH
from walkaway.gateway.request.asked import Asked, Wish, read_wish
from walkaway.gateway.request.formats import Format
from walkaway.gateway.request.hosts import Hosts, Place
from walkaway.gateway.routes import Routes
from walkaway.names.pointer import Network

__all__ = ["explain_address", "explain_answer", "is_explain"]

_PIECES: Final = "/piece/"

_MOVES: Final = 4
"""How often an address may lead to another one of this gateway."""

_WRITTEN: Final = "/%!$&'()*+,;=:@~"
"""What stands in a path as it is, escapes that are there already among it."""

_OF_CONTRACT: Final = re.compile(r"[^/?:]+\.eth:[0-9]+(?:[/?]|$)", re.IGNORECASE)
"""A name that leads to a contract, as it is held."""

_ADVICE: Final = "ask as /explain?url=http://app.eth.localhost:8080/path, or ?url=app.eth"


def is_explain(place: Place, wish: Wish) -> bool:
    """Whether this is asked for, on a host where no content has its origin."""
    is_asked = wish.raw_path == EXPLAIN_PATH and wish.method in ("GET", "HEAD")
    return is_asked and place.kind in ("path", "gateway")


def explain_address(place: Place, wish: Wish) -> str:
    """Where on a gateway's own host a page is explained; empty where that host is not known."""
    if place.kind in ("host", "proxied"):
        return ""
    query = f"?{wish.raw_query}" if wish.raw_query else ""
    address = f"http://{place.authority}{wish.raw_path}{query}"
    return f"//{place.parent}{EXPLAIN_PATH}?url={quote(address, safe='')}"


async def explain_answer(
    explanations: Explanations, hosts: Hosts, routes: Routes, place: Place, wish: Wish
) -> Answer:
    """The explanation: a page, or JSON where ``format=json`` or Accept asks for that.

    Raises:
        InvalidRequest: no address of this gateway is given, or one that shows no content; a
            data set is given, and no piece.
        Unsupported: nobody is asked about data sets.
        Failure: a denylist denies it.
    """
    address = _address(wish.query.get("url", "").strip(), place.authority)

    async def lead() -> Asked | Answer:
        return await _lead(hosts, routes, address)

    data_set = wish.query.get("data_set", "").strip()
    explanation = await explanations.explain(address, lead, data_set)
    as_json = wish.negotiated.format is Format.JSON
    body = json.dumps(told(explanation)).encode() if as_json else explain_page(explanation)
    headers = raw_headers(
        [
            ("content-type", "application/json" if as_json else "text/html; charset=utf-8"),
            ("cache-control", NO_STORE),
            ("content-security-policy", PAGE_POLICY),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            ("vary", "Accept"),
        ]
    )
    return Answer(200, headers, body)


def _address(written: str, authority: str) -> str:
    """A full address: names and content paths are taken as they are written, too."""
    if not written:
        raise InvalidRequest("an address to explain is missing", advice=_ADVICE)
    scheme, divided, rest = written.partition("://")
    if divided and scheme.lower() == "http":
        return written
    if divided and scheme.lower() in get_args(Network):
        return f"http://{authority}/{scheme.lower()}/{rest}"
    if divided:
        raise InvalidRequest("this is no address of this gateway", advice=_ADVICE)
    if written.startswith("/"):
        return f"http://{authority}{written}"
    # A name by itself means the page that opens at it.
    network = "web3" if _OF_CONTRACT.match(written) else "ipns"
    return f"http://{authority}/{network}/{written}{'' if '/' in written else '/'}"


async def _lead(hosts: Hosts, routes: Routes, address: str) -> Asked | Answer:
    """The content path of an address, wherever on this gateway it leads first."""
    for _ in range(_MOVES):
        place, wish = _read(hosts, address)
        led = await routes.lead(place, wish)
        moved = None if isinstance(led, Asked) else _location(led)
        if moved is None:
            return led
        address = moved if "://" in moved else f"http://{place.authority}{moved}"
    raise InvalidRequest("this address leads from one to another, on and on")


def _read(hosts: Hosts, address: str) -> tuple[Place, Wish]:
    try:
        parts = urlsplit(address)
    except ValueError:
        raise InvalidRequest("this is no address", advice=_ADVICE) from None
    path = quote(parts.path or "/", safe=_WRITTEN).encode()
    place = hosts.place(parts.netloc)
    if place is None:
        raise InvalidRequest(f"{parts.netloc[:100]!r} is no host of this gateway", advice=_ADVICE)
    if place.kind == "gateway" and parts.path.startswith(_PIECES):
        # Pieces have no hosts of their own to be shown on, and can be explained all the same.
        place = replace(place, kind="path")
    return place, read_wish("GET", path, parts.query.encode(), [(b"host", parts.netloc.encode())])


def _location(answer: Answer) -> str | None:
    found = [value for name, value in answer.headers if name == b"location"]
    return found[0].decode("latin-1") if found else None
