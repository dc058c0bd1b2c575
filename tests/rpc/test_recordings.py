"""Recorded mainnet through the whole path: sources, light client, proofs, JSON-RPC over a socket.

The clock is the recording's. Each answer is held against the one recorded, under each engine.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.rpc.recorded_mainnet import MAINNET, Recording, capella_recording, colibri_recording
from tests.vectors import vectors
from walkaway.chain.chain import Chain, ChainSettings
from walkaway.chain.clock import FixedClock
from walkaway.evm import native
from walkaway.evm.engine import (
    BlockEnvironment,
    Call,
    KnownState,
    Missing,
    Outcome,
    Overrides,
)
from walkaway.evm.lazy_state import Supply
from walkaway.evm.reference import ReferenceEngine
from walkaway.evm.running import RunningEngine, ThreadedEngine
from walkaway.evm.worker import ReferenceWorkers
from walkaway.rpc.error_codes import UNPROVEN
from walkaway.rpc.server import RpcServer
from walkaway.sources.pool import Pool


class Endpoint:
    """A JSON-RPC client of the recorded chain's endpoint."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def call(self, method: str, *params: object) -> Any:
        reply = await self.ask(method, *params)
        assert "error" not in reply, reply
        return reply["result"]

    async def ask(self, method: str, *params: object) -> dict[str, Any]:
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        async with self._session.post(self._url, json=call) as response:
            return dict(await response.json())


@pytest.fixture(params=["reference", "native"])
def engine(request: pytest.FixtureRequest) -> RunningEngine:
    """Each engine in turn, as `walkaway up` would run it."""
    if request.param == "reference":
        return ReferenceWorkers()
    if not native.available():
        pytest.skip("the native kernel is not built")
    return ThreadedEngine(native.NativeEngine())


@asynccontextmanager
async def served(recording: Recording, engine: RunningEngine) -> AsyncIterator[Endpoint]:
    clock = FixedClock(recording.now)
    # Some recordings begin weeks before their head; the age of checkpoints is tested elsewhere.
    settings = ChainSettings(checkpoint=recording.checkpoint, checkpoint_age_limit=90 * 86400)
    async with Pool(recording.sources(), clock=clock, seed=1) as pool:
        chain = Chain(MAINNET, pool, settings, clock=clock, engine=engine)
        await chain.start(follow=False)
        async with RpcServer(chain, port=0) as server, aiohttp.ClientSession() as session:
            yield Endpoint(session, server.url)
        await chain.stop()


def recorded(name: str) -> tuple[Path, dict[str, Any]]:
    folder = vectors(f"mainnet-recordings/{name}")
    return folder, json.loads((folder / "test.json").read_text())


def state_proof(folder: Path, block: str = "") -> dict[str, Any]:
    paths = sorted(folder.glob(f"eth_getProof_*{block}.json"))
    result: dict[str, Any] = json.loads(paths[-1].read_text())["result"]
    return result


def agree(got: object, expected: object, where: str = "answer") -> None:
    """Every member that was recorded is there, with the same value.

    The recorder is another verifier, whose form differs from go-ethereum's in
    two ways: it writes what a transaction's type lacks as empty, and slots and
    signatures as 32 bytes. Neither changes what is said.
    """
    if isinstance(expected, dict):
        assert isinstance(got, dict), where
        for name, value in expected.items():
            if name in got or name not in LACKED.get(str(got.get("type")), ()):
                assert name in got, f"{where}.{name} is missing"
                agree(got[name], value, f"{where}.{name}")
    elif isinstance(expected, list):
        assert isinstance(got, list), where
        assert len(got) == len(expected), where
        for index, (one, other) in enumerate(zip(got, expected, strict=True)):
            agree(one, other, f"{where}[{index}]")
    elif isinstance(expected, str):
        assert isinstance(got, str), where
        if where.endswith((".r", ".s", ".value")):
            assert int(got, 16) == int(expected, 16), where
        else:
            assert got.lower() == expected.lower(), where
    else:
        assert got == expected, where


LACKED = {
    "0x0": {
        "accessList",
        "authorizationList",
        "blobVersionedHashes",
        "chainId",
        "maxFeePerGas",
        "maxPriorityFeePerGas",
        "yParity",
    },
    "0x2": {"authorizationList", "blobVersionedHashes"},
    "0x3": {"authorizationList"},
    "0x4": {"blobVersionedHashes"},
}
"""What transactions of a type lack, and the recorder writes all the same."""

STATE = [
    ("eth_getBalance1", "0x152afff", []),
    ("eth_getTransactionCount1", "0x152b067", []),
    ("eth_getStorageAt_electra", "", [1]),
    ("eth_getProof1", "", None),
]


