"""The subscriptions of one WebSocket connection: streams whose news are sent as they come.

Notifications have the form of go-ethereum's ``eth_subscription``. A subscription
begins to speak when the reply with its identifier has been sent. Where it has
lost its place, the connection is ended rather than let the client believe
that it heard everything.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from walkaway.errors import InvalidRequest, TooMuch, WalkawayError
from walkaway.limits import LIMITS, Limits
from walkaway.rpc.ask import Ask
from walkaway.rpc.chain_view import ChainView
from walkaway.rpc.filters import new_identifier
from walkaway.rpc.streams import Stream

__all__ = ["LostPlace", "Subscriber", "Subscriptions"]

Send = Callable[[bytes], Awaitable[None]]

log = logging.getLogger(__name__)


class LostPlace(Exception):
    """A subscription cannot go on without a gap: caught by the connection, which ends."""


class Subscriptions:
    """All that one connection subscribes to. ``group`` holds their tasks and ends with it."""

    def __init__(
        self, chain: ChainView, send: Send, group: asyncio.TaskGroup, *, limits: Limits = LIMITS
    ) -> None:
        self._chain = chain
        self._send = send
        self._group = group
        self._limits = limits
        self._running: dict[str, asyncio.Task[None] | None] = {}

    def subscriber(self) -> Subscriber:
        """For one message of the connection."""
        return Subscriber(self)

    def reserve(self) -> str:
        """A place for one more subscription: its identifier. Raises `TooMuch`."""
        most = self._limits.subscriptions_per_connection
        if len(self._running) >= most:
            raise TooMuch(f"a connection holds at most {most} subscriptions")
        identifier = new_identifier()
        self._running[identifier] = None
        return identifier

    def begin(self, identifier: str, stream: Stream) -> None:
        """Send the news of the stream from now on, unless it was ended meanwhile."""
        if identifier in self._running:
            task = self._group.create_task(self._tell(identifier, stream))
            self._running[identifier] = task

    def end(self, identifier: str) -> bool:
        """Let a subscription go; whether there was one."""
        if identifier not in self._running:
            return False
        task = self._running.pop(identifier)
        if task is not None:
            task.cancel()
        return True

    async def _tell(self, identifier: str, stream: Stream) -> None:
        while True:
            change = self._chain.next_change()
            texts, pause = await self._news(stream)
            for text in texts:
                await self._send(_notification(identifier, text))
            await _wait(change, pause)

    async def _news(self, stream: Stream) -> tuple[list[bytes], float | None]:
        """The news, and how many seconds to wait at most before there may be more."""
        try:
            return await stream.news(Ask(self._chain)), None
        except InvalidRequest as error:
            raise LostPlace from error
        except WalkawayError as error:
            log.info("a subscription has to wait: %s", error)
            return [], self._limits.subscription_retry_seconds
        except Exception as error:
            # Its text may hold a URL.
            log.error("a subscription failed: %s", type(error).__name__)
            raise LostPlace from error


class Subscriber:
    """The subscriptions of one message, which begin when it has been replied to."""

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions
        self._new: list[tuple[str, Stream]] = []

    def subscribe(self, stream: Stream) -> str:
        """Hold the stream; its identifier. Raises `TooMuch` where there is no place."""
        identifier = self._subscriptions.reserve()
        self._new.append((identifier, stream))
        return identifier

    def unsubscribe(self, identifier: str) -> bool:
        """Let a subscription of this connection go; whether there was one."""
        return self._subscriptions.end(identifier)

    def begin(self) -> None:
        """The reply was sent: let the new subscriptions speak."""
        for identifier, stream in self._new:
            self._subscriptions.begin(identifier, stream)


def _notification(identifier: str, text: bytes) -> bytes:
    return (
        b'{"jsonrpc":"2.0","method":"eth_subscription",'
        b'"params":{"subscription":"%b","result":%b}}' % (identifier.encode("ascii"), text)
    )


async def _wait(change: asyncio.Event, seconds: float | None) -> None:
    try:
        async with asyncio.timeout(seconds):
            await change.wait()
    except TimeoutError:
        pass
