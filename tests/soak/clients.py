"""Those who ask: over HTTP question after question, by filter, and by subscription."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any

import aiohttp

from tests.soak.question import Null, Question
from tests.soak.questions import Questions
from tests.soak.record import REFUSALS, Record
from tests.soak.truth import Truth
from tests.soak.weather import Weather
from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.rpc.error_codes import CALL_FAILED, INVALID_PARAMS, REVERTED

__all__ = ["Asker", "Follower", "Poller"]

GRACE_SECONDS = 8.0
"""After this long with an honest source there, refusals count against the share of answers."""
PAUSE_SECONDS = 0.05
POLL_SECONDS = 1.0
HEADS_BETWEEN = 3
BEYOND_HEAD = "beyond the proven head"
ABOVE_HEAD = "above the proven head"


class _Http:
    """JSON-RPC over one HTTP session."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url
        self._ids = itertools.count(1)

    async def call(self, method: str, params: Any) -> dict[str, Any]:
        """The reply."""
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        async with self._session.post(self._url, json=body) as response:
            reply: dict[str, Any] = await response.json()
        return reply


class Asker:
    """Asks random questions, one after another, and judges the replies."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        questions: Questions,
        weather: Weather,
        record: Record,
    ) -> None:
        self._http = _Http(session, url)
        self._questions = questions
        self._weather = weather
        self._record = record

    async def ask_on(self) -> None:
        """Ask until cancelled."""
        while True:
            await self.ask(self._questions.one())
            await asyncio.sleep(PAUSE_SECONDS)

    async def ask(self, question: Question) -> None:
        """Ask once."""
        began = time.monotonic()
        was_calm = self._weather.calm_seconds > GRACE_SECONDS
        self._record.asked += 1
        reply = await self._http.call(question.method, question.params)
        is_calm = was_calm and self._weather.calm_seconds > GRACE_SECONDS
        refusal = _refusal(reply)
        if refusal is not None:
            self._record.note_refused(question.method, refusal, is_calm=is_calm)
        elif _is_answer(reply) and _holds(question, reply):
            self._record.note_right(question.method, is_calm=is_calm)
        elif self._is_word(question, reply, began):
            self._record.words += 1
        else:
            self._record.note_wrong(question.method, question.params, reply)

    def _is_word(self, question: Question, reply: dict[str, Any], began: float) -> bool:
        """Whether it is a null that may be somebody's word."""
        if "result" not in reply or reply["result"] is not None:
            return False
        null = question.null()
        if null is Null.FALSE_BESIDE_HONEST:
            since = self._weather.honest_since
            return since is None or since + GRACE_SECONDS > began
        return null is Null.POSSIBLE


