"""The first checkpoint: compared at a common slot, refused on any conflict."""

from __future__ import annotations

import pytest

from tests.sources.stand import HandClock, source
from walkaway.anchors.load import chain_spec
from walkaway.errors import ConfigError, NotKnown, SourceFault, Unproven
from walkaway.sources.checkpoints import FinalizedBlock, agreed_checkpoint
from walkaway.sources.pool import Pool
from walkaway.sources.request import BeaconRequest, Kind, Request
from walkaway.sources.source import Source
from walkaway.sources.word import Word

CHECKPOINT: frozenset[Kind] = frozenset({"checkpoint"})


def root(slot: int, chain: str = "a") -> str:
    return "0x" + (chain.encode().hex() + f"{slot:062x}")


def checkpointz(name: str, slots: dict[int, str], operator: str | None = None) -> Source:
    """A Checkpointz service that lists these slots with their roots."""

    def say(request: Request) -> object:
        assert isinstance(request, BeaconRequest)
        if request.path == "/checkpointz/v1/beacon/slots":
            entries = [{"slot": str(slot), "block_root": slots[slot]} for slot in slots]
            return {"data": {"slots": [*entries, {"slot": "1"}]}}
        slot = int(request.path.split("/")[5])
        return {"data": {"root": slots[slot]}} if slot in slots else SourceFault("status 500")

    return source(name, say, operator=operator, kinds=CHECKPOINT)


def beacon_node(name: str, finalized: int, chain: str = "a") -> Source:
    """A beacon node with one finalized header, that knows every older root."""

    def say(request: Request) -> object:
        assert isinstance(request, BeaconRequest)
        if request.path == "/eth/v1/beacon/headers/finalized":
            message = {"slot": str(finalized)}
            return {"data": {"root": root(finalized, chain), "header": {"message": message}}}
        if request.path.endswith("/root"):
            return {"data": {"root": root(int(request.path.split("/")[5]), chain)}}
        return NotKnown()

    return source(name, say, kinds=CHECKPOINT)


async def agree(k: int, *sources: Source) -> Word[FinalizedBlock]:
    async with Pool(sources, clock=HandClock(), seed=1) as pool:
        return await agreed_checkpoint(pool, chain_spec("mainnet"), k)


def listing(*slots: int) -> dict[int, str]:
    return {slot: root(slot) for slot in slots}


async def test_the_newest_slot_that_enough_list_alike() -> None:
    word = await agree(
        2,
        checkpointz("a", listing(32, 64, 96)),
        checkpointz("b", listing(32, 64)),
        checkpointz("c", listing(32)),
    )
    assert word.value == FinalizedBlock(64, bytes.fromhex(root(64)[2:]))
    assert set(word.said_by) == {"a", "b"}
    assert set(word.asked) == {"a", "b", "c"}


async def test_nodes_that_finalized_different_slots_are_asked_about_a_common_one() -> None:
    word = await agree(3, beacon_node("a", 96), beacon_node("b", 64), beacon_node("c", 128))
    assert (word.value.slot, len(word.said_by)) == (64, 3)


async def test_a_node_and_a_service_meet() -> None:
    word = await agree(2, beacon_node("node", 96), checkpointz("service", listing(32, 64)))
    assert word.value.slot == 64


async def test_a_conflict_refuses_and_shows_both_however_many_agree() -> None:
    forged = {64: root(64, "b")}
    sources = [checkpointz(name, listing(32, 64)) for name in "abc"]
    with pytest.raises(Unproven, match="contradict each other about slot 64") as caught:
        await agree(2, *sources, checkpointz("z", forged))
    assert caught.value.reasons == {name: f"says {root(64)}" for name in "abc"} | {
        "z": f"says {root(64, 'b')}"
    }
    assert "--checkpoint" in caught.value.advice


async def test_a_conflict_that_shows_only_at_the_common_slot() -> None:
    with pytest.raises(Unproven, match="contradict each other about slot 64"):
        await agree(2, beacon_node("a", 96), beacon_node("b", 64, "b"))


async def test_one_operator_with_two_services_is_one() -> None:
    with pytest.raises(Unproven, match="fewer than 2") as caught:
        await agree(2, checkpointz("a", listing(32), "acme"), checkpointz("b", listing(32), "acme"))
    assert caught.value.reasons["a"] == f"says {root(32)} at slot 32"


async def test_a_service_that_loses_its_root_between_two_questions() -> None:
    with pytest.raises(Unproven, match="fewer than 2"):
        await agree(2, checkpointz("a", listing(96)), checkpointz("b", listing(64)))


async def test_long_listings_that_share_nothing_do_not_agree() -> None:
    lists = [checkpointz(name, listing(*range(start, start + 4095)))
             for name, start in (("a", 10_000), ("b", 20_000))]  # fmt: skip
    with pytest.raises(Unproven, match="fewer than 2"):
        await agree(2, *lists)


async def test_k_below_one_is_no_setting() -> None:
    with pytest.raises(ConfigError):
        await agree(0)


async def test_no_checkpoint_source() -> None:
    with pytest.raises(Unproven):
        await agree(1)


MALFORMED: list[object] = [
    None, [], {}, {"data": []}, {"data": {"slots": {}}}, {"data": {"slots": [7]}},
    {"data": {"slots": [{"slot": "-1", "block_root": root(1)}]}},
    {"data": {"slots": [{"slot": True, "block_root": root(1)}]}},
    {"data": {"slots": [{"slot": "9" * 21, "block_root": root(1)}]}},
    {"data": {"slots": [{"slot": "\u0663", "block_root": root(1)}]}},
    {"data": {"slots": [{"slot": "1", "block_root": "0x12"}]}},
    {"data": {"slots": [{"slot": "1", "block_root": "0x" + " " * 64}]}},
    {"data": {"slots": [{"slot": "1", "block_root": 5}]}},
    {"data": {"slots": [{}] * 5000}}, {"data": {"root": root(1)}},
    {"data": {"root": root(1), "header": {"message": {}}}},
]  # fmt: skip


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body)[:60])
async def test_malformed_listings_are_faults(body: object) -> None:
    broken = source("broken", lambda _: body, kinds=CHECKPOINT)
    with pytest.raises(Unproven) as caught:
        await agree(1, broken)
    assert "its " in caught.value.reasons["broken"]
    word = await agree(1, broken, checkpointz("good", listing(32)))
    assert word.said_by == ("good",)


async def test_slots_as_numbers_are_read_too() -> None:
    body = {"data": {"slots": [{"slot": 32, "block_root": root(32)}]}}
    word = await agree(1, source("a", lambda _: body, kinds=CHECKPOINT))
    assert word.value.slot == 32
