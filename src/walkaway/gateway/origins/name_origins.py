"""`NameOrigins`: serves names on origins of their own, and what is decided of them there.

A browser keeps what a page stored under its origin, whatever the name leads to next. So
each pointer that a page was shown under is noted; where the name has left it, the origin
is cleared, with the person's knowledge, before another page opens there.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from starlette.types import Receive

from walkaway.content.open import name_in
from walkaway.errors import (
    Elsewhere,
    InvalidRequest,
    NoSuchName,
    NoSuchPath,
    ProofError,
    UnsignedName,
    Unsupported,
    WalkawayError,
)
from walkaway.gateway.answers.answer import Answer, raw_headers
from walkaway.gateway.answers.failures import Failure
from walkaway.gateway.answers.headers import NO_STORE
from walkaway.gateway.origins.posted import FormTokens, read_form
from walkaway.gateway.origins.worker_script import checked_each_time, is_script, unregistering
from walkaway.gateway.pages.left_page import LEFT_POLICY, left_page
from walkaway.gateway.pages.names_section import names_section
from walkaway.gateway.request.asked import Asked, Wish
from walkaway.gateway.request.hosts import Place
from walkaway.gateway.safety.denylist import GONE, LEGAL
from walkaway.limits import LIMITS, Limits
from walkaway.names.history import PointerHistory
from walkaway.names.hold import HoldPolicy
from walkaway.names.pointer import Pointer, parse_pointer
from walkaway.names.resolution import Change
from walkaway.names.served import LeftPointer, ServedPointers
from walkaway.sources.clock import Clock

__all__ = ["CLEAR_PATH", "DECIDE_PATH", "WAITING", "NameOrigins"]

CLEAR_PATH: Final = "/.well-known/walkaway/clear"
"""Where a form is posted that clears an origin. Content is only read, so that none is hidden."""
DECIDE_PATH: Final = "/walkaway/names"
"""Where decisions about names are posted, on the gateway's own origin alone."""
WAITING: Final = b"walkaway-name-waiting"
"""The header that says of a name on the way that another pointer waits."""

_SHOWN: Final = 500
"""How many names the page takes: any page can have names be seen, and none that fill this one."""
_CLEARED: Final = '"cache", "cookies", "storage", "executionContexts"'
_OWN_HOST: Final = re.compile(r"localhost(?::[0-9]{1,5})?", re.ASCII)
_PATH: Final = re.compile(r"/(?![/\\])[!-~]*", re.ASCII)

Serve = Callable[[Asked], Awaitable[Answer]]


