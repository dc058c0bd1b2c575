"""Blocks of before the Merge: ommers come one by one, and are proven together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from tests.proofs.execution.samples import header, header_json, proven
from tests.sources.stand import EXECUTION, HandClock
from walkaway.chain.blocks import Blocks
from walkaway.chain.recall import Recall
from walkaway.errors import Unproven
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.trie import EMPTY_ROOT
from walkaway.sources.pool import Pool
from walkaway.sources.request import Request, RpcRequest
from walkaway.sources.source import Source
from walkaway.sources.transports.simulated import answering

OMMERS = tuple(header(1, number=number) for number in (7, 8))


def block_with(ommers: tuple[Header, ...]) -> Header:
    """The header of a block of London that holds nothing but ommers."""
    ommers_hash = keccak256(rlp.encode_list(b"".join(ommer.rlp() for ommer in ommers)))
    return header(1, transactions_root=EMPTY_ROOT, ommers_hash=ommers_hash)


def giving(block: Header, ommers: tuple[Header, ...]) -> Callable[[Request], object]:
    """A source's answers, with these for the block's ommers."""

    def say(request: Request) -> object:
        assert isinstance(request, RpcRequest)
        if request.method == "eth_getBlockByHash":
            return {**header_json(block), "transactions": []}
        assert request.method == "eth_getUncleByBlockHashAndIndex"
        assert request.params[0] == "0x" + block.hash.hex()
        index = int(str(request.params[1]), 16)
        return header_json(ommers[index]) if index < len(ommers) else None

    return say


def pool_of(says: Mapping[str, Callable[[Request], object]]) -> Pool:
    sources = [Source(name, name, EXECUTION, answering(name, say)) for name, say in says.items()]
    return Pool(sources, clock=HandClock(), seed=7)


@pytest.mark.parametrize("ommers", [OMMERS[:1], OMMERS])
async def test_a_block_is_proven_with_its_ommers(ommers: tuple[Header, ...]) -> None:
    block = block_with(ommers)
    async with pool_of({"north": giving(block, ommers)}) as pool:
        found = await Blocks(pool, Recall(None)).block(proven(block))
        assert found.value.body.ommers == ommers
        assert not any(source.lies for source in pool.status())


@pytest.mark.parametrize("count", [1, 2])
async def test_who_gives_other_ommers_spoils_no_honest_answer(count: int) -> None:
    ommers = OMMERS[:count]
    block = block_with(ommers)
    false = tuple(replace(ommer, number=ommer.number + 1) for ommer in ommers)
    says = {name: giving(block, false) for name in ("liar", "another")}
    async with pool_of(says | {"north": giving(block, ommers)}) as pool:
        found = await Blocks(pool, Recall(None)).block(proven(block))
    assert found.value.body.ommers == ommers


async def test_without_the_true_ommers_there_is_no_block() -> None:
    block = block_with(OMMERS)
    async with pool_of({"liar": giving(block, OMMERS[::-1])}) as pool:
        with pytest.raises(Unproven, match="no source's ommers are those of block"):
            await Blocks(pool, Recall(None)).block(proven(block))
