"""A server that is moved away still answers, and what is asked of it is counted."""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp import web

from bench.far_away import Asked, far_away, in_turn


def test_what_was_asked_at_once_is_one_round_trip() -> None:
    assert in_turn([]) == 0
    assert in_turn([(0.0, 3.0), (1.0, 4.0), (2.0, 5.0)]) == 1
    assert in_turn([(0.0, 3.0), (3.0, 6.0), (1.0, 4.0), (4.5, 7.0), (6.5, 9.0)]) == 3


async def test_requests_are_passed_on_and_counted() -> None:
    async def twice(request: web.Request) -> web.Response:
        return web.Response(body=2 * await request.read())

    app = web.Application()
    app.router.add_post("/", twice)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    near = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with far_away(near) as far, aiohttp.ClientSession() as session:

        async def ask(text: str) -> str:
            async with session.post(far.url, data=text) as response:
                return await response.text()

        assert list(await asyncio.gather(ask("a"), ask("b"))) == ["aa", "bb"]
        assert await ask("c") == "cc"
        assert await far.asked() == Asked(3, 2)
        assert await far.asked() == Asked(0, 0)
    await runner.cleanup()