@pytest.mark.parametrize(("name", "block", "keys"), STATE, ids=[name for name, *_ in STATE])
async def test_recorded_state(
    name: str, block: str, keys: list[int] | None, engine: RunningEngine
) -> None:
    folder, test = recorded(name)
    recording = colibri_recording(folder)
    asked = test["params"][1] if keys is None else [test["params"][i] for i in keys]
    recording.add_proof(state_proof(folder, block), asked)
    async with served(recording, engine) as endpoint:
        agree(await endpoint.call(test["method"], *test["params"]), test["expected_result"])


@pytest.mark.parametrize("name", ["eth_call1", "eth_call_electra"])
async def test_recorded_calls(name: str, engine: RunningEngine) -> None:
    folder, test = recorded(name)
    recording = colibri_recording(folder)
    recording.add_call_state(folder)
    async with served(recording, engine) as endpoint:
        agree(await endpoint.call(test["method"], *test["params"]), test["expected_result"])
        explained = json.dumps(await endpoint.call("walkaway_explain", "eth_call", test["params"]))
        assert engine.name in explained
        assert "checkpoint" in explained


@pytest.mark.parametrize("name", ["eth_call1", "eth_call_electra"])
async def test_a_recorded_call_costs_the_same_under_each_engine(name: str) -> None:
    if not native.available():
        pytest.skip("the native kernel is not built")
    folder, test = recorded(name)
    recording = colibri_recording(folder)
    recording.add_call_state(folder)
    told = []
    for engine in (native.NativeEngine(), ReferenceEngine()):
        async with served(recording, ThreadedEngine(engine)) as endpoint:
            gas = await endpoint.call("eth_estimateGas", *test["params"])
            told.append((gas, await endpoint.call("eth_createAccessList", *test["params"])))
    assert told[0] == told[1]
    gas, listed = told[0]
    assert 21_000 < int(gas, 16) < 100_000
    assert len(listed["accessList"]) == 2
    assert "error" not in listed


ACCESS_LISTS: dict[str, object] = {
    "right": [
        {"address": "0x43506849D7C04F9138D1A2050bbF3A0c054402dd", "storageKeys": []},
        {
            "address": "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48",
            "storageKeys": [
                "0x10d6a54a4754c8869d6886b5f5d7fbfa5b4522237ea5c60d11bc4e7a1ff9390b",
                "0x7050c9e0f4ca769c69bd3a8ef740bc37934f8e2c036e5a723fd8ee048ed3f8c3",
            ],
        },
    ],
    "empty": [],
    "no list": "0x",
    "no address": [{"storageKeys": []}],
    "too long": [{"address": "0x01", "storageKeys": ["0x01"] * 2001}],
    "null": None,
}


@pytest.mark.parametrize("name", ACCESS_LISTS)
async def test_a_sources_access_list_changes_no_result(name: str) -> None:
    folder, test = recorded("eth_call_electra")
    recording = colibri_recording(folder)
    recording.add_call_state(folder)
    asked = {
        "from": "0x" + "00" * 20,
        "to": test["params"][0]["to"].lower(),
        "value": "0x0",
        "data": test["params"][0]["data"],
    }
    answer = None if name == "null" else {"accessList": ACCESS_LISTS[name], "gasUsed": "0x1"}
    number = hex(recording.head.header.number)
    recording.rpc_answer("eth_createAccessList", (asked, number), answer)
    counted = CountedEngine()
    async with served(recording, ThreadedEngine(counted)) as endpoint:
        agree(await endpoint.call(test["method"], *test["params"]), test["expected_result"])
        status = await endpoint.call("walkaway_status")
    assert counted.runs < 4 if name == "right" else counted.runs >= 4
    assert [source["lies"] for source in status["sources"]] == [0, 0]


class CountedEngine(ReferenceEngine):
    """Counts how often it was asked."""

    runs = 0

    def run(
        self,
        call: Call,
        environment: BlockEnvironment,
        state: KnownState,
        overrides: Mapping[bytes, Overrides] | None = None,
        supply: Supply | None = None,
    ) -> Outcome | Missing:
        self.runs += 1
        return super().run(call, environment, state, overrides, supply)


async def test_a_recorded_call_has_no_result_where_a_slot_is_missing() -> None:
    folder, test = recorded("eth_call_electra")
    recording = colibri_recording(folder)
    recording.add_call_state(folder)
    for key in [key for key in recording.execution if "0x9254cb65314d" in str(key)]:
        del recording.execution[key]
    async with served(recording, ThreadedEngine(ReferenceEngine())) as endpoint:
        reply = await endpoint.ask(test["method"], *test["params"])
        assert reply["error"]["code"] == UNPROVEN


