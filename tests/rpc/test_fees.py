"""Fees and ommers over the tiny chain: forms, bounds, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.rpc.conftest import Ask
from tests.rpc.prepared_chain import PreparedChain
from walkaway.rpc.error_codes import INVALID_PARAMS, UNSUPPORTED

GWEI = 10**9


async def test_prices_of_the_moment(ask: Ask, chain: PreparedChain) -> None:
    assert (await ask("eth_maxPriorityFeePerGas"))["result"] == hex(GWEI)
    assert (await ask("eth_gasPrice"))["result"] == hex(2 * GWEI)
    assert (await ask("eth_baseFee"))["result"] == hex(GWEI * 7 // 8)
    assert (await ask("eth_blobBaseFee"))["result"] == "0x1"
    chain.spec = replace(chain.spec, blob_base_fees=())
    refused = (await ask("eth_blobBaseFee"))["error"]
    assert refused["code"] == UNSUPPORTED
    assert "out of date" in refused["data"]["advice"]


async def test_a_fee_history_with_rewards(ask: Ask) -> None:
    result = (await ask("eth_feeHistory", "0x2", "latest", [0, 50, 99.5]))["result"]
    assert result["oldestBlock"] == "0x1"
    assert len(result["baseFeePerGas"]) == len(result["baseFeePerBlobGas"]) == 3
    assert result["gasUsedRatio"] == [6 * 21_000 / 30_000_000, 0]
    assert result["blobGasUsedRatio"] == [1 / 6, 0]
    assert [int(tip, 16) for tip in result["reward"][0]] == [GWEI, GWEI, 4 * GWEI]
    assert result["reward"][1] == ["0x0"] * 3


@pytest.mark.parametrize("count", [2, "0x2"])
async def test_a_count_is_a_quantity_or_a_number(ask: Ask, count: object) -> None:
    result = (await ask("eth_feeHistory", count, "0x1"))["result"]
    assert result["oldestBlock"] == "0x0"
    assert "reward" not in result


async def test_a_fee_history_ends_at_block_zero(ask: Ask) -> None:
    result = (await ask("eth_feeHistory", "0x400", "finalized", []))["result"]
    assert result["oldestBlock"] == "0x0"
    assert len(result["gasUsedRatio"]) == 2
    assert "baseFeePerBlobGas" not in result  # block 0 has no parent to check it by


async def test_what_the_schedule_does_not_explain_is_left_out(
    ask: Ask, chain: PreparedChain
) -> None:
    chain.spec = replace(chain.spec, blob_base_fees=())
    result = (await ask("eth_feeHistory", "0x1", "latest"))["result"]
    assert set(result) == {"oldestBlock", "baseFeePerGas", "gasUsedRatio"}


@pytest.mark.parametrize(
    "params",
    [
        [],
        ["0x1"],
        ["0x0", "latest"],
        [-1, "latest"],
        [2**64, "latest"],
        [True, "latest"],
        ["0x1", "0x99"],
        ["0x1", "latest", [101]],
        ["0x1", "latest", [-1]],
        ["0x1", "latest", [1e300]],
        ["0x1", "latest", [50, 20]],
        ["0x1", "latest", ["50"]],
        ["0x1", "latest", [True]],
        ["0x1", "latest", [50] * 101],
        ["0x1", "latest", 50],
        ["0x1", {"blockNumber": "0x1"}, []],
    ],
)
async def test_a_malformed_question_about_fees(ask: Ask, params: list[object]) -> None:
    assert (await ask("eth_feeHistory", *params))["error"]["code"] == INVALID_PARAMS


async def test_explain_shows_the_blocks_that_a_price_stands_on(ask: Ask) -> None:
    explained = (await ask("walkaway_explain", "eth_gasPrice", []))["result"]
    assert explained["state"] == "proven"
    (price,) = explained["proven"]
    tip = price["because"]["because"][1]
    assert tip["rule"] == "a percentile of the lowest tips of recent blocks"
    assert len(tip["because"]) == 3


async def test_there_are_no_ommers_and_no_miners(ask: Ask, chain: PreparedChain) -> None:
    block_hash = "0x" + chain.blocks[1].header.hash.hex()
    assert (await ask("eth_getUncleCountByBlockNumber", "0x1"))["result"] == "0x0"
    assert (await ask("eth_getUncleCountByBlockHash", block_hash))["result"] == "0x0"
    for method, block in (
        ("eth_getUncleByBlockNumberAndIndex", "latest"),
        ("eth_getUncleByBlockHashAndIndex", block_hash),
    ):
        assert (await ask(method, block, "0x0"))["result"] is None
        explained = (await ask("walkaway_explain", method, [block, "0x0"]))["result"]
        assert explained["state"] == "proven"
    unknown = "0x" + 32 * "77"
    assert (await ask("eth_getUncleCountByBlockHash", unknown))["result"] is None
    assert (await ask("eth_mining"))["result"] is False
    assert (await ask("eth_hashrate"))["result"] == "0x0"
