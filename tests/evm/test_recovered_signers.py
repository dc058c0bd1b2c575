"""Whose signatures a run saw: both engines tell the same, and no more than so many."""

from __future__ import annotations

import pytest
from coincurve import PrivateKey

from tests.evm.token_world import environment
from walkaway.evm.engine import RECOVERED_KEPT, Call, Engine, KnownState, Outcome, Overrides
from walkaway.evm.native import NativeEngine, available
from walkaway.evm.reference import ReferenceEngine
from walkaway.proofs.execution.keccak import keccak256

SENDER = bytes.fromhex("5e" * 20)
CONTRACT = bytes.fromhex("c0" * 20)
ECRECOVER = (1).to_bytes(20, "big")
DIGEST = keccak256(b"what was signed")

EACH_THEN_REVERT = bytes.fromhex(
    "5f5b3681 10600b575f5ffd5b6080815f3760205f60805f60015afa50608001600156"
)
"""Hands each 128 bytes of its call data to ECRECOVER, and reverts at the end."""


def signed(number: int) -> tuple[bytes, bytes]:
    """What ECRECOVER is handed for a key's signature, and the address that it gives."""
    key = PrivateKey(number.to_bytes(32, "big"))
    signature = key.sign_recoverable(DIGEST, hasher=None)
    given = DIGEST + (signature[64] + 27).to_bytes(32, "big") + signature[:64]
    return given, keccak256(key.public_key.format(compressed=False)[1:])[12:]


@pytest.fixture(params=["reference", "native"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "reference":
        return ReferenceEngine()
    if not available():
        pytest.skip("the native kernel is not built")
    return NativeEngine()


def ran(engine: Engine, to: bytes, data: bytes) -> Outcome:
    known = KnownState({SENDER: None, CONTRACT: None, ECRECOVER: None})
    overrides = {CONTRACT: Overrides(balance=0, nonce=0, code=EACH_THEN_REVERT, storage={})}
    outcome = engine.run(Call(SENDER, to, 5_000_000, data=data), environment(), known, overrides)
    assert isinstance(outcome, Outcome)
    return outcome


def test_each_signer_is_told_once_in_order_from_frames_that_revert_too(engine: Engine) -> None:
    (first, one), (second, two) = signed(1), signed(2)
    no_signature = DIGEST + (27).to_bytes(32, "big") + bytes(64)
    outcome = ran(engine, CONTRACT, second + first + no_signature + second)
    assert outcome.reverted
    assert outcome.recovered == (two, one)


def test_a_call_of_the_precompile_itself_tells_too(engine: Engine) -> None:
    given, signer = signed(3)
    assert ran(engine, ECRECOVER, given).recovered == (signer,)
    assert ran(engine, ECRECOVER, given[:-1]).recovered != (signer,)


def test_no_more_are_told_than_are_kept(engine: Engine) -> None:
    many = [signed(number) for number in range(1, RECOVERED_KEPT + 2)]
    outcome = ran(engine, CONTRACT, b"".join(given for given, _ in many))
    assert outcome.recovered == tuple(signer for _, signer in many[:-1])