@pytest.mark.parametrize(
    "name",
    [
        "eth_blockNumber_electra",
        "eth_getTransactionByHash1",
        "eth_getTransaction_Type_4",
    ],
)
async def test_recorded_blocks_and_transactions(name: str, engine: RunningEngine) -> None:
    folder, test = recorded(name)
    async with served(colibri_recording(folder), engine) as endpoint:
        agree(await endpoint.call(test["method"], *test["params"]), test["expected_result"])


async def test_recorded_block(engine: RunningEngine) -> None:
    folder, test = recorded("eth_getBlockByNumber1")
    recording = colibri_recording(folder)
    expected = test["expected_result"]
    # The recorder gives the root of the beacon chain's SSZ list under this name, which
    # cannot be in a header that hashes to the block hash it gives.
    assert expected.pop("withdrawalsRoot") == "0x" + recording.withdrawals_ssz_root.hex()
    async with served(recording, engine) as endpoint:
        agree(await endpoint.call(test["method"], *test["params"]), expected)


async def test_recorded_receipt(engine: RunningEngine) -> None:
    folder, test = recorded("eth_getTransactionReceipt1")
    recording = colibri_recording(folder)
    receipts = json.loads(next(folder.glob("eth_getBlockReceipts_*.json")).read_text())["result"]
    recording.rpc_answer(
        "eth_getBlockReceipts", ("0x" + recording.head.header.hash.hex(),), receipts
    )
    async with served(recording, engine) as endpoint:
        agree(await endpoint.call(test["method"], *test["params"]), test["expected_result"])


async def test_recorded_logs_with_borrowed_updates(engine: RunningEngine) -> None:
    folder, test = recorded("eth_getLogs1")
    lender, _ = recorded("eth_getBalance1")
    recording = colibri_recording(folder, updates_from=lender)
    receipts = json.loads(next(folder.glob("eth_getBlockReceipts_*.json")).read_text())["result"]
    block_hash = test["expected_result"][0]["blockHash"]
    recording.rpc_answer("eth_getBlockReceipts", (block_hash,), receipts)
    async with served(recording, engine) as endpoint:
        agree(await endpoint.call(test["method"], *test["params"]), test["expected_result"])
        every = await endpoint.call("eth_getLogs", {"blockHash": block_hash})
        agree(every, [log for receipt in receipts for log in receipt["logs"]])
        missing = {"blockHash": block_hash, "address": "0x" + "de" * 20}
        assert await endpoint.call("eth_getLogs", missing) == []
        explained = await endpoint.call("walkaway_explain", "eth_getLogs", test["params"])
        assert explained["state"] == "proven"


async def test_the_block_of_the_logs_recording_with_borrowed_updates(
    engine: RunningEngine,
) -> None:
    folder, test = recorded("eth_getLogs1")
    lender, _ = recorded("eth_getBalance1")
    recording = colibri_recording(folder, updates_from=lender)
    receipts = json.loads(next(folder.glob("eth_getBlockReceipts_*.json")).read_text())["result"]
    block_hash = "0x" + recording.head.header.hash.hex()
    assert block_hash == test["expected_result"][0]["blockHash"]
    recording.rpc_answer("eth_getBlockReceipts", (block_hash,), receipts)
    async with served(recording, engine) as endpoint:
        for expected in receipts:
            transaction_hash = expected["transactionHash"]
            reply = await endpoint.ask("eth_getTransactionReceipt", transaction_hash)
            if expected["type"] == "0x3":
                # What its blobs cost is refused: the parent, which tells whether the
                # chain spec's schedule holds there, is not in the recording.
                assert reply["error"]["data"]["error"] == "Unproven"
            else:
                agree(reply["result"], expected)


async def test_six_periods_of_capella_and_its_finality(engine: RunningEngine) -> None:
    recording = capella_recording(vectors("consensus/mainnet-capella"))
    async with served(recording, engine) as endpoint:
        head = recording.head.header
        assert await endpoint.call("eth_blockNumber") == hex(head.number)
        latest = await endpoint.call("eth_getBlockByNumber", "latest", True)
        assert latest["hash"] == "0x" + head.hash.hex()
        assert len(latest["transactions"]) == len(recording.head.body.transactions)
        finalized = await endpoint.call("eth_getBlockByNumber", "finalized", False)
        assert int(finalized["number"], 16) < head.number
        assert finalized == await endpoint.call("eth_getBlockByNumber", "safe", False)
        explained = await endpoint.call("walkaway_explain", "eth_blockNumber", [])
        assert "checkpoint" in json.dumps(explained)
