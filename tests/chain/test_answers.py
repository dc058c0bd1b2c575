"""Every kind of answer on a real devnet: held against its own state, and against liars."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chain.devnet_chain import (
    BEACON,
    EXECUTION,
    Behaviour,
    SourcePlan,
    devnet_of,
    following,
)
from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain
from walkaway.chain.unknown import BeyondHead
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.execution.genesis import COUNTER, contract
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings
from walkaway.errors import InvalidRequest, Rejected, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs import Finality, Proven
from walkaway.proofs.execution.transactions import SignedTransaction
from walkaway.sources.word import Word

HONEST = SourcePlan("alder")
NOBODY = bytes.fromhex("dead" + "00" * 18)


def lying(name: str, behaviour: Behaviour) -> SourcePlan:
    return SourcePlan(name, EXECUTION, behaviour)


def transfer(devnet: Devnet, nonce: int, **changes: int | bytes) -> bytes:
    fields: dict[str, int | bytes] = {
        "chainId": devnet.spec.chain_id,
        "nonce": nonce,
        "to": NOBODY,
        "value": 5,
        "gas": 21_000,
        "maxFeePerGas": 10**11,
        "maxPriorityFeePerGas": 10**9,
    }
    return dev_account(1).sign(fields | changes)


async def own_nonce(chain: Chain) -> int:
    return await chain.pending_nonce(dev_account(1).address)


async def test_state_is_that_of_the_block_asked_for() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        head = chain.head(Tag.LATEST)
        block = devnet.execution.block(head.value.hash)
        assert block is not None
        world = devnet.execution.world(block)
        assert world is not None
        for index in range(3):
            address = dev_account(index).address
            account = await chain.account(address, Tag.LATEST)
            assert account.claim.block_hash == head.value.hash
            assert account.value is not None
            assert account.value.balance == world.account(address).balance
            assert account.value.nonce == world.account(address).nonce
        nobody = await chain.account(NOBODY, Tag.LATEST)
        assert nobody.value is None
        assert (await chain.code(NOBODY, Tag.LATEST)).value == b""
        assert (await chain.code(COUNTER, Tag.LATEST)).value == contract("Counter").code
        keys = [slot.to_bytes(32, "big") for slot in (0, 1, 2**200)]
        _, slots = await chain.slots(COUNTER, keys, Tag.LATEST)
        assert [slot.value for slot in slots] == [world.slot(COUNTER, key) for key in keys]
        older = await chain.account(dev_account(0).address, head.value.number - 3)
        assert older.claim.block_hash != head.value.hash


async def test_a_block_its_transactions_and_its_receipts() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        number = chain.head(Tag.LATEST).value.number
        truth = devnet.execution.block_at(number)
        assert truth is not None
        for block_id in (number, truth.hash, Tag.LATEST):
            block = await chain.block(block_id)
            assert isinstance(block, Proven)
            assert block.value.body.transactions == truth.transactions
        receipts = await chain.receipts(truth.hash)
        assert isinstance(receipts, Proven)
        assert len(receipts.value) == len(truth.transactions) > 0
        for transaction, receipt in zip(truth.transactions, receipts.value, strict=True):
            found = await chain.transaction(transaction.hash)
            assert isinstance(found, Proven)
            assert found.value is not None
            assert found.value.transaction == transaction
            alone = await chain.receipt(transaction.hash)
            assert isinstance(alone, Proven)
            assert alone.value == receipt


async def test_a_final_number_is_claimed_as_final() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        finalized = chain.head(Tag.FINALIZED).value.number
        old = await chain.header(finalized - 1)
        young = await chain.header(finalized + 1)
        assert isinstance(old, Proven)
        assert isinstance(young, Proven)
        assert old.claim.finality is Finality.FINALIZED
        assert young.claim.finality is Finality.OPTIMISTIC


async def test_far_blocks_are_reached_through_the_history_contract() -> None:
    async with devnet_of(settings=DevnetSettings(warm_slots=120)) as devnet:
        async with following(devnet) as chain:
            header = await chain.header(3)
            assert isinstance(header, Proven)
            truth = devnet.execution.block_at(3)
            assert truth is not None
            assert header.value.hash == truth.hash
            assert "the history contract holds" in header.because.rule


async def test_before_prague_far_blocks_are_reached_by_their_parents() -> None:
    settings = DevnetSettings(electra_epoch=None, fulu_epoch=None, warm_slots=90)
    async with devnet_of(settings=settings) as devnet, following(devnet) as chain:
        header = await chain.header(Tag.EARLIEST)
        assert isinstance(header, Proven)
        truth = devnet.execution.block_at(0)
        assert truth is not None
        assert header.value.hash == truth.hash
        assert header.because.rule == "parent hashes lead back to this header"
        asked = devnet.requests("alder")
        assert await chain.header(2) is await chain.header(2)
        assert devnet.requests("alder") == asked


async def test_what_lies_too_deep_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("walkaway.chain.headers.LIMITS", replace(LIMITS, parent_walk_blocks=5))
    settings = DevnetSettings(electra_epoch=None, fulu_epoch=None)
    async with devnet_of(settings=settings) as devnet, following(devnet) as chain:
        with pytest.raises(Unproven, match="further than can be proven"):
            await chain.header(1)


async def test_that_nobody_knows_a_thing_is_only_their_word() -> None:
    async with devnet_of(HONEST, SourcePlan("birch")) as devnet, following(devnet) as chain:
        unknown = bytes(31) + b"\1"
        for word in (
            await chain.header(unknown),
            await chain.block(unknown),
            await chain.transaction(unknown),
            await chain.receipt(unknown),
        ):
            assert isinstance(word, Word)
            assert word.value is None
            assert set(word.said_by) == {"alder", "birch"}
        with pytest.raises(Unproven, match="not known"):
            await chain.account(NOBODY, unknown)
        beyond = await chain.block(10**9)
        assert isinstance(beyond, BeyondHead)
        assert (beyond.head, beyond.said_by) == (chain.head(Tag.LATEST).value.number, ())
        with pytest.raises(Unproven, match="above the proven head") as refused:
            await chain.account(NOBODY, 10**9)
        assert "when the chain is that far" in refused.value.advice


@pytest.mark.parametrize("behaviour", [Behaviour.LYING_BALANCE, Behaviour.FORGED_STATE])
async def test_a_false_balance_ends_in_quarantine_with_its_evidence(
    behaviour: Behaviour, tmp_path: Path
) -> None:
    async with devnet_of(HONEST, lying("dogwood", behaviour)) as devnet:
        async with following(devnet, evidence=tmp_path) as chain:
            truth = devnet.execution.block_at(chain.head(Tag.LATEST).value.number)
            assert truth is not None
            world = devnet.execution.world(truth)
            assert world is not None
            for index in range(10):
                address = dev_account(index).address
                account = await chain.account(address, Tag.LATEST)
                assert account.value is not None
                assert account.value.balance == world.account(address).balance
            liar = {source.name: source for source in chain.status().sources}["dogwood"]
            assert liar.lies > 0
    assert "dogwood" in "".join(path.read_text() for path in tmp_path.iterdir())


@pytest.mark.parametrize("behaviour", [Behaviour.OMITTED_RECEIPT, Behaviour.FORGED_RECEIPT])
async def test_false_receipts_are_never_handed_on(behaviour: Behaviour) -> None:
    async with devnet_of(HONEST, lying("dogwood", behaviour)) as devnet:
        async with following(devnet) as chain:
            head = chain.head(Tag.LATEST).value.number
            for number in range(head - 5, head + 1):
                receipts = await chain.receipts(number)
                block = devnet.execution.block_at(number)
                assert isinstance(receipts, Proven)
                assert block is not None
                assert [r.receipt for r in receipts.value] == list(block.receipts)


async def test_one_honest_source_is_enough_against_any_number_that_deny() -> None:
    deniers = [lying(name, Behaviour.DENIAL) for name in ("dogwood", "elm", "fir")]
    async with devnet_of(HONEST, *deniers) as devnet:
        async with following(devnet) as chain:
            head = chain.head(Tag.LATEST).value.number
            for number in range(head - 8, head + 1):
                block = devnet.execution.block_at(number)
                assert block is not None
                assert isinstance(await chain.block(block.hash), Proven)
                assert isinstance(await chain.receipt(block.transactions[0].hash), Proven)
            devnet.behave("alder", Behaviour.DENIAL)
            block = devnet.execution.block_at(head - 20)
            assert block is not None
            word = await chain.header(block.hash)
            assert isinstance(word, Word)
            assert set(word.said_by) == {"alder", "dogwood", "elm", "fir"}
            with pytest.raises(Unproven):
                await chain.header(head - 20)


async def test_only_liars_means_no_answer() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        devnet.behave("alder", Behaviour.LYING_BALANCE)
        with pytest.raises(Unproven) as refused:
            await chain.account(dev_account(1).address, Tag.LATEST)
        assert "lied" in refused.value.reasons["alder"]


async def test_sources_that_lag_are_not_liars() -> None:
    async with devnet_of(HONEST, lying("elm", Behaviour.STALE)) as devnet:
        async with following(devnet) as chain:
            for index in range(10):
                await chain.account(dev_account(index).address, Tag.LATEST)
                devnet.advance()
                await chain.advance()
            for source in chain.status().sources:
                assert (source.name, source.lies) == (source.name, 0)


async def test_sending_and_watching_a_transaction() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        nonce = await own_nonce(chain)
        sent = [await chain.submit(transfer(devnet, nonce + step)) for step in range(3)]
        assert await own_nonce(chain) == nonce + 3
        pending = await chain.transaction(sent[0])
        assert isinstance(pending, SignedTransaction)
        assert pending.hash == sent[0]
        assert isinstance(await chain.receipt(sent[0]), Word)
        devnet.advance(2)
        await chain.advance()
        receipt = await chain.receipt(sent[2])
        assert isinstance(receipt, Proven)
        assert receipt.value is not None
        assert receipt.value.receipt.succeeded
        assert await own_nonce(chain) == nonce + 3
        assert all(entry.included_in for entry in chain.sent())
        devnet.advance(40)
        await chain.advance()
        assert chain.sent() == []


async def test_sending_again_what_a_submitter_holds_is_no_error() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        raw = transfer(devnet, await own_nonce(chain))
        assert await chain.submit(raw) == await chain.submit(raw)


async def test_a_refusal_tells_why_and_marks_no_source() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        devnet.advance(2)
        spent = transfer(devnet, await own_nonce(chain))
        await chain.submit(spent)
        devnet.advance(2)
        await chain.advance()
        other = transfer(devnet, 0, value=6)
        with pytest.raises(Rejected, match=r"^nonce too low") as refused:
            await chain.submit(other)
        assert list(refused.value.reasons) == ["alder"]
        assert [source.errors for source in chain.status().sources] == [0]


async def test_what_is_no_transaction_of_this_chain_goes_nowhere() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        asked = devnet.requests("alder")
        for raw in (b"", b"\x02\xc0", bytes(100), transfer(devnet, 0)[:-1]):
            with pytest.raises(InvalidRequest, match="not a signed transaction"):
                await chain.submit(raw)
        with pytest.raises(InvalidRequest, match="signed for chain 1"):
            await chain.submit(transfer(devnet, 0, chainId=1))
        assert devnet.requests("alder") == asked


async def test_a_private_submitter_is_the_only_one_told() -> None:
    private = SourcePlan("private", frozenset({"submit"}))
    public = SourcePlan("alder", frozenset({"execution", "beacon"}))
    async with devnet_of(public, private) as devnet, following(devnet) as chain:
        asked = devnet.requests("alder")
        raw = transfer(devnet, 0)
        await chain.submit(raw)
        assert devnet.requests("private") == 1
        assert devnet.requests("alder") == asked


async def test_sending_waits_for_the_first_submitter_and_tells_them_all() -> None:
    hanging = SourcePlan("hornbeam", frozenset({"submit"}), Behaviour.HANGS)
    async with devnet_of(hanging, HONEST) as devnet, following(devnet) as chain:
        async with asyncio.timeout(5):
            await chain.submit(transfer(devnet, await own_nonce(chain)))
        assert devnet.requests("hornbeam") == 1


async def test_a_submitter_in_quarantine_is_the_last_resort() -> None:
    liar = SourcePlan("dogwood", frozenset({"execution", "submit"}), Behaviour.LYING_BALANCE)
    reader = SourcePlan("alder", EXECUTION - {"submit"} | BEACON)
    async with devnet_of(reader, liar) as devnet, following(devnet) as chain:
        nonce = await own_nonce(chain)
        for index in range(10):
            await chain.account(dev_account(index).address, Tag.LATEST)
        assert [source.lies for source in chain.status().sources] == [0, 1]
        sent = await chain.submit(transfer(devnet, nonce))
        devnet.advance(2)
        await chain.advance()
        receipt = await chain.receipt(sent)
        assert isinstance(receipt, Proven)
        assert receipt.value is not None
        with pytest.raises(Rejected, match=r"^nonce too low") as refused:
            await chain.submit(transfer(devnet, nonce, value=6))
        assert list(refused.value.reasons) == ["dogwood"]


async def test_a_submitter_in_quarantine_is_not_told_what_another_took() -> None:
    liar = SourcePlan("dogwood", frozenset({"execution", "submit"}), Behaviour.LYING_BALANCE)
    async with devnet_of(HONEST, liar) as devnet, following(devnet) as chain:
        nonce = await own_nonce(chain)
        for index in range(10):
            await chain.account(dev_account(index).address, Tag.LATEST)
        assert [source.lies for source in chain.status().sources] == [0, 1]
        asked = devnet.requests("dogwood")
        await chain.submit(transfer(devnet, nonce))
        assert devnet.requests("dogwood") == asked


async def test_a_source_in_quarantine_has_no_say_in_what_nobody_knows() -> None:
    plans = (HONEST, lying("dogwood", Behaviour.LYING_BALANCE))
    async with devnet_of(*plans) as devnet, following(devnet) as chain:
        for index in range(10):
            await chain.account(dev_account(index).address, Tag.LATEST)
        word = await chain.transaction(bytes(31) + b"\2")
        assert isinstance(word, Word)
        assert (word.said_by, word.asked) == (("alder",), ("alder",))
