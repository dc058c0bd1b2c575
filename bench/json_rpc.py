"""A plain JSON-RPC client, the same for every endpoint that is measured."""

from __future__ import annotations

from typing import Any

import aiohttp

__all__ = ["ask"]


async def ask(session: aiohttp.ClientSession, url: str, method: str, params: list[Any]) -> Any:
    """The ``result`` of one call over HTTP; an error fails."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    async with session.post(url, json=body) as response:
        answer = await response.json()
    assert "error" not in answer, answer
    return answer["result"]
