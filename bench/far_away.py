"""A server that is 30 ms away, and what was asked of it: how often, and how often in turn.

`python -m bench.far_away URL` stands in front of a server of JSON-RPC (`http://`) or of a
resolver (`dns://`, over TCP), prints its own address, and for each line of its input what
was asked since the last one. Connections take no time to open.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

__all__ = ["ROUND_TRIP_SECONDS", "Asked", "FarAway", "far_away", "in_turn"]

ROUND_TRIP_SECONDS = 0.030
REQUEST_BYTES = 4 * 1024 * 1024
HOST = "127.0.0.1"


class Asked(NamedTuple):
    """How many requests came, and how many of them at least one after another."""

    requests: int
    round_trips: int


@dataclass(frozen=True, slots=True)
class FarAway:
    """The server as it is seen from here."""

    url: str
    _process: asyncio.subprocess.Process

    async def asked(self) -> Asked:
        """What was asked since the last time."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        await self._process.stdin.drain()
        return Asked(*json.loads(await self._process.stdout.readline()))


@asynccontextmanager
async def far_away(url: str) -> AsyncIterator[FarAway]:
    """A server, moved away; in a process of its own, so that it takes nothing from who asks."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.far_away", url,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield FarAway((await process.stdout.readline()).decode().strip(), process)
    finally:
        process.stdin.close()
        await process.wait()


def in_turn(spans: Iterable[tuple[float, float]]) -> int:
    """The longest row of spans of time of which each begins after the one before has ended."""
    count, free_at = 0, float("-inf")
    for begun, ended in sorted(spans, key=lambda span: span[1]):
        if begun >= free_at:
            count, free_at = count + 1, ended
    return count


@dataclass(slots=True)
class _Way:
    """The way there and back, and the times of whatever took it."""

    spans: list[tuple[float, float]] = field(default_factory=list)

    @asynccontextmanager
    async def there_and_back(self) -> AsyncIterator[None]:
        begun = time.perf_counter()
        await asyncio.sleep(ROUND_TRIP_SECONDS / 2)
        yield
        await asyncio.sleep(ROUND_TRIP_SECONDS / 2)
        self.spans.append((begun, time.perf_counter()))

    def told(self) -> str:
        """What took it since this was told last."""
        spans, self.spans = self.spans, []
        return json.dumps(Asked(len(spans), in_turn(spans)))


@asynccontextmanager
async def _http(url: str, way: _Way) -> AsyncIterator[str]:
    async with aiohttp.ClientSession() as session:

        async def passed_on(request: web.Request) -> web.Response:
            body = await request.read()
            headers = {"Content-Type": "application/json"}
            async with (
                way.there_and_back(),
                session.post(url, data=body, headers=headers) as response,
            ):
                answer = await response.read()
            return web.Response(body=answer, content_type="application/json")

        app = web.Application(client_max_size=REQUEST_BYTES)
        app.router.add_post("/", passed_on)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, HOST, 0).start()
        yield f"http://{HOST}:{runner.addresses[0][1]}"
        await runner.cleanup()


@asynccontextmanager
async def _dns(url: str, way: _Way) -> AsyncIterator[str]:
    place = urlsplit(url)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_there, to_there = await asyncio.open_connection(place.hostname, place.port)
        try:
            while True:
                question = await _framed(reader)
                async with way.there_and_back():
                    to_there.write(question)
                    answer = await _framed(from_there)
                writer.write(answer)
        except (OSError, EOFError):
            pass  # Whoever asked has left.
        finally:
            for each in (to_there, writer):
                each.transport.abort()

    async with await asyncio.start_server(serve, HOST) as server:
        yield f"dns://{HOST}:{server.sockets[0].getsockname()[1]}"


async def _framed(reader: asyncio.StreamReader) -> bytes:
    """One message of DNS over TCP, its length before it."""
    length = await reader.readexactly(2)
    return length + await reader.readexactly(int.from_bytes(length, "big"))


async def _serve(url: str) -> None:
    way = _Way()
    async with _dns(url, way) if url.startswith("dns:") else _http(url, way) as here:
        sys.stdout.write(f"{here}\n")
        sys.stdout.flush()
        while await asyncio.to_thread(sys.stdin.readline):
            sys.stdout.write(f"{way.told()}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
