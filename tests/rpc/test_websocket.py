"""A client that does not read ends its own connection, whatever the transport does about it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from starlette.types import Message
from starlette.websockets import WebSocket

from tests.rpc.tiny_chain import tiny_chain
from walkaway.limits import LIMITS
from walkaway.rpc.dispatch import Dispatcher
from walkaway.rpc.websocket import serve_websocket

CALL = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'


async def silence() -> Message:
    """Never comes."""
    coming: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    return await coming


class DeafClient:
    """Opens, asks once, and takes nothing that is sent to it."""

    def __init__(self) -> None:
        self.events: list[Message] = [
            {"type": "websocket.connect"},
            {"type": "websocket.receive", "text": CALL},
        ]
        self.offered: list[Any] = []

    async def receive(self) -> Message:
        if self.events:
            return self.events.pop(0)
        return await silence()

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.send":
            self.offered.append(message["text"])
            await silence()


async def test_a_send_that_does_not_end_ends_the_connection() -> None:
    client = DeafClient()
    scope = {"type": "websocket", "path": "/", "headers": []}
    socket = WebSocket(scope, client.receive, client.send)
    limits = replace(LIMITS, rpc_send_seconds=0.05)
    async with asyncio.timeout(5):
        await serve_websocket(socket, Dispatcher(tiny_chain()), limits)
    assert client.offered == ['{"jsonrpc":"2.0","id":1,"result":"0x539"}']
