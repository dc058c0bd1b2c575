"""Whose turn it is to be tried, of those whom routers name."""

from __future__ import annotations

import asyncio

from walkaway.content.provider_search import Named, ProviderSearch, by_turns
from walkaway.sources.multiaddr import HttpAddress
from walkaway.sources.provider_records import Provider, ProviderRecords


def provider(peer: str, addresses: int) -> Provider:
    return Provider(peer, tuple(HttpAddress(f"https://{peer}:{n + 1}") for n in range(addresses)))


def named(*peers: str) -> list[Named]:
    return [Named(peer, HttpAddress(f"https://{peer}:1")) for peer in peers]


def test_each_peer_has_a_turn_before_any_has_his_second() -> None:
    records = ProviderRecords((provider("greedy", 16), provider("a", 1), provider("b", 2)), 0)
    turns = by_turns(records, 10)
    assert {one.peer for one in turns[:3]} == {"greedy", "a", "b"}
    assert [one.peer for one in turns[3:]].count("b") == 1
    assert len(set(turns)) == 10


def test_whoever_is_named_first_is_not_always_tried() -> None:
    records = ProviderRecords(tuple(provider(f"p{n}", 1) for n in range(128)), 0)
    tried = [{one.peer for one in by_turns(records, 64)} for _ in range(64)]
    assert set.union(*tried) == {one.peer for one in records.http}


async def test_routers_take_turns() -> None:
    search = ProviderSearch()
    search.add(named("a", "b", "c", "d"))
    search.add([])
    search.add(named("x"))
    assert await search.next(3) == named("a", "x", "b")
    search.end()
    assert search.may_have_more()
    assert await search.next(3) == named("c", "d")
    assert not search.may_have_more()
    assert await search.next(3) == []


async def test_it_waits_for_a_router_that_still_searches() -> None:
    search = ProviderSearch()
    asked = asyncio.create_task(search.next(8))
    await asyncio.sleep(0)
    assert not asked.done()
    assert search.may_have_more()
    search.add(named("a"))
    assert await asked == named("a")
    again = asyncio.create_task(search.next(8))
    await asyncio.sleep(0)
    assert not again.done()
    search.end()
    assert await again == []
