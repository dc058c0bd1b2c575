"""One WebSocket connection: messages in, replies out as they are ready.

Calls run side by side, so that a slow one holds nothing up; more than the
connection may have at a time are refused as busy at once. A client that does
not read its replies is cut off. Pings, and the limit on a message's size, are
the web server's.
"""

from __future__ import annotations

import asyncio

from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect

from walkaway.limits import Limits
from walkaway.rpc.dispatch import Dispatcher

__all__ = ["serve_websocket"]

TOO_SLOW = 1008
"""The close code for a client that does not read (RFC 6455 7.4.1: policy violation)."""


async def serve_websocket(socket: WebSocket, dispatcher: Dispatcher, limits: Limits) -> None:
    """Accept the connection and serve it until either side ends it."""
    await socket.accept()
    connection = _Connection(socket, dispatcher, limits)
    try:
        while (message := _message(await socket.receive())) is not None:
            connection.take(message)
    finally:
        await connection.close()


class _Connection:
    def __init__(self, socket: WebSocket, dispatcher: Dispatcher, limits: Limits) -> None:
        self._socket = socket
        self._dispatcher = dispatcher
        self._limits = limits
        self._answering: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()

    def take(self, message: bytes) -> None:
        """Begin to answer one message."""
        busy = len(self._answering) >= self._limits.rpc_calls_per_connection
        task = asyncio.create_task(self._answer(message, busy))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def close(self) -> None:
        """Stop what is still being answered."""
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)

    async def _answer(self, message: bytes, busy: bool) -> None:
        if busy:
            reply = self._dispatcher.busy(message)
        else:
            reply = await self._dispatcher.reply(message)
        if reply is None:
            return
        try:
            async with asyncio.timeout(self._limits.rpc_send_seconds), self._sending:
                await self._socket.send_text(reply.decode("ascii"))
        except TimeoutError:
            await self._socket.close(TOO_SLOW, "the client does not read its replies")
        except (WebSocketDisconnect, RuntimeError):
            # The client left while its answer was on the way.
            return


def _message(event: Message) -> bytes | None:
    """What the client sent, as bytes in either case; None when it is gone."""
    if event["type"] == "websocket.disconnect":
        return None
    text: str | None = event.get("text")
    binary: bytes | None = event.get("bytes")
    return text.encode("utf-8") if text is not None else binary or b""
