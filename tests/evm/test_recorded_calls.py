"""Recorded mainnet calls on a block whose hash is given: proven state, run, sealed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.vectors import vectors
from walkaway.anchors.load import chain_spec
from walkaway.evm import native
from walkaway.evm.engine import BlockEnvironment, Call, Engine, Missing, Outcome
from walkaway.evm.native import NativeEngine
from walkaway.evm.proven_call import AskedCall, ProvenState, prove_call
from walkaway.evm.reference import ReferenceEngine
from walkaway.proofs.execution.accounts import (
    prove_account,
    prove_code,
    prove_slot,
    state_proof_from_json,
)
from walkaway.proofs.execution.ancestry import header_from_given_hash
from walkaway.proofs.execution.header import header_from_json

FOLDER = "execution/prover-recordings/mainnet"
MAINNET = chain_spec("mainnet")


def engine(name: str) -> Engine:
    if name == "reference":
        return ReferenceEngine()
    if not native.available():
        pytest.skip("the native kernel is not built")
    return NativeEngine()


def unhex(text: str | None) -> bytes:
    return bytes.fromhex((text or "0x")[2:])


def recording(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((vectors(FOLDER) / f"{name}.json").read_text())
    return document


def proven_state(document: dict[str, Any]) -> ProvenState:
    """Everything that was recorded, proven under the block hash in the question."""
    block_hash = unhex(document["request"]["params"][1])
    header = header_from_json(document["execution"]["block"])
    state = ProvenState(header_from_given_hash(MAINNET.chain_id, block_hash, header))
    batch = document["dependentRequests"][1]
    answers = {
        (asked["method"], asked["params"][0]): answer["result"]
        for asked, answer in zip(batch["payload"], batch["response"], strict=True)
    }
    for (method, address), answer in answers.items():
        if method != "eth_getProof":
            continue
        nodes = state_proof_from_json(answer)
        account = prove_account(state.header, unhex(address), nodes.account_nodes)
        state.add_account(account)
        state.add_code(prove_code(account, unhex(answers["eth_getCode", address])))
        for key, slot_nodes in nodes.slot_nodes.items():
            state.add_slot(prove_slot(account, key, slot_nodes))
    return state


def asked_call(document: dict[str, Any], state: ProvenState) -> AskedCall:
    members = document["request"]["params"][0]
    call = Call(
        sender=unhex(members.get("from", "0x" + "00" * 20)),
        to=unhex(members["to"]),
        gas_limit=30_000_000,
        value=int(members.get("value", "0x0"), 16),
        data=unhex(members.get("data")),
    )
    return AskedCall(call, BlockEnvironment(MAINNET.chain_id, "shanghai", state.header.value))


def run(runs: Engine, asked: AskedCall, state: ProvenState) -> Outcome | Missing:
    return runs.run(asked.call, asked.environment, state.known)


@pytest.mark.parametrize("name", ["reference", "native"])
def test_a_recorded_call_gives_the_recorded_result(name: str) -> None:
    document, runs = recording("eth_call"), engine(name)
    state = proven_state(document)
    asked = asked_call(document, state)
    outcome = run(runs, asked, state)
    assert isinstance(outcome, Outcome)
    sealed = prove_call(state, asked, outcome, runs.name)
    assert sealed.value.output == unhex(document["response"]["result"])
    assert sealed.claim.block_hash == unhex(document["request"]["params"][1])


@pytest.mark.parametrize("name", ["reference", "native"])
@pytest.mark.parametrize("kind", ["contract_call", "simple_transfer"])
def test_a_recorded_estimate_is_the_gas_that_the_run_uses(kind: str, name: str) -> None:
    document = recording(f"eth_estimateGas_{kind}")
    state = proven_state(document)
    outcome = run(engine(name), asked_call(document, state), state)
    assert isinstance(outcome, Outcome)
    assert outcome.gas_used == int(document["response"]["result"], 16)
