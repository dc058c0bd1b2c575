"""A simulated source on a loopback port: how it comes and goes, and answers in its manner."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from aiohttp import web

from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.misbehaving import altered, mannered

__all__ = ["LoopbackSource"]

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class LoopbackSource(ABC):
    """Answers over HTTP what `routes` says; ``manners`` show in what `answer` is handed."""

    def __init__(self, manners: Manners | None) -> None:
        self.manners = manners or Manners()
        self._answers = 0
        self._rng = random.Random(self.manners.seed)  # noqa: S311 - faults need no secrecy
        self._runner: web.AppRunner | None = None

    @abstractmethod
    def routes(self) -> Iterable[web.RouteDef]:
        """What it answers."""

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> str:
        """Bind a port, by default a free one, and give the URL."""
        app = web.Application()
        app.add_routes(self.routes())
        # Whoever hangs up lets go of a handler that hangs.
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        bound = self._runner.addresses[0]
        return f"http://{bound[0]}:{bound[1]}"

    async def stop(self) -> None:
        """Close the port; whoever still waits for an answer is cut off."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def manner(self) -> Manner:
        """The manner of the next answer, which is counted."""
        self._answers += 1
        return self.manners.at(self._answers - 1)

    def altered(self, data: bytes) -> bytes:
        """The same bytes but for one."""
        return altered(data, self._rng)

    async def answer(
        self,
        request: web.Request,
        body: bytes,
        kind: str,
        manner: Manner,
        *,
        status: int = 200,
        headers: Mapping[str, str] = _NOTHING,
    ) -> web.StreamResponse:
        """Answer with ``body``, of the media type ``kind``, in a manner, and as late as it
        answers anything. What is wrong is for whoever knows what the bytes mean.
        """
        if self.manners.begins_after:
            await asyncio.sleep(self.manners.begins_after)
        return await mannered(
            request, body, kind, manner, self._rng, status=status, headers=headers
        )
