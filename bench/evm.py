"""How fast calls run once all of their state is known: revm in the native kernel, and EELS.

One call asks the devnet's token for a balance; the other adds the balances of
500 holders, as a multicall does. Both engines answer from the same known
state, in this process, and their answers are compared before they are timed.
"""

from __future__ import annotations

from bench.figures import Figure, cpu_ms
from tests.evm.token_world import (
    HOLDERS,
    balance,
    balance_of,
    environment,
    known_tokens,
    sum_of_balances,
)
from walkaway.evm.engine import Call, Engine, KnownState, Outcome
from walkaway.evm.native import NativeEngine, available
from walkaway.evm.reference import ReferenceEngine

__all__ = ["figures"]


def figures() -> list[Figure]:
    """Calls a second of the native kernel beside EELS; nothing where it is not built."""
    if not available():
        return []
    return [
        _rate("balanceOf", balance_of(HOLDERS[0]), balance(HOLDERS[0]), rounds=300),
        _rate("500 balanceOf in one call", sum_of_balances(), sum(map(balance, HOLDERS)), rounds=3),
        _handle(),
    ]


def _rate(name: str, call: Call, expected: int, *, rounds: int) -> Figure:
    known = known_tokens()
    native, reference = NativeEngine(), ReferenceEngine()
    for engine in (native, reference):
        _answers(engine, call, known, expected)
    block = environment()
    return Figure(
        f"{name}, state known",
        1000 / cpu_ms(lambda: native.run(call, block, known), rounds=10 * rounds),
        "calls/s",
        reference.name,
        1000 / cpu_ms(lambda: reference.run(call, block, known), rounds=rounds),
    )


def _handle() -> Figure:
    """The same, where the known state is a new one each time and the kernel reads it all."""
    call, block, known = sum_of_balances(), environment(), known_tokens()
    engine = NativeEngine()
    kept = cpu_ms(lambda: engine.run(call, block, known), rounds=30)
    read = cpu_ms(lambda: engine.run(call, block, _again(known)), rounds=30)
    return Figure("500 balanceOf, state read anew", read, "ms CPU", "state kept", kept)


def _again(known: KnownState) -> KnownState:
    return KnownState(known.accounts, known.slots, known.code, known.block_hashes)


def _answers(engine: Engine, call: Call, known: KnownState, expected: int) -> None:
    outcome = engine.run(call, environment(), known)
    if not isinstance(outcome, Outcome) or int.from_bytes(outcome.output, "big") != expected:
        raise AssertionError(f"{engine.name} gives {outcome}")
