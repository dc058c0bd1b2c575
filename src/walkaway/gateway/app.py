"""`Gateway`: the ASGI application. Decides what is asked for, and of whom.

In order: an answer that is ready; whether this host is served and this page may ask;
where host and path lead (`routes`); what stands there (`content`), or what went wrong
(`failures`). Whatever is being done ends when its client goes away.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final, TypeVar

from starlette.types import Receive, Scope, Send

from walkaway.content.blocks import Blocks
from walkaway.content.mirrors.mirrors import Mirrors
from walkaway.content.proven_file import OpensFiles
from walkaway.content.store.assembled import AssembledFiles
from walkaway.errors import WalkawayError
from walkaway.gateway.answers.answer import Answer, send_answer, send_ready
from walkaway.gateway.answers.content import ContentPaths
from walkaway.gateway.answers.explanation import Explanations
from walkaway.gateway.answers.failures import Failure, failure_answer
from walkaway.gateway.answers.headers import CORS
from walkaway.gateway.answers.pieces import PiecesInHand, nobody
from walkaway.gateway.connect_front import THROUGH_PROXY
from walkaway.gateway.explain import explain_address, explain_answer, is_explain
from walkaway.gateway.hot import HotAnswers, ReadyAnswer
from walkaway.gateway.origins.name_origins import NameOrigins
from walkaway.gateway.pages.own_pages import OwnPages, require_own_site
from walkaway.gateway.request.asked import Wish, read_path, read_wish
from walkaway.gateway.request.hosts import GatewaySettings, Hosts, Place
from walkaway.gateway.routes import Routes
from walkaway.gateway.routing.routing_v1 import RoutingV1
from walkaway.gateway.safety.denylist import Denylist
from walkaway.gateway.safety.fences import Fences
from walkaway.limits import LIMITS, Limits
from walkaway.names.pointer import Network
from walkaway.names.resolution import Names
from walkaway.rpc.http_protocol import (
    CUT_OFF,
    SEND_FILE,
    SEND_WHOLE,
    CutOff,
    SendFile,
    SendWhole,
)
from walkaway.rpc.local_surface import LocalSurface

__all__ = ["Gateway"]

log = logging.getLogger(__name__)

ROUTING: Final = "/routing/v1/"
METHODS: Final = "GET, HEAD, OPTIONS"
OWN_ORIGIN: Final = (b"origin-agent-cluster", b"?1")
"""Content that has a host of its own shares nothing with its neighbours', not even a process."""

T = TypeVar("T")


