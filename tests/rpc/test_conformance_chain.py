"""The conformance suite's chain, asked from its first block to its last: what is answered is
what running it gave.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from ethereum_types.numeric import U64

from tests.conformance.executed_chain import executed_chain, fork_of
from tests.conformance.node import BLOCKS_PER_FORK, SPEC, conformance_network
from tests.vectors import vectors
from walkaway.evm.eels import eels_module
from walkaway.limits import LIMITS
from walkaway.proofs.execution.header import Header
from walkaway.rpc.dispatch import Dispatcher
from walkaway.rpc.encode import data

Ask = Callable[..., Awaitable[Any]]


@asynccontextmanager
async def asking() -> AsyncIterator[Ask]:
    """A way to put one question to a node on the suite's chain; the result."""
    async with conformance_network(vectors("rpc-conformance")).following() as chain:
        dispatcher = Dispatcher(chain)

        async def ask(method: str, *params: Any) -> Any:
            request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            reply = await dispatcher.reply(json.dumps(request).encode())
            assert reply is not None
            return json.loads(reply)["result"]

        yield ask


def test_the_network_is_scheduled_as_its_genesis_says() -> None:
    config = json.loads((vectors("rpc-conformance") / "genesis.json").read_bytes())["config"]
    assert config["chainId"] == SPEC.chain_id
    scheduled = {
        name: (blobs["target"], blobs["max"], blobs["baseFeeUpdateFraction"], config[f"{name}Time"])
        for name, blobs in config["blobSchedule"].items()
    }
    assert scheduled == {
        fork_of(entry.timestamp // SPEC.seconds_per_slot): (
            entry.target,
            entry.max,
            entry.update_fraction,
            entry.timestamp,
        )
        for entry in SPEC.blob_base_fees
    }
    for fork, name in (("capella", "shanghaiTime"), ("deneb", "cancunTime"), ("fulu", "osakaTime")):
        (epoch,) = (item.epoch for item in SPEC.forks if item.name.label.lower() == fork)
        assert SPEC.time_of_slot(epoch * SPEC.preset.slots_per_epoch) == config[name]


async def test_blocks_show_their_transactions_as_they_are_shown_alone() -> None:
    async with asking() as ask:
        for number in range(55):
            block = await ask("eth_getBlockByNumber", hex(number), True)
            for index, shown in enumerate(block["transactions"]):
                assert await ask("eth_getTransactionByHash", shown["hash"]) == shown
                at = await ask("eth_getTransactionByBlockHashAndIndex", block["hash"], hex(index))
                assert at == shown
            hashes = [shown["hash"] for shown in block["transactions"]]
            short = await ask("eth_getBlockByHash", block["hash"])
            assert short == block | {"transactions": hashes}


async def test_ommers_are_those_that_their_blocks_name() -> None:
    named = 0
    async with asking() as ask:
        for number in range(55):
            block = await ask("eth_getBlockByNumber", hex(number))
            count = hex(len(block["uncles"]))
            assert await ask("eth_getUncleCountByBlockNumber", hex(number)) == count
            assert await ask("eth_getUncleCountByBlockHash", block["hash"]) == count
            for index, ommer_hash in enumerate(block["uncles"]):
                shown = await ask("eth_getUncleByBlockHashAndIndex", block["hash"], hex(index))
                assert shown["hash"] == ommer_hash
                assert "transactions" not in shown
                by_number = await ask("eth_getUncleByBlockNumberAndIndex", hex(number), hex(index))
                assert by_number == shown
                named += 1
            assert await ask("eth_getUncleByBlockHashAndIndex", block["hash"], count) is None
    assert named > 10


async def test_state_at_the_end_of_each_fork_is_what_the_specification_computed() -> None:
    executed = executed_chain(vectors("rpc-conformance"))
    touched = sorted({address for item in executed for address in item.world.storage})
    async with asking() as ask:
        for item in executed[2::BLOCKS_PER_FORK]:
            at = hex(item.block.number)
            for address in touched:
                account, name = item.world.account(address), data(address)
                assert await ask("eth_getBalance", name, at) == hex(account.balance)
                assert await ask("eth_getTransactionCount", name, at) == hex(account.nonce)
                assert await ask("eth_getCode", name, at) == data(account.code)
                slots = list(item.world.storage.get(address, {}).items())[: LIMITS.proof_slots]
                if slots:
                    keys = [data(key) for key, _ in slots]
                    values = await ask("eth_getStorageValues", {name: keys}, at)
                    assert values == {name: [data(value.to_be_bytes32()) for _, value in slots]}


async def test_no_log_of_the_whole_chain_is_left_out() -> None:
    executed = executed_chain(vectors("rpc-conformance"))
    expected = [
        (hex(item.block.number), data(log.address), data(log.data))
        for item in executed
        for receipt in item.block.receipts
        for log in receipt.logs
    ]
    async with asking() as ask:
        logs = await ask("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})
    got = [(log["blockNumber"], log["address"], log["data"]) for log in logs]
    assert got == expected
    assert len(got) > 100


async def test_the_fee_history_of_every_fork_is_that_of_its_headers() -> None:
    headers = [item.block.header for item in executed_chain(vectors("rpc-conformance"))]
    async with asking() as ask:
        history = await ask("eth_feeHistory", hex(len(headers)), "latest", [])
    assert history["oldestBlock"] == "0x0"
    fees = [hex(header.base_fee_per_gas or 0) for header in headers]
    assert history["baseFeePerGas"][:-1] == fees
    assert history["gasUsedRatio"] == [header.gas_used / header.gas_limit for header in headers]
    prices = [_blob_price(header) for header in headers]
    assert history["baseFeePerBlobGas"][:-1] == prices


def _blob_price(header: Header) -> str:
    """As the specification of the header's own fork has it."""
    if header.excess_blob_gas is None:
        return "0x0"
    gas = eels_module(fork_of(header.number), "vm.gas")
    return hex(gas.calculate_blob_gas_price(U64(header.excess_blob_gas)))
