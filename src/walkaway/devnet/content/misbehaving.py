"""Answers over HTTP in a manner, whatever is in them."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Mapping

from aiohttp import web

from walkaway.devnet.content.manners import Manner

__all__ = ["altered", "mannered"]

_PIECE = 64 * 1024
_DROP, _DROP_SECONDS = 16 * 1024, 0.1


async def mannered(
    request: web.Request,
    body: bytes,
    kind: str,
    manner: Manner,
    rng: random.Random,
    *,
    status: int,
    headers: Mapping[str, str],
) -> web.StreamResponse:
    """Answer with ``body``, of the media type ``kind``, as the manner has it.

    Which bytes are wrong is for whoever knows what they mean: see `altered`.
    """
    if manner is Manner.BUSY:
        return web.Response(status=429, headers={"Retry-After": "1"})
    if manner in (Manner.HONEST, Manner.WRONG):
        return web.Response(body=body, status=status, content_type=kind, headers=headers)
    response = web.StreamResponse(status=status, headers=headers)
    response.content_type = kind
    if manner is not Manner.ENDLESS:
        response.content_length = len(body)
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        if manner is Manner.HANGS:
            await asyncio.Event().wait()
        while manner is Manner.ENDLESS:
            await response.write(rng.randbytes(_PIECE))
        if manner is Manner.TRICKLES:
            for at in range(0, len(body), _DROP):
                await response.write(body[at : at + _DROP])
                await asyncio.sleep(_DROP_SECONDS)
            return response
        await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def altered(data: bytes, rng: random.Random) -> bytes:
    """The same bytes but for one."""
    if not data:
        return b"\0"
    at = rng.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 0xFF,)) + data[at + 1 :]