class NameOrigins:
    """What the gateway does where content is come to by name."""

    def __init__(
        self,
        history: PointerHistory,
        policy: HoldPolicy,
        clock: Clock,
        *,
        limits: Limits = LIMITS,
    ) -> None:
        self._history = history
        self._policy = policy
        self._clock = clock
        self._limits = limits
        self._served = ServedPointers(history.file, limits)
        self._tokens = FormTokens()

    def decisions(self) -> int:
        """A number that moves where a name may lead elsewhere from now on."""
        return self._history.version()

    async def answer(self, place: Place, asked: Asked, serve: Serve) -> Answer:
        """What ``serve`` makes of a content path, if nothing stands before it.

        ``place`` is the host that was asked, as the browser knows it.

        Raises what ``serve`` raises, and `StoreFault`.
        """
        if not asked.mount.has_own_origin or name_in(asked.pointer) is None:
            return _with_changes(await serve(asked))
        if asked.wish.is_worker_script:
            return await self._worker_script(place, asked, serve)
        # What the name says now is known only once it was asked for. A browser asks each time
        # whether what it has is still good, so that a decision is heard of at once.
        answer = checked_each_time(_with_changes(await serve(asked)))
        left = await self._left(place, asked) if asked.wish.opens_page else []
        if left:
            await answer.drop()
            return self._interstitial(asked, left)
        return await self._noted(place, asked, answer)

    async def posted(self, place: Place, wish: Wish, receive: Receive) -> Answer | None:
        """What a form does that was sent here; None for what is none of ours.

        Raises:
            Failure: it does not come from a page of this gateway, on the same origin.
            InvalidRequest: it cannot be read, or decides nothing that can be.
        """
        if wish.method != "POST":
            return None
        if wish.raw_path == CLEAR_PATH and place.kind in ("root", "name", "host", "proxied"):
            return await self._clear(place, wish, receive)
        if wish.raw_path == DECIDE_PATH and self._is_own(place):
            return await self._decide(place, wish, receive)
        return None

    async def section(self, place: Place) -> str:
        """The names, as a part of the page at the gateway's own address.

        What can be decided is on ``http://localhost`` alone: at other addresses of this
        machine, content has the same origin. Raises `StoreFault`.
        """
        names = await self._history.names(_SHOWN)
        left = await self._served.all_left()
        is_own = self._is_own(place)
        return names_section(
            names,
            self._policy,
            left,
            action=DECIDE_PATH if is_own else "",
            token=self._tokens.of(place.authority) if is_own else "",
        )

    def _is_own(self, place: Place) -> bool:
        return place.kind == "gateway" and _OWN_HOST.fullmatch(place.authority) is not None

    async def _worker_script(self, place: Place, asked: Asked, serve: Serve) -> Answer:
        """The script of a service worker, if it is in what is served now.

        Where a name leads nowhere any more, or to what is not served, none of its workers is
        left. A failure that may pass leaves them: a worker is there for when there is no network.
        """
        try:
            answer = await serve(asked)
        except WalkawayError as error:
            if not _is_final(error):
                raise
            return unregistering()
        if is_script(answer) and not await self._left(place, asked):
            return await self._noted(place, asked, checked_each_time(answer))
        await answer.drop()
        return unregistering()

    async def _left(self, place: Place, asked: Asked) -> Sequence[LeftPointer]:
        """What this origin was given and is to be cleared of."""
        if not _is_asked_there(place, asked):
            return []
        return await self._served.left(place.authority)

    async def _noted(self, place: Place, asked: Asked, answer: Answer) -> Answer:
        """The same, once it is written down that the origin is given it.

        A page's scripts and pictures are noted as the page is: they may come from another
        release than the page that is open, and run in its origin.
        """
        if not _is_asked_there(place, asked) or not asked.wish.is_by_browser:
            # Nor is it kept ready for a browser, which would be given it without a note.
            answer.ready_seconds = 0.0
            return answer
        try:
            steps = [(step.name, step.resolution.pointer) for step in answer.steps]
            await self._served.note(place.authority, steps)
        except BaseException:
            await answer.drop()
            raise
        return answer

    def _interstitial(self, asked: Asked, left: Sequence[LeftPointer]) -> Answer:
        page = left_page(
            left,
            asked.mount.authority,
            action=CLEAR_PATH,
            token=self._tokens.of(asked.mount.authority),
            then=_target(asked.wish),
            elsewhere=f"http://{asked.mount.parent}/#names",
        )
        return _page(page)

    async def _clear(self, place: Place, wish: Wish, receive: Receive) -> Answer:
        form = await read_form(place, wish, receive, self._tokens, self._limits)
        then = form.get("then", "/")
        await self._served.forget(place.authority)
        headers = [
            ("clear-site-data", _CLEARED),
            ("location", then if _PATH.fullmatch(then) else "/"),
        ]
        return _moved(headers)

    async def _decide(self, place: Place, wish: Wish, receive: Receive) -> Answer:
        form = await read_form(place, wish, receive, self._tokens, self._limits)
        name, now = form.get("name", ""), self._clock.now()
        match form.get("do"):
            case "accept":
                await self._history.accept(name, _shown_pointer(form))
            case "reject":
                await self._history.reject(name, _shown_pointer(form), now=now)
            case "pin":
                await self._history.pin(name, _shown_pointer(form), now=now)
            case "unpin":
                await self._history.unpin(name)
            case "keep-stored":
                await self._served.forget(name)
            case _:
                raise InvalidRequest("this form decides nothing")
        return _moved([("location", "/#names")])


def _is_final(error: WalkawayError) -> bool:
    """Whether an error says of a name or a path that nothing is served there."""
    if isinstance(error, Failure):
        return error.status in (GONE, LEGAL)
    is_final = isinstance(error, NoSuchPath | NoSuchName | UnsignedName | Unsupported | ProofError)
    return is_final and not isinstance(error, Elsewhere)


def _is_asked_there(place: Place, asked: Asked) -> bool:
    """Whether the browser knows the content by the host that it is mounted on.

    Behind a server that asks under a host of its own (X-Forwarded-Host) the browser's origin
    is that server's word, and no page of ours could be answered: nothing is noted there.
    """
    return place.authority == asked.mount.authority


def _shown_pointer(form: Mapping[str, str]) -> Pointer:
    """The pointer that the person was shown, and decides on; the name may have changed since."""
    try:
        return parse_pointer(form.get("pointer", ""))
    except ProofError:
        raise InvalidRequest("this form does not say what it decides on") from None


def _with_changes(answer: Answer) -> Answer:
    """The answer, which says of each name on its way what waits."""
    for step in answer.steps:
        if step.resolution.waiting is not None:
            told = _told(step.name, step.resolution.waiting)
            answer.headers.append((WAITING, told.encode()))
    return answer


def _told(name: str, change: Change) -> str:
    """A change as an item of a structured field (RFC 9651)."""
    told = [f'"{quote(name)}"']
    if change.pointer is not None:
        told.append(f'says="{quote(str(change.pointer))}"')
    told += [f'why="{change.why.value}"', f"since={int(change.since)}"]
    if change.until is not None:
        told.append(f"until={int(change.until)}")
    return "; ".join(told)


def _target(wish: Wish) -> str:
    return f"{wish.raw_path}?{wish.raw_query}" if wish.raw_query else wish.raw_path


def _page(body: bytes) -> Answer:
    headers = raw_headers(
        [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", NO_STORE),
            ("content-security-policy", LEFT_POLICY),
            ("cross-origin-opener-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
        ]
    )
    return Answer(200, headers, body)


def _moved(headers: list[tuple[str, str]]) -> Answer:
    return Answer(303, raw_headers([*headers, ("cache-control", NO_STORE)]))
