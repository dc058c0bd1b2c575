"""A tag is answered on the block that it means, and heads may move meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.rpc.conftest import Ask
from tests.rpc.prepared_chain import PreparedChain
from tests.rpc.tiny_chain import ADDRESS, BALANCE, tiny_chain
from walkaway.chain.block_id import BlockId, Tag
from walkaway.errors import Stale
from walkaway.proofs import Proven
from walkaway.proofs.execution.accounts import Account, prove_account
from walkaway.proofs.execution.blocks import Block
from walkaway.proofs.execution.header import Header
from walkaway.rpc.error_codes import PROOF_FAILED, STALE

A = "0x" + ADDRESS.hex()
LATEST, FINALIZED = ("latest", "pending"), ("safe", "finalized")


def next_block(chain: PreparedChain) -> Block:
    last = chain.blocks[-1]
    number, parent = last.header.number + 1, last.header.hash
    timestamp = last.header.timestamp + 12
    return Block(
        replace(last.header, number=number, parent_hash=parent, timestamp=timestamp), last.body
    )


class MovingChain(PreparedChain):
    """Proves accounts on the block that ``on`` names, and does something meanwhile."""

    on: Callable[[], int]
    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    async def account(self, address: bytes, block: BlockId) -> Proven[Account | None]:
        number = self.on()
        self.meanwhile()
        nodes = self.proofs[address].account_nodes
        return prove_account(self._header(number), address, nodes)

    def grow(self, count: int = 1) -> None:
        """New heads; what is final moves along."""
        for _ in range(count):
            self.blocks = [*self.blocks, next_block(self)]
            self.finalized += 1


@pytest.fixture
def chain() -> MovingChain:
    tiny = tiny_chain()
    moving = MovingChain(**{name: getattr(tiny, name) for name in tiny.__dataclass_fields__})
    moving.grow(2)
    return moving


def head(chain: MovingChain, tag: str) -> int:
    return chain.finalized if tag in FINALIZED else chain.blocks[-1].header.number


async def balance(ask: Ask, tag: str) -> Any:
    reply = await ask("eth_getBalance", A, tag)
    return reply.get("result", reply.get("error", {}).get("code"))


@pytest.mark.parametrize("tag", [*LATEST, *FINALIZED])
@pytest.mark.parametrize("behind", [0, 1, 2, 3])
async def test_an_older_block_is_no_answer(
    ask: Ask, chain: MovingChain, tag: str, behind: int
) -> None:
    chain.on = lambda: head(chain, tag) - behind
    assert await balance(ask, tag) == (PROOF_FAILED if behind else hex(BALANCE))


@pytest.mark.parametrize("tag", [*LATEST, *FINALIZED])
@pytest.mark.parametrize("moves", [1, 2, 3])
async def test_a_head_may_move_during_a_question(
    ask: Ask, chain: MovingChain, tag: str, moves: int
) -> None:
    began = head(chain, tag)
    chain.meanwhile = lambda: chain.grow(moves)
    chain.on = lambda: began
    assert await balance(ask, tag) == hex(BALANCE)


@pytest.mark.parametrize("tag", [*LATEST, *FINALIZED])
@pytest.mark.parametrize("step", [-1, 1, 2, 3])
async def test_the_answer_may_be_on_any_head_since_it_began(
    ask: Ask, chain: MovingChain, tag: str, step: int
) -> None:
    began = head(chain, tag)

    def on() -> int:
        chain.grow(3)
        return began + step

    chain.on = on
    assert await balance(ask, tag) == (hex(BALANCE) if step > 0 else PROOF_FAILED)


async def test_a_final_block_above_the_finalized_head_is_no_answer(
    ask: Ask, chain: MovingChain
) -> None:
    chain.on = lambda: chain.finalized + 1
    assert await balance(ask, "finalized") == PROOF_FAILED


@pytest.mark.parametrize("recovers", [False, True])
async def test_a_head_that_was_stale_names_no_block(
    ask: Ask, chain: MovingChain, monkeypatch: pytest.MonkeyPatch, recovers: bool
) -> None:
    fresh: list[Proven[Header]] = []

    def heads(tag: Tag) -> Proven[Header]:
        if not fresh:
            raise Stale("old", age=200, limit=180)
        return fresh[0]

    def recover() -> None:
        if recovers:
            fresh.append(chain._header(3))

    monkeypatch.setattr(chain, "head", heads)
    chain.meanwhile = recover
    chain.on = lambda: 2
    assert await balance(ask, "latest") == (PROOF_FAILED if recovers else STALE)
    fresh.clear()
    chain.on = lambda: 3
    assert await balance(ask, "latest") == (hex(BALANCE) if recovers else STALE)
