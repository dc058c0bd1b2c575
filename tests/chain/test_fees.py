"""Fees on a real devnet, held against its own blocks, and against liars."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.chain.devnet_chain import EXECUTION, Behaviour, SourcePlan, devnet_of, following
from walkaway.chain.block_id import Tag
from walkaway.devnet.network import Devnet
from walkaway.errors import Unproven

HONEST = SourcePlan("alder")


def tips_of(devnet: Devnet, number: int) -> list[tuple[int, int]]:
    """Tip and gas of each transaction of a block, ascending, from the devnet's own blocks."""
    block = devnet.execution.block_at(number)
    assert block is not None
    base_fee = block.header.base_fee_per_gas or 0
    gas = [0, *[receipt.cumulative_gas_used for receipt in block.receipts]]
    prices = [t.effective_gas_price(base_fee) - base_fee for t in block.transactions]
    used = [after - before for before, after in pairwise(gas)]
    return sorted(zip(prices, used, strict=True))


async def test_the_price_is_that_of_the_devnets_own_blocks() -> None:
    liar = SourcePlan("dogwood", EXECUTION, Behaviour.FORGED_RECEIPT)
    async with devnet_of(HONEST, liar) as devnet, following(devnet) as chain:
        head = chain.head(Tag.LATEST)
        paid = sorted(
            tip
            for number in range(head.value.number - 19, head.value.number + 1)
            for tip, _ in tips_of(devnet, number)[:3]
        )
        tip = await chain.fees.suggested_tip(head)
        assert tip.value == paid[(len(paid) - 1) * 60 // 100]
        assert tip.claim.block_hash == head.value.hash
        price = await chain.fees.gas_price(head)
        assert price.value == tip.value + (head.value.base_fee_per_gas or 0)
        assert (await chain.fees.blob_base_fee(head)).value >= 1


async def test_a_history_is_that_of_the_devnets_own_blocks() -> None:
    liar = SourcePlan("dogwood", EXECUTION, Behaviour.OMITTED_RECEIPT)
    async with devnet_of(HONEST, liar) as devnet, following(devnet) as chain:
        head = chain.head(Tag.LATEST)
        history = (await chain.fees.history(head, 10, (0, 100))).value
        numbers = range(head.value.number - 9, head.value.number + 1)
        assert history.oldest == numbers[0]
        for number, base_fee, rewards in zip(
            numbers, history.base_fees, history.rewards or (), strict=False
        ):
            truth = devnet.execution.block_at(number)
            assert truth is not None
            assert base_fee == truth.header.base_fee_per_gas
            tips = tips_of(devnet, number)
            assert rewards == (tips[0][0], tips[-1][0])
        devnet.advance()
        following_block = devnet.execution.block_at(head.value.number + 1)
        assert following_block is not None
        assert history.base_fees[-1] == following_block.header.base_fee_per_gas


async def test_what_a_block_says_is_asked_for_once() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        await chain.fees.gas_price(chain.head(Tag.LATEST))
        asked = devnet.requests("alder")
        await chain.fees.gas_price(chain.head(Tag.LATEST))
        assert devnet.requests("alder") == asked
        devnet.advance()
        await chain.advance()
        asked = devnet.requests("alder")
        await chain.fees.gas_price(chain.head(Tag.LATEST))
        assert devnet.requests("alder") == asked + 1


async def test_headers_of_a_long_history_come_in_batches() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        asked = devnet.requests("alder")
        head = chain.head(Tag.LATEST)
        history = await chain.fees.history(head, 1024, ())
        assert history.value.oldest == 0
        assert len(history.value.gas_used_ratios) == head.value.number + 1
        assert devnet.requests("alder") <= asked + 3


async def test_without_blocks_there_is_no_price() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        await devnet.remove_source("alder")
        with pytest.raises(Unproven):
            await chain.fees.gas_price(chain.head(Tag.LATEST))
