"""HTTP exchanges with whoever may lie: connections, redirects, bounds, and reasons without URLs.

Nothing that comes is trusted to be small, whole, or to come from where it should:
bodies are counted as they stream, after decompression; redirects are followed
by hand and only to public addresses; cookies and proxies from the environment
do not exist. No text of a library goes into an error, since it may hold the URL.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from walkaway import __version__
from walkaway.errors import ConfigError, SourceFault
from walkaway.limits import LIMITS, Limits
from walkaway.sources.guard import NO_EXCEPTION, AddressRefused, Guard
from walkaway.sources.transports.name_lookups import NameLookups

__all__ = [
    "JSON_TYPES",
    "NOT_RESOLVED",
    "OFFLINE_REASONS",
    "AnswerTooLarge",
    "HttpClient",
    "HttpQuestion",
    "HttpReply",
]

JSON_TYPES = ("application/json", "application/json-rpc", "text/plain", "")
"""The content types that servers send JSON with."""

_CHUNK = 64 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)
_KEEPS_METHOD = (307, 308)

NOT_RESOLVED = "the name of its host does not resolve"
"""How a request fails where nobody knows a source's host."""
OFFLINE_REASONS = (
    NOT_RESOLVED,
    *(
        f"no connection: {os.strerror(number)}"
        for number in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)
    ),
)
"""How requests fail where this machine has no network; one alone may have other causes."""

_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ClientConnectorDNSError, NOT_RESOLVED),
    (aiohttp.ClientConnectorCertificateError, "its certificate is not valid"),
    (aiohttp.ClientSSLError, "TLS failed"),
    (aiohttp.ServerDisconnectedError, "closed the connection without an answer"),
    (UnicodeError, "its name is none that can be looked up"),
    (aiohttp.ClientPayloadError, "its answer was cut short, or badly encoded"),
)


@dataclass(frozen=True, slots=True)
class HttpQuestion:
    """One HTTP request: a GET where ``body`` is None, else a POST of ``body_type``, or a
    PUT where ``puts``.

    ``learned`` says that the address came from outside and nobody configured it: it is
    guarded from the first hop on, and every hop is https. ``seconds`` is how long the
    whole answer may take, where that is more than `Limits.request_seconds`, which then
    is how long it may pause. ``heard`` is told of each piece that comes. ``server_name``
    is who a host that is given by its address must be, by its certificate; ``host`` is
    what the server is told that it was asked as, where that is another name than the URL's.
    ``through`` are the nodes that the question came through (`sources.loops`). ``heads``
    asks for the headers alone; ``span`` for the bytes from the one offset up to but
    without the other. ``into`` takes what comes with status 200, piece by piece, so that
    the reply has no content.
    """

    url: URL
    accept: str
    max_bytes: int
    body: bytes | None = None
    learned: bool = False
    seconds: float | None = None
    heard: Callable[[int], None] | None = None
    server_name: str = ""
    host: str = ""
    through: str = ""
    body_type: str = "application/json"
    puts: bool = False
    heads: bool = False
    span: tuple[int, int] | None = None
    into: Callable[[bytes], Awaitable[None]] | None = None

    @property
    def method(self) -> str:
        """The method of the request."""
        if self.body is None:
            return "HEAD" if self.heads else "GET"
        return "PUT" if self.puts else "POST"


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What came back, of any status but a redirect. ``content_type`` is in lower case."""

    status: int
    content_type: str
    headers: Mapping[str, str]
    content: bytes


class AnswerTooLarge(SourceFault):
    """An answer is over its bound. ``declared`` says that the server told so before it sent
    any of it, so that nothing was read.
    """

    def __init__(self, max_bytes: int, *, declared: bool) -> None:
        super().__init__(f"its answer is larger than {max_bytes} bytes")
        self.declared = declared


class HttpClient:
    """Connections, shared by all who ask over HTTP: one set for addresses that a person
    configured, a guarded one for addresses learned from outside. Each set looks names up
    for itself, so that no slow name from outside holds up a configured one.
    """

    def __init__(self, *, guard: Guard | None = None, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self._guard = guard or Guard()
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._lookups: list[NameLookups] = []
        self._users = 0

    def join(self) -> None:
        """One more asks over these connections."""
        self._users += 1

    async def leave(self) -> None:
        """One less; the last one closes every connection."""
        self._users -= 1
        if self._users <= 0:
            await self.close()

    def session(self, *, guarded: bool) -> aiohttp.ClientSession:
        """The session for one of the two kinds of address."""
        session = self._sessions.get(guarded)
        if session is None:
            session = self._sessions[guarded] = self._open(guarded)
        return session

    async def close(self) -> None:
        """Close every connection. The client can be used again afterwards."""
        sessions = list(self._sessions.values())
        self._sessions.clear()
        for session in sessions:
            await session.close()
        while self._lookups:
            await self._lookups.pop().close()

    async def ask(self, question: HttpQuestion) -> HttpReply:
        """Ask once, following redirects: freely at home, guarded from the first foreign hop on.

        Raises:
            SourceFault: no whole answer within the bounds came back.
        """
        url, guarded = question.url, question.learned
        for _ in range(self.limits.redirects + 1):
            if question.learned:
                self._require_https(url)
            reply = await self._hop(question, url, guarded)
            if reply.status not in _REDIRECTS:
                return reply
            target = _redirect_target(url, reply, posts=question.body is not None)
            guarded = guarded or target.origin() != url.origin()
            url = target
        raise SourceFault("redirects too often")

    async def _hop(self, question: HttpQuestion, url: URL, guarded: bool) -> HttpReply:
        """One exchange. Raises `SourceFault`, which names the host where it is another's."""
        try:
            return await self._exchange(question, url, guarded)
        except (SourceFault, ConfigError):
            raise
        except Exception as error:
            # The library's own text stays here: it may hold the URL. Raised
            # outside of this block, so that not even the context leads to it.
            reason = _reason(error, self.limits.request_seconds)
        is_elsewhere = url.raw_host != question.url.raw_host
        raise SourceFault(f"redirects to {url.raw_host}: {reason}" if is_elsewhere else reason)

    def _require_https(self, url: URL) -> None:
        if url.scheme != "https" and not self._guard.excepts(url.host or "", url.port or 0):
            raise SourceFault(f"refused: its address is not https{NO_EXCEPTION}")

    async def _exchange(self, question: HttpQuestion, url: URL, guarded: bool) -> HttpReply:
        headers = {"Accept": question.accept}
        if question.body is not None:
            headers["Content-Type"] = question.body_type
        # Where it redirects to has a name of its own.
        is_first = url == question.url
        name = question.server_name if is_first else ""
        host = (question.host if is_first else "") or name
        if host:
            headers["Host"] = host
        if question.span is not None:
            first, end = question.span
            # A part of what a server compresses on its way would be of other bytes.
            headers |= {"Range": f"bytes={first}-{end - 1}", "Accept-Encoding": "identity"}
        if question.through:
            headers["CDN-Loop"] = question.through
        async with self.session(guarded=guarded).request(
            question.method,
            url,
            data=question.body,
            headers=headers,
            allow_redirects=False,
            timeout=self._timeout(question.seconds),
            server_hostname=name or None,
        ) as response:
            refusal = min(question.max_bytes, self.limits.refusal_bytes)
            most = question.max_bytes if response.status // 100 == 2 else refusal
            into = question.into if response.status == 200 else None
            content = b""
            if not question.heads:
                content = await _bounded(response, most, question.heard, into)
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return HttpReply(response.status, kind, response.headers, content)

    def _timeout(self, seconds: float | None) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(
            total=seconds or self.limits.request_seconds,
            sock_connect=self.limits.connect_seconds,
            sock_read=self.limits.request_seconds,
        )

    def _open(self, guarded: bool) -> aiohttp.ClientSession:
        lookups = NameLookups(self.limits)
        self._lookups.append(lookups)
        factory = self._guard.open_socket if guarded else None
        connector = aiohttp.TCPConnector(resolver=lookups, socket_factory=factory, limit=0)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            timeout=self._timeout(None),
            headers={
                "User-Agent": f"walkaway/{__version__}",
                "Accept-Encoding": "gzip, deflate",
            },
        )


