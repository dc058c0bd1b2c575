"""Old blocks over several jumps, on a real devnet with a smaller window; depth that is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chain.devnet_chain import EXECUTION, Behaviour, SourcePlan, devnet_of, following
from walkaway.chain.block_id import Tag
from walkaway.chain.blocks import Blocks
from walkaway.chain.chain import Chain, ChainSettings
from walkaway.chain.header_index import HeaderIndex
from walkaway.chain.headers import Headers
from walkaway.chain.recall import Recall
from walkaway.chain.state import State
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings
from walkaway.errors import ConfigError, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs import Evidence, Finality, Proven
from walkaway.proofs.execution.header import Header

WINDOW = 20
LONG = DevnetSettings(warm_slots=120, transactions_per_block=0)


def headers_of(chain: Chain, index: HeaderIndex | None = None, window: int = WINDOW) -> Headers:
    """A chain's headers, as if the history contract reached ``window`` blocks back."""
    recall = Recall()
    state = State(chain.pool, lambda _: None, recall)
    index = index or HeaderIndex(None, chain.spec.chain_id)
    return Headers(chain.pool, state, chain.head, index=index, recall=recall, window=window)


def kept_in(path: Path, chain: Chain) -> HeaderIndex:
    index = HeaderIndex(path, chain.spec.chain_id)
    index.load()
    return index


@asynccontextmanager
async def long_chain() -> AsyncIterator[tuple[Devnet, Chain]]:
    async with devnet_of(settings=LONG) as devnet, following(devnet) as chain:
        yield devnet, chain


def truth(devnet: Devnet, number: int) -> bytes:
    block = devnet.execution.block_at(number)
    assert block is not None
    return block.hash


async def resolved(headers: Headers, number: int) -> Proven[Header]:
    header = await headers.resolve(number)
    assert isinstance(header, Proven)
    return header


def rules(step: Evidence) -> list[str]:
    """The rules down to the anchor, along the first step below each."""
    return [step.rule, *(rules(step.because[0]) if step.because else [])]


async def test_a_deep_block_is_reached_by_one_jump_after_another() -> None:
    async with long_chain() as (devnet, chain):
        number = chain.head(Tag.FINALIZED).value.number - 4 * WINDOW - 10
        header = await resolved(headers_of(chain), number)
        assert header.value.hash == truth(devnet, number)
        assert header.claim.finality is Finality.FINALIZED
        jumps = [rule for rule in rules(header.because) if "history contract holds" in rule]
        assert len(jumps) == 5
        assert [anchor.rule for anchor in header.because.anchors()] == ["checkpoint"]


async def test_what_stands_at_depth_is_read_there_whoever_lies() -> None:
    liars = [
        SourcePlan("dogwood", EXECUTION, Behaviour.FORGED_STATE),
        SourcePlan("elder", EXECUTION, Behaviour.LYING_BALANCE),
    ]
    settings = replace(LONG, transactions_per_block=1)
    async with devnet_of(SourcePlan("alder"), *liars, settings=settings) as devnet:
        async with following(devnet) as chain:
            headers = headers_of(chain)
            for number in (40, 9, 71, 26):
                header = await resolved(headers, number)
                made = devnet.execution.block_at(number)
                assert made is not None
                assert header.value.hash == made.hash
                block = await Blocks(chain.pool, Recall()).block(header)
                receipts = await Blocks(chain.pool, Recall()).receipts(header)
                assert block.value.body.transactions == made.transactions
                assert receipts.value == tuple(made.receipts)
                world = devnet.execution.world(made)
                assert world is not None
                address = dev_account(6).address
                state = State(chain.pool, lambda _: None, Recall())
                account = await state.account(address, header)
                assert account.value is not None
                assert account.value.balance == world.account(address).balance


async def test_the_way_that_was_gone_is_not_gone_again() -> None:
    async with long_chain() as (devnet, chain):
        headers = headers_of(chain)
        await resolved(headers, 3)
        asked = devnet.requests("alder")
        second = await resolved(headers, 2)
        assert second.value.hash == truth(devnet, 2)
        assert devnet.requests("alder") - asked <= 3
        assert [anchor.rule for anchor in second.because.anchors()] == ["checkpoint"]


async def test_of_what_was_proven_only_the_last_used_is_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("walkaway.chain.history.LIMITS", replace(LIMITS, history_headers=2))
    async with long_chain() as (devnet, chain):
        headers = headers_of(chain)
        await resolved(headers, 3)
        held = await resolved(headers, 2)
        assert [anchor.rule for anchor in held.because.anchors()] == ["checkpoint"]
        number = chain.head(Tag.FINALIZED).value.number - 2 * WINDOW + 1
        let_go = await resolved(headers, number)
        assert let_go.value.hash == truth(devnet, number)
        (anchor,) = let_go.because.anchors()
        assert anchor.rule.startswith("kept: proven final")


