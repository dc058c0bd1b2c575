"""Which pages may make a browser ask this gateway at all.

Every page that the user opens is a stranger on this machine. Browsers say where a
request comes from (https://www.w3.org/TR/fetch-metadata/): one that a page of
another site makes is refused, so that no page finds out what is kept here or makes
this machine fetch things. Let through are a link that the user follows to a page of
its own window, which reads nothing and is how links to content work
(docs/decisions), and pages of this machine: those under ``localhost``, which say so
in their Origin or, where they only show a picture, in their Referer.
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

    def refuses(self, wish: Wish) -> bool:
        """Whether a request comes from a page that may not ask."""
        headers = wish.headers
        site = headers.get("sec-fetch-site")
        if site == "cross-site":
            return not (wish.opens_window or self._is_ours(headers))
        # Browsers that say nothing of the site name the origin where a page could read the answer.
        origin = headers.get("origin")
        return site is None and origin is not None and not self._is_ours(headers)

    def _is_ours(self, headers: Mapping[str, str]) -> bool:
        origin = headers.get("origin", "null")
        if origin != "null":
            return self._surface.is_origin(origin) or self._is_served(origin)
        return self._is_served(headers.get("referer", ""))

    def _is_served(self, address: str) -> bool:
        try:
            authority = urlsplit(address).netloc
        except ValueError:
            return False
        return bool(authority) and self._hosts.place(authority) is not None
