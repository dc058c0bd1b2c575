"""Blobs from any node of EthStorage, proven, as the precompile's answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chain.devnet_chain import devnet_of
from tests.chain.test_calls import calling
from tests.chain.test_host_calls import asked_on
from tests.content.ethstorage.stand import QUICK, held, read_of, standing
from tests.evm.test_host_precompiles import asks
from walkaway.chain.block_id import Tag
from walkaway.devnet.content.es_node import EsNode, StoredBlob
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.errors import Unproven, Unsupported
from walkaway.evm.proven_call import host_call_subject
from walkaway.proofs import Proven
from walkaway.proofs.blobs.storage_read import STORAGE_PRECOMPILE
from walkaway.proofs.proven import Evidence

DATA = bytes(range(256)) * 40


def node(manner: Manner = Manner.HONEST) -> EsNode:
    return EsNode({7: held(DATA), 8: held(b"another")}, Manners(manner))


def reading(start: int, size: int, *, index: int = 7, how: int = 2) -> bytes:
    return read_of(index, held(DATA).versioned_hash, start, size, how=how)


def facts(step: Evidence) -> Iterator[tuple[str, str | int | bytes]]:
    yield from step.facts
    for below in step.because:
        yield from facts(below)


async def test_a_part_of_a_blob_from_a_node() -> None:
    one = node()
    async with standing({"one": one}) as stand:
        given = reading(1000, 500)
        proven = await stand.supply.answer(STORAGE_PRECOMPILE, given)
        assert proven.value == DATA[1000:1500]
        assert proven.claim.subject == host_call_subject(STORAGE_PRECOMPILE, given)
        assert "trusted setup of KZG" in {step.rule for step in proven.because.anchors()}
        facts_of = [fact for step in proven.because.anchors() for _, fact in step.facts]
        told = [stand.suppliers.of(fact) for fact in facts_of if not isinstance(fact, int)]
        assert [each.given_by for each in told if each] == [("one",)]
        other = await stand.supply.answer(STORAGE_PRECOMPILE, reading(0, 10))
        assert other.value == DATA[:10]
        raw = await stand.supply.answer(STORAGE_PRECOMPILE, reading(0, 131_072, how=0))
        assert raw.value == held(DATA).blob
        beyond = await stand.supply.answer(STORAGE_PRECOMPILE, reading(len(DATA), 1))
        assert beyond.value is None
        assert one.asked == 1


async def test_a_contract_reads_it_in_a_call_over_proven_state() -> None:
    async with standing({"one": node()}) as stand, calling(devnet_of()) as chain:
        header = await chain.header(Tag.LATEST)
        assert isinstance(header, Proven)
        asked = asked_on(chain, header, asks(), reading(10, 20))
        proven = await chain.calls.run(header, asked, host=stand.supply)
        assert proven.value.output[64:] == DATA[10:30]
        assert "2^92" in str(list(facts(proven.because)))


@pytest.mark.parametrize(
    "manner", [Manner.WRONG, Manner.SHORT, Manner.HANGS, Manner.ENDLESS, Manner.BUSY]
)
async def test_who_lies_or_fails_is_passed_over(manner: Manner, tmp_path: Path) -> None:
    bad = node(manner)
    async with standing({"bad": bad, "good": node()}, evidence=tmp_path) as stand:
        for index, data in ((7, DATA), (8, b"another")):
            given = read_of(index, held(data).versioned_hash, 0, len(data))
            assert (await stand.supply.answer(STORAGE_PRECOMPILE, given)).value == data
        if not bad.asked:
            pytest.fail("nobody asked the one that misbehaves")
        told = [stand.suppliers.of(held(data).versioned_hash[:24]) for data in (DATA, b"another")]
        assert [each.given_by for each in told if each] == [("good",)] * 2
        lied = {name for each in told if each for name in each.lied}
        assert lied == ({"bad"} if manner is Manner.WRONG else set())
    lies = [json.loads(path.read_text()) for path in tmp_path.glob("*.json")]
    assert [lie["source"] for lie in lies] == (["bad"] if manner is Manner.WRONG else [])
    if lies:
        assert lies[0]["asked"]["method"] == "es_getBlob"


async def test_what_nobody_has_is_told_by_who_was_asked() -> None:
    other = EsNode({7: held(b"another")})
    async with standing({"empty": EsNode({}), "other": other}) as stand:
        with pytest.raises(Unproven) as failed:
            await stand.supply.answer(STORAGE_PRECOMPILE, reading(0, 1))
        assert "kv not found" in failed.value.reasons["empty"]
        assert "commits not same" in failed.value.reasons["other"]
        # To hold other blobs is no fault.
        assert not any(status.errors or status.lies for status in stand.pool.status())
    async with standing({}) as stand:
        with pytest.raises(Unproven, match="no source is configured"):
            await stand.supply.answer(STORAGE_PRECOMPILE, reading(0, 1))


async def test_nobody_is_asked_for_what_could_not_be_proven() -> None:
    zeros = EsNode({7: StoredBlob(bytes(32), bytes(131_072))})
    async with standing({"zeros": zeros}) as stand:
        with pytest.raises(Unproven, match="what is no versioned hash"):
            await stand.supply.answer(STORAGE_PRECOMPILE, read_of(7, bytes(24), 0, 1, how=0))
        failed = await stand.supply.answer(STORAGE_PRECOMPILE, b"no input")
        assert failed.value is None
        with pytest.raises(Unsupported, match="no precompile"):
            await stand.supply.answer(bytes(20), b"")
        assert zeros.asked == 0


async def test_so_many_blobs_are_kept_and_questions_at_once_share_one() -> None:
    one = node()
    async with standing({"one": one}, limits=replace(QUICK, kept_blobs=1)) as stand:
        blob = stand.supply.blob
        name, other = (held(data).versioned_hash[:24] for data in (DATA, b"another"))
        first, second = await asyncio.gather(blob(7, name), blob(7, name))
        assert first is second
        assert one.asked == 1
        await blob(8, other)
        await blob(8, other)
        assert one.asked == 2
        assert (await blob(7, name)).value == first.value
        assert one.asked == 3
