"""From a host and a path to a content path, or to the address where it is to be asked for.

https://specs.ipfs.tech/http-gateways/subdomain-gateway/. On hosts below which content
has hosts of its own, path URLs lead there, so that no two contents share an origin.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from walkaway.errors import InvalidRequest, ProofError, Unproven, Unsupported
from walkaway.gateway.answers.answer import Answer, raw_headers
from walkaway.gateway.answers.failures import Failure
from walkaway.gateway.answers.headers import CORS, NO_STORE
from walkaway.gateway.pages.frame import PAGE_POLICY
from walkaway.gateway.pages.start_page import start_page
from walkaway.gateway.request.asked import Asked, Wish, read_path
from walkaway.gateway.request.formats import Format
from walkaway.gateway.request.hosts import Hosts, Place
from walkaway.gateway.request.mount import Mount, escaped
from walkaway.gateway.request.roots import (
    check_root,
    key_name,
    key_of_address,
    label_of,
    root_of_label,
)
from walkaway.names.pointer import Network
from walkaway.names.resolution import Names

__all__ = ["Routes"]

_FINDS_LOCALHOST: Final = re.compile(r"(?:Chrome|Firefox)/")
"""Browsers that take every name under ``localhost`` for this machine, whatever its resolver does.

Others may not find the content's own host, and stay where they are.
"""

_LOOKED_AT: Final = "Sec-Fetch-Mode, Sec-Fetch-Dest, User-Agent"
_NETWORKS: Final[dict[str, Network]] = {"ipfs": "ipfs", "ipns": "ipns"}


class Routes:
    """Where each host and path leads."""

    def __init__(self, hosts: Hosts, names: Names) -> None:
        self._hosts = hosts
        self._names = names

    async def lead(self, place: Place, wish: Wish) -> Asked | Answer:
        """The content path that is asked for, or the answer that leads to it.

        Raises:
            InvalidRequest: it leads to no content path.
        """
        place = self._forwarded(place, wish)
        if place.kind == "root":
            return _below_own_host(place, wish)
        if place.kind == "name":
            return _below_name(place, wish)
        if place.kind == "proxied":
            path, slash = read_path(wish.raw_path)
            return Asked(_mount_of_name(place, place.label), path, slash, wish)
        if place.kind == "host" and await self._is_name(place.label):
            path, slash = read_path(wish.raw_path)
            return Asked(_mount_of_name(place, place.label), path, slash, wish)
        return self._below_path(place, wish)

    def _forwarded(self, place: Place, wish: Wish) -> Place:
        """The host that a server before this one was asked for, if it asks by an allowed host.

        Pages can send that header as well, to the host that they are from. Hosts that content
        has here of its own are asked by browsers, and are what they say.
        """
        if place.kind != "host":
            return place
        return self._hosts.place(wish.headers.get("x-forwarded-host", "")) or place

    def _below_path(self, place: Place, wish: Wish) -> Asked | Answer:
        led = _below_path(place, wish)
        if not isinstance(led, Asked) or not _can_go_to_own_origin(wish):
            return led
        gateway = self._hosts.gateway_beside(place)
        return led if gateway is None else _to_own_origin(gateway, led)

    async def _is_name(self, host: str) -> bool:
        try:
            await self._names.resolve(host)
        except (Unproven, Unsupported):
            return False
        except ProofError:
            return True
        return True


def _below_own_host(place: Place, wish: Wish) -> Asked | Answer:
    key = key_of_address(place.label) if place.network == "ipfs" else None
    if key is not None:
        return _moved(_address(wish, f"{label_of('ipns', key)}.ipns.{place.parent}"))
    root = root_of_label(place.network, place.label)
    label = label_of(place.network, root)
    # Names with their dots are served as they are, where no certificate has to cover them.
    is_spelled_out = "." in place.label and _scheme(wish) == "http"
    if label != place.label and not is_spelled_out:
        return _moved(_address(wish, f"{label}.{place.network}.{place.parent}"))
    mount = Mount("subdomain", place.network, root, place.authority, place.parent)
    path, slash = read_path(wish.raw_path)
    return Asked(mount, path, slash, wish)


def _below_name(place: Place, wish: Wish) -> Asked | Answer:
    """A name directly below the gateway's host; with dots, siblings would share cookies."""
    root = root_of_label("ipns", place.label)
    label = label_of("ipns", root)
    if label != place.label:
        return _moved(_address(wish, f"{label}.{place.parent}"))
    path, slash = read_path(wish.raw_path)
    return Asked(_mount_of_name(place, root), path, slash, wish)