class Poller:
    """Holds a filter of new blocks: each follows from one that was told before."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, truth: Truth, record: Record
    ) -> None:
        self._http = _Http(session, url)
        self._truth = truth
        self._record = record

    async def poll_on(self) -> None:
        """Poll until cancelled; begin anew where the filter has lost its place."""
        while True:
            reply = await self._http.call("eth_newBlockFilter", [])
            if "result" in reply:
                await self._poll(reply["result"], _Line(self._truth, self._record, "a filter"))
            await asyncio.sleep(POLL_SECONDS)

    async def _poll(self, identifier: str, line: _Line) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            reply = await self._http.call("eth_getFilterChanges", [identifier])
            if reply.get("error", {}).get("code") == INVALID_PARAMS:
                return
            if "error" in reply and _refusal(reply) is None:
                self._record.note_wrong("a filter", reply)
            for block_hash in reply.get("result") or ():
                line.add(block_hash)


class Follower:
    """Subscribes to heads and logs over WebSocket, and keeps what it should know by them."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, truth: Truth, record: Record
    ) -> None:
        self._session = session
        self._url = url.replace("http://", "ws://", 1)
        self._truth = truth
        self._record = record
        self._line = _Line(truth, record, "newHeads")
        self._logs: dict[tuple[str, str], Any] = {}
        self._subscribed: dict[str, str] = {}

    async def listen_on(self) -> None:
        """Listen until cancelled; begin anew where the connection ends."""
        while True:
            self._line = _Line(self._truth, self._record, "newHeads")
            self._logs, self._subscribed = {}, {}
            async with self._session.ws_connect(self._url) as socket:
                await self._subscribe(socket)
                async for message in socket:
                    self._hear(message.json())
            self._record.told["connections that ended"] += 1
            await asyncio.sleep(1.0)

    def check_complete(self) -> None:
        """Note it where the logs are not those of the blocks up to the newest head told."""
        if self._line.last is None or self._line.first is None:
            self._record.note_wrong("newHeads: none came")
            return
        # The subscription to logs began a moment after that to heads.
        tip, first = self._line.last, self._line.first.number + HEADS_BETWEEN
        wanted = {_key(log): log for log in self._truth.logs(tip, first, {})}
        heights = range(first, tip.number + 1)
        heard = {
            key: log for key, log in self._logs.items() if int(log["blockNumber"], 16) in heights
        }
        if heard != wanted:
            missed = sorted(wanted.keys() - heard.keys())
            extra = sorted(heard.keys() - wanted.keys())
            self._record.note_wrong("logs by subscription", {"missed": missed, "extra": extra})

    @property
    def newest(self) -> int:
        """The number of the newest head that was told."""
        return -1 if self._line.last is None else self._line.last.number

    async def _subscribe(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        for number, params in enumerate((["newHeads"], ["logs", {}]), 1):
            body = {"jsonrpc": "2.0", "id": number, "method": "eth_subscribe", "params": params}
            await socket.send_json(body)

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("method") != "eth_subscription":
            if "result" in message:
                self._subscribed[message["result"]] = {1: "heads", 2: "logs"}[message["id"]]
            return
        told = message["params"]["result"]
        kind = self._subscribed[message["params"]["subscription"]]
        self._record.told[kind] += 1
        if kind == "heads":
            self._hear_head(told)
        else:
            self._hear_log(told)

    def _hear_head(self, told: dict[str, Any]) -> None:
        whole = self._truth.answer("eth_getBlockByHash", told["hash"], False) or {}
        if any(whole.get(name) != value for name, value in told.items()):
            self._record.note_wrong("newHeads", told)
        self._line.add(told["hash"])

    def _hear_log(self, told: dict[str, Any]) -> None:
        key = _key(told)
        if told["removed"]:
            if self._logs.pop(key, None) is None:
                self._record.note_wrong("a log was removed that was never told", told)
            return
        block = self._truth.block(told["blockHash"])
        if block is None or told not in self._truth.logs(block, block.number, {}):
            self._record.note_wrong("a log by subscription", told)
        if key in self._logs:
            self._record.note_wrong("a log was told twice", told)
        self._logs[key] = told


class _Line:
    """Blocks told one after another: each is the chain's, and follows from one told before."""

    def __init__(self, truth: Truth, record: Record, name: str) -> None:
        self._truth = truth
        self._record = record
        self._name = name
        self._told: set[bytes] = set()
        self.first: ExecutionBlock | None = None
        self.last: ExecutionBlock | None = None

    def add(self, block_hash: str) -> None:
        """One more was told."""
        block = self._truth.block(block_hash)
        if block is None:
            self._record.note_wrong(f"{self._name}: no block of the chain", block_hash)
            return
        self.first = self.first or block
        if block.number > self.first.number and block.header.parent_hash not in self._told:
            self._record.note_wrong(f"{self._name}: a gap before", block_hash)
        self._told.add(block.hash)
        self.last = block
        self._record.told[f"{self._name}: blocks"] += 1


def _key(log: dict[str, Any]) -> tuple[str, str]:
    return log["blockHash"], log["logIndex"]


def _refusal(reply: dict[str, Any]) -> str | None:
    """Why it was refused; None where it was not."""
    error = reply.get("error")
    if error is None:
        return None
    if error["code"] == INVALID_PARAMS and BEYOND_HEAD in error["message"]:
        return BEYOND_HEAD
    if error["code"] == CALL_FAILED and ABOVE_HEAD in error["message"]:
        return BEYOND_HEAD
    return REFUSALS.get(error["code"])


def _is_answer(reply: dict[str, Any]) -> bool:
    return "error" not in reply or reply["error"]["code"] in (REVERTED, CALL_FAILED)


def _holds(question: Question, reply: dict[str, Any]) -> bool:
    """Whether the reply is true; one in a form that cannot be judged is not."""
    try:
        return question.is_true(reply)
    except (LookupError, TypeError, ValueError, AttributeError):
        return False
