"""Real sources: JSON-RPC by POST and the beacon REST API by GET, over HTTP.

Nothing that comes is trusted to be small, whole, of the type it says, or to
come from where it should: bodies are counted as they stream, after
decompression; redirects are followed by hand and only to public addresses;
cookies and proxies from the environment do not exist. No text of a library
goes into an error, since it may hold the URL.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from walkaway import __version__
from walkaway.errors import ConfigError, NotKnown, SourceBusy, SourceFault, SourceLacks
from walkaway.limits import LIMITS, Limits
from walkaway.sources.guard import AddressRefused, Guard
from walkaway.sources.json_text import parse_json
from walkaway.sources.redact import Scrubber, redact
from walkaway.sources.request import Answer, BeaconRequest, Request, RpcRequest
from walkaway.sources.transports.json_rpc import encode_batch, encode_call, read_batch, read_reply

__all__ = ["HttpClient", "HttpTransport"]

_CHUNK = 64 * 1024
_CALL_ID = 1
_FORK = re.compile(r"[a-z0-9]{1,32}")
_REDIRECTS = (301, 302, 303, 307, 308)
_KEEPS_METHOD = (307, 308)
_JSON_TYPES = ("application/json", "application/json-rpc", "text/plain", "")
_SSZ_TYPE = "application/octet-stream"

_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "its name does not resolve"),
    (aiohttp.ClientConnectorCertificateError, "its certificate is not valid"),
    (aiohttp.ClientSSLError, "TLS failed"),
    (aiohttp.ServerDisconnectedError, "closed the connection without an answer"),
    (aiohttp.ClientPayloadError, "its answer was cut short, or badly encoded"),
)


class HttpClient:
    """Connections, shared by all HTTP sources: one set for addresses that a person
    configured, a guarded one for addresses learned from outside.
    """

    def __init__(self, *, guard: Guard | None = None, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self._guard = guard or Guard()
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._users = 0

    def join(self) -> None:
        """One more transport uses these connections."""
        self._users += 1

    async def leave(self) -> None:
        """One transport less; the last one closes every connection."""
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

    def _open(self, guarded: bool) -> aiohttp.ClientSession:
        connector = (
            aiohttp.TCPConnector(socket_factory=self._guard.open_socket, limit=0)
            if guarded
            else aiohttp.TCPConnector(limit=0)
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            timeout=aiohttp.ClientTimeout(
                total=self.limits.request_seconds, sock_connect=self.limits.connect_seconds
            ),
            headers={
                "User-Agent": f"walkaway/{__version__}",
                "Accept-Encoding": "gzip, deflate",
            },
        )


@dataclass(frozen=True, slots=True)
class _Question:
    """One HTTP request: a GET where ``body`` is None, else a POST."""

    url: URL
    accept: str
    max_bytes: int
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    content_type: str
    headers: Any
    content: bytes


class HttpTransport:
    """One HTTP source. ``url`` may hold a key: nothing ever shows more than scheme and host.

    Raises:
        ConfigError: the URL is not http or https, or cannot be read.
    """

    def __init__(self, source: str, url: str, client: HttpClient) -> None:
        try:
            self._url = URL(url)
            usable = self._url.scheme in ("http", "https") and bool(self._url.host)
        except ValueError:
            usable = False
        if not usable:
            raise ConfigError(
                f"the URL of source {source!r} cannot be used: {redact(url)}",
                advice="it must begin with http:// or https:// and name a host",
            )
        self._source = source
        self._client = client
        self._scrubber = Scrubber(url)
        self._closed = False
        client.join()

    def __repr__(self) -> str:
        return f"HttpTransport({self._source!r}, {redact(str(self._url))!r})"

    async def fetch(self, request: Request) -> Answer:
        """Ask once.

        Raises:
            SourceFault: nothing that could be checked came back.
        """
        if isinstance(request, RpcRequest):
            return await self._call(request)
        return await self._get(request)

    async def fetch_batch(self, requests: Sequence[RpcRequest]) -> list[Answer | SourceFault]:
        """One POST for several calls.

        Raises:
            SourceLacks: the source takes no batches, or none of this size.
            SourceFault: the batch as a whole failed.
        """
        bound = min(
            sum(request.answer_bytes for request in requests),
            self._client.limits.batch_response_bytes,
        )
        reply = await self._post(encode_batch(requests), bound)
        if reply.status == 413:
            raise SourceLacks("takes no batch of this size")
        document = self._rpc_document(reply)
        if isinstance(document, dict):
            self._refuse_padding(reply)
        answers = read_batch(document, requests, self._source)
        if not any(isinstance(answer, Answer) for answer in answers):
            self._refuse_padding(reply)
        return answers

    def scrub(self, text: str) -> str:
        """The text without anything secret of this source's address."""
        return self._scrubber(text)

    async def close(self) -> None:
        """Leave the shared connections to the others, or close them if there are none."""
        if not self._closed:
            self._closed = True
            await self._client.leave()

    async def _call(self, request: RpcRequest) -> Answer:
        reply = await self._post(encode_call(request, _CALL_ID), request.answer_bytes)
        try:
            result = read_reply(self._rpc_document(reply), request, _CALL_ID)
        except SourceLacks:
            self._refuse_padding(reply)
            raise
        if result is None:
            self._refuse_padding(reply)
        return Answer(self._source, result, content=reply.content)

    def _refuse_padding(self, reply: _Reply) -> None:
        """Hold it against a source when it says in very many bytes that it has nothing.

        To lack something is no fault, so it could hold the loop with it again and again.
        """
        if len(reply.content) > self._client.limits.refusal_bytes:
            raise SourceFault(f"has no answer, and says so in {len(reply.content)} bytes")

    async def _post(self, body: bytes, max_bytes: int) -> _Reply:
        return await self._ask(_Question(self._url, "application/json", max_bytes, body))

    def _rpc_document(self, reply: _Reply) -> Any:
        """The JSON of a reply; servers also send JSON-RPC errors with a failing status."""
        if reply.status != 200:
            document = self._json_or_none(reply)
            if not isinstance(document, dict) or not isinstance(document.get("error"), dict):
                raise _status_fault(reply)
            _raise_if_busy(reply)
            return document
        return self._json(reply)

    async def _get(self, request: BeaconRequest) -> Answer:
        wants_ssz = request.accept == "ssz"
        url = self._url.with_path(self._url.path.rstrip("/") + request.path)
        query = [*self._url.query.items(), *request.query]
        accept = f"{_SSZ_TYPE};q=1, application/json;q=0.5" if wants_ssz else "application/json"
        reply = await self._ask(_Question(url.with_query(query), accept, request.answer_bytes))
        if wants_ssz and reply.status in (406, 415):
            raise SourceLacks("does not serve SSZ here", lasting=True)
        if reply.status != 200:
            raise _status_fault(reply)
        fork = _fork(reply)
        if not wants_ssz:
            return Answer(self._source, self._json(reply), fork, reply.content)
        if reply.content_type != _SSZ_TYPE:
            raise SourceLacks("does not serve SSZ here", lasting=True)
        return Answer(self._source, reply.content, fork, reply.content)

    def _json(self, reply: _Reply) -> Any:
        if reply.content_type not in _JSON_TYPES:
            raise SourceFault("its answer is of another type than JSON")
        return parse_json(reply.content, depth=self._client.limits.json_depth)

    def _json_or_none(self, reply: _Reply) -> Any:
        try:
            return self._json(reply)
        except SourceFault:
            return None

    async def _ask(self, question: _Question) -> _Reply:
        seconds = self._client.limits.request_seconds
        try:
            return await self._follow(question)
        except (SourceFault, ConfigError):
            raise
        except Exception as error:
            # The library's own text stays here: it may hold the URL. Raised
            # outside of this block, so that not even the context leads to it.
            reason = _reason(error, seconds)
        raise SourceFault(reason)

    async def _follow(self, question: _Question) -> _Reply:
        """Exchange, following redirects: freely at home, guarded from the first foreign hop on."""
        url, guarded = question.url, False
        for _ in range(self._client.limits.redirects + 1):
            reply = await self._exchange(question, url, guarded)
            if reply.status not in _REDIRECTS:
                return reply
            target = _redirect_target(url, reply, posts=question.body is not None)
            guarded = guarded or target.origin() != url.origin()
            url = target
        raise SourceFault("redirects too often")

    async def _exchange(self, question: _Question, url: URL, guarded: bool) -> _Reply:
        headers = {"Accept": question.accept}
        if question.body is not None:
            headers["Content-Type"] = "application/json"
        session = self._client.session(guarded=guarded)
        async with session.request(
            "GET" if question.body is None else "POST",
            url,
            data=question.body,
            headers=headers,
            allow_redirects=False,
        ) as response:
            refusal = min(question.max_bytes, self._client.limits.refusal_bytes)
            most = question.max_bytes if response.status == 200 else refusal
            content = await _bounded(response, most)
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return _Reply(response.status, kind, response.headers, content)


