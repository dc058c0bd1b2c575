"""The ASGI application: HTTP and WebSocket in front of one `Dispatcher`.

Whoever speaks is held against the `LocalSurface` before a byte of the body is
read, and before a WebSocket is accepted. Every refusal is itself a JSON-RPC
error, so that a library shows its reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from walkaway.limits import LIMITS, Limits
from walkaway.rpc.dispatch import Dispatcher
from walkaway.rpc.error_codes import INVALID_REQUEST, LIMIT_EXCEEDED
from walkaway.rpc.jsonrpc import failure
from walkaway.rpc.local_surface import LocalSurface, Refusal
from walkaway.rpc.websocket import serve_websocket

__all__ = ["Endpoint"]

PIECE_BYTES = 256 * 1024

PAGE = """walkaway: an Ethereum JSON-RPC endpoint in which every answer is proven.

Nothing to see here: point a wallet or a library at this address, over HTTP or
WebSocket. By hand:

  curl -H 'Content-Type: application/json' \\
    -d '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}' %s

walkaway_status tells how the head, the checkpoint and the sources are;
walkaway_explain shows what an answer stands on.
"""


class Endpoint:
    """Serves one chain on one port, at the path ``/``; every other path is refused."""

    def __init__(
        self, dispatcher: Dispatcher, surface: LocalSurface, *, limits: Limits = LIMITS
    ) -> None:
        self._dispatcher = dispatcher
        self._surface = surface
        self._limits = limits
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request or one WebSocket."""
        refusal = self._surface.refuse(scope["headers"]) or _refuse_path(scope["path"])
        if scope["type"] == "websocket":
            await self._websocket(WebSocket(scope, receive, send), refusal)
        else:
            request = Request(scope, receive)
            response = _refused(refusal) if refusal else await self._http(request)
            await response(scope, receive, send)

    async def _websocket(self, socket: WebSocket, refusal: Refusal | None) -> None:
        try:
            if refusal is not None:
                await socket.send_denial_response(_refused(refusal))
                return
            with self._place():
                await serve_websocket(socket, self._dispatcher, self._limits)
        except _Full as full:
            await socket.send_denial_response(_refused(full.refusal))

    async def _http(self, request: Request) -> Response:
        headers = request.scope["headers"]
        match request.method:
            case "OPTIONS":
                response = Response(status_code=204)
                response.raw_headers.extend(self._surface.preflight(headers))
                return response
            case "GET" | "HEAD":
                response = _page(request)
            case "POST":
                response = await self._post(request)
            case _:
                response = _refused(Refusal(405, "send JSON-RPC by POST"))
                response.headers["allow"] = "POST, GET, HEAD, OPTIONS"
        told = response.raw_headers
        told.extend(header for header in self._surface.cors(headers) if header not in told)
        return response

    async def _post(self, request: Request) -> Response:
        refusal = self._surface.refuse_content_type(request.scope["headers"])
        if refusal is not None:
            return _refused(refusal)
        try:
            with self._place():
                message = await self._body(request)
                reply = await self._dispatcher.reply(message)
        except _Unread as unread:
            return _refused(unread.refusal)
        except _Full as full:
            return _refused(full.refusal)
        held = ExitStack()
        sent = held.enter_context(self._dispatcher.sending(reply, message))
        if sent is None:
            held.close()
            return Response(status_code=204)
        return _Reply(sent, held)

    async def _body(self, request: Request) -> bytes:
        """The body, read no further than the limit."""
        largest, received = self._limits.rpc_request_bytes, bytearray()
        try:
            async with asyncio.timeout(self._limits.rpc_upload_seconds):
                async for piece in request.stream():
                    received += piece
                    if len(received) > largest:
                        raise _Unread(413, f"a request holds at most {largest} bytes")
        except TimeoutError:
            raise _Unread(408, "the request did not arrive in time") from None
        except ClientDisconnect:
            raise _Unread(400, "the request ended early") from None
        return bytes(received)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._open >= self._limits.rpc_connections:
            raise _Full(503, "too many connections at a time: ask again")
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1


class _Refused(Exception):
    """Caught in this module, and nowhere else."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.refusal = Refusal(status, reason)


class _Unread(_Refused):
    """The body could not be read."""


class _Full(_Refused):
    """There is no place for another connection."""


def _refuse_path(path: str) -> Refusal | None:
    return None if path in ("", "/") else Refusal(404, "the endpoint is at the path /")


def _refused(refusal: Refusal) -> Response:
    code = LIMIT_EXCEEDED if refusal.status in (408, 413, 503) else INVALID_REQUEST
    response = _json(failure("null", code, refusal.reason), refusal.status)
    if refusal.status in (408, 413):
        response.headers["connection"] = "close"
    response.headers["vary"] = "Origin"
    return response


JSON_HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-store"}


def _json(content: bytes, status: int = 200) -> Response:
    return Response(content, status, JSON_HEADERS, media_type="application/json")


class _Reply(Response):
    """JSON that is sent as fast as its client reads it; ``held`` is let go of after that."""

    def __init__(self, content: bytes, held: ExitStack) -> None:
        super().__init__(content, 200, JSON_HEADERS, media_type="application/json")
        self._content = content
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it piece by piece: the web server waits before a piece, and not after."""
        with self._held:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            for at in range(0, len(self._content), PIECE_BYTES):
                piece = self._content[at : at + PIECE_BYTES]
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _page(request: Request) -> Response:
    host = request.headers["host"]
    headers = {
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    }
    return Response(PAGE % f"http://{host}/", 200, headers, media_type="text/plain")
