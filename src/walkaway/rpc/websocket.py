"""One WebSocket connection: messages in, replies and notifications out as they are ready.

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
from walkaway.rpc.subscriptions import LostPlace, Subscriber, Subscriptions

__all__ = ["serve_websocket"]


async def serve_websocket(socket: WebSocket, dispatcher: Dispatcher, limits: Limits) -> None:
    """Accept the connection and serve it until either side ends it."""
    await socket.accept()
    connection = _Connection(socket, dispatcher, limits)
    try:
        async with asyncio.TaskGroup() as group:
            await connection.read(group)
    except* (_Gone, LostPlace, WebSocketDisconnect):
        # Leaving here cancels what was still being answered or told, and closes the transport.
        pass


class _Gone(Exception):
    """The client left, or was cut off. Caught in this module, and nowhere else."""


class _Connection:
    def __init__(self, socket: WebSocket, dispatcher: Dispatcher, limits: Limits) -> None:
        self._socket = socket
        self._dispatcher = dispatcher
        self._limits = limits
        self._running = 0
        self._sending = asyncio.Lock()

    async def read(self, group: asyncio.TaskGroup) -> None:
        """Begin to answer each message that arrives."""
        subscriptions = Subscriptions(
            self._dispatcher.chain, self._send, group, limits=self._limits
        )
        while (message := _content(await self._socket.receive())) is not None:
            if self._running < self._limits.rpc_calls_per_connection:
                self._running += 1
                group.create_task(self._answer(message, subscriptions.subscriber()))
            else:
                await self._send(self._dispatcher.busy(message))
        raise _Gone

    async def _answer(self, message: bytes, subscriber: Subscriber) -> None:
        try:
            reply = await self._dispatcher.reply(message, subscriber)
            with self._dispatcher.sending(reply, message) as sent:
                await self._send(sent)
            subscriber.begin()
        finally:
            self._running -= 1

    async def _send(self, reply: bytes | None) -> None:
        if reply is None:
            return
        try:
            async with asyncio.timeout(self._limits.rpc_send_seconds), self._sending:
                await self._socket.send_text(reply.decode("ascii"))
        except TimeoutError:
            raise _Gone from None


def _content(event: Message) -> bytes | None:
    """What the client sent, as bytes in either case; None when it is gone."""
    if event["type"] == "websocket.disconnect":
        return None
    text: str | None = event.get("text")
    binary: bytes | None = event.get("bytes")
    return text.encode("utf-8") if text is not None else binary or b""
