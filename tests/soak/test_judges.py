"""The soak's judges: they ask for everything, take what is true, and find out what is not."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.soak.clients import Asker
from tests.soak.question import Question
from tests.soak.questions import Questions
from tests.soak.record import Record
from tests.soak.truth import Truth
from tests.soak.weather import Weather
from walkaway.chain.chain import ChainSettings
from walkaway.cli.node import Listen, Plan, open_node
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings
from walkaway.errors import Unproven
from walkaway.rpc.ask import Ask
from walkaway.rpc.jsonrpc import encode
from walkaway.rpc.methods import METHODS, Method
from walkaway.rpc.methods.method import Answer
from walkaway.rpc.params import Params

AGES = 600.0
"""Seconds that the head may be old: the chain stands still here."""
TRIES = 30

ASKED_OTHERWISE = frozenset(
    {
        "eth_getFilterChanges",
        "eth_newBlockFilter",
        "eth_subscribe",
        "walkaway_status",
    }
)
"""By the soak's other clients."""
LEFT_OUT = frozenset(
    {
        "eth_accounts",
        "eth_chainId",
        "eth_getFilterLogs",
        "eth_hashrate",
        "eth_mining",
        "eth_newFilter",
        "eth_newPendingTransactionFilter",
        "eth_sendRawTransactionSync",
        "eth_syncing",
        "eth_uninstallFilter",
        "eth_unsubscribe",
        "net_listening",
        "net_version",
        "walkaway_explain",
        "walkaway_resolve",
        "web3_clientVersion",
        "web3_sha3",
    }
)
"""What no source has a part in, or what another method's answer is made of."""


@dataclass
class _Soak:
    questions: Questions
    weather: Weather
    record: Record
    asker: Asker

    async def ask(self, method: str) -> bool:
        """Ask a method until an answer was wrong; whether one was."""
        self.record.wrong = 0
        for _ in range(TRIES):
            question = next(
                drawn for draw in self.questions.kinds * TRIES if (drawn := draw()).method == method
            )
            await self.asker.ask(question)
            if self.record.wrong:
                return True
        return False


@asynccontextmanager
async def _soak(state: Path) -> AsyncIterator[_Soak]:
    """Everything of a soak in one process: a chain at rest, and sources that are honest."""
    devnet, rng, record = _devnet(), random.Random(1), Record()
    truth, weather = Truth(devnet), Weather(devnet, rng)
    questions = Questions(devnet, truth, rng, AGES)
    settings = ChainSettings(
        checkpoint=devnet.checkpoint.root, state_directory=state, head_age_limit=AGES
    )
    listen = Listen(hosts=("127.0.0.1",), port=0)
    plan = Plan(chain=settings, listen=listen, evidence=state / "evidence")
    sources = await weather.begin()
    async with open_node(devnet.spec, sources, plan) as node, aiohttp.ClientSession() as session:
        weather.honest_since = 0.0
        asker = Asker(session, node.server.url, questions, weather, record)
        soak = _Soak(questions, weather, record, asker)
        for draw in questions.kinds:
            await asker.ask(draw())
        yield soak
    await weather.end()


@cache
def _devnet() -> Devnet:
    """At rest, so that all may share it."""
    return Devnet(DevnetSettings(seconds_per_slot=1))


@cache
def _asked() -> frozenset[str]:
    """Every method that a soak asks."""
    return frozenset(_kinds_by_method())


@cache
def _kinds_by_method() -> dict[str, set[int]]:
    """The places in `Questions.kinds` that each method is drawn from."""
    questions = Questions(_devnet(), Truth(_devnet()), random.Random(1), AGES)
    found: dict[str, set[int]] = defaultdict(set)
    for place, draw in enumerate(questions.kinds):
        for _ in range(TRIES):
            found[draw().method].add(place)
    return found


def _of_method(questions: Questions, method: str) -> Iterator[Question]:
    """Questions that ask this method, a good many."""
    for place in sorted(_kinds_by_method()[method]):
        for _ in range(TRIES):
            if (drawn := questions.kinds[place]()).method == method:
                yield drawn


def _answering(monkeypatch: pytest.MonkeyPatch, method: str, answer: Answer) -> None:
    """The node gives this one answer from now on."""

    async def call(ask: Ask, params: Params) -> Answer:
        del ask, params
        return answer

    monkeypatch.setitem(METHODS, method, replace(METHODS[method], call=call))


