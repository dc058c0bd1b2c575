"""Blocks from the store, from configured sources and from found providers, in this order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from yarl import URL

from tests.content.stand import MemoryStore, blocks_of, cid_of
from walkaway.chain.clock import SystemClock
from walkaway.content.network import NetworkBlocks
from walkaway.content.providers import Providers
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.source import ContentSource
from walkaway.errors import Unproven, Unsupported
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs import codecs, multihash
from walkaway.proofs.ipfs.block import block_subject
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sources.guard import Guard
from walkaway.sources.pool import Pool
from walkaway.sources.request import Kind
from walkaway.sources.source import Source
from walkaway.sources.transports.http import HttpTransport
from walkaway.sources.transports.http_client import HttpClient

QUICK = replace(
    LIMITS,
    request_seconds=1.0,
    content_seconds=5.0,
    hedge_first_seconds=0.05,
    routing_patience_seconds=0.05,
    retry_pause_seconds=0.0,
    explore_share=0.0,
)
DATA = [bytes([number]) * 1000 for number in range(20)]
BLOCKS = blocks_of(*DATA)
ONE = cid_of(DATA[0])


def provider(url: str, peer: str = "12D3KooWpeer") -> dict[str, object]:
    """The record of a provider at a loopback address."""
    parts = URL(url)
    return {"Schema": "peer", "ID": peer, "Addrs": [f"/ip4/{parts.host}/tcp/{parts.port}/http"]}


@dataclass
class Stand:
    """A network of content on loopback, with the blocks over it."""

    blocks: NetworkBlocks
    store: MemoryStore
    pool: Pool
    found: Pool


@asynccontextmanager
async def standing(
    *,
    configured: dict[str, tuple[Kind, ContentSource]] | None = None,
    routers: dict[str, ContentSource] | None = None,
    found: list[ContentSource] | None = None,
    excepted: bool = True,
    limits: Limits = QUICK,
    timer: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Stand]:
    """Every source is started; each router names all of those to be found."""
    async with AsyncExitStack() as stack:
        urls: list[str] = []
        for source in found or []:
            urls.append(await source.start())
            stack.push_async_callback(source.stop)
        guard = Guard([url.removeprefix("http://") for url in urls] if excepted else ())
        client = HttpClient(guard=guard, limits=limits)
        client.join()
        stack.push_async_callback(client.leave)

        async def pool(sources: dict[str, tuple[Kind, ContentSource]]) -> Pool:
            opened = []
            for name, (kind, source) in sources.items():
                url = await source.start()
                stack.push_async_callback(source.stop)
                opened.append(
                    Source(name, name, frozenset({kind}), HttpTransport(name, url, client))
                )
            made = Pool(opened, clock=SystemClock(), limits=limits, seed=1)
            return await stack.enter_async_context(made)

        for router in (routers or {}).values():
            router.providers = [*router.providers, *map(provider, urls)]
        store = MemoryStore()
        supply = await pool(configured or {})
        routing = await pool({n: ("routing", s) for n, s in (routers or {}).items()})
        others = await pool({})
        providers = Providers(routing, others, client, timer=timer, limits=limits)
        blocks = NetworkBlocks(
            store,
            supply if configured else None,
            providers if routers else None,
            limits=limits,
        )
        stack.push_async_callback(blocks.written)
        yield Stand(blocks, store, supply, others)


async def test_what_the_store_holds_is_asked_of_nobody() -> None:
    gateway = ContentSource(BLOCKS)
    async with standing(configured={"gateway": ("content", gateway)}) as stand:
        stand.store.blocks = dict(BLOCKS)
        assert (await stand.blocks.get(ONE)).value == DATA[0]
    assert gateway.asked == 0


@pytest.mark.parametrize("kind", ["content", "kubo"])
async def test_what_arrives_is_proven_and_kept(kind: Kind) -> None:
    gateway = ContentSource(BLOCKS)
    async with standing(configured={"gateway": (kind, gateway)}) as stand:
        block = await stand.blocks.get(ONE)
        assert block.claim.subject == block_subject(ONE)
        assert (await stand.blocks.get(ONE)).value == DATA[0]
        await stand.blocks.written()
        assert stand.store.blocks == {ONE.multihash: DATA[0]}
        assert (await stand.blocks.get(ONE)).value == DATA[0]
    assert gateway.asked == 1


async def test_who_gave_a_block_is_remembered_and_who_lied() -> None:
    lying = ContentSource(BLOCKS, Manners(Manner.WRONG))
    honest = ContentSource(BLOCKS, Manners(begins_after=0.2))
    limits = replace(QUICK, remembered_supplies=1)
    configured: dict[str, tuple[Kind, ContentSource]] = {
        "lying": ("content", lying),
        "honest": ("content", honest),
    }
    async with standing(configured=configured, limits=limits) as stand:
        assert stand.blocks.supply(ONE) is None
        await stand.blocks.get(ONE)
        supply = stand.blocks.supply(ONE)
        assert supply is not None
        assert supply.given_by == "honest"
        assert set(supply.lied) <= {"lying"}
        lied = [status.lies for status in stand.pool.status() if status.name == "lying"]
        assert bool(supply.lied) == bool(lied[0])
        await stand.blocks.get(cid_of(DATA[1]))
        assert stand.blocks.supply(ONE) is None, "only so many are remembered"


async def test_what_waits_to_be_written_is_given_from_there() -> None:
    gateway = ContentSource(BLOCKS)
    async with standing(configured={"gateway": ("content", gateway)}) as stand:
        stand.store.may_write.clear()
        for _ in range(2):
            assert (await stand.blocks.get(ONE)).value == DATA[0]
        assert stand.store.blocks == {}
        stand.store.may_write.set()
    assert gateway.asked == 1


async def test_a_block_in_its_own_address_is_asked_of_nobody() -> None:
    inline = Cid(1, codecs.RAW, multihash.encode(codecs.IDENTITY, b"inline"))
    async with standing() as stand:
        assert (await stand.blocks.get(inline)).value == b"inline"


async def test_what_no_bytes_could_prove_blames_no_source() -> None:
    weak = Cid(1, codecs.RAW, multihash.encode(codecs.SHA1, bytes(20)))
    gateway = ContentSource({weak.multihash: b"x"})
    async with standing(configured={"gateway": ("content", gateway)}) as stand:
        with pytest.raises(Unsupported):
            await stand.blocks.get(weak)
        assert stand.pool.status()[0].errors == 0
    assert gateway.asked == 0


async def test_those_who_ask_for_one_block_share_it() -> None:
    gateway = ContentSource(BLOCKS, Manners(begins_after=0.05))
    async with standing(configured={"gateway": ("content", gateway)}) as stand:
        asking = [asyncio.create_task(stand.blocks.get(ONE)) for _ in range(10)]
        await asyncio.sleep(0.02)
        asking[0].cancel()
        blocks = await asyncio.gather(*asking[1:])
        assert {block.value for block in blocks} == {DATA[0]}
    assert gateway.asked == 1


async def test_whoever_is_alone_and_leaves_leaves_nothing_running() -> None:
    gateway = ContentSource(BLOCKS, Manners(Manner.HANGS))
    router = ContentSource({})
    before = asyncio.all_tasks()
    async with standing(
        configured={"gateway": ("content", gateway)}, routers={"router": router}
    ) as stand:
        asking = asyncio.create_task(stand.blocks.get(ONE))
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        for _ in range(20):  # it is called off, which takes some turns of the loop
            await asyncio.sleep(0)
        assert stand.pool.status()[0].in_flight == 0
    assert asyncio.all_tasks() == before


async def test_a_store_that_fails_is_done_without() -> None:
    gateway = ContentSource(BLOCKS)
    async with standing(configured={"gateway": ("content", gateway)}) as stand:
        stand.store.broken = True
        assert (await stand.blocks.get(ONE)).value == DATA[0]
        with pytest.raises(Unproven, match="store: the disk is gone"):
            await stand.blocks.get(cid_of(b"nowhere"))


async def test_a_failure_names_everybody_and_what_each_said() -> None:
    router = ContentSource({}, providers=[{"ID": "far", "Addrs": ["/ip4/192.0.2.1/tcp/4001"]}])
    async with standing(
        configured={
            "empty": ("content", ContentSource({})),
            "node": ("kubo", ContentSource({})),
            "liar": ("content", ContentSource(BLOCKS, Manners(Manner.WRONG))),
            "busy": ("content", ContentSource(BLOCKS, Manners(Manner.BUSY))),
        },
        routers={"router": router, "other": ContentSource({})},
    ) as stand:
        with pytest.raises(Unproven, match="nobody could supply this block") as raised:
            await stand.blocks.get(ONE)
    reasons = raised.value.reasons
    assert reasons["store"] == "does not hold it"
    assert reasons["empty"] == "does not have it (HTTP status 404)"
    assert reasons["node"] == "does not have it (HTTP status 500)"
    assert reasons["liar"].startswith("lied: a block does not hash to its address")
    assert reasons["busy"].startswith(("limits our rate", "resting"))
    assert reasons["router"] == "names only 1 that are not reached over HTTP"
    assert reasons["other"] == "knows nobody who has it"


async def test_offline_nobody_is_asked() -> None:
    async with standing() as stand:
        with pytest.raises(Unproven, match="not held here") as raised:
            await stand.blocks.get(ONE)
    assert raised.value.reasons == {"store": "does not hold it"}


async def test_providers_are_found_where_the_configured_have_nothing() -> None:
    holder, empty = ContentSource(BLOCKS), ContentSource({})
    router = ContentSource({})
    async with standing(
        configured={"empty": ("content", empty)}, routers={"router": router}, found=[holder]
    ) as stand:
        for data in DATA:
            assert (await stand.blocks.get(cid_of(data))).value == data
        assert [status.answers for status in stand.found.status()] == [len(DATA)]
    assert holder.asked == len(DATA)
    assert router.sought == 1
    assert empty.asked < len(DATA), "who was found leads from then on"


async def test_providers_are_found_where_nobody_is_configured() -> None:
    router = ContentSource({})
    async with standing(routers={"router": router}, found=[ContentSource(BLOCKS)]) as stand:
        assert (await stand.blocks.get(ONE)).value == DATA[0]


async def test_whom_one_router_names_is_asked_while_another_still_searches() -> None:
    slow = ContentSource({}, Manners(begins_after=30.0))
    async with standing(
        routers={"slow": slow, "quick": ContentSource({})}, found=[ContentSource(BLOCKS)]
    ) as stand:
        slow.providers = []
        assert (await stand.blocks.get(ONE)).value == DATA[0]
        assert slow.sought == 1
        assert slow.told == 0


async def test_providers_are_looked_for_while_the_configured_are_silent() -> None:
    silent = ContentSource(BLOCKS, Manners(Manner.HANGS))
    async with standing(
        configured={"silent": ("content", silent)},
        routers={"router": ContentSource({})},
        found=[ContentSource(BLOCKS)],
    ) as stand:
        assert (await stand.blocks.get(ONE)).value == DATA[0]
        (status,) = stand.pool.status()
        assert (status.answers, status.errors) == (0, 0), "nobody waited until it had failed"


async def test_an_inner_address_that_nobody_excepted_is_refused() -> None:
    holder = ContentSource(BLOCKS)
    async with standing(
        routers={"router": ContentSource({})}, found=[holder], excepted=False
    ) as stand:
        with pytest.raises(Unproven, match="refused: its address is not https"):
            await stand.blocks.get(ONE)
    assert holder.asked == 0


async def test_an_inner_address_is_refused_with_tls_too() -> None:
    record = {"ID": "near", "Addrs": ["/ip4/127.0.0.1/tcp/9/tls/http", "/ip4/10.0.0.1/tcp/9/https"]}
    router = ContentSource({}, providers=[record])
    async with standing(routers={"router": router}) as stand:
        with pytest.raises(Unproven) as raised:
            await stand.blocks.get(ONE)
    for address in ("127.0.0.1", "10.0.0.1"):
        reason = (
            f"refused: {address} is not a public address, and is not listed in guard_exceptions"
        )
        assert raised.value.reasons[f"{address}:9"] == reason


async def test_a_provider_that_lies_is_in_quarantine_and_an_honest_one_is_found() -> None:
    liar = ContentSource(BLOCKS, Manners(Manner.WRONG))
    async with standing(
        routers={"router": ContentSource({})}, found=[liar, ContentSource(BLOCKS)]
    ) as stand:
        for data in DATA[:5]:
            assert (await stand.blocks.get(cid_of(data))).value == data
        lies = sorted(status.lies for status in stand.found.status())
        assert lies[0] == 0
        assert liar.asked == lies[1] <= 1


async def test_where_those_who_are_known_have_nothing_others_are_found() -> None:
    first, second = ContentSource(blocks_of(DATA[0])), ContentSource(blocks_of(DATA[1]))
    router = ContentSource({})
    async with standing(routers={"router": router}, found=[first, second]) as stand:
        everybody = router.providers
        router.providers = everybody[:1]
        assert (await stand.blocks.get(ONE)).value == DATA[0]
        assert second.asked == 0
        router.providers = everybody
        assert (await stand.blocks.get(cid_of(DATA[1]))).value == DATA[1]


async def test_found_providers_are_bounded_and_the_oldest_leave() -> None:
    few = replace(QUICK, found_providers=3)
    strangers = [
        {"ID": f"peer {n}", "Addrs": [f"/ip4/192.0.2.{n}/tcp/443/https"]} for n in range(9)
    ]
    router = ContentSource({}, providers=strangers)
    async with standing(routers={"router": router}, limits=few) as stand:
        with pytest.raises(Unproven):
            await stand.blocks.get(ONE)
        assert len(stand.found.status()) == 3


@pytest.mark.parametrize(
    "written",
    [
        "/dns4/xn--/tcp/443/tls/http",
        "/ip4/127.0.0.1/tcp/{port}/tls/http",
        "/ip4/127.0.0.1/tcp/{port}/tls/sni/another.example/http",
    ],
)
async def test_a_record_that_is_of_no_use_spoils_none_beside_it(written: str) -> None:
    router = ContentSource({})
    async with standing(routers={"router": router}, found=[ContentSource(BLOCKS)]) as stand:
        (good,) = router.providers
        port = str(good["Addrs"]).rpartition("/tcp/")[2].partition("/")[0]
        bad = {"ID": "bad", "Addrs": [written.format(port=port)]}
        router.providers = [bad]
        with pytest.raises(Unproven):
            await stand.blocks.get(cid_of(DATA[1]))
        router.providers = [bad, good]
        assert (await stand.blocks.get(ONE)).value == DATA[0]


async def test_whoever_has_himself_named_often_takes_nobodys_turn() -> None:
    """More addresses, and more peers, than are remembered at once."""
    few = replace(QUICK, found_providers=4)
    router = ContentSource({})
    async with standing(
        routers={"router": router}, found=[ContentSource(BLOCKS)], limits=few
    ) as stand:
        addresses = [[f"/ip4/192.0.2.{n}/tcp/443/https" for n in range(16)]]
        addresses += [[f"/ip4/198.51.100.{n}/tcp/443/https"] for n in range(40)]
        evil = [{"ID": f"evil {n}", "Addrs": one} for n, one in enumerate(addresses)]
        router.providers = [*evil, *router.providers]
        assert (await stand.blocks.get(ONE)).value == DATA[0]
        assert len(stand.found.status()) <= 4


async def test_who_gave_something_stays_where_strangers_come() -> None:
    few = replace(QUICK, found_providers=4)
    holder = ContentSource(blocks_of(DATA[0]))
    router = ContentSource({})
    async with standing(routers={"router": router}, found=[holder], limits=few) as stand:
        assert (await stand.blocks.get(ONE)).value == DATA[0]
        (known,) = stand.found.status()
        router.providers = [
            {"ID": f"peer {n}", "Addrs": [f"/ip4/192.0.2.{n}/tcp/443/https"]} for n in range(20)
        ]
        with pytest.raises(Unproven):
            await stand.blocks.get(cid_of(DATA[1]))
        assert known.name in {status.name for status in stand.found.status()}


async def test_found_providers_are_forgotten_and_found_again() -> None:
    now = [0.0]
    router = ContentSource({})
    async with standing(
        routers={"router": router}, found=[ContentSource(BLOCKS)], timer=lambda: now[0]
    ) as stand:
        await stand.blocks.get(ONE)
        now[0] += QUICK.found_provider_seconds + 1
        await stand.blocks.get(cid_of(DATA[1]))
        assert router.sought == 2
        assert stand.found.status()[0].answers == 1


async def test_what_nobody_had_a_moment_ago_is_not_sought_again() -> None:
    now = [0.0]
    router = ContentSource({})
    async with standing(routers={"router": router}, timer=lambda: now[0]) as stand:
        for _ in range(3):
            with pytest.raises(Unproven):
                await stand.blocks.get(ONE)
        assert router.sought == 1
        now[0] += QUICK.routing_again_seconds + 1
        with pytest.raises(Unproven):
            await stand.blocks.get(ONE)
    assert router.sought == 2


async def test_where_no_router_answered_they_are_asked_again() -> None:
    unreadable: dict[str, object] = {}
    for _ in range(LIMITS.json_depth + 1):
        unreadable = {"deeper": unreadable}
    router = ContentSource({})
    async with standing(routers={"router": router}, found=[ContentSource(BLOCKS)]) as stand:
        named, router.providers = router.providers, [unreadable]
        with pytest.raises(Unproven):
            await stand.blocks.get(ONE)
        router.providers = named
        assert (await stand.blocks.get(ONE)).value == DATA[0]


async def test_what_was_sought_is_remembered_up_to_a_bound() -> None:
    router = ContentSource({})
    few = replace(QUICK, routing_remembered=2)
    async with standing(routers={"router": router}, limits=few) as stand:
        for data in (*DATA[:3], DATA[0]):
            with pytest.raises(Unproven):
                await stand.blocks.get(cid_of(data))
    assert router.sought == 4