async def _bounded(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """The body after decompression; the connection is dropped where it grows too large."""
    pieces: list[bytes] = []
    total = 0
    async for piece in response.content.iter_chunked(_CHUNK):
        total += len(piece)
        if total > max_bytes:
            response.close()
            raise SourceFault(f"its answer is larger than {max_bytes} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _redirect_target(url: URL, reply: _Reply, *, posts: bool) -> URL:
    if posts and reply.status not in _KEEPS_METHOD:
        raise SourceFault("redirects a POST elsewhere")
    location = reply.headers.get("Location", "")
    target = url.join(URL(location)) if location else None
    if target is None or target.scheme not in ("http", "https") or not target.host:
        raise SourceFault("redirects to nowhere")
    if url.scheme == "https" and target.scheme == "http":
        raise SourceFault("redirects from https to http")
    return target.with_user(None)


def _fork(reply: _Reply) -> str | None:
    value = reply.headers.get("Eth-Consensus-Version", "").lower()
    return value if _FORK.fullmatch(value) else None


def _status_fault(reply: _Reply) -> SourceFault:
    status = reply.status
    if status == 404:
        return NotKnown("does not have it (HTTP status 404)")
    if status in (405, 501):
        return SourceLacks(f"does not serve this (HTTP status {status})", lasting=True)
    if _is_busy(reply):
        return SourceBusy(f"limits our rate (HTTP status {status})", retry_after=_wait(reply))
    return SourceFault(f"HTTP status {status}")


def _raise_if_busy(reply: _Reply) -> None:
    if _is_busy(reply):
        raise _status_fault(reply)


def _is_busy(reply: _Reply) -> bool:
    return reply.status == 429 or (reply.status == 503 and "Retry-After" in reply.headers)


def _wait(reply: _Reply) -> float | None:
    """Retry-After in seconds (RFC 9110, section 10.2.3); a date is not worth a clock."""
    value = reply.headers.get("Retry-After", "").strip()
    return float(value) if value.isascii() and value.isdigit() and len(value) < 9 else None


def _reason(error: Exception, seconds: float) -> str:
    refusal = _refusal(error)
    if refusal is not None:
        return str(refusal)
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
