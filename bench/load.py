"""How many times a second an endpoint answers, asked from another process.

`python -m bench.load` reads what to ask from its input and prints the rate, so
that the asking takes nothing from whoever answers.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp

from bench.json_rpc import ask

__all__ = ["answers_a_second"]

CONNECTIONS = 16


async def answers_a_second(
    url: str, method: str, params: list[Any], *, seconds: float = 3.0
) -> float:
    """The rate of one question over and over, by some connections at once."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told, _ = await process.communicate(json.dumps([seconds, url, method, params]).encode())
    assert process.returncode == 0
    return float(told)


async def _rate(seconds: float, url: str, method: str, params: list[Any]) -> float:
    async with aiohttp.ClientSession() as session:
        await ask(session, url, method, params)
        began = time.perf_counter()

        async def repeat() -> int:
            done = 0
            while time.perf_counter() < began + seconds:
                await ask(session, url, method, params)
                done += 1
            return done

        done = sum(await asyncio.gather(*(repeat() for _ in range(CONNECTIONS))))
        return done / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.stdout.write(str(asyncio.run(_rate(*json.loads(sys.stdin.read())))))
