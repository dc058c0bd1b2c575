"""Precompiles that the host supplies: both engines give the same, and lack the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.evm.token_world import environment
from walkaway.evm.engine import (
    HOST_CALLS_KEPT,
    HOST_GAS,
    HOST_INPUT_BYTES,
    HOST_WORD_GAS,
    Call,
    Engine,
    HostPrecompile,
    KnownState,
    Missing,
    Outcome,
    Overrides,
)
from walkaway.evm.native import NativeEngine, available
from walkaway.evm.reference import ReferenceEngine

SENDER = bytes.fromhex("5e" * 20)
CONTRACT = bytes.fromhex("c0" * 20)
OTHER = bytes.fromhex("0f" * 20)
HOST = (0x33301).to_bytes(20, "big")
GAS = 5_000_000

STATICCALL, DELEGATECALL = "fa", "f4"
ASKS = "365f5f37 5f5f365f620333015a{how} 5f52 3d602052 3d5f60403e 3d6040015ff3"
"""Hands all of its call data on; returns whether that went well, how much came, and what."""
ASKS_EACH = bytes.fromhex("5f5b368110600957005b 6020815f37 5f5f60205f620333015afa50 602001600156")
"""Hands on each 32 bytes of its call data, one after another, whatever comes of it."""


def asks(how: str = STATICCALL) -> bytes:
    return bytes.fromhex(ASKS.format(how=how))


@pytest.fixture(params=["reference", "native"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "reference":
        return ReferenceEngine()
    if not available():
        pytest.skip("the native kernel is not built")
    return NativeEngine()


def run(
    engine: Engine,
    given: bytes,
    answers: Mapping[bytes, bytes | None],
    code: bytes = b"",
    *,
    to: bytes = CONTRACT,
    placeholder_bytes: int = 0,
) -> Outcome | Missing:
    known = KnownState({SENDER: None, CONTRACT: None, HOST: None})
    overrides = {CONTRACT: Overrides(balance=0, nonce=0, code=code or asks(), storage={})}
    block = replace(environment(), host={HOST: HostPrecompile(answers, placeholder_bytes)})
    return engine.run(Call(SENDER, to, GAS, data=given), block, known, overrides)


def told(outcome: Outcome | Missing) -> tuple[bool, bytes]:
    """Whether the call of the precompile went well, and what came of it."""
    assert isinstance(outcome, Outcome)
    assert outcome.succeeded
    size = int.from_bytes(outcome.output[32:64], "big")
    assert len(outcome.output) == 64 + size
    return outcome.output[31] == 1, outcome.output[64:]


@pytest.mark.parametrize("how", [STATICCALL, DELEGATECALL])
def test_an_answer_is_what_the_host_says(engine: Engine, how: str) -> None:
    blob = bytes(range(256)) * 512
    assert told(run(engine, b"which", {b"which": blob, b"": b""}, asks(how))) == (True, blob)
    assert told(run(engine, b"", {b"which": blob, b"": b""}, asks(how))) == (True, b"")


def test_where_the_host_says_no_the_precompile_fails(engine: Engine) -> None:
    assert told(run(engine, b"no", {b"no": None})) == (False, b"")


def test_what_the_host_has_no_answer_to_is_missing_and_never_empty(engine: Engine) -> None:
    assert run(engine, b"what", {b"which": b"blob"}) == Missing(
        host_calls=frozenset({(HOST, b"what")})
    )
    assert run(engine, b"what", {}, to=HOST) == Missing(host_calls=frozenset({(HOST, b"what")}))


def test_a_run_goes_on_to_find_all_that_is_missing(engine: Engine) -> None:
    inputs = [number.to_bytes(32, "big") for number in range(1, HOST_CALLS_KEPT + 3)]
    few = run(engine, b"".join(inputs[:3]), {inputs[1]: b"a"}, ASKS_EACH, placeholder_bytes=64)
    assert few == Missing(host_calls=frozenset({(HOST, inputs[0]), (HOST, inputs[2])}))
    many = run(engine, b"".join(inputs), {}, ASKS_EACH)
    assert isinstance(many, Missing)
    assert len(many.host_calls) == HOST_CALLS_KEPT


def test_an_input_that_is_too_long_fails(engine: Engine) -> None:
    longest = bytes(HOST_INPUT_BYTES)
    assert told(run(engine, longest, {longest: b"."})) == (True, b".")
    assert told(run(engine, longest + b".", {longest + b".": b"."})) == (False, b"")


def test_gas_is_paid_by_the_word(engine: Engine) -> None:
    def used(size: int) -> int:
        outcome = run(engine, b"x", {b"x": bytes(size)}, to=HOST)
        assert isinstance(outcome, Outcome)
        assert outcome.output == bytes(size)
        return outcome.gas_used

    assert used(0) - 21_000 - 16 == HOST_GAS
    assert used(33) - used(0) == 2 * HOST_WORD_GAS
    short = Call(SENDER, HOST, 21_016 + HOST_GAS, data=b"x")
    block = replace(environment(), host={HOST: HostPrecompile({b"x": b"."})})
    known = KnownState({SENDER: None, HOST: None})
    outcome = engine.run(short, block, known)
    assert isinstance(outcome, Outcome)
    assert not outcome.succeeded


def test_elsewhere_and_without_a_host_nothing_is_there(engine: Engine) -> None:
    known = KnownState({SENDER: None, HOST: None, OTHER: None})
    block = environment()
    for to, there in [(HOST, block), (OTHER, replace(block, host={HOST: HostPrecompile()}))]:
        outcome = engine.run(Call(SENDER, to, GAS, data=b"x"), there, known)
        assert isinstance(outcome, Outcome)
        assert (outcome.succeeded, outcome.output) == (True, b"")


def test_both_engines_use_the_same_gas() -> None:
    if not available():
        pytest.skip("the native kernel is not built")
    for code in (asks(), asks(DELEGATECALL)):
        for answer in (b"", bytes(5000), None):
            one, two = [
                run(engine, b"x", {b"x": answer}, code)
                for engine in (ReferenceEngine(), NativeEngine())
            ]
            assert one == two