async def _bounded(
    response: aiohttp.ClientResponse,
    max_bytes: int,
    heard: Callable[[int], None] | None,
    into: Callable[[bytes], Awaitable[None]] | None,
) -> bytes:
    """The body after decompression; the connection is dropped where it grows too large."""
    if "Content-Encoding" not in response.headers and (response.content_length or 0) > max_bytes:
        response.close()
        raise AnswerTooLarge(max_bytes, declared=True)
    pieces: list[bytes] = []
    total = 0
    async for piece in response.content.iter_chunked(_CHUNK):
        total += len(piece)
        if total > max_bytes:
            response.close()
            raise AnswerTooLarge(max_bytes, declared=False)
        if into is None:
            pieces.append(piece)
        else:
            await into(piece)
        if heard is not None and response.status in (200, 206):
            heard(len(piece))
    return b"".join(pieces)


def _redirect_target(url: URL, reply: HttpReply, *, posts: bool) -> URL:
    if posts and reply.status not in _KEEPS_METHOD:
        raise SourceFault("redirects a POST or PUT elsewhere")
    location = reply.headers.get("Location", "")
    try:
        target = url.join(URL(location)) if location else None
    except (ValueError, IndexError):  # the parser lets both out
        target = None
    if target is None or target.scheme not in ("http", "https") or not target.host:
        raise SourceFault("redirects to nowhere")
    if url.scheme == "https" and target.scheme == "http":
        raise SourceFault("redirects from https to http")
    return target.with_user(None)


def _reason(error: Exception, seconds: float) -> str:
    refusal = _refusal(error)
    if refusal is not None:
        return refusal.reason
    if isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} s"
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    number = error.os_error.errno if isinstance(error, aiohttp.ClientConnectorError) else None
    if number is not None:
        return f"no connection: {os.strerror(number)}"
    return f"HTTP failed ({type(error).__name__})"


def _refusal(error: BaseException | None) -> AddressRefused | None:
    while error is not None:
        if isinstance(error, AddressRefused):
            return error
        inner = getattr(error, "os_error", None)
        error = inner if isinstance(inner, BaseException) else error.__cause__
    return None
