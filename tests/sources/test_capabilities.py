"""What a source can do is learned, and forgotten after a while."""

from __future__ import annotations

import pytest

from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sources.capabilities import Capabilities, form_of
from walkaway.sources.request import (
    ArnsRequest,
    ArweaveRequest,
    BeaconRequest,
    BlockRequest,
    IpnsPublication,
    IpnsRequest,
    ProvidersRequest,
    Request,
    RpcRequest,
)

CID = Cid.of(codecs.RAW, b"")
HOUR = LIMITS.capability_seconds


def proof(depth: int | None) -> RpcRequest:
    return RpcRequest("eth_getProof", by_hash=True, depth=depth)


@pytest.mark.parametrize(
    ("request_", "form"),
    [
        (RpcRequest("eth_getProof"), "eth_getProof"),
        (RpcRequest("eth_getProof", by_hash=True), "eth_getProof by block hash"),
        (
            BeaconRequest(f"/eth/v1/beacon/light_client/bootstrap/0x{'ab' * 32}", accept="ssz"),
            "GET /eth/v1/beacon/light_client/bootstrap/* as ssz",
        ),
        (
            BeaconRequest("/eth/v1/beacon/blocks/123/root"),
            "GET /eth/v1/beacon/blocks/*/root as json",
        ),
        (BlockRequest(CID), "blocks"),
        (BlockRequest(CID, "kubo"), "blocks by Kubo's RPC"),
        (ProvidersRequest(CID), "providers"),
        (IpnsRequest(CID), "IPNS records, routing"),
        (IpnsRequest(CID, "content"), "IPNS records, content"),
        (IpnsPublication(CID, b""), "IPNS records, published"),
        (ArnsRequest("example"), "ArNS names"),
        (ArweaveRequest("A" * 43, "chunk", 7), "Arweave, chunk"),
    ],
)
def test_forms(request_: Request, form: str) -> None:
    assert form_of(request_) == form


def test_a_lasting_lack_is_of_one_form_and_ends() -> None:
    known = Capabilities(LIMITS)
    known.lacks(RpcRequest("eth_getProof", by_hash=True), 0.0, lasting=True)
    assert not known.may_serve(RpcRequest("eth_getProof", by_hash=True), HOUR - 1)
    assert known.may_serve(RpcRequest("eth_getProof"), 1.0)
    assert known.report(1.0).lacks == ("eth_getProof by block hash",)
    assert known.may_serve(RpcRequest("eth_getProof", by_hash=True), HOUR)
    assert known.report(HOUR).lacks == ()


def test_a_passing_lack_without_depth_teaches_nothing() -> None:
    known = Capabilities(LIMITS)
    known.lacks(proof(None), 0.0, lasting=False)
    known.lacks(BeaconRequest("/x"), 0.0, lasting=False)
    assert known.may_serve(proof(None), 1.0)
    assert known.may_serve(BeaconRequest("/x"), 1.0)


def test_depth_is_learned_from_both_sides() -> None:
    known = Capabilities(LIMITS)
    assert (known.report(0).proof_depth_served, known.report(0).proof_depth_refused) == (None, None)
    known.served(proof(100))
    known.served(proof(90))
    known.lacks(proof(300), 0.0, lasting=False)
    known.lacks(proof(200), 0.0, lasting=False)
    known.lacks(proof(250), 0.0, lasting=False)
    assert [known.may_serve(proof(depth), 1.0) for depth in (199, 200, 500)] == [True, False, False]
    assert known.may_serve(proof(None), 1.0)
    assert (known.report(1).proof_depth_served, known.report(1).proof_depth_refused) == (100, 200)
    assert known.may_serve(proof(500), HOUR)


def test_serving_what_was_lacking_corrects_it() -> None:
    known = Capabilities(LIMITS)
    known.lacks(proof(200), 0.0, lasting=False)
    known.lacks(proof(200), 0.0, lasting=True)
    known.served(proof(100))
    assert known.may_serve(proof(150), 1.0)
    assert not known.may_serve(proof(200), 1.0)
    known.served(proof(220))
    assert known.may_serve(proof(400), 1.0)


def test_batches_shrink_to_one_and_grow_back() -> None:
    known = Capabilities(LIMITS)
    known.batch_refused(9, 1.0)
    assert known.batch_calls(2.0) == 4
    known.batch_refused(50, 2.0)
    assert known.batch_calls(2.0) == 4
    for _ in range(5):
        known.batch_refused(known.batch_calls(2.0), 3.0)
    assert known.batch_calls(3.0) == 1
    assert known.batch_calls(4.0 + HOUR) == LIMITS.batch_calls


def test_what_is_remembered_is_bounded() -> None:
    known = Capabilities(LIMITS)
    for number in range(1000):
        known.lacks(RpcRequest(f"method_{number}"), 0.0, lasting=True)
    assert len(known.report(1.0).lacks) == 128
    assert not known.may_serve(RpcRequest("method_999"), 1.0)