class Gateway:
    """Serves content by address and by name on one port.

    ``blocks`` give content from wherever it is, ``others`` what is on networks other than
    IPFS, ``mirrors`` what stands on several, ``local`` only what is on this machine,
    ``relayed`` what other nodes ask for (`NetworkBlocks.relayed`), and ``held`` the names
    whose records they ask for;
    ``assembled`` keeps whole files ready. ``bound`` are further addresses of this machine
    that have path URLs. ``routing``, once it is set, answers below ``/routing/v1/`` on hosts
    that have path URLs; ``own_pages`` tells there of itself, and ``explanations`` why what it
    shows is to be believed. ``origins`` looks after what is come to by name, and takes what
    is decided of names.
    """

    def __init__(
        self,
        blocks: Blocks,
        local: Blocks,
        names: Names,
        *,
        others: Mapping[Network, OpensFiles] | None = None,
        mirrors: Mirrors | None = None,
        settings: GatewaySettings | None = None,
        bound: Iterable[str] = (),
        relayed: Callable[[Sequence[str]], Blocks] | None = None,
        held: Names | None = None,
        assembled: AssembledFiles | None = None,
        denylist: Denylist | None = None,
        origins: NameOrigins | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        given = GatewaySettings() if settings is None else settings
        self._hosts = Hosts(given, bound=bound)
        self._fences = Fences(self._hosts, LocalSurface(origins=given.allowed_origins))
        self._routes = Routes(self._hosts, names)
        self._paths = ContentPaths(
            blocks,
            local,
            names,
            others=others,
            mirrors=mirrors,
            relayed=relayed,
            held=held,
            assembled=assembled,
            denylist=denylist,
            limits=limits,
        )
        self.routing: RoutingV1 | None = None
        self.own_pages: OwnPages | None = None
        self.explanations: Explanations | None = None
        self._limits = limits
        self._origins = origins
        self._hot = HotAnswers(limits)
        if origins is not None:
            self._hot.decisions = origins.decisions
        self._pieces = PiecesInHand(limits)
        self._going = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises `AnswerCutShort`, for the web server to end the connection."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        key = self._hot.key(scope)
        ready = None if key is None else self._hot.find(key)
        if ready is not None:
            if not _is_sent_whole(ready, scope):
                await send_ready(ready.start, ready.body, send, _send_file(scope))
            return
        with suppress(_Gone):
            answer = await self._serve(scope, receive, send)
            if answer is not None and key is not None:
                self._hot.keep(key, answer)

    def serves(self, authority: str) -> bool:
        """Whether a host, with or without a port, is one of this gateway's."""
        return self._hosts.place(authority) is not None

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        """Answer a request; the answer that was given, where it is one of ours."""
        is_full = self._going >= self._limits.web_requests or self._pieces.is_full
        if is_full and not _cut_off(scope)():
            full = Failure(503, "too many requests at a time", advice="ask again")
            await send_answer(failure_answer(full, None), send)
            return None
        self._going += 1
        try:
            return await self._served(scope, receive, send)
        finally:
            self._going -= 1

    async def _served(self, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        wish: Wish | None = None
        place: Place | None = None
        try:
            wish = read_wish(
                scope["method"], scope["raw_path"], scope["query_string"], scope["headers"]
            )
            place = self._admit(wish, scope)
            answer = await self._answer(place, wish, receive)
        except WalkawayError as error:
            answer = failure_answer(error, wish, explained_at=self._explained_at(place, wish))
        if place is not None and place.kind in ("root", "name", "proxied"):
            answer.headers.append(OWN_ORIGIN)
        with_body = scope["method"] != "HEAD"
        sending = send_answer(
            answer,
            send,
            with_body=with_body,
            send_file=_send_file(scope),
            cut_off=_cut_off(scope),
            pieces=self._pieces,
            limits=self._limits,
        )
        await (sending if answer.is_ready else _while_there(receive, sending))
        return answer

    def _explained_at(self, place: Place | None, wish: Wish | None) -> str:
        if self.explanations is None or place is None or wish is None:
            return ""
        return explain_address(place, wish)

    def _admit(self, wish: Wish, scope: Scope) -> Place:
        """The host that is asked. Raises `Failure` for one of another, and who may not ask."""
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        place = self._hosts.place(hosts[0]) if len(hosts) == 1 else None
        if place is None:
            raise Failure(
                403,
                "the Host header does not name this machine (DNS rebinding is refused)",
                advice="use http and 127.0.0.1, localhost or a name under .localhost; in "
                "walkaway.toml, allowed_hosts allows another, and proxied_names has a name of "
                "the DNS opened here",
            )
        if self._fences.refuses(wish, through_proxy=THROUGH_PROXY in scope.get("extensions", {})):
            raise Failure(
                403,
                "pages of other sites may not ask this gateway",
                advice="open the address in a window of its own",
            )
        return place

    async def _answer(self, place: Place, wish: Wish, receive: Receive) -> Answer:
        seconds = self._limits.web_answer_seconds
        try:
            async with asyncio.timeout(seconds):
                if self.routing is not None and _is_routing(place, wish):
                    segments, _ = read_path(wish.raw_path)
                    return await self.routing.answer(wish, segments[2:], receive)
                own = None if self.own_pages is None else await self.own_pages.answer(place, wish)
                if own is None and self._origins is not None:
                    own = await self._origins.posted(place, wish, receive)
                if own is not None:
                    return own
                return await _while_there(receive, self._found(place, wish))
        except TimeoutError:
            raise Failure(
                504, f"nobody supplied it within {seconds:g} seconds", advice="ask again"
            ) from None
        except (WalkawayError, _Gone):
            raise
        except Exception as error:
            log.error("a request failed: %s", _where(error))
            raise Failure(500, "the gateway failed at this; its log says where") from None

    async def _found(self, place: Place, wish: Wish) -> Answer:
        if self.explanations is not None and is_explain(place, wish):
            require_own_site(wish)
            return await explain_answer(self.explanations, self._hosts, self._routes, place, wish)
        return await self._content(place, wish)

    async def _content(self, place: Place, wish: Wish) -> Answer:
        if wish.method == "OPTIONS":
            return Answer(204, [*CORS, (b"access-control-max-age", b"600")])
        if wish.method not in ("GET", "HEAD"):
            answer = failure_answer(Failure(405, "content is read only"), wish)
            answer.headers.append((b"allow", METHODS.encode()))
            return answer
        led = await self._routes.lead(place, wish)
        if isinstance(led, Answer):
            return led
        if self._origins is None:
            return await self._paths.answer(led)
        return await self._origins.answer(place, led, self._paths.answer)


class _Gone(Exception):
    """Nobody waits for the answer any more; caught in this module, and nowhere else."""


async def _while_there(receive: Receive, work: Coroutine[None, None, T]) -> T:
    """The result of some work, which ends when its client goes away.

    Raises `_Gone`, and what the work raises.
    """
    working = asyncio.ensure_future(work)
    going = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({working, going}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise _Gone
    finally:
        going.cancel()
        working.cancel()
        await asyncio.gather(working, going, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    """Wait until the client goes away; what it still sends is of no use."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _is_sent_whole(ready: ReadyAnswer, scope: Scope) -> bool:
    """Send an answer that is short at once, where the web server can; whether it was sent."""
    if not ready.head or not isinstance(ready.body, bytes):
        return False
    found: SendWhole | None = scope.get("extensions", {}).get(SEND_WHOLE, {}).get("send")
    return found is not None and found(ready.head, ready.body)


def _send_file(scope: Scope) -> SendFile | None:
    """What the web server has for sending files, if anything."""
    found: SendFile | None = scope.get("extensions", {}).get(SEND_FILE, {}).get("send")
    return found


def _cut_off(scope: Scope) -> CutOff:
    """What the web server has for making room."""
    found: CutOff = scope.get("extensions", {}).get(CUT_OFF, {}).get("slowest", nobody)
    return found


def _is_routing(place: Place, wish: Wish) -> bool:
    return place.kind in ("path", "gateway") and wish.raw_path.startswith(ROUTING)


def _where(error: Exception) -> str:
    """The kind of an error and the line it came from, but not its text, which may hold a URL."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