def _altering(method: Method, alter: Callable[[Any], Any]) -> Method:
    """The node answers, but for what ``alter`` makes of it."""

    async def call(ask: Ask, params: Params) -> Answer:
        told = json.loads(encode(await method.call(ask, params)))
        alter(told)
        altered: Answer = told
        return altered

    return replace(method, call=call)


def test_every_method_is_asked_or_left_out_on_purpose() -> None:
    assert _asked() | ASKED_OTHERWISE | LEFT_OUT == METHODS.keys()
    assert not _asked() & (ASKED_OTHERWISE | LEFT_OUT)


def test_a_seed_repeats_the_questions_whoever_throws_dice_in_between() -> None:
    def asked(thrown: int) -> list[str]:
        rng = random.Random(7)
        questions = Questions(_devnet(), Truth(_devnet()), rng, AGES)
        methods = []
        for _ in range(40):
            methods.append(questions.one().method)
            for _ in range(thrown):
                rng.random()
                questions.kinds[0]()
        return methods

    assert asked(0) == asked(3)
    assert len(set(asked(0))) > 10


async def test_what_is_true_is_taken_for_it(tmp_path: Path) -> None:
    async with _soak(tmp_path) as soak:
        for draw in soak.questions.kinds * 10:
            await soak.asker.ask(draw())
    assert soak.record.wrong_ones == []
    assert soak.record.right.keys() == _asked()


NEVER_ANYTHING = frozenset({"eth_getUncleByBlockNumberAndIndex", "eth_getUncleByBlockHashAndIndex"})
"""Where null is all that is true here."""


async def test_a_node_that_always_answers_the_same_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Answer] = [None, [], {}, "0x777"]
    async with _soak(tmp_path) as soak:
        for answer in answers:
            asked = _asked() - (NEVER_ANYTHING if answer is None else set())
            for method in asked:
                _answering(monkeypatch, method, answer)
            believed = [method for method in sorted(asked) if not await soak.ask(method)]
            assert believed == [], answer


def _next_fee(told: Any) -> None:
    told["baseFeePerGas"][-1] = "0x1"


def _blob_fee(told: Any) -> None:
    if "baseFeePerBlobGas" in told:
        told["baseFeePerBlobGas"][-1] = "0xdead"


def _reward(told: Any) -> None:
    if "reward" in told:
        told["reward"][0][0] = "0xdead"


def _no_key(told: Any) -> None:
    told["accessList"][0]["storageKeys"] = []


def _one_block(told: Any) -> None:
    del told[1]


def _no_logs(told: Any) -> None:
    told[0]["calls"][0]["logs"] = []


def _no_value(told: Any) -> None:
    for values in told.values():
        values[0] = "0x" + "00" * 32


ALTERATIONS = [
    ("eth_feeHistory", _next_fee),
    ("eth_feeHistory", _blob_fee),
    ("eth_feeHistory", _reward),
    ("eth_createAccessList", _no_key),
    ("eth_simulateV1", _one_block),
    ("eth_simulateV1", _no_logs),
    ("eth_getStorageValues", _no_value),
]


async def test_a_part_that_is_not_true_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _soak(tmp_path) as soak:
        for name, alter in ALTERATIONS:
            with monkeypatch.context() as patched:
                patched.setitem(METHODS, name, _altering(METHODS[name], alter))
                assert await soak.ask(name), alter.__name__


async def test_null_for_a_hash_is_a_word_where_no_source_is_honest_and_for_a_number_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hash, by_number = "eth_getTransactionReceipt", "eth_getBlockTransactionCountByNumber"
    async with _soak(tmp_path) as soak:
        for name in (by_hash, by_number):
            _answering(monkeypatch, name, None)
        soak.weather.honest_since, soak.record.words = None, 0
        assert not await soak.ask(by_hash)
        assert soak.record.words
        assert await soak.ask(by_number)


async def test_a_method_that_is_always_refused_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(ask: Ask, params: Params) -> Answer:
        raise Unproven("nobody knows", reasons={})

    name = "eth_simulateV1"
    monkeypatch.setitem(METHODS, name, replace(METHODS[name], call=refuse))
    async with _soak(tmp_path) as soak:
        await soak.ask(name)
        assert soak.record.never_answered == []
        soak.weather.began -= AGES
        for other in (name, "eth_getBalance"):
            await soak.ask(other)
    assert soak.record.never_answered == [name]