async def test_of_the_blocks_below_a_head_the_last_asked_for_are_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = replace(LIMITS, cached_headers=16, lineages=4)
    monkeypatch.setattr("walkaway.chain.headers.LIMITS", few)
    async with long_chain() as (devnet, chain):
        head = chain.head(Tag.FINALIZED).value.number
        headers = headers_of(chain, window=100)
        for distance in range(30, 36):
            await resolved(headers, head - distance)
        asked = devnet.requests("alder")
        await resolved(headers, head - 32)
        assert devnet.requests("alder") == asked
        await resolved(headers, head - 30)
        assert devnet.requests("alder") == asked + 1


async def test_depth_is_kept_and_said_to_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with long_chain() as (devnet, chain):
        index = kept_in(tmp_path / "headers", chain)
        await resolved(headers_of(chain, index), 3)
        index.close()
        index = kept_in(tmp_path / "headers", chain)
        headers = headers_of(chain, index)
        monkeypatch.setattr("walkaway.devnet.execution.rpc.ExecutionRpc._world", _pruned)
        header = await resolved(headers, 3)
        assert header.value.hash == truth(devnet, 3)
        assert header.claim.finality is Finality.FINALIZED
        (anchor,) = header.because.anchors()
        assert anchor.rule.startswith("kept: proven final")
        below = await resolved(headers, 1)
        assert below.value.hash == truth(devnet, 1)
        index.close()


def _pruned(*_: object) -> None:
    raise Unproven("missing trie node", reasons={})


async def test_without_old_state_it_says_how_deep_it_came_and_who_could_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with long_chain() as (_, chain):
        head = chain.head(Tag.FINALIZED).value.number
        monkeypatch.setattr("walkaway.devnet.execution.rpc.ExecutionRpc._world", _pruned)
        with pytest.raises(Unproven, match=f"further down than block {head}") as refused:
            await resolved(headers_of(chain), 3)
        assert "missing trie node" in refused.value.reasons["alder"]
        assert "archive" in refused.value.advice


async def test_a_question_goes_so_many_jumps_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("walkaway.chain.history.LIMITS", replace(LIMITS, history_jumps=2))
    async with long_chain() as (devnet, chain):
        headers = headers_of(chain)
        for _ in range(2):
            with pytest.raises(Unproven, match="2 jumps") as refused:
                await resolved(headers, 3)
            assert "ask again" in refused.value.advice
        header = await resolved(headers, 3)
        assert header.value.hash == truth(devnet, 3)


async def test_what_was_kept_of_another_history_is_refused() -> None:
    async with long_chain() as (_, chain):
        head = chain.head(Tag.FINALIZED).value.number
        for number in (head - 10, head - WINDOW):
            index = HeaderIndex(None, chain.spec.chain_id)
            index.note(number, b"\x66" * 32)
            with pytest.raises(ConfigError, match="two histories"):
                await resolved(headers_of(chain, index), number - 1 - WINDOW)


async def test_a_kept_block_that_nobody_has_is_passed_over() -> None:
    async with long_chain() as (devnet, chain):
        index = HeaderIndex(None, chain.spec.chain_id)
        index.note(30, b"\x66" * 32)
        header = await resolved(headers_of(chain, index), 29)
        assert header.value.hash == truth(devnet, 29)
        with pytest.raises(ConfigError, match="two histories"):
            await resolved(headers_of(chain, index), 30)


async def test_what_is_not_final_is_not_kept() -> None:
    async with long_chain() as (_, chain):
        index = HeaderIndex(None, chain.spec.chain_id)
        latest, final = (chain.head(tag).value.number for tag in (Tag.LATEST, Tag.FINALIZED))
        headers = headers_of(chain, index)
        await headers.ancestor(chain.head(Tag.LATEST), final - 1)
        assert index.nearest(0) is None
        await headers.ancestor(chain.head(Tag.FINALIZED), final - 15)
        assert index.nearest(0) is not None
        assert latest > final


async def test_before_prague_kept_blocks_are_steps_on_the_way_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("walkaway.chain.headers.LIMITS", replace(LIMITS, parent_walk_blocks=30))
    settings = replace(LONG, electra_epoch=None, fulu_epoch=None, warm_slots=90)
    async with devnet_of(settings=settings) as devnet, following(devnet) as chain:
        final = chain.head(Tag.FINALIZED).value.number
        index = HeaderIndex(None, chain.spec.chain_id)
        with pytest.raises(Unproven):
            await resolved(headers_of(chain, index, window=8191), final - 40)
        await resolved(headers_of(chain, index, window=8191), final - 28)
        header = await resolved(headers_of(chain, index, window=8191), final - 40)
        assert header.value.hash == truth(devnet, final - 40)


async def test_the_next_run_of_a_chain_takes_up_its_depth(tmp_path: Path) -> None:
    async with devnet_of(settings=LONG) as devnet:
        settings = ChainSettings(checkpoint=devnet.checkpoint.root, state_directory=tmp_path)
        async with following(devnet, settings) as chain:
            await chain.header(3)
        assert (tmp_path / "devnet.headers").stat().st_size == 48
        async with following(devnet, settings) as chain:
            header = await chain.header(3)
            assert isinstance(header, Proven)
            assert header.value.hash == truth(devnet, 3)
