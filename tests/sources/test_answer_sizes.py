"""How much of an answer is read, by what was asked."""

from __future__ import annotations

import pytest

from walkaway.limits import LIMITS
from walkaway.sources.request import BeaconRequest, RpcRequest

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (RpcRequest("eth_getProof", ("0x00", [], "latest")), MIB),
        (RpcRequest("eth_getProof", ("0x00", ["0x00"] * 64, "latest")), 2 * MIB),
        (RpcRequest("eth_getProof", ("0x00", ["0x"] * 10**6, "latest")), LIMITS.rpc_response_bytes),
        (RpcRequest("eth_getProof"), MIB),
        (RpcRequest("eth_getProof", ("0x00", None)), MIB),
        (RpcRequest("eth_getBlockByNumber", ("0x1", False)), 2 * MIB),
        (RpcRequest("eth_getBlockByHash", ("0x00", False), by_hash=True), 2 * MIB),
        (RpcRequest("eth_getBlockByHash", ("0x00", True)), LIMITS.rpc_response_bytes),
        (RpcRequest("eth_getBlockReceipts", ("0x00",)), LIMITS.rpc_response_bytes),
        (RpcRequest("eth_getTransactionByHash", ("0x00",)), 3 * LIMITS.transaction_bytes),
        (RpcRequest("eth_sendRawTransaction", ("0x00",), kind="submit"), 64 * 1024),
        (RpcRequest("eth_getBlockReceipts", max_bytes=7), 7),
        (BeaconRequest("/eth/v1/beacon/light_client/finality_update"), LIMITS.update_bytes),
        (BeaconRequest("/eth/v1/beacon/headers/finalized"), LIMITS.update_bytes),
        (BeaconRequest("/checkpointz/v1/beacon/slots"), 4 * MIB),
        (BeaconRequest("/x", max_bytes=7), 7),
    ],
    ids=repr,
)
def test_a_question_bounds_its_answer(request_: RpcRequest | BeaconRequest, expected: int) -> None:
    assert request_.answer_bytes == expected


@pytest.mark.parametrize(
    ("count", "updates"),
    [("1", 1), ("16", 16), ("128", 128), ("999", 128), ("", 1), ("-1", 1), ("0", 1), ("9" * 99, 1)],
)
def test_updates_are_bounded_by_how_many_were_asked_for(count: str, updates: int) -> None:
    asked = BeaconRequest("/eth/v1/beacon/light_client/updates", (("count", count),))
    assert asked.answer_bytes == updates * LIMITS.update_bytes


def test_the_largest_true_proof_fits() -> None:
    """Every level of the trie a full branch of 532 bytes, down to depths that no trie has."""
    node = len('"0x",') + 2 * 532
    slots = 64
    assert RpcRequest("eth_getProof", ("0x00", ["0x00"] * slots)).answer_bytes > 15 * node * slots
