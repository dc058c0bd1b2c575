"""Recorded answers come back as they were; what was not recorded is lacking."""

from __future__ import annotations

from pathlib import Path

import pytest

from walkaway.errors import ConfigError, SourceFault, SourceLacks
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sources.request import (
    Answer,
    ArweaveRequest,
    BeaconRequest,
    BlockRequest,
    IpnsRequest,
    ProvidersRequest,
    Request,
    RpcRequest,
)
from walkaway.sources.transports.recorded import RecordedTransport, recording_key

CALL = RpcRequest("eth_getProof", ("0x00", ["0x01"], {"b": 1, "a": 2}))
UPDATES = BeaconRequest("/eth/v1/beacon/light_client/updates", (("count", "1"),), accept="ssz")


async def test_answers_survive_a_folder(tmp_path: Path) -> None:
    said: list[tuple[RpcRequest | BeaconRequest, Answer]] = [
        (CALL, Answer("s", {"balance": "0x1"})),
        (UPDATES, Answer("s", b"\x00\xff", "electra")),
    ]
    for number, (request, answer) in enumerate(said):
        RecordedTransport.write(tmp_path, str(number), request, answer)
    transport = RecordedTransport.from_folder("s", tmp_path)
    for request, answer in said:
        assert await transport.fetch(request) == answer
    assert transport.scrub("as it is") == "as it is"
    await transport.close()


async def test_a_miss_is_a_lack_and_a_recorded_fault_a_fault() -> None:
    fault = SourceFault("HTTP status 500")
    transport = RecordedTransport("s", {recording_key(CALL): fault})
    with pytest.raises(SourceFault, match="500"):
        await transport.fetch(CALL)
    with pytest.raises(SourceLacks):
        await transport.fetch(RpcRequest("eth_getProof"))
    found, missed = await transport.fetch_batch([CALL, RpcRequest("x")])
    assert found is fault
    assert isinstance(missed, SourceLacks)


async def test_parameters_are_compared_by_value() -> None:
    transport = RecordedTransport.of("s", [(CALL, 1)])
    same = RpcRequest("eth_getProof", ("0x00", ["0x01"], {"a": 2, "b": 1}), by_hash=True)
    assert (await transport.fetch(same)).body == 1
    with pytest.raises(SourceLacks):
        await transport.fetch(RpcRequest("eth_getProof", ("0x00", ["0x02"], {"a": 2, "b": 1})))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"request": {}, "answer": {}}', '{"request": 1, "answer": 2}',
     '{"request": {"method": "x", "params": []}, "answer": {"hex": "zz"}}', "[" * 100_000],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_files_that_are_no_recording_are_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text(text)
    with pytest.raises(ConfigError, match=r"broken\.json"):
        RecordedTransport.from_folder("s", tmp_path)


async def test_content_is_found_by_its_address() -> None:
    one, other = (Cid.of(codecs.RAW, data) for data in (b"1", b"2"))
    requests: list[Request] = [
        BlockRequest(one),
        BlockRequest(one, "kubo"),
        ProvidersRequest(one),
        IpnsRequest(one),
        IpnsRequest(one, "content"),
    ]
    transport = RecordedTransport.of("s", list(zip(requests, range(5), strict=True)))
    assert [(await transport.fetch(request)).body for request in requests] == [0, 1, 2, 3, 4]
    with pytest.raises(SourceLacks):
        await transport.fetch(BlockRequest(other))


async def test_parts_of_one_transaction_are_recorded_apart() -> None:
    asked = [
        ArweaveRequest("A" * 43, "item"),
        ArweaveRequest("A" * 43, "chunk"),
        ArweaveRequest("A" * 43, "chunk", 7),
    ]
    transport = RecordedTransport.of("s", [(request, place) for place, request in enumerate(asked)])
    assert [(await transport.fetch(request)).body for request in asked] == [0, 1, 2]
