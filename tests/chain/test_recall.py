"""A chain with a cache: asked once, proven again each run, and never deceived by its own disk."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.chain.devnet_chain import devnet_of, following
from walkaway.chain.cache import DiskCache
from walkaway.chain.chain import Chain, ChainSettings
from walkaway.chain.recall import Recall
from walkaway.devnet.execution.genesis import COUNTER, contract
from walkaway.devnet.network import Devnet
from walkaway.proofs import Proven
from walkaway.proofs.execution.blocks import Block
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import keccak256

NUMBER = 12


def settings_of(devnet: Devnet, directory: Path, cache_bytes: int = 10**7) -> ChainSettings:
    return ChainSettings(
        checkpoint=devnet.checkpoint.root, state_directory=directory, cache_bytes=cache_bytes
    )


async def asks(devnet: Devnet, chain: Chain) -> int:
    """How many requests an old block, its receipts and some code cost; the answers are right."""
    header = await chain.header(NUMBER)
    assert isinstance(header, Proven)
    await chain.account(COUNTER, NUMBER)
    before = devnet.requests("alder")
    truth = devnet.execution.block_at(NUMBER)
    assert truth is not None
    block = await chain.block(NUMBER)
    receipts = await chain.receipts(NUMBER)
    assert isinstance(block, Proven)
    assert isinstance(receipts, Proven)
    assert block.value.body.transactions == truth.transactions
    assert tuple(receipt.receipt for receipt in receipts.value) == tuple(truth.receipts)
    assert (await chain.code(COUNTER, NUMBER)).value == contract("Counter").code
    return devnet.requests("alder") - before


async def test_what_one_run_fetched_the_next_one_has(tmp_path: Path) -> None:
    async with devnet_of() as devnet:
        for expected in (3, 0):
            async with following(devnet, settings_of(devnet, tmp_path)) as chain:
                assert await asks(devnet, chain) == expected
        async with following(devnet, settings_of(devnet, tmp_path, 0)) as chain:
            assert await asks(devnet, chain) == 3


async def test_code_that_is_asked_for_in_batches_is_kept_too(tmp_path: Path) -> None:
    async with devnet_of() as devnet:
        for expected in (1, 0):
            async with following(devnet, settings_of(devnet, tmp_path)) as chain:
                header = await chain.header(NUMBER)
                assert isinstance(header, Proven)
                account = await chain.account(COUNTER, NUMBER)
                before = devnet.requests("alder")
                (code,) = await chain._state.codes([account], header)
                assert code.value == contract("Counter").code
                assert devnet.requests("alder") - before == expected


@pytest.mark.parametrize("alter", ["flip", "swap"])
async def test_a_tampered_entry_is_asked_for_again_and_never_served(
    tmp_path: Path, alter: str
) -> None:
    async with devnet_of() as devnet:
        async with following(devnet, settings_of(devnet, tmp_path)) as chain:
            await asks(devnet, chain)
            await chain.block(NUMBER - 1)
            await chain.receipts(NUMBER - 1)
        with sqlite3.connect(tmp_path / "devnet.cache") as file:
            rows = file.execute("SELECT rowid, kind, content FROM entry").fetchall()
            for row, kind, content in rows:
                other = [c for r, k, c in rows if k == kind and r != row]
                damaged = bytes([*content[:-1], content[-1] ^ 1])
                changed = other[0] if alter == "swap" and other else damaged
                file.execute("UPDATE entry SET content = ? WHERE rowid = ?", (changed, row))
        file.close()
        for expected in (3, 0):
            async with following(devnet, settings_of(devnet, tmp_path)) as chain:
                assert await asks(devnet, chain) == expected


async def test_each_flipped_byte_of_an_entry_is_noticed(tmp_path: Path) -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        header = await chain.header(NUMBER)
        block, receipts = await chain.block(NUMBER), await chain.receipts(NUMBER)
        assert isinstance(header, Proven)
        assert isinstance(block, Proven)
        assert isinstance(receipts, Proven)
        cache = DiskCache(tmp_path / "net.cache", 10**7)
        recall = Recall(cache)
        name, code = header.value.hash, contract("Counter").code
        asked = 0

        async def honest_header() -> Header:
            nonlocal asked
            asked += 1
            return header.value

        async def honest_code() -> bytes:
            nonlocal asked
            asked += 1
            return code

        for at in range(len(header.value.rlp())):
            damaged = bytearray(header.value.rlp())
            damaged[at] ^= 1 << at % 8
            await cache.put("header", name, bytes(damaged))
            assert await recall.header(name, honest_header) == header.value
            assert asked == at + 1
        asked = 0
        for at in range(len(code)):
            damaged = bytearray(code)
            damaged[at] ^= 1 << at % 8
            await cache.put("code", keccak256(code), bytes(damaged))
            assert await recall.code(keccak256(code), honest_code) == code
            assert asked == at + 1
        await recall.close()


async def test_each_flipped_byte_of_a_block_is_noticed_or_not_looked_at(tmp_path: Path) -> None:
    """A kept block's own header is never looked at: the proven one stands in its place."""
    async with devnet_of() as devnet, following(devnet) as chain:
        header, block = await chain.header(NUMBER), await chain.block(NUMBER)
        assert isinstance(header, Proven)
        assert isinstance(block, Proven)
        whole, bound = block.value.encode(), len(block.value.header.rlp())
        cache = DiskCache(tmp_path / "net.cache", 10**7)
        recall = Recall(cache)
        asked = 0

        async def honest() -> Proven[Block]:
            nonlocal asked
            asked += 1
            return block

        for at in range(len(whole)):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << at % 8
            await cache.put("block", header.value.hash, bytes(damaged), final=True)
            before = asked
            found = await recall.block(header, honest)
            assert found.value == block.value
            assert asked == before + 1 or at < bound + 3
        await recall.close()
