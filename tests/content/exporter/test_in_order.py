"""The engine of every walk: in order, ahead within bounds, and gone when it is closed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import replace

import pytest

from tests.content.exporter.dags import Dag, Gated, all_of
from walkaway.content.blocks import Blocks
from walkaway.content.budget import AheadRoom, Budget
from walkaway.content.exporter.in_order import Want, in_order
from walkaway.errors import TooMuch, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.links import links_of

KIB = 1024
MIB = 1024 * KIB


def leaves(dag: Dag, count: int, size: int = 1) -> list[Want[None]]:
    return [Want(dag.raw(bytes([at % 256, at // 256])), None, 1, size) for at in range(count)]


def found(want: Want[None], data: bytes) -> Iterator[bytes | Want[None]]:
    yield data
    for cid in links_of(want.cid, data):
        yield Want(cid, None, want.depth + 1, 1)


async def walked(
    blocks: Blocks, begin: Sequence[Want[None]], budget: Budget | None = None
) -> list[bytes]:
    return await all_of(in_order(blocks, begin, found, budget or Budget()))


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_blocks_come_depth_first_and_in_order() -> None:
    dag = Dag()
    a, b, c = (dag.raw(text) for text in (b"a", b"b", b"c"))
    inner = dag.file([(a, 1), (b, 1)])
    root = dag.file([(inner, 2), (c, 1)])
    given = await walked(dag, [Want(root, None, 0, 3)])
    assert given == [dag.held[cid] for cid in (root, inner, a, b, c)]
    assert set(dag.asked.values()) == {1}


@pytest.mark.parametrize(("size", "first"), [(1, 32), (100 * KIB, 5), (256 * KIB, 2), (MIB, 1)])
async def test_little_is_fetched_ahead_at_first_and_never_more_than_the_limit(
    size: int, first: int
) -> None:
    dag = Dag()
    wants = [Want(dag.raw(at.to_bytes(2, "big").rjust(size)), None, 1, size) for at in range(60)]
    gated = Gated(dag)
    task = asyncio.create_task(walked(gated, wants))
    await settled()
    assert gated.going == [want.cid for want in wants[:first]]
    gated.gate.set()
    assert len(await task) == 60
    assert gated.most == min(LIMITS.ahead_blocks, LIMITS.ahead_bytes // size)


@pytest.mark.parametrize(("claimed", "most"), [(MIB, 5), (MIB + MIB // 2, 3), (1 << 60, 2)])
async def test_bytes_ahead_are_bounded_by_what_is_claimed_and_by_what_a_block_can_hold(
    claimed: int, most: int
) -> None:
    dag = Dag()
    wants = [Want(dag.raw(bytes([at]) * 300 * KIB), None, 1, claimed) for at in range(40)]
    gated = Gated(dag)
    gated.gate.set()
    await walked(gated, wants, Budget(replace(LIMITS, ahead_bytes=5 * MIB)))
    assert gated.most == most


async def test_walks_share_the_room_for_what_is_fetched_ahead() -> None:
    dag = Dag()
    room = AheadRoom(10)
    wants = [leaves(dag, 9, size=2) for _ in range(3)]
    walks = [in_order(dag, each, found, Budget(ahead=room)) for each in wants]
    for walk, ahead in zip(walks, (5, 0, 0), strict=True):
        dag.asked.clear()
        await anext(walk)
        await settled()
        assert dag.asked.total() == 1 + ahead
    await walks[0].aclose()
    dag.asked.clear()
    await anext(walks[1])
    await settled()
    assert dag.asked.total() == 1 + 5
    for walk in walks[1:]:
        assert await all_of(walk)
    assert room.take(10)
    assert not room.take(1)


async def test_what_has_come_is_counted_as_it_is_and_not_as_was_said() -> None:
    dag = Dag()
    large = [Want(dag.raw(bytes([at]) * MIB), None, 1, 1) for at in range(12)]
    small = [Want(dag.raw(bytes([at])), None, 1, MIB) for at in range(60)]

    room = AheadRoom(5 * MIB)
    walk = in_order(dag, large, found, Budget(ahead=room))
    await anext(walk)
    await settled()
    assert not room.take(1)
    assert dag.asked.total() == 12
    dag.asked.clear()
    assert await all_of(walk) == [dag.held[want.cid] for want in large[1:]]
    assert dag.asked.total() == 12 - 1 - 5
    assert room.take(5 * MIB)

    room = AheadRoom(5 * MIB)
    walk = in_order(dag, large, found, Budget(replace(LIMITS, ahead_bytes=2 * MIB), ahead=room))
    await anext(walk)
    await settled()
    assert not room.take(5 * MIB)
    assert room.take(3 * MIB)
    await walk.aclose()

    room = AheadRoom(5 * MIB)
    walk = in_order(dag, small, found, Budget(ahead=room))
    for _ in range(9):
        await anext(walk)
        await settled()
    assert room.take(5 * MIB - LIMITS.ahead_blocks)
    await walk.aclose()


async def test_whoever_does_not_read_has_nothing_fetched() -> None:
    dag = Dag()
    walk = in_order(dag, leaves(dag, 100), found, Budget())
    assert not dag.asked
    await anext(walk)
    await anext(walk)
    await settled()
    assert dag.asked.total() == LIMITS.ahead_blocks + 1
    await walk.aclose()


async def test_closing_ends_every_fetch() -> None:
    dag = Dag()
    wants = leaves(dag, 10)
    gated = Gated(dag)
    gated.gate.set()
    before = asyncio.all_tasks()
    walk = in_order(gated, wants, found, Budget())
    await anext(walk)
    gated.gate.clear()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(walk), 0)
    await walk.aclose()
    assert gated.going == []
    assert asyncio.all_tasks() == before

    gated.gate.clear()
    task = asyncio.create_task(walked(gated, wants))
    await settled()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gated.going == []
    assert sorted(map(str, gated.cancelled[-10:])) == sorted(str(want.cid) for want in wants)
    assert asyncio.all_tasks() == before


async def test_what_fails_fails_at_its_turn() -> None:
    dag = Dag()
    wants = leaves(dag, 10)
    del dag.held[wants[3].cid]
    walk = in_order(dag, wants, found, Budget())
    assert [await anext(walk) for _ in range(3)] == [dag.held[want.cid] for want in wants[:3]]
    assert dag.asked[wants[3].cid] == 1
    with pytest.raises(Unproven):
        await anext(walk)


async def test_what_is_passed_over_is_not_given_and_its_fetch_ended() -> None:
    dag = Dag()
    wants = leaves(dag, 6)
    seen = set[Cid]()

    def read(want: Want[None], data: bytes) -> Iterator[bytes | Want[None]]:
        seen.add(want.cid)
        yield data

    twice = [*wants[:3], wants[0], *wants]
    del dag.held[wants[5].cid]
    twice = [*twice[:-1], Want(wants[0].cid, None, 1, 1)]
    walk = in_order(dag, twice, read, Budget(), pass_over=lambda want: want.cid in seen)
    assert await all_of(walk) == [dag.held[want.cid] for want in wants[:5]]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_walk_ends_at_each_of_its_bounds() -> None:
    dag = Dag()
    wants = leaves(dag, 4)
    with pytest.raises(TooMuch, match="more blocks"):
        await walked(dag, wants, Budget(blocks=3))
    with pytest.raises(TooMuch, match="more bytes"):
        await walked(dag, wants, Budget(size=7))
    assert len(await walked(dag, wants, Budget(blocks=4, size=8))) == 4
    wide = dag.file([(want.cid, 2) for want in wants])
    with pytest.raises(TooMuch, match="wait their turn"):
        await walked(dag, [Want(wide, None, 0, 8)], Budget(replace(LIMITS, pending_links=4)))
    deep = wants[0].cid
    for _ in range(LIMITS.dag_depth):
        deep = dag.file([(deep, 2)])
    assert len(await walked(dag, [Want(deep, None, 0, 2)])) == LIMITS.dag_depth + 1
    with pytest.raises(TooMuch, match="links deep"):
        await walked(dag, [Want(dag.file([(deep, 2)]), None, 0, 2)])


async def test_nothing_beyond_a_branch_is_fetched_before_what_is_below_it() -> None:
    dag = Dag()
    inner = [dag.file([], bytes([at])) for at in range(3)]
    gated = Gated(dag)
    big = [Want(cid, None, 1, 3 * MIB) for cid in inner]
    task = asyncio.create_task(walked(gated, big))
    await settled()
    assert gated.going == inner[:1]
    gated.gate.set()
    await task
    assert gated.most == 1

    small = leaves(dag, 12)
    walk = in_order(gated, [*small[:6], big[0], *small[6:]], found, Budget())
    for _ in range(5):
        await anext(walk)
    await settled()
    assert set(gated.asked) == {*(want.cid for want in small[:6]), *inner}
    assert len(await all_of(walk)) == 13 - 5


async def test_what_is_passed_over_makes_room_for_others() -> None:
    dag = Dag()
    gated = Gated(dag)
    gated.gate.set()
    a, b, c, d = leaves(dag, 4)
    seen = set[Cid]()

    def read(want: Want[None], data: bytes) -> Iterator[bytes | Want[None]]:
        seen.add(want.cid)
        yield data

    again = Want(a.cid, None, 1, 1)
    budget = Budget(replace(LIMITS, ahead_blocks=2))
    walk = in_order(
        gated, [a, again, b, again, c, d], read, budget, pass_over=lambda want: want.cid in seen
    )
    await anext(walk)
    assert await going_at(gated, walk) == [b.cid, c.cid]
    assert len(await all_of(walk)) == 2
    assert gated.asked[a.cid] == 2


async def going_at(gated: Gated, walk: AsyncGenerator[bytes, None]) -> list[Cid]:
    """What is being fetched while the next finding is awaited, which is then let come."""
    gated.gate.clear()
    task = asyncio.ensure_future(anext(walk))
    await settled()
    going = list(gated.going)
    gated.gate.set()
    await task
    return going


async def test_a_large_block_is_read_in_a_thread_of_its_own() -> None:
    dag = Dag()
    here = threading.get_ident()
    read_in = list[int]()

    def read(want: Want[None], data: bytes) -> Iterator[bytes | Want[None]]:
        read_in.append(threading.get_ident())
        yield from found(want, data)

    limit = LIMITS.read_at_once_bytes
    small, large = dag.put(codecs.CBOR, bytes(limit)), dag.put(codecs.CBOR, bytes(limit + 1))
    raw = dag.raw(bytes(limit + 1))
    walk = in_order(dag, [Want(cid, None, 1, 1) for cid in (small, large, raw)], read, Budget())
    assert [len(piece) for piece in await all_of(walk)] == [limit, limit + 1, limit + 1]
    assert [thread == here for thread in read_in] == [True, False, True]
