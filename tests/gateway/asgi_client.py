"""An ASGI client in process: one request in, the answer out, and a client that goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message

from walkaway.gateway.connect_front import THROUGH_PROXY

__all__ = ["Reply", "ask"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; headers by lower-case name, several of one name in order."""

    status: int
    headers: Mapping[str, list[str]]
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """The header's one value, or nothing."""
        values = self.headers.get(name, [""])
        assert len(values) == 1, values
        return values[0]

    @property
    def text(self) -> str:
        return self.body.decode()


async def ask(
    app: ASGIApp,
    target: str,
    *,
    host: str = "127.0.0.1:8080",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    through_proxy: bool = False,
    leave: asyncio.Event | None = None,
) -> Reply:
    """Put a request; the client goes away when ``leave`` is set, and before that waits."""
    path, _, query = target.partition("?")
    told = {"host": host, **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode("latin-1")) for k, v in told.items()],
        "extensions": {THROUGH_PROXY: {}} if through_proxy else {},
    }
    left = leave or asyncio.Event()
    sent: list[Message] = []
    requested = False

    async def receive() -> Message:
        nonlocal requested
        if not requested:
            requested = True
            return {"type": "http.request", "body": body, "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return _reply(sent)


def _reply(sent: list[Message]) -> Reply:
    assert sent, "nothing was answered"
    start, *rest = sent
    headers: dict[str, list[str]] = {}
    for name, value in start["headers"]:
        headers.setdefault(name.decode(), []).append(value.decode("latin-1"))
    assert [message["more_body"] for message in rest] == [True] * (len(rest) - 1) + [False]
    return Reply(start["status"], headers, b"".join([bytes(each["body"]) for each in rest]))
