"""What the server's tests share: a way to put a question, and a server on real sockets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from tests.rpc.prepared_chain import PreparedChain
from tests.rpc.tiny_chain import tiny_chain
from walkaway.rpc.dispatch import Dispatcher
from walkaway.rpc.server import RpcServer

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
def chain() -> PreparedChain:
    return tiny_chain()


@pytest.fixture
def ask(chain: PreparedChain) -> Ask:
    """Put one question to a dispatcher; its whole reply."""
    dispatcher = Dispatcher(chain)

    async def put(method: str, *params: object) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        reply = await dispatcher.reply(json.dumps(request).encode())
        assert reply is not None
        return json.loads(reply)

    return put


@pytest.fixture
async def server(chain: PreparedChain) -> AsyncIterator[RpcServer]:
    async with RpcServer(chain, port=0) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
