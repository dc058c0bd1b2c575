"""Files of networks other than IPFS: with a contract's own status and headers where it has any.

The same ranges, conditions, headers and fences hold as for files of IPFS.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from math import inf
from typing import Final, get_args
from urllib.parse import quote

from walkaway.content.open import Root
from walkaway.content.proven_file import ProvenFile
from walkaway.errors import Unproven
from walkaway.gateway.answers.answer import READY_BYTES, Answer, Body, RawHeaders, raw_headers
from walkaway.gateway.answers.disposition import content_disposition
from walkaway.gateway.answers.failures import Failure
from walkaway.gateway.answers.files import shared_origin_headers
from walkaway.gateway.answers.found import primed
from walkaway.gateway.answers.headers import CORS, IMMUTABLE, NO_STORE
from walkaway.gateway.answers.media_types import (
    BINARY,
    SNIFFED_BYTES,
    type_by_content,
    type_by_name,
)
from walkaway.gateway.answers.partial import Content, partial_answer
from walkaway.gateway.pages.frame import PAGE_POLICY, leaving_page
from walkaway.gateway.request.asked import Asked
from walkaway.gateway.request.conditions import holds_already
from walkaway.gateway.request.formats import Format
from walkaway.limits import LIMITS, Limits
from walkaway.names.pointer import Network

__all__ = ["other_network_answer"]

_AS_IT_IS: Final = frozenset({Format.PLAIN, Format.JSON, Format.CBOR})
"""The formats that a file can be given in, whatever it holds."""

_DECIDED_HERE: Final = frozenset({"location", "etag", "cache-control", "content-type"})
_SCHEMES: Final = {**{network: network for network in get_args(Network)}, "w3": "web3"}
_WRITTEN: Final = "/?%!$&'()*+,;=:@~[]"


async def other_network_answer(
    asked: Asked, root: Root, file: ProvenFile, limits: Limits = LIMITS
) -> Answer:
    """A file as it is asked for: the whole, or a part of it.

    Raises:
        Failure: it is asked for in a format that is made of blocks.
        WalkawayError: its beginning is not to be had.
    """
    return await _FoundFile(asked, root, file, limits).answer()


@dataclass(frozen=True, slots=True)
class _FoundFile:
    """A file, with all that an answer is made of."""

    asked: Asked
    root: Root
    file: ProvenFile
    limits: Limits

    async def answer(self) -> Answer:
        asked, file = self.asked, self.file
        if asked.wish.negotiated.format not in _AS_IT_IS:
            raise Failure(
                406,
                f"this is on {self.root.pointer.network}, which has no blocks to be given "
                f"as {asked.wish.negotiated.format.value}",
                advice="ask without a format",
            )
        if file.is_folder and not asked.slash and self._has_own_address():
            query = f"?{asked.wish.raw_query}" if asked.wish.raw_query else ""
            location = asked.mount.href(asked.path, slash=True) + query
            return Answer(301, [*raw_headers([("location", location)]), *CORS])
        if self._leads_away():
            return _leaving(self._said_location)
        etag = f'"{file.etag}"'
        held = asked.wish.headers.get("if-none-match", "")
        if file.status == 200 and holds_already(held, etag):
            return Answer(304, self._headers(etag))
        return await self._content(etag)

    async def _content(self, etag: str) -> Answer:
        file = self.file
        media_type = await self._media_type()
        headers = [*self._headers(etag), *self._fences(media_type)]
        if file.size is None or file.status != 200:
            typed = raw_headers([("content-type", media_type)])
            is_bare = self.asked.wish.method == "HEAD" or file.status == 204
            body = b"" if is_bare else await self._read(0, file.size)
            return Answer(file.status, [*headers, *typed], body, file.size)
        content = Content(file.size, self._read, media_type, etag)
        answer = await partial_answer(self.asked.wish, content, headers, self.limits)
        if answer.status == 200 and not self.asked.wish.negotiated.by_header:
            answer.ready_seconds = self._seconds()
        return answer

    async def _read(self, start: int, end: int | None) -> Body:
        stream = self.file.stream(start, end)
        if end is None or end - start > READY_BYTES:
            return await primed(stream)
        async with aclosing(stream) as pieces:
            return b"".join([piece async for piece in pieces])

    async def _media_type(self) -> str:
        """What is said of it where it lives, else what its name or its beginning tells."""
        wish, file = self.asked.wish, self.file
        if file.media_type is not None:
            return file.media_type
        name = self.asked.path[-1] if self.asked.path else ""
        return type_by_name(wish.filename or name) or await _type_by_beginning(file)

    def _headers(self, etag: str) -> RawHeaders:
        told = [("etag", etag), *self._own_headers()]
        seconds = self._seconds()
        if seconds:
            told.append(("cache-control", _held_for(seconds)))
        wish = self.asked.wish
        if wish.filename or wish.download:
            name = wish.filename or (self.asked.path[-1] if self.asked.path else "")
            disposition = content_disposition(attachment=wish.download, filename=name)
            told.append(("content-disposition", disposition))
        elif self.asked.mount.network == "piece":
            disposition = content_disposition(attachment=True, filename=self.root.pointer.root)
            told.append(("content-disposition", disposition))
        return [*raw_headers(told), *CORS]

    def _own_headers(self) -> list[tuple[str, str]]:
        told = [(name, value) for name, value in self.file.headers if name not in _DECIDED_HERE]
        location = self._location()
        return told if location is None else [*told, ("location", location)]

    def _fences(self, media_type: str) -> RawHeaders:
        """On path URLs all content has one origin: what could run there is shut in."""
        return [] if self.asked.mount.has_own_origin else shared_origin_headers(media_type)

    def _seconds(self) -> float:
        """How long it may be held: no longer than each name on the way, nor where one says
        nothing, nor than a mirror may; for good where addresses alone led to what never changes.
        """
        if self.root.seconds is None:
            return 0.0 if self.root.steps else self.file.seconds
        return min(self.root.seconds, self.file.seconds)

    @property
    def _said_location(self) -> str:
        return dict(self.file.headers).get("location", "")

    def _location(self) -> str | None:
        """Where the contract's Location leads on this gateway; None where it has none."""
        said = self._said_location
        if not said:
            return None
        scheme, divided, rest = said.partition("://")
        network = _SCHEMES.get(scheme.lower()) if divided else None
        if network is not None:
            scheme = "https" if self.asked.wish.is_over_https else "http"
            return f"{scheme}://{self.asked.mount.parent}/{network}/{quote(rest, safe=_WRITTEN)}"
        below = quote(said, safe=_WRITTEN + "#")
        return f"{self.asked.mount.prefix}{below}" if below.startswith("/") else below

    def _has_own_address(self) -> bool:
        """Whether the folder is not the root of an origin, which browsers ask with a slash.

        Nor is a path below an id of Arweave, whose gateways give it as it is asked.
        """
        if self.asked.target.partition("?")[0]:
            return False
        if self.asked.path:
            return self.root.mirror is not None
        return bool(self.asked.mount.prefix)

    def _leads_away(self) -> bool:
        """Whether it is a redirect to another site, which nobody is sent along."""
        said = self._said_location
        scheme, divided, _ = said.partition(":")
        has_scheme = bool(divided) and "/" not in scheme and scheme.lower() not in _SCHEMES
        return has_scheme or said.replace("\\", "/").startswith("//")


def _leaving(address: str) -> Answer:
    told = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", PAGE_POLICY),
        ("cache-control", NO_STORE),
    ]
    return Answer(404, [*raw_headers(told), *CORS], leaving_page(address))


def _held_for(seconds: float) -> str:
    return IMMUTABLE if seconds == inf else f"public, max-age={max(0, int(seconds))}"


async def _type_by_beginning(file: ProvenFile) -> str:
    end = SNIFFED_BYTES if file.size is None else min(SNIFFED_BYTES, file.size)
    beginning = b""
    try:
        async with aclosing(file.stream(0, end)) as pieces:
            async for piece in pieces:
                beginning += piece
    except Unproven:
        # A range further on may still be had.
        if not beginning:
            return BINARY
    is_whole = len(beginning) < SNIFFED_BYTES if file.size is None else len(beginning) == file.size
    return type_by_content(beginning[:SNIFFED_BYTES], is_whole=is_whole)
