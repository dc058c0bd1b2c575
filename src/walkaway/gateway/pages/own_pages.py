"""What the gateway tells of itself: its start page, how it stands, what browsers send here.

All stand on the gateway's own hosts alone, never where content has its origin, and no
other page reads them: they have no CORS headers, and may not be embedded.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from walkaway.content.service import ContentStatus
from walkaway.gateway.answers.answer import Answer, raw_headers
from walkaway.gateway.answers.failures import Failure
from walkaway.gateway.answers.headers import NO_STORE
from walkaway.gateway.pages.frame import FORM_POLICY, PAGE_POLICY
from walkaway.gateway.pages.proxy_file import PROXY_FILE_PATH, PROXY_FILE_TYPE, proxy_file
from walkaway.gateway.pages.start_page import start_page
from walkaway.gateway.request.asked import Wish
from walkaway.gateway.request.hosts import Place
from walkaway.rpc.plain import members, plain
from walkaway.sources.standing import SourceStatus

__all__ = ["EXPLAIN_PATH", "STATUS_PATH", "OwnPages", "require_own_site"]

STATUS_PATH: Final = "/walkaway/status"
EXPLAIN_PATH: Final = "/explain"
"""Where `walkaway.gateway.explain` answers, named here for those that ask it."""

_OWN_SITES: Final = (None, "none", "same-origin")


class OwnPages:
    """Answers at ``/``, `STATUS_PATH` and `PROXY_FILE_PATH`.

    ``status`` tells how content stands; ``serves_endpoint`` whether the same program is
    to serve the RPC endpoint as well; ``proxied_names`` what `proxy_file` sends here;
    ``names`` gives the section on names, for the host that is asked, and ``asked_about_names``
    who is asked about them, with why those of ENS are not resolved now, if they are not.
    """

    def __init__(
        self,
        status: Callable[[], Awaitable[ContentStatus]],
        *,
        serves_endpoint: bool = False,
        proxied_names: Sequence[str] = (),
        names: Callable[[Place], Awaitable[str]] | None = None,
        asked_about_names: Callable[[], tuple[Sequence[SourceStatus], str]] = lambda: ((), ""),
    ) -> None:
        self._status = status
        self._serves_endpoint = serves_endpoint
        self._proxied_names = tuple(proxied_names)
        self._names = names
        self._asked_about_names = asked_about_names

    async def answer(self, place: Place, wish: Wish) -> Answer | None:
        """The answer, or None for what is none of these pages.

        Raises:
            Failure: a page of another origin asks.
            StoreFault: the store cannot be read.
        """
        if place.kind not in ("path", "gateway") or wish.method not in ("GET", "HEAD"):
            return None
        if wish.raw_path == STATUS_PATH:
            require_own_site(wish)
            return _page("application/json", await self._json())
        if wish.raw_path == PROXY_FILE_PATH:
            require_own_site(wish)
            return _page(PROXY_FILE_TYPE, proxy_file(place.authority, self._proxied_names))
        # Behind a proxy, what the browser calls this host may be content's.
        if wish.raw_path == "/" and "x-forwarded-host" not in wish.headers:
            names = "" if self._names is None else await self._names(place)
            page = start_page(place.authority, await self._status(), names=names)
            return _page("text/html; charset=utf-8", page, FORM_POLICY)
        return None

    async def _json(self) -> bytes:
        sources, without_ens = self._asked_about_names()
        told = {
            **members(await self._status()),
            "names": plain(sources),
            "withoutEns": plain(without_ens),
            "servesEndpoint": self._serves_endpoint,
        }
        return json.dumps(told).encode()


def require_own_site(wish: Wish) -> None:
    """Raise `Failure` for a page of another origin that asks.

    It could not read the answer; it is not even made for it.
    """
    is_opened = wish.headers.get("sec-fetch-mode") == "navigate"
    if wish.headers.get("sec-fetch-site") not in _OWN_SITES and not is_opened:
        raise Failure(
            403,
            "pages of other origins may not ask this gateway about itself",
            advice="open the address in a window of its own",
        )


def _page(media_type: str, body: bytes, policy: str = PAGE_POLICY) -> Answer:
    headers = raw_headers(
        [
            ("content-type", media_type),
            ("cache-control", NO_STORE),
            ("content-security-policy", policy),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
        ]
    )
    return Answer(200, headers, body)
