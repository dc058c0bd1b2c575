"""Which pages may make a browser ask this gateway at all.

Every page that the user opens is a stranger on this machine. Browsers say where a
request comes from (https://www.w3.org/TR/fetch-metadata/): one that a page of
another site makes is refused, so that no page finds out what is kept here or makes
this machine fetch things. Let through are a link that the user follows to a page of
its own window, which reads nothing and is how links to content work
(docs/decisions), and pages of this machine: those under ``localhost``, which say so
in their Origin or, where they only show a picture, in their Referer.

A page of ``http://app.eth`` is of this machine in browsers alone that have this gateway for
their proxy; in others, whoever answers for the local network's names made it. Only what comes
as to a proxy tells the two apart, so that such pages ask for nothing in another way.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from walkaway.gateway.request.asked import Wish
from walkaway.gateway.request.hosts import Hosts
from walkaway.rpc.local_surface import LocalSurface

__all__ = ["Fences"]


class Fences:
    """The rule, with the exceptions that the configuration names."""

    def __init__(self, hosts: Hosts, surface: LocalSurface) -> None:
        self._hosts = hosts
        self._surface = surface

    def refuses(self, wish: Wish, *, through_proxy: bool = False) -> bool:
        """Whether a request comes from a page that may not ask.

        ``through_proxy`` says that it was sent to this gateway as to a proxy.
        """
        headers = wish.headers
        site = headers.get("sec-fetch-site")
        if site == "cross-site":
            return not (wish.opens_window or self._is_ours(headers, through_proxy))
        # Browsers that say nothing of the site name the origin where a page could read the answer.
        origin = headers.get("origin")
        if site is not None or origin is None:
            return False
        return not self._is_ours(headers, through_proxy)

    def _is_ours(self, headers: Mapping[str, str], through_proxy: bool) -> bool:
        origin = headers.get("origin", "null")
        if origin != "null":
            return self._surface.is_origin(origin) or self._is_served(origin, through_proxy)
        return self._is_served(headers.get("referer", ""), through_proxy)

    def _is_served(self, address: str, through_proxy: bool) -> bool:
        try:
            parts = urlsplit(address)
        except ValueError:
            return False
        place = self._hosts.place(parts.netloc) if parts.netloc else None
        if place is None:
            return False
        return place.kind != "proxied" or (through_proxy and parts.scheme == "http")