def _below_path(place: Place, wish: Wish) -> Asked | Answer:
    segments, slash = read_path(wish.raw_path)
    if not segments:
        return _start(place)
    network = _NETWORKS.get(segments[0])
    if network is None:
        raise Failure(
            404, "nothing is here", advice="content is at /ipfs/CID/path and /ipns/NAME/path"
        )
    if len(segments) == 1:
        return _by_uri(wish)
    root, path = segments[1], segments[2:]
    if wish.is_worker_script and not path and not slash:
        raise InvalidRequest("a service worker may not be registered for all of a gateway")
    check_root(network, root)
    key = key_of_address(root) if network == "ipfs" else None
    if key is not None and (place.kind == "gateway" or wish.negotiated.format is Format.PLAIN):
        return _to_name(place, wish, key, path, slash=slash)
    if place.kind == "gateway":
        host = f"{label_of(network, root)}.{network}.{place.authority}"
        return _moved(_address(wish, host, path, slash=slash))
    mount = Mount("path", network, root, place.authority, place.authority)
    name = key_name(root) if network == "ipns" else None
    if name is not None and name != root:
        canonical = Mount("path", network, name, place.authority, place.authority)
        return _moved(_with_query(canonical.href(path, slash=slash), wish), status=302)
    return Asked(mount, path, slash or (not path and wish.raw_path.endswith("/")), wish)


def _to_name(place: Place, wish: Wish, key: str, path: tuple[str, ...], *, slash: bool) -> Answer:
    """The way from a key, which was asked for as if it were content, to what its name leads to.

    Raises `InvalidRequest` where both share an origin: there the two are told apart.
    """
    if place.kind != "gateway":
        raise InvalidRequest(
            "this CID addresses the key of a name, which is no content",
            advice=f"ask for what it leads to: /ipns/{key}",
        )
    host = f"{label_of('ipns', key)}.ipns.{place.authority}"
    return _moved(_address(wish, host, path, slash=slash))


def _can_go_to_own_origin(wish: Wish) -> bool:
    """Whether a person looks, in a browser that finds content's own hosts."""
    agent = wish.headers.get("user-agent", "")
    is_known = _FINDS_LOCALHOST.search(agent) is not None
    return wish.opens_window and is_known and _scheme(wish) == "http"


def _to_own_origin(gateway: str, asked: Asked) -> Asked | Answer:
    """The way to where the content has an origin of its own, so that its scripts may run.

    For now only (302): the same address answers programs, and what they keep is theirs.
    """
    network, root = asked.mount.network, asked.mount.root
    try:
        host = f"{label_of(network, root)}.{network}.{gateway}"
    except InvalidRequest:
        # No label holds it.
        return asked
    moved = _moved(_address(asked.wish, host, asked.path, slash=asked.slash), status=302)
    moved.headers += raw_headers([("cache-control", NO_STORE), ("vary", _LOOKED_AT)])
    return moved


def _mount_of_name(place: Place, name: str) -> Mount:
    return Mount("name", "ipns", name, place.authority, place.parent)


def _by_uri(wish: Wish) -> Answer:
    """The way to what ``?uri=ipfs://...`` names, as browsers hand over such addresses."""
    uri = wish.query.get("uri", "")
    try:
        parts = urlsplit(uri)
    except ValueError:
        raise InvalidRequest("the uri is no address") from None
    network = _NETWORKS.get(parts.scheme)
    if network is None or not parts.netloc:
        raise InvalidRequest(
            "a CID or a name is missing",
            advice="ask for /ipfs/CID, /ipns/NAME, or ?uri=ipfs://CID",
        )
    path, slash = read_path(parts.path)
    location = f"/{network}/{escaped([parts.netloc, *path])}{'/' if path and slash else ''}"
    return _moved(f"{location}?{parts.query}" if parts.query else location)


def _address(
    wish: Wish, authority: str, path: tuple[str, ...] | None = None, *, slash: bool = False
) -> str:
    """The same request's address on another host of this gateway, below a root of its own."""
    if path is None:
        path, slash = read_path(wish.raw_path)
    target = f"/{escaped(path)}{'/' if slash and path else ''}"
    return _with_query(f"{_scheme(wish)}://{authority}{target}", wish)


def _with_query(address: str, wish: Wish) -> str:
    return f"{address}?{wish.raw_query}" if wish.raw_query else address


def _scheme(wish: Wish) -> str:
    return "https" if wish.headers.get("x-forwarded-proto", "").lower() == "https" else "http"


def _moved(location: str, *, status: int = 301) -> Answer:
    return Answer(status, [*raw_headers([("location", location)]), *CORS])


def _start(place: Place) -> Answer:
    headers = raw_headers(
        [
            ("content-type", "text/html; charset=utf-8"),
            ("content-security-policy", PAGE_POLICY),
            ("x-content-type-options", "nosniff"),
        ]
    )
    return Answer(200, headers, start_page(place.authority))
