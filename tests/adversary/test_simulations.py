"""Simulations asked by somebody who means harm, and over the state of somebody who lies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from tests.conformance.departures import DEPARTURES
from tests.conformance.exchanges import exchanges
from tests.conformance.node import conformance_network
from tests.vectors import vectors
from walkaway.chain.chain import Chain
from walkaway.devnet.sources.behaviours import Behaviour
from walkaway.rpc.dispatch import Dispatcher

pytestmark = pytest.mark.adversary

METHOD = "eth_simulateV1"
LONG = ("run-gas-spending", "run-out-of-gas")
"""Whose calls use up millions of gas, which the executable specification takes its time for."""

ODD: tuple[object, ...] = (
    *(None, True, 5, [], {}, "latest", "0x", "0x0", "0x1", "0x36", "0x40", "0x228", "0x5208"),
    *("0x" + "f" * 16, "0x" + "f" * 64, "0x1" + "0" * 16, "0x" + "00" * 20, "0x" + "22" * 32),
    *(
        "0x" + "00" * 19 + "01",
        "0x" + "c0" + "00" * 19,
        "0x0000f90827f1c53a10cb7a02335b175320002935",
    ),
    *("0x5f405f5260205ff3", "0x5fff", "0x5f5f55", "0xfe", "0xef0100" + "c1" * 20),
    [{"index": "0x0", "validatorIndex": "0x0", "address": "0x" + "00" * 20, "amount": "0x1"}],
)
ROUNDS = 250


def recorded() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    return [
        (item.name, item.request, item.response)
        for item in exchanges(vectors("rpc-conformance"))
        if item.method == METHOD and not any(part in item.name for part in LONG)
    ]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value where something else could stand: what holds it, and where."""
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield value, key
        yield from places(value[key])


async def reply(dispatcher: Dispatcher, request: dict[str, Any]) -> dict[str, Any]:
    answer = await dispatcher.reply(json.dumps(request).encode())
    assert answer is not None
    answered: dict[str, Any] = json.loads(answer)
    return answered


async def put_oddly(chain: Chain, seed: int) -> set[int]:
    """Recorded questions with some of their parts made odd; the codes that came."""
    dispatcher, rng, asked = Dispatcher(chain), Random(seed), recorded()
    codes = set()
    for _ in range(ROUNDS):
        name, request, _ = rng.choice(asked)
        odd = deepcopy(request)
        for _ in range(rng.randint(1, 3)):
            holder, key = rng.choice(list(places(odd["params"])))
            holder[key] = deepcopy(rng.choice(ODD))
        answered = await reply(dispatcher, odd)
        assert answered.get("error", {}).get("message") != "internal error", (name, odd["params"])
        codes.add(answered.get("error", {}).get("code", 0))
    return codes


async def test_whatever_is_asked_is_answered_or_refused_with_a_reason() -> None:
    async with conformance_network(vectors("rpc-conformance")).following() as chain:
        codes = await put_oddly(chain, seed=1)
    assert {0, -32602, -38012, -38014, -38020, -38021} <= codes


@pytest.mark.parametrize(
    "lie", [Behaviour.LYING_BALANCE, Behaviour.FORGED_STATE], ids=lambda lie: lie.name
)
async def test_a_liar_beside_honest_sources_changes_no_simulation(lie: Behaviour) -> None:
    network = conformance_network(vectors("rpc-conformance"))
    behaviours = (lie, Behaviour.HONEST, Behaviour.HONEST)
    async with network.following(behaviours=behaviours) as chain:
        dispatcher = Dispatcher(chain)
        for name, request, response in recorded():
            if name not in DEPARTURES:
                answered = await reply(dispatcher, request)
                assert answered.get("result") == response.get("result"), name
        liar, *honest = chain.status().sources
    assert not any(source.lies for source in honest)
    assert liar.lies


@pytest.mark.parametrize(
    "lie", [Behaviour.LYING_BALANCE, Behaviour.FORGED_STATE], ids=lambda lie: lie.name
)
async def test_a_liar_alone_gets_no_simulation_believed(lie: Behaviour) -> None:
    network = conformance_network(vectors("rpc-conformance"))
    async with network.following(behaviours=(lie,)) as chain:
        dispatcher, differed = Dispatcher(chain), 0
        for name, request, response in recorded():
            answered = await reply(dispatcher, request)
            if name not in DEPARTURES and "result" in answered:
                assert answered["result"] == response.get("result"), name
            differed += "error" in answered and "result" in response
    assert differed
