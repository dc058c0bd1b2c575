"""From one message to its reply: finds the methods, runs them within limits, encodes.

Calls of a batch run side by side, share the room for their answers, and are
answered in order. Nothing leaves but JSON-RPC replies: an error of walkaway's
tree becomes its fixed code, and any other one is a fault of ours, of which
nothing is told.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from walkaway.chain.offchain_calls import OffchainCalls
from walkaway.errors import Reverted, StillPending, TooMuch, WalkawayError
from walkaway.limits import LIMITS, Limits
from walkaway.names.ens.ens import Ens
from walkaway.rpc.answer_room import TOO_LONG, AnswerRoom, Share
from walkaway.rpc.ask import Ask
from walkaway.rpc.chain_view import ChainView
from walkaway.rpc.encode import data
from walkaway.rpc.error_codes import (
    INTERNAL,
    LIMIT_EXCEEDED,
    TIMED_OUT,
    code_of,
    speakable,
)
from walkaway.rpc.filters import Filters
from walkaway.rpc.jsonrpc import Call, Json, Malformed, encode, failure, parse, success
from walkaway.rpc.methods import METHODS, Method
from walkaway.rpc.methods.lookup import method_named
from walkaway.rpc.params import Params
from walkaway.rpc.plain import plain
from walkaway.rpc.subscriptions import Subscriber

__all__ = ["Dispatcher"]

BUSY = "too many calls at a time: ask again"
BATCH_WIDTH = 16
"""Calls of one batch that run at a time, so that one client cannot take every place."""
SHORT = 1024
"""Bytes of a reply that is given even where there is no room: errors, and what was done."""

RUN_CODE = frozenset(
    {
        "eth_call",
        "eth_createAccessList",
        "eth_estimateGas",
        "eth_sendTransaction",
        "eth_simulateV1",
    }
)
"""Methods whose errors carry no data but a revert's: libraries take any for that."""

log = logging.getLogger(__name__)


class Dispatcher:
    """Answers messages. One serves all connections, and counts the calls among them."""

    def __init__(
        self,
        chain: ChainView,
        *,
        methods: Mapping[str, Method] = METHODS,
        offchain: OffchainCalls | None = None,
        ens: Ens | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        self._chain = chain
        self._offchain = offchain
        self._ens = ens
        self._methods = methods
        self._limits = limits
        self._filters = Filters(limits=limits)
        self._running = 0
        self._on_their_way = AnswerRoom(limits.rpc_long_replies_bytes)

    @property
    def chain(self) -> ChainView:
        """The chain that is asked."""
        return self._chain

    async def reply(self, message: bytes, subscriber: Subscriber | None = None) -> bytes | None:
        """The reply to one message; None where it holds nothing but notifications.

        ``subscriber`` is there where the connection can be told of things later.
        """
        body = parse(message, self._limits)
        if isinstance(body, list):
            return await self._batch(body, subscriber)
        return await self._one(body, subscriber, Share())

    def busy(self, message: bytes) -> bytes | None:
        """The reply to a message for which its connection has no place left."""
        body = parse(message, self._limits)
        calls = body if isinstance(body, list) else [body]
        replies = [failure(c.id, LIMIT_EXCEEDED, BUSY) for c in calls if c.id is not None]
        joined = b",".join(replies)
        return (b"[%b]" % joined if isinstance(body, list) else joined) if replies else None

    @contextmanager
    def sending(self, reply: bytes | None, message: bytes) -> Iterator[bytes | None]:
        """Inside, send what this gives: the reply to ``message``, or that it must wait.

        Clients may read slowly; so of long replies only so many bytes are held at a time.
        """
        size = 0 if reply is None else len(reply)
        size = size if size > self._limits.rpc_long_reply_bytes else 0
        try:
            self._on_their_way.take(size)
        except TooMuch:
            yield self.busy(message)
            return
        try:
            yield reply
        finally:
            self._on_their_way.take(-size)

    async def _batch(
        self, calls: list[Call | Malformed], subscriber: Subscriber | None
    ) -> bytes | None:
        places = asyncio.Semaphore(BATCH_WIDTH)
        room = AnswerRoom(self._limits.rpc_batch_response_bytes)

        async def answer(call: Call | Malformed) -> bytes | None:
            share = Share(room)
            async with places:
                if room.is_full and call.id is not None:
                    return failure(call.id, LIMIT_EXCEEDED, TOO_LONG)
                reply = await self._one(call, subscriber, share)
                return _fitting(call, reply, share)

        replies = await asyncio.gather(*[answer(call) for call in calls])
        answered = [reply for reply in replies if reply is not None]
        return b"[" + b",".join(answered) + b"]" if answered else None

    async def _one(
        self, call: Call | Malformed, subscriber: Subscriber | None, share: Share
    ) -> bytes | None:
        if isinstance(call, Malformed):
            return None if call.id is None else failure(call.id, call.code, call.message)
        ask = Ask(
            self._chain,
            filters=self._filters,
            subscriber=subscriber,
            offchain=self._offchain,
            ens=self._ens,
            share=share,
        )
        reply = await self._answer(call, ask, call.id or "null")
        return None if call.id is None else reply

    async def _answer(self, call: Call, ask: Ask, id_text: str) -> bytes:
        try:
            with self._place():
                async with asyncio.timeout(self._limits.rpc_call_seconds):
                    method = method_named(self._methods, call.method)
                    result = await method.call(ask, Params(call.params))
            return success(id_text, encode(result))
        except _Busy:
            return failure(id_text, LIMIT_EXCEEDED, BUSY)
        except WalkawayError as error:
            told = _revert_data(error) if call.method in RUN_CODE else _told(error)
            return failure(id_text, code_of(error), speakable(str(error)), told)
        except TimeoutError:
            seconds = self._limits.rpc_call_seconds
            return failure(id_text, TIMED_OUT, f"not proven within {seconds:g} seconds")
        except Exception as error:
            log.error("%s failed: %s", call.method, _where(error))
            return failure(id_text, INTERNAL, "internal error")

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._running >= self._limits.rpc_calls:
            raise _Busy
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1


def _fitting(call: Call | Malformed, reply: bytes | None, share: Share) -> bytes | None:
    """The reply, if it is short or there is room for it, else that there is none."""
    try:
        share.settle(len(reply or b""))
    except TooMuch:
        if reply is not None and call.id is not None and len(reply) > SHORT:
            return failure(call.id, LIMIT_EXCEEDED, TOO_LONG)
    return reply


class _Busy(Exception):
    """Caught in this module, and nowhere else."""


def _revert_data(error: WalkawayError) -> Json:
    return data(error.data) if isinstance(error, Reverted) else None


def _told(error: WalkawayError) -> Json:
    if isinstance(error, StillPending):
        return data(error.transaction_hash)
    return plain({k: v for k, v in error.diagnostics().items() if k != "message"})


def _where(error: BaseException) -> str:
    """The kind of an error and the line it came from, but not its text, which may hold a URL."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
