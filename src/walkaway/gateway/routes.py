"""From a host and a path to a content path, or to the address where it is to be asked for.

https://specs.ipfs.tech/http-gateways/subdomain-gateway/. On hosts below which content
has hosts of its own, path URLs lead there, so that no two contents share an origin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, get_args
from urllib.parse import quote

from walkaway.errors import InvalidRequest, ProofError, Unproven, Unsupported
from walkaway.gateway.answers.answer import Answer, raw_headers
from walkaway.gateway.answers.failures import Failure
from walkaway.gateway.answers.headers import CORS, NO_STORE
from walkaway.gateway.pages.frame import PAGE_POLICY
from walkaway.gateway.pages.start_page import start_page
from walkaway.gateway.request.asked import Asked, Wish, asked_below, read_path
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

_IN_ROOT: Final = "@:%"
_WRITTEN: Final = "/%!$&'()*+,;=:@~"
"""What stands in a path as it is, escapes that are there already among it."""

_LOOKED_AT: Final = "Sec-Fetch-Mode, Sec-Fetch-Dest, User-Agent"
_NETWORKS: Final[Mapping[str, Network]] = {network: network for network in get_args(Network)}
_OTHER_SCHEMES: Final[Mapping[str, Network]] = {"w3": "web3"}


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
            return asked_below(_mount_of_name(place, place.label), wish.raw_path, wish)
        if place.kind == "host" and await self._is_name(place.label):
            return asked_below(_mount_of_name(place, place.label), wish.raw_path, wish)
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
        mount = Mount("subdomain", "ipns", key, place.authority, place.parent)
        asked = asked_below(mount, wish.raw_path, wish)
        return _moved(_address(asked, f"{label_of('ipns', key)}.ipns.{place.parent}"))
    root = root_of_label(place.network, place.label)
    label = label_of(place.network, root)
    # Names with their dots are served as they are, where no certificate has to cover them.
    is_name = place.network == "ipns" and "." in place.label
    mount = Mount("subdomain", place.network, root, place.authority, place.parent)
    asked = asked_below(mount, wish.raw_path, wish)
    if label != place.label and not (is_name and _scheme(wish) == "http"):
        return _moved(_address(asked, f"{label}.{place.network}.{place.parent}"))
    return asked


def _below_name(place: Place, wish: Wish) -> Asked | Answer:
    """A name directly below the gateway's host; with dots, siblings would share cookies."""
    root = root_of_label("ipns", place.label)
    label = label_of("ipns", root)
    asked = asked_below(_mount_of_name(place, root), wish.raw_path, wish)
    return asked if label == place.label else _moved(_address(asked, f"{label}.{place.parent}"))


def _below_path(place: Place, wish: Wish) -> Asked | Answer:
    asked = _asked_by_path(place, wish)
    if isinstance(asked, Answer):
        return asked
    network, root = asked.mount.network, asked.mount.root
    check_root(network, root)
    key = key_of_address(root) if network == "ipfs" else None
    if key is not None and (place.kind == "gateway" or wish.negotiated.format is Format.PLAIN):
        return _to_name(place, asked, key)
    if place.kind == "gateway":
        return _moved(_address(asked, f"{label_of(network, root)}.{network}.{place.authority}"))
    name = key_name(root) if network == "ipns" else None
    if name is not None and name != root:
        canonical = Mount("path", network, name, place.authority, place.authority)
        href = canonical.href(asked.path, slash=asked.slash)
        return _moved(f"{href}?{wish.raw_query}" if wish.raw_query else href, status=302)
    return asked


def _asked_by_path(place: Place, wish: Wish) -> Asked | Answer:
    """What a path says that begins with a network and a root, or the page about paths."""
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
    if wish.is_worker_script and len(segments) == 2 and not slash:
        raise InvalidRequest("a service worker may not be registered for all of a gateway")
    mount = Mount("path", network, segments[1], place.authority, place.authority)
    if network == "web3":
        return asked_below(mount, _after_root(wish.raw_path), wish)
    path = segments[2:]
    return Asked(mount, path, slash or (not path and wish.raw_path.endswith("/")), wish)


def _after_root(raw_path: str) -> str:
    """What follows the root in a path as it is written, from the slash on."""
    _, _, after = raw_path.lstrip("/").partition("/")
    _, slash, rest = after.lstrip("/").partition("/")
    return slash + rest


def _to_name(place: Place, asked: Asked, key: str) -> Answer:
    """The way from a key, which was asked for as if it were content, to what its name leads to.

    Raises `InvalidRequest` where both share an origin: there the two are told apart.
    """
    if place.kind != "gateway":
        raise InvalidRequest(
            "this CID addresses the key of a name, which is no content",
            advice=f"ask for what it leads to: /ipns/{key}",
        )
    return _moved(_address(asked, f"{label_of('ipns', key)}.ipns.{place.authority}"))


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
    moved = _moved(_address(asked, host), status=302)
    moved.headers += raw_headers([("cache-control", NO_STORE), ("vary", _LOOKED_AT)])
    return moved


def _mount_of_name(place: Place, name: str) -> Mount:
    return Mount("name", "ipns", name, place.authority, place.parent)


def _by_uri(wish: Wish) -> Answer:
    """The way to what ``?uri=ipfs://...`` names, as browsers hand over such addresses."""
    scheme, divided, rest = wish.query.get("uri", "").partition("://")
    network = _NETWORKS.get(scheme.lower()) or _OTHER_SCHEMES.get(scheme.lower())
    root, slash, path, query = _parts(rest)
    if network is None or not divided or not root:
        raise InvalidRequest(
            "a CID or a name is missing",
            advice="ask for /ipfs/CID, /ipns/NAME, or ?uri=ipfs://CID",
        )
    check_root(network, root)
    segments, is_folder = read_path(path)
    if network != "web3":
        slash = "/" if segments else ""
        path = escaped(segments) + ("/" if segments and is_folder else "")
    return _moved(f"/{network}/{quote(root, safe=_IN_ROOT)}{slash}{path}{query}")


def _parts(rest: str) -> tuple[str, str, str, str]:
    """Root, slash, path and query of what follows an address's scheme, as they are written."""
    before, mark, query = rest.partition("#")[0].partition("?")
    root, slash, path = before.partition("/")
    return root, slash, quote(path, safe=_WRITTEN), mark + quote(query, safe=_WRITTEN + "?")


def _address(asked: Asked, authority: str) -> str:
    """The same request's address on another host of this gateway, below a root of its own."""
    return f"{_scheme(asked.wish)}://{authority}{asked.below}"


def _scheme(wish: Wish) -> str:
    return "https" if wish.is_over_https else "http"


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
