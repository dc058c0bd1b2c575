"""Sources that stay within the form of honest answers, and what they must not achieve."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import count

import pytest

from tests.chain.devnet_chain import (
    EXECUTION,
    SourcePlan,
    Twist,
    devnet_of,
    following,
)
from walkaway.anchors.spec import BlobLimit
from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain
from walkaway.devnet.execution.genesis import COUNTER
from walkaway.errors import NotKnown, SourceLacks, Unproven
from walkaway.proofs import Proven
from walkaway.proofs.consensus.containers import EMPTY_HEADER
from walkaway.proofs.consensus.decode import FINALITY_UPDATE, from_ssz, to_ssz
from walkaway.sources.request import Answer, BeaconRequest, Request

pytestmark = pytest.mark.adversary

HONEST = SourcePlan("alder")
CUNNING = SourcePlan("dogwood")


def misplacing(first: int) -> Twist:
    """Places every transaction in a block where it is not, another one each time."""
    numbers = count(first)

    def twist(request: Request, answer: Answer) -> Answer:
        if getattr(request, "method", "") == "eth_getTransactionByHash":
            return replace(answer, body={"blockNumber": hex(next(numbers))})
        return answer

    return twist


@pytest.mark.parametrize("first", [2**62, 1, 46, 49], ids=["far", "old", "recent", "next"])
async def test_a_false_place_does_not_hide_a_transaction(first: int) -> None:
    async with devnet_of(HONEST, CUNNING) as devnet:
        twists = {"dogwood": misplacing(first)}
        async with following(devnet, twists=twists) as chain:
            for number in range(chain.head(Tag.LATEST).value.number - 5, devnet.slot - 2):
                block = devnet.execution.block_at(number)
                assert block is not None
                for transaction in block.transactions:
                    receipt = await chain.receipt(transaction.hash)
                    assert isinstance(receipt, Proven)


async def test_single_receipts_that_do_not_fit_do_not_hide_a_block() -> None:
    def lacking(request: Request, answer: Answer) -> Answer:
        if getattr(request, "method", "") == "eth_getBlockReceipts":
            raise SourceLacks("does not serve it", lasting=True)
        return answer

    def forging(request: Request, answer: Answer) -> Answer:
        if getattr(request, "method", "") == "eth_getTransactionReceipt":
            return replace(answer, body=answer.body | {"status": "0x0"})
        return lacking(request, answer)

    async with devnet_of(HONEST, CUNNING, SourcePlan("birch")) as devnet:
        twists = {"alder": lacking, "birch": lacking, "dogwood": forging}
        async with following(devnet, twists=twists) as chain:
            head = chain.head(Tag.LATEST).value.number
            for number in range(head - 5, head + 1):
                receipts = await chain.receipts(number)
                assert isinstance(receipts, Proven)


@pytest.mark.parametrize("method", ["eth_getBlockReceipts", "eth_getCode", "eth_getProof"])
async def test_an_honest_source_that_left_a_branch_is_not_framed(method: str) -> None:
    """By hash it says null, by number it answers for its own branch: all that is honest."""

    def forgetful(request: Request, answer: Answer) -> Answer:
        if getattr(request, "method", "") == method and request.by_hash:
            raise NotKnown("header not found")
        return answer

    async with devnet_of() as devnet:
        async with following(devnet, twists={"alder": forgetful}) as chain:
            devnet.reorg(3)
            with suppress(Unproven):
                await _ask_about(chain, method)
            assert [source.lies for source in chain.status().sources] == [0]


async def _ask_about(chain: Chain, method: str) -> None:
    if method == "eth_getBlockReceipts":
        await chain.receipts(Tag.LATEST)
    elif method == "eth_getCode":
        await chain.code(COUNTER, Tag.LATEST)
    else:
        await chain.account(COUNTER, Tag.LATEST)


async def test_finality_cannot_be_held_back() -> None:
    def withholding(request: Request, answer: Answer) -> Answer:
        if not isinstance(request, BeaconRequest) or not request.path.endswith("finality_update"):
            return answer
        assert answer.fork is not None
        update = from_ssz(FINALITY_UPDATE, devnet.spec, answer.fork, answer.body)
        bare = replace(update, finalized_header=EMPTY_HEADER, finality_branch=())
        fork = devnet.spec.fork_at_slot(update.attested_header.beacon.slot).name
        return replace(answer, body=to_ssz(FINALITY_UPDATE, devnet.spec, fork, bare))

    heard: list[Answer] = []

    def lagging(request: Request, answer: Answer) -> Answer:
        """Honest, and always one answer behind, so that the other's head is newer."""
        if isinstance(request, BeaconRequest) and request.path.endswith("optimistic_update"):
            raise NotKnown
        if isinstance(request, BeaconRequest) and request.path.endswith("finality_update"):
            heard.append(answer)
            return heard[-2:][0]
        return answer

    async with devnet_of(HONEST, CUNNING) as devnet:
        twists = {"dogwood": withholding, "alder": lagging}
        async with following(devnet, twists=twists) as chain:
            before = chain.head(Tag.FINALIZED).value.number
            for _ in range(26):
                devnet.advance()
                await chain.advance()
            assert chain.head(Tag.FINALIZED).value.number >= before + 16


async def test_a_blob_schedule_that_is_not_known_here_frames_nobody() -> None:
    async with devnet_of(HONEST, SourcePlan("birch", EXECUTION | {"beacon"})) as devnet:
        # The network knows no blob-parameter fork, the client does: their digests differ.
        devnet.spec = replace(devnet.spec, blob_schedule=(BlobLimit(1, 21),))
        async with following(devnet) as chain:
            devnet.advance(70)
            await chain.advance()
            assert chain.head(Tag.LATEST).value.number == devnet.execution.head.number - 1
            assert [source.lies for source in chain.status().sources] == [0, 0]
